import { MergepayError } from "../errors/errors.ts";
import { byteSource } from "./byte-source.ts";
import { decode } from "./decode.ts";
import { archiveBroken, archiveUnsupported, fileEmpty, frameBroken, notRecognised } from "./faults.ts";
import { createMeter, inflate, stored, type Content } from "./inflate.ts";
import { packedBytes, partsOf, type HeldZip, type ZipPart } from "./zip-directory.ts";
import { isLocked } from "./zip-headers.ts";

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
  const zip = await held(bytes);
  assertZip(zip);
  const parts = new Map<string, ZipPart>();
  for (const part of partsOf(zip, PARTS_MAX)) {
    const name = keyOf(nameOf(part));
    if (parts.has(name)) throw archiveUnsupported(`The workbook has the part ${shown(name)} twice.`);
    parts.set(name, part);
  }
  return {
    has: (part) => parts.has(keyOf(part)),
    async *text(name) {
      const part = parts.get(keyOf(name));
      if (part === undefined) throw frameBroken(`The workbook lacks its part ${shown(name)}.`);
      try {
        yield* decode(bytesOf(zip, part, fileBytes), "utf-8");
      } catch (error) {
        if (!(error instanceof MergepayError) || error.type !== "FILE_ENCODING_INVALID") throw error;
        const position = `${shown(name)} ${error.data.position ?? ""}`;
        throw frameBroken(`The workbook is broken: ${position} is not UTF-8.`, { position });
      }
    },
  };
}

/** Some programs write the names of parts as Windows writes paths. */
const nameOf = ({ name }: ZipPart): string => name.toString("utf8").replaceAll("\\", "/");

/** Names of parts are the same in any case. */
const keyOf = (part: string): string => part.toLowerCase();

export const shown = (part: string): string => part.slice(0, 200);

async function held(bytes: AsyncIterable<Uint8Array>): Promise<HeldZip> {
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
  return { pieces, size };
}

function assertZip({ pieces }: HeldZip): void {
  const beginning = Buffer.concat(pieces.slice(0, COMPOUND.length), COMPOUND.length);
  if (beginning.equals(COMPOUND))
    throw notRecognised("The file is a document of an old program, or has a password; save it as .xlsx, without one.");
  if (beginning.toString("latin1", 0, 2) !== "PK") throw notRecognised("The file is no workbook (.xlsx).");
}

async function* bytesOf(zip: HeldZip, part: ZipPart, fileBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const { method, size, crc } = part;
  if (isLocked(part)) throw archiveUnsupported("The workbook is locked with a password; save it without one.");
  if (method !== 0 && method !== 8) throw archiveUnsupported(`The workbook is packed by method ${method}.`);
  const meter = createMeter(fileBytes);
  const content: Content = { crc: 0, size: 0 };
  const source = byteSource(packedBytes(zip, part));
  const name = shown(nameOf(part));
  try {
    yield* method === 0 ? stored(source, size, meter, content) : inflate(source, meter, content);
    if (content.crc !== crc || content.size !== size || (await source.peek(1)).length > 0)
      throw archiveBroken(`Its part ${name} does not fit its checksum.`);
  } catch (error) {
    // A place in a part is none in the file.
    if (!(error instanceof MergepayError) || error.data.position === undefined) throw error;
    throw new MergepayError(error.type, error.message, {}, { cause: error });
  } finally {
    await source.close();
  }
}
