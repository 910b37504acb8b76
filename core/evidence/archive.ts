import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { createTarDecoder, createTarPacker } from "modern-tar";

/** A member of an archive, its size and hash known before its bytes are read. */
export interface Member {
  readonly name: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export const MANIFEST = "manifest.json";

/** What the first member says of the others, in their order. */
export interface Manifest {
  readonly format: "mergepay-evidence-1";
  readonly paymentId: string;
  readonly madeAt: string;
  readonly members: readonly Pick<Member, "name" | "bytes" | "sha256">[];
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** A member of a text that is held. */
export function textMember(name: string, text: string): Member {
  const bytes = Buffer.from(text);
  return {
    name,
    bytes: bytes.length,
    sha256: sha256(bytes),
    async *open() {
      await Promise.resolve();
      yield bytes;
    },
  };
}

/** gzip: no time, a comment follows, unknown system. */
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff]);
/** An empty deflate block, and the sum and size of nothing. */
const GZIP_EMPTY = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const HASH_CHARS = 64;

/**
 * The end of an archive: an empty member of gzip, which every tool skips, whose comment holds the hashes of the manifest and of all bytes before. So each byte of the
 * file counts, also where another one would unpack to the same.
 */
export function sealOfArchive(manifest: string, body: string): Buffer {
  return Buffer.concat([GZIP_HEAD, Buffer.from(`manifest=${manifest} archive=${body}\0`), GZIP_EMPTY]);
}

export const SEAL_BYTES = sealOfArchive("0".repeat(HASH_CHARS), "0".repeat(HASH_CHARS)).length;

/** The hash of the manifest that a seal names, whatever else is wrong with it. */
export const manifestHashIn = (seal: Uint8Array): string | undefined =>
  /manifest=([0-9a-f]{64}) /.exec(Buffer.from(seal).toString("latin1"))?.[1];

/**
 * The archive as a stream of bytes: tar.gz with the manifest first and the seal last. Nothing is held but what goes through.
 * @throws when a member does not give the bytes that it said
 */
export async function* pack(manifest: Manifest, members: readonly Member[]): AsyncGenerator<Uint8Array> {
  const first = textMember(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
  const { readable, controller } = createTarPacker();
  const gzip = createGzip();
  const piped = pipeline(Readable.fromWeb(readable as never), gzip);
  const mtime = new Date(manifest.madeAt);

  async function write({ name, bytes, open, sha256: expected }: Member): Promise<void> {
    const writer = controller.add({ name, size: bytes, type: "file", mode: 0o644, mtime }).getWriter();
    const hash = createHash("sha256");
    for await (const piece of open()) {
      hash.update(piece);
      await writer.write(piece);
    }
    if (hash.digest("hex") !== expected) throw new Error(`The bytes of ${name} are not those that were recorded.`);
    await writer.close();
  }
  async function writeAll(): Promise<void> {
    try {
      for (const member of [first, ...members]) await write(member);
      controller.finalize();
    } catch (error) {
      controller.error(error);
      throw error;
    }
  }

  const written = writeAll();
  const ended = Promise.all([piped, written]);
  // It is awaited below; until then a fault must not go unheard.
  ended.catch(() => undefined);
  const hash = createHash("sha256");
  for await (const piece of gzip as AsyncIterable<Buffer>) {
    hash.update(piece);
    yield piece;
  }
  await ended;
  yield sealOfArchive(first.sha256, hash.digest("hex"));
}

/** A member as it is met on reading, its bytes still to come. */
export interface Met {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The members of an archive without its seal, in order, each to be read before the next one. @throws when it can't be read on */
export async function* unpack(body: AsyncIterable<Uint8Array>): AsyncGenerator<Met> {
  const gunzip = createGunzip();
  const unzipped = pipeline(Readable.from(body), gunzip);
  unzipped.catch(() => undefined);
  const entries = (Readable.toWeb(gunzip) as ReadableStream<Uint8Array>).pipeThrough(
    createTarDecoder({ strict: true }),
  );
  for await (const { header, body: bytes } of entries as unknown as AsyncIterable<{
    header: { name: string; type?: string };
    body: AsyncIterable<Uint8Array>;
  }>)
    yield { name: header.type === "file" ? header.name : `${header.name} (${header.type ?? "of no type"})`, bytes };
  await unzipped;
}
