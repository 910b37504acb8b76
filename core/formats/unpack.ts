import { byteSource, type ByteSource } from "./byte-source.ts";
import { archiveUnsupported } from "./faults.ts";
import { gunzip } from "./gzip.ts";
import { createMeter } from "./inflate.ts";
import { unzip } from "./zip.ts";

/** A file as its reader gets it. */
export interface Unpacked {
  /** The file is a zip file as office programs write them, and is not unpacked. */
  readonly office: boolean;
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>;
}

type Packing = "gzip" | "zip";

/** Longest name of an entry that is looked at. */
const NAME_BYTES = 1024;
/** What the first entry of an office document is. Its parts may come in any order. */
const OFFICE_PART = /^(?:\[Content_Types\]\.xml$|(?:_rels|docProps|docMetadata|customXml|xl|word|ppt)\/)/;

/**
 * Unpacks a file that is gzip or zip by its first bytes, as it is read; gives any other as it is. What comes out may be `fileBytes`
 * long and, beyond the first MiB, 200 times as long as what went in. An archive in an archive is refused.
 * @throws FILE_ARCHIVE_BROKEN, FILE_ARCHIVE_UNSUPPORTED, FILE_ARCHIVE_RATIO, FILE_TOO_LARGE, most of them while bytes are read
 */
export async function unpack(file: AsyncIterable<Uint8Array>, fileBytes: number): Promise<Unpacked> {
  const source = byteSource(file);
  try {
    const packing = packingOf(await source.peek(4));
    if (packing === undefined) return { office: false, bytes: source.rest() };
    if (packing === "zip" && (await isOffice(source))) return { office: true, bytes: source.rest() };
    return { office: false, bytes: unpacked(source, packing, fileBytes) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** By the first four bytes: gzip with its only method, or any record that a zip file may begin with. */
function packingOf(head: Buffer): Packing | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  const [p, k, first = 0, second = 0] = head;
  if (p === 0x50 && k === 0x4b && first % 2 === 1 && first <= 7 && second === first + 1) return "zip";
  return undefined;
}

async function isOffice(source: ByteSource): Promise<boolean> {
  const head = await source.peek(30 + NAME_BYTES);
  if (head.length < 30) return false;
  return OFFICE_PART.test(head.toString("latin1", 30, 30 + head.readUInt16LE(26)));
}

async function* unpacked(
  source: ByteSource,
  packing: Packing,
  fileBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const meter = createMeter(fileBytes);
  const content = byteSource(packing === "gzip" ? gunzip(source, meter) : unzip(source, meter));
  try {
    if (packingOf(await content.peek(4)) !== undefined)
      throw archiveUnsupported("The packed file is packed itself; pack it once only.");
    yield* content.rest();
  } finally {
    await content.close();
    await source.close();
  }
}
