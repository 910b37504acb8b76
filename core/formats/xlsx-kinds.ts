import { MergepayError } from "../errors/errors.ts";
import type { SheetInput } from "./contract.ts";
import { notRecognised } from "./faults.ts";
import { openSheetOf } from "./xlsx.ts";
import { openPackage, type OfficePackage } from "./xlsx-package.ts";

interface Kind {
  readonly kind: number;
  readonly input: SheetInput;
}

/** A header row is looked for within such limits. */
const HEADER = { recordBytes: 1024 * 1024, fieldBytes: 4096, depth: 32, heldChars: 0 };

/**
 * Tells which of several kinds a workbook is: the first whose sheet it has, with its columns; failing that, one whose sheet is broken, for its
 * reader to tell. The workbook is held packed, as it is when it is read.
 * @returns all of its bytes too
 * @throws FILE_NOT_RECOGNISED when it is none, and what opening a workbook throws
 */
export async function kindOfWorkbook(
  bytes: AsyncIterable<Uint8Array>,
  kinds: readonly Kind[],
  fileBytes: number,
): Promise<Kind & { readonly bytes: AsyncIterable<Uint8Array> }> {
  const pieces: Uint8Array[] = [];
  const office = await openPackage(keeping(bytes, pieces), fileBytes);
  let broken: Kind | undefined;
  for (const kind of kinds) {
    const looks = await looksLike(office, kind.input, fileBytes);
    if (looks === true) return { ...kind, bytes: again(pieces) };
    if (looks === undefined) broken ??= kind;
  }
  if (broken !== undefined) return { ...broken, bytes: again(pieces) };
  throw notRecognised(
    `The workbook is none of the ${kinds.length} kinds that its platform sends: it has no sheet with the columns of one of them.`,
  );
}

async function* keeping(bytes: AsyncIterable<Uint8Array>, pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    pieces.push(piece);
    yield piece;
  }
}

async function* again(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Whether a workbook has a kind's sheet and columns; undefined when it is too broken to say. */
async function looksLike(office: OfficePackage, input: SheetInput, fileBytes: number): Promise<boolean | undefined> {
  try {
    const { text, reader, named } = await openSheetOf(office, input, { ...HEADER, fileBytes });
    for await (const piece of text) {
      if (named()) return true;
      reader.write(piece);
    }
    if (!named()) reader.end();
    return named();
  } catch (error) {
    if (!(error instanceof MergepayError) || !error.type.startsWith("FILE_")) throw error;
    return error.type === "FILE_NOT_RECOGNISED" ? false : undefined;
  }
}
