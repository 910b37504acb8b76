import { archiveBroken, archiveUnsupported } from "./faults.ts";
import { CENTRAL, END, END_64, entryOf, IN_ZIP64, LOCAL, LOCATOR_64, longAt, type Entry } from "./zip-headers.ts";

/** A zip file in memory, in the pieces that it came in: put together it would be there twice. */
export interface HeldZip {
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
}

/** An entry of a directory, and the place of its header. */
export interface ZipPart extends Entry {
  readonly offset: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const COMMENT_BYTES = 0xffff;
/** A number of entries that stands in the zip64 record instead. */
const COUNT_IN_ZIP64 = 0xffff;

const damaged = (): Error => archiveBroken("The directory of its parts is cut off or damaged.");

/** The bytes from a place to another, in pieces. */
function* rangeOf({ pieces }: HeldZip, start: number, end: number): Generator<Uint8Array, void, undefined> {
  let before = 0;
  for (const piece of pieces) {
    const part = piece.subarray(Math.max(start - before, 0), Math.max(end - before, 0));
    if (part.length > 0) yield part;
    before += piece.length;
  }
}

function bytesAt(zip: HeldZip, start: number, count: number): Buffer {
  if (start < 0 || start + count > zip.size) throw damaged();
  return Buffer.concat([...rangeOf(zip, start, start + count)], count);
}

/** All parts by the directory at the end, behind which there is nothing. @throws FILE_ARCHIVE_BROKEN, FILE_ARCHIVE_UNSUPPORTED */
export function partsOf(zip: HeldZip, partsMax: number): ZipPart[] {
  const { start, size, count } = directoryOf(zip);
  const directory = bytesAt(zip, start, size);
  const parts: ZipPart[] = [];
  for (let at = 0; at < size;) {
    if (parts.length === partsMax) throw archiveUnsupported(`The file has more than ${partsMax} parts.`);
    if (size - at < 46 || directory.readUInt32LE(at) !== CENTRAL) throw damaged();
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const end = extraEnd + directory.readUInt16LE(at + 32);
    if (end > size) throw damaged();
    const [name, extra] = [directory.subarray(at + 46, nameEnd), directory.subarray(nameEnd, extraEnd)];
    const entry = entryOf(directory.subarray(at + 8), name, extra);
    const offset = directory.readUInt32LE(at + 42);
    if (offset === IN_ZIP64 && entry.zip64.length < 8) throw damaged();
    parts.push({ ...entry, offset: offset === IN_ZIP64 ? longAt(entry.zip64, 0) : offset });
    at = end;
  }
  if (parts.length !== count) throw damaged();
  return parts;
}

/** Where the directory is, by the record behind it: it fills all between its place and that record. */
function directoryOf(zip: HeldZip): { readonly start: number; readonly size: number; readonly count: number } {
  const { record, at } = endOf(zip);
  const said = { start: record.readUInt32LE(16), size: record.readUInt32LE(12), count: record.readUInt16LE(10) };
  const isLong = said.start === IN_ZIP64 || said.size === IN_ZIP64 || said.count === COUNT_IN_ZIP64;
  const { start, size, count, end } = isLong ? longDirectoryOf(zip, at) : { ...said, end: at };
  if (start + size !== end) throw damaged();
  return { start, size, count };
}

/** The record that ends the file, with a comment that reaches to the last byte. */
function endOf(zip: HeldZip): { readonly record: Buffer; readonly at: number } {
  const from = Math.max(zip.size - END_BYTES - COMMENT_BYTES, 0);
  const tail = bytesAt(zip, from, zip.size - from);
  for (let at = tail.length - END_BYTES; at >= 0; at--)
    if (tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length)
      return { record: tail.subarray(at), at: from + at };
  throw damaged();
}

function longDirectoryOf(zip: HeldZip, end: number) {
  const locator = bytesAt(zip, end - LOCATOR_BYTES, LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== LOCATOR_64) throw damaged();
  const at = longAt(locator, 8);
  const record = bytesAt(zip, at, 56);
  if (record.readUInt32LE(0) !== END_64) throw damaged();
  return { start: longAt(record, 48), size: longAt(record, 40), count: longAt(record, 32), end: at };
}

/** The bytes of a part as they are packed. */
export async function* packedBytes(
  zip: HeldZip,
  { offset, packed }: ZipPart,
): AsyncGenerator<Uint8Array, void, undefined> {
  const header = bytesAt(zip, offset, 30);
  if (header.readUInt32LE(0) !== LOCAL) throw damaged();
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packed > zip.size) throw damaged();
  yield* rangeOf(zip, start, start + packed);
}
