import type { ByteSource } from "./byte-source.ts";
import { archiveBroken, archiveUnsupported } from "./faults.ts";
import { inflate, stored, type Content, type Meter } from "./inflate.ts";
import { CENTRAL, DESCRIPTOR, END, END_64, IN_ZIP64, LOCAL, LOCATOR_64 } from "./zip-headers.ts";
import { assertReadable, entryOf, hasDescriptor, longAt, type Entry } from "./zip-headers.ts";

/**
 * Unpacks a zip file of exactly one entry as it streams by. Its directory, which comes last, must say the same of the entry as
 * the entry's own header, and nothing may be between or behind them: so that no other reader can find another file in it.
 * @throws FILE_ARCHIVE_BROKEN, FILE_ARCHIVE_UNSUPPORTED, FILE_ARCHIVE_RATIO, FILE_TOO_LARGE
 */
export async function* unzip(source: ByteSource, meter: Meter): AsyncGenerator<Uint8Array> {
  const entry = await localHeader(source);
  assertReadable(entry);
  const content: Content = { crc: 0, size: 0 };
  const start = source.position();
  yield* entry.method === 0 ? stored(source, entry.size, meter, content) : inflate(source, meter, content);
  const found: Entry = { ...entry, ...content, packed: source.position() - start };
  const position = `byte ${source.position()}`;
  const isWhole = hasDescriptor(entry) ? await passDescriptor(source, found) : isSame(entry, found);
  if (!isWhole)
    throw archiveBroken("What is in it does not fit its checksum: it was damaged on the way.", { position });
  await directory(source, found);
}

async function localHeader(source: ByteSource): Promise<Entry> {
  const signature = await signatureOf(source);
  if (signature === END) throw archiveUnsupported("The zip file holds no file.");
  if (signature !== LOCAL) throw archiveUnsupported("The zip file is one part of several; send it in one part.");
  const fields = (await whole(source, 26)).subarray(2);
  const name = await whole(source, fields.readUInt16LE(20));
  return entryOf(fields, name, await whole(source, fields.readUInt16LE(22)));
}

/** What is said behind an entry: with a signature or without, its sizes of four bytes or eight. One of these must be right. */
async function passDescriptor(source: ByteSource, { crc, packed, size }: Entry): Promise<boolean> {
  const short = Buffer.alloc(12);
  const long = Buffer.alloc(20);
  for (const [at, value] of [packed, size].entries()) {
    short.writeUInt32LE(value % 2 ** 32, 4 + at * 4);
    long.writeBigUInt64LE(BigInt(value), 4 + at * 8);
  }
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(DESCRIPTOR);
  const there = await source.peek(24);
  for (const said of [short, long]) {
    said.writeUInt32LE(crc);
    for (const before of [signature, Buffer.alloc(0)]) {
      const expected = Buffer.concat([before, said]);
      const end = expected.length;
      if (!there.subarray(0, end).equals(expected)) continue;
      await source.take(end);
      return true;
    }
  }
  if (there.length < 16) throw cut();
  return false;
}

/** Reads the directory to the end of the file. */
async function directory(source: ByteSource, found: Entry): Promise<void> {
  const start = source.position();
  const broken = (what: string): Error =>
    archiveBroken(`Its directory ${what}.`, { position: `byte ${source.position()}` });
  const signature = await signatureOf(source);
  if (signature === LOCAL) throw severalEntries();
  if (signature !== CENTRAL) throw broken("is not there");
  const fields = (await whole(source, 42)).subarray(4);
  const name = await whole(source, fields.readUInt16LE(20));
  const said = entryOf(fields, name, await whole(source, fields.readUInt16LE(22)));
  await whole(source, fields.readUInt16LE(24));
  const offset = fields.readUInt32LE(34);
  const place = offset === IN_ZIP64 && said.zip64.length >= 8 ? longAt(said.zip64, 0) : offset;
  const sameWay = said.flags === found.flags && said.method === found.method && said.name.equals(found.name);
  if (place !== 0 || !sameWay || !isSame(said, found)) throw broken("says something else than the entry itself");
  const size = source.position() - start;
  await endOfDirectory(source, start, size, broken);
}

async function endOfDirectory(
  source: ByteSource,
  start: number,
  size: number,
  broken: (what: string) => Error,
): Promise<void> {
  const isRight = (fits: boolean): void => {
    if (!fits) throw broken("says something else of itself than it is");
  };
  let signature = await signatureOf(source);
  if (signature === CENTRAL) throw severalEntries();
  const isLong = signature === END_64;
  if (isLong) {
    const at = source.position() - 4;
    const fields = await whole(source, 52);
    isRight(longAt(fields, 20) === 1 && longAt(fields, 28) === 1);
    isRight(longAt(fields, 36) === size && longAt(fields, 44) === start);
    const rest = longAt(fields, 0) - 44;
    isRight(rest >= 0 && rest <= 0xffff);
    await whole(source, rest);
    isRight((await signatureOf(source)) === LOCATOR_64);
    isRight(longAt(await whole(source, 16), 4) === at);
    signature = await signatureOf(source);
  }
  if (signature !== END) throw broken("does not end");
  const fields = await whole(source, 18);
  const is = (value: number, expected: number, instead: number) => value === expected || (isLong && value === instead);
  isRight(is(fields.readUInt16LE(4), 1, 0xffff) && is(fields.readUInt16LE(6), 1, 0xffff));
  isRight(is(fields.readUInt32LE(8), size, IN_ZIP64) && is(fields.readUInt32LE(12), start, IN_ZIP64));
  await whole(source, fields.readUInt16LE(16));
  if ((await source.peek(1)).length > 0)
    throw archiveBroken("Something follows the end of the zip file.", { position: `byte ${source.position()}` });
}

const isSame = (a: Entry, b: Entry): boolean => a.crc === b.crc && a.size === b.size && a.packed === b.packed;

async function whole(source: ByteSource, count: number): Promise<Buffer> {
  const bytes = await source.take(count);
  if (bytes.length < count) throw cut();
  return bytes;
}

const signatureOf = async (source: ByteSource): Promise<number> => (await whole(source, 4)).readUInt32LE(0);

const cut = (): Error => archiveBroken("It is cut off.");

const severalEntries = (): Error =>
  archiveUnsupported("The zip file holds more than one file; pack each by itself (a Mac adds a folder `__MACOSX`).");
