import { crc32, deflateRawSync, gzipSync } from "node:zlib";

/** What a test's zip file is made of; what is left out is as most tools write it. */
export interface Part {
  readonly name?: string;
  readonly content: string | Uint8Array;
  /** 0 stored, 8 deflate. */
  readonly method?: number;
  readonly flags?: number;
  /** Sizes and sum behind the entry: with a signature or without, of eight bytes each when `zip64`. */
  readonly descriptor?: "signed" | "bare";
  readonly zip64?: boolean;
  /** Written into the directory instead of what is true. */
  readonly said?: { readonly crc?: number; readonly size?: number; readonly name?: string; readonly offset?: number };
  /** Written in front of the entry instead. */
  readonly sum?: number;
}

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const MAX = 0xffff_ffff;

function written(part: Part, offset: number): { local: Buffer; central: Buffer } {
  const { method = 8, descriptor, zip64 = false, said = {} } = part;
  const content = Buffer.from(part.content);
  const data = method === 8 ? deflateRawSync(content, { level: 1 }) : content;
  const flags = (part.flags ?? 0) | (descriptor === undefined ? 0 : 8);
  const crc = part.sum ?? crc32(content);
  const fields = (
    name: string,
    [sum, packed, size]: readonly [number, number, number],
    extra: Buffer,
    long = zip64,
  ): [Buffer, Buffer] => {
    const text = Buffer.from(name);
    const sizes = long ? [u32(MAX), u32(MAX)] : [u32(packed), u32(size)];
    const more = long ? Buffer.concat([u16(1), u16(16), u64(size), u64(packed), extra]) : extra;
    const head = [u16(zip64 ? 45 : 20), u16(flags), u16(method), u32(0), u32(sum), ...sizes];
    return [Buffer.concat([...head, u16(text.length), u16(more.length)]), Buffer.concat([text, more])];
  };
  const name = part.name ?? "orders.csv";
  // A foreign field, which readers pass over.
  const extra = Buffer.concat([u16(0x5455), u16(5), Buffer.alloc(5)]);
  const [front, behind] = fields(name, descriptor ? [0, 0, 0] : [crc, data.length, content.length], extra);
  const size = zip64 ? u64 : u32;
  const told = [
    ...(descriptor === "signed" ? [u32(0x08074b50)] : []),
    u32(crc),
    size(data.length),
    size(content.length),
  ];
  const local = [u32(0x04034b50), front, behind, data, ...(descriptor === undefined ? [] : told)];
  const [own, ownBehind] = fields(
    said.name ?? name,
    [said.crc ?? crc, data.length, said.size ?? content.length],
    Buffer.alloc(0),
  );
  const tail = Buffer.concat([u16(0), u16(0), u16(0), u32(0), u32(said.offset ?? offset)]);
  return { local: Buffer.concat(local), central: Buffer.concat([u32(0x02014b50), u16(20), own, tail, ownBehind]) };
}

/** A zip file. */
export function zipOf(parts: readonly Part[], comment = ""): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const { local, central } = written(part, offset);
    locals.push(local);
    centrals.push(central);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const long = parts.some(({ zip64 }) => zip64);
  const count = parts.length;
  const end64 = Buffer.concat([
    Buffer.concat([u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0), u64(count), u64(count)]),
    Buffer.concat([u64(directory.length), u64(offset)]),
    Buffer.concat([u32(0x07064b50), u32(0), u64(offset + directory.length), u32(1)]),
  ]);
  const of = (value: number, width: (value: number) => Buffer, max: number) => width(long ? max : value);
  const counts = Buffer.concat([of(count, u16, 0xffff), of(count, u16, 0xffff)]);
  const places = Buffer.concat([of(directory.length, u32, MAX), of(offset, u32, MAX)]);
  const end = Buffer.concat([u32(0x06054b50), u32(0), counts, places, u16(comment.length), Buffer.from(comment)]);
  return Buffer.concat([...locals, directory, ...(long ? [end64] : []), end]);
}

/** A member of gzip with everything that its header may have. */
export function gzipWithAll(content: string): Buffer {
  const plain = gzipSync(content);
  const head = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3]),
    u16(6),
    Buffer.from("AB\u0002\u0000xy"),
    Buffer.from("orders.csv\u0000a comment\u0000"),
  ]);
  return Buffer.concat([head, u16(crc32(head) & 0xffff), plain.subarray(10)]);
}
