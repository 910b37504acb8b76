import { crc32 } from "node:zlib";
import type { ByteSource } from "./byte-source.ts";
import { archiveBroken, archiveUnsupported } from "./faults.ts";
import { inflate, type Content, type Meter } from "./inflate.ts";

/** Tools that pack in blocks make a member of each 64 KiB: 4 GiB. */
const MEMBERS_MAX = 65_536;
const NAME_BYTES = 64 * 1024;
/** Flags of a member's header, from RFC 1952. */
const [HEADER_CRC, EXTRA, NAME, COMMENT, RESERVED] = [0x02, 0x04, 0x08, 0x10, 0xe0];

/**
 * Unpacks gzip (RFC 1952): one member or several one after the other, which are one file. Each is checked against its sum and length.
 * @throws FILE_ARCHIVE_BROKEN for what is cut off, damaged or followed by anything else; FILE_ARCHIVE_RATIO, FILE_TOO_LARGE
 */
export async function* gunzip(source: ByteSource, meter: Meter): AsyncGenerator<Uint8Array> {
  for (let members = 0; members === 0 || (await source.peek(1)).length > 0; members++) {
    if (members === MEMBERS_MAX)
      throw archiveUnsupported(`The gzip file has more than ${MEMBERS_MAX} members; pack it as one.`);
    await header(source, members);
    const content: Content = { crc: 0, size: 0 };
    yield* inflate(source, meter, content);
    const position = `byte ${source.position()}`;
    const trailer = await source.take(8);
    if (trailer.length < 8) throw cut();
    if (trailer.readUInt32LE(0) !== content.crc || trailer.readUInt32LE(4) !== content.size % 2 ** 32)
      throw archiveBroken("What is in it does not fit its checksum: it was damaged on the way.", { position });
  }
}

async function header(source: ByteSource, members: number): Promise<void> {
  const position = `byte ${source.position()}`;
  const fixed = await source.take(10);
  if (members > 0 && (fixed[0] !== 0x1f || (fixed.length > 1 && fixed[1] !== 0x8b)))
    throw archiveBroken("Something that is not gzip follows the packed file.", { position });
  if (fixed.length < 10) throw cut();
  const flags = fixed[3] ?? 0;
  if (fixed[2] !== 8 || (flags & RESERVED) !== 0)
    throw archiveBroken("Its header is none that RFC 1952 knows.", { position });
  let crc = crc32(fixed);
  const counted = async (count: number): Promise<Buffer> => {
    const bytes = await source.take(count);
    if (bytes.length < count) throw cut();
    crc = crc32(bytes, crc);
    return bytes;
  };
  if ((flags & EXTRA) !== 0) await counted((await counted(2)).readUInt16LE(0));
  for (const text of [NAME, COMMENT])
    if ((flags & text) !== 0) {
      const length = (await source.peek(NAME_BYTES)).indexOf(0);
      if (length === -1) throw archiveBroken("A name in its header does not end.", { position });
      await counted(length + 1);
    }
  if ((flags & HEADER_CRC) === 0) return;
  const expected = crc & 0xffff;
  if ((await counted(2)).readUInt16LE(0) !== expected)
    throw archiveBroken("Its header does not fit its checksum.", { position });
}

const cut = (): Error => archiveBroken("It is cut off.");
