import { archiveBroken, archiveUnsupported } from "./faults.ts";

/** Signatures of APPNOTE.TXT as they stand in the file, read as little-endian numbers. */
export const LOCAL = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END_64 = 0x06064b50;
export const LOCATOR_64 = 0x07064b50;

/** A size or place that stands in the zip64 field instead. */
export const IN_ZIP64 = 0xffff_ffff;
const ZIP64_FIELD = 0x0001;

const ENCRYPTED = 0x0001;
const WITH_DESCRIPTOR = 0x0008;
const PATCH = 0x0020;
const STRONGLY_ENCRYPTED = 0x0040;
const MASKED = 0x2000;

/** What the header in front of an entry, and its place in the directory, say of it. */
export interface Entry {
  readonly flags: number;
  /** 0 is stored, 8 is deflate. */
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly name: Buffer;
}

/** Fields that stand alike in both headers, from the flags on; `name` and `extra` follow the header. */
export function entryOf(fields: Buffer, name: Buffer, extra: Buffer): Entry & { readonly zip64: Buffer } {
  const zip64 = zip64Of(extra);
  const [packed, size] = [fields.readUInt32LE(12), fields.readUInt32LE(16)];
  // The long fields are there for those that have no room only, the size before the packed size.
  const long = [size, packed].filter((value) => value === IN_ZIP64).length;
  if (zip64.length < long * 8) throw archiveBroken("A size in one of its headers is missing.");
  return {
    flags: fields.readUInt16LE(0),
    method: fields.readUInt16LE(2),
    crc: fields.readUInt32LE(8),
    size: size === IN_ZIP64 ? longAt(zip64, 0) : size,
    packed: packed === IN_ZIP64 ? longAt(zip64, size === IN_ZIP64 ? 8 : 0) : packed,
    name,
    zip64: zip64.subarray(long * 8),
  };
}

/** A number of eight bytes. What is beyond the exact ones is no size of anything. */
export const longAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

function zip64Of(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    if (extra.readUInt16LE(at) === ZIP64_FIELD) return extra.subarray(at + 4, end);
    at = end;
  }
  return Buffer.alloc(0);
}

export const hasDescriptor = ({ flags }: Entry): boolean => (flags & WITH_DESCRIPTOR) !== 0;

/** It can only be read with a password. */
export const isLocked = ({ flags }: Entry): boolean => (flags & (ENCRYPTED | STRONGLY_ENCRYPTED | MASKED)) !== 0;

/** @throws FILE_ARCHIVE_UNSUPPORTED for an entry that is locked, packed in a rare way, or no file */
export function assertReadable(entry: Entry): void {
  const { flags, method, name } = entry;
  if (isLocked(entry)) throw archiveUnsupported("The zip file is locked with a password; pack it without one.");
  if ((flags & PATCH) !== 0 || (method !== 0 && method !== 8))
    throw archiveUnsupported(`The zip file is packed by method ${method}; pack it by deflate, as most tools do.`);
  if (method === 0 && hasDescriptor(entry))
    throw archiveUnsupported("The zip file does not say how long what is in it is; pack it by deflate.");
  if (name.at(-1) === 0x2f) throw archiveUnsupported("The zip file holds a folder; pack the file alone.");
}
