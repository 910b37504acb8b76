import { Readable } from "node:stream";
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from "yauzl";
import { MergepayError } from "../errors/errors.ts";
import { byteSource } from "./byte-source.ts";
import { decode } from "./decode.ts";
import { archiveBroken, archiveUnsupported, fileEmpty, frameBroken, notRecognised } from "./faults.ts";
import { createMeter, inflate, stored, type Content } from "./inflate.ts";

/** A workbook's parts lie anywhere in its zip file and are listed at its end: it is held whole, up to this size. */
export const WORKBOOK_BYTES = 32 * 1024 * 1024;
const PARTS_MAX = 10_000;
/** Old programs' documents, and those with a password, which are put into one. */
const COMPOUND = Buffer.from("d0cf11e0a1b11ae1", "hex");

/** The parts of a workbook by their names, which begin with no slash. */
export interface OfficePackage {
  has(part: string): boolean;
  /** The text of a part as it is unpacked. @throws FILE_FRAME_BROKEN when it is not there, or not UTF-8; FILE_ARCHIVE_... */
  text(part: string): AsyncGenerator<string, void, undefined>;
}

/**
 * Takes a workbook into memory, packed, and finds its parts.
 * @throws FILE_TOO_LARGE, FILE_NOT_RECOGNISED when it is something else, FILE_ARCHIVE_BROKEN, FILE_ARCHIVE_UNSUPPORTED
 */
export async function openPackage(bytes: AsyncIterable<Uint8Array>, fileBytes: number): Promise<OfficePackage> {
  const zip = await zipOf(await held(bytes));
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      const name = keyOf(entry.fileName);
      if (entries.has(name)) throw archiveUnsupported(`The workbook has the part ${shown(name)} twice.`);
      if (entries.size === PARTS_MAX) throw archiveUnsupported(`The workbook has more than ${PARTS_MAX} parts.`);
      entries.set(name, entry);
    }
  } catch (error) {
    throw asArchiveError(error);
  }
  return {
    has: (part) => entries.has(keyOf(part)),
    async *text(part) {
      const entry = entries.get(keyOf(part));
      if (entry === undefined) throw frameBroken(`The workbook lacks its part ${shown(part)}.`);
      try {
        yield* decode(bytesOf(zip, entry, fileBytes), "utf-8");
      } catch (error) {
        if (!(error instanceof MergepayError) || error.type !== "FILE_ENCODING_INVALID") throw error;
        const position = `${shown(part)} ${error.data.position ?? ""}`;
        throw frameBroken(`The workbook is broken: ${position} is not UTF-8.`, { position });
      }
    },
  };
}

/** Names of parts are the same in any case. */
const keyOf = (part: string): string => part.toLowerCase();

export const shown = (part: string): string => part.slice(0, 200);

async function held(bytes: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > WORKBOOK_BYTES)
      throw new MergepayError(
        "FILE_TOO_LARGE",
        `A workbook has at most ${WORKBOOK_BYTES} bytes; send its sheet as CSV, which may be longer, or in parts.`,
      );
    if (piece.length > 0) pieces.push(piece);
  }
  if (size === 0) throw fileEmpty();
  return pieces;
}

async function zipOf(pieces: readonly Uint8Array[]): Promise<ZipFile> {
  const beginning = Buffer.concat(pieces.slice(0, COMPOUND.length), COMPOUND.length);
  if (beginning.equals(COMPOUND))
    throw notRecognised("The file is a document of an old program, or has a password; save it as .xlsx, without one.");
  if (beginning.toString("latin1", 0, 2) !== "PK") throw notRecognised("The file is no workbook (.xlsx).");
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  try {
    return await fromRandomAccessReaderPromise(new Pieces(pieces), size, { autoClose: false, lazyEntries: true });
  } catch (error) {
    throw asArchiveError(error);
  }
}

/** Pieces in memory as the zip library wants them; put together they would be there twice. */
class Pieces extends RandomAccessReader {
  readonly #pieces: readonly Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    super();
    this.#pieces = pieces;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const parts: Uint8Array[] = [];
    let before = 0;
    for (const piece of this.#pieces) {
      const part = piece.subarray(Math.max(start - before, 0), Math.max(end - before, 0));
      if (part.length > 0) parts.push(part);
      before += piece.length;
    }
    return Readable.from(parts, { objectMode: false });
  }
}

async function* bytesOf(zip: ZipFile, entry: Entry, fileBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const { compressionMethod: method, uncompressedSize: size } = entry;
  if (entry.isEncrypted()) throw archiveUnsupported("The workbook is locked with a password; save it without one.");
  if (method !== 0 && method !== 8) throw archiveUnsupported(`The workbook is packed by method ${method}.`);
  const meter = createMeter(fileBytes);
  const content: Content = { crc: 0, size: 0 };
  try {
    const source = byteSource(await zip.openReadStreamPromise(entry, { decodeFileData: false }));
    try {
      yield* method === 0 ? stored(source, size, meter, content) : inflate(source, meter, content);
    } finally {
      await source.close();
    }
  } catch (error) {
    throw asArchiveError(error);
  }
  if (content.crc !== entry.crc32 || content.size !== size)
    throw archiveBroken(`Its part ${shown(entry.fileName)} does not fit its checksum.`);
}

/** The library says what is wrong as plain errors, in words for its own users; places in a part are none in the file. */
const asArchiveError = (error: unknown): unknown =>
  error instanceof MergepayError && error.type !== "FILE_ARCHIVE_BROKEN"
    ? error
    : archiveBroken("The workbook is cut off or damaged.");
