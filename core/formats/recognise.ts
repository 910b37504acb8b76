import type { Encoding, InputSpec, TableInput } from "./contract.ts";
import { notRecognised } from "./faults.ts";
import { fixedLooksLike } from "./fixed.ts";
import { delimiterOf } from "./table.ts";
import { unpack } from "./unpack.ts";
import { kindOfWorkbook } from "./xlsx-kinds.ts";
import { isLabelOf } from "./xml-labels.ts";

/** How much of a file is looked at to tell what kind it is. */
const HEAD_BYTES = 64 * 1024;
/** How far `begins` is looked for; white space may stand in between. */
const BEGINS_CHARS = 4096;

/** A file whose kind is known: its place among the kinds, and all of its bytes. */
export interface Recognised {
  readonly kind: number;
  readonly input: InputSpec;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** For whoever does not want the bytes after all: the file is open by now. */
  close(): Promise<void>;
}

/**
 * Unpacks a packed file, and tells by the beginning of a file which kind of its platform's files it is: the first kind that it looks
 * like. A platform with one kind without marks has its files read as that kind, so that its reader says what is wrong with them.
 * @param fileBytes as many bytes as a packed file may have when it is unpacked
 * @throws FILE_NOT_RECOGNISED when it looks like none; what `unpack` throws
 */
export async function recognise(
  file: AsyncIterable<Uint8Array>,
  inputs: readonly InputSpec[],
  fileBytes: number,
): Promise<Recognised> {
  const opened = file[Symbol.asyncIterator]();
  const close = async (): Promise<void> => void (await opened.return?.());
  try {
    return { ...(await kindAndBytes({ [Symbol.asyncIterator]: () => opened }, inputs, fileBytes)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function kindAndBytes(
  file: AsyncIterable<Uint8Array>,
  inputs: readonly InputSpec[],
  fileBytes: number,
): Promise<Omit<Recognised, "close">> {
  const [only] = inputs;
  if (only === undefined) throw notRecognised("The platform has no kinds of files.");
  const { office, bytes: unpacked } = await unpack(file, fileBytes);
  if (office) return await asSheet(unpacked, inputs, fileBytes);
  if (inputs.length === 1 && only.marks === undefined && only.begins === undefined)
    return { kind: 0, input: only, bytes: unpacked };
  const pieces = unpacked[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const { value, done } = await pieces.next();
    if (done === true) break;
    head.push(value);
    size += value.length;
  }
  const bytes = resumed(head, pieces);
  const beginning = Buffer.concat(head, size).subarray(0, HEAD_BYTES);
  // Nothing at all is told from something else by the reader's own words.
  const kind = size === 0 ? 0 : kindOf(inputs, beginning);
  const input = inputs[kind];
  if (input !== undefined) return { kind, input, bytes };
  throw notRecognised(
    `The file looks like none of the ${inputs.length === 1 ? "files" : `${inputs.length} kinds of files`} that its platform sends.`,
  );
}

/** Which kind a workbook is, is told by how it is packed, and among several by its sheets and their columns. */
async function asSheet(
  bytes: AsyncIterable<Uint8Array>,
  inputs: readonly InputSpec[],
  fileBytes: number,
): Promise<Omit<Recognised, "close">> {
  const kinds = inputs.flatMap((input, kind) => (input.format === "xlsx" ? [{ kind, input }] : []));
  const [first, ...others] = kinds;
  if (first === undefined)
    throw notRecognised("The file is an office document, such as a spreadsheet, which its platform does not send.");
  if (others.length === 0) return { ...first, bytes };
  return await kindOfWorkbook(bytes, kinds, fileBytes);
}

async function* resumed(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* head;
    for (;;) {
      const { value, done } = await rest.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}

/** The first kind that the beginning looks like, in its encoding; failing that, one in whose encoding it has faults for the reader to tell. */
function kindOf(inputs: readonly InputSpec[], head: Uint8Array): number {
  for (const fatal of [true, false]) {
    const found = inputs.findIndex((input) => looksLike(input, head, fatal));
    if (found !== -1) return found;
  }
  return -1;
}

function looksLike(input: InputSpec, head: Uint8Array, fatal: boolean): boolean {
  const text = textOf(input.encoding ?? "utf-8", head, fatal);
  if (text === undefined || !beginsLike(input, text)) return false;
  const { begins = "", marks = [] } = input;
  return (
    text.slice(0, BEGINS_CHARS).replaceAll(/\s+/g, "").startsWith(begins) && marks.every((mark) => text.includes(mark))
  );
}

/** The beginning as text, undefined when it is not of the encoding. The beginning may end inside of a character. */
function textOf(encoding: Encoding, head: Uint8Array, fatal: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal }).decode(head, { stream: true });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Whether the XML declaration, where there is one that names an encoding, names this one. */
function declares(text: string, encoding: Encoding): boolean {
  const named = /^<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/.exec(text)?.[1];
  return named === undefined || isLabelOf(encoding, named);
}

function beginsLike(input: InputSpec, whole: string): boolean {
  const text = whole.trimStart();
  switch (input.format) {
    case "fixed":
      // Its columns are counted from the beginning of a line: blanks there are places.
      return fixedLooksLike(input, whole);
    case "json":
      return /^[[{]/.test(text);
    case "ndjson":
      return text.startsWith("{");
    case "xml":
      return text.startsWith("<") && declares(text, input.encoding ?? "utf-8");
    case "xlsx":
      return false;
    case "csv":
    case "tsv":
      return tableLooksLike(input, text);
    case "edi":
      return (input.syntax === "x12" ? /^ISA/ : /^UN[AB]/).test(text);
  }
}

/** By the columns that it must have; without a header by the kind, or else the number of cells, of the first row. */
function tableLooksLike(input: TableInput, text: string): boolean {
  const { columns, kinds, titleRows = 0 } = input;
  const rows = text
    .split(/[\r\n]+/, titleRows + 1)
    .map((line) => line.split(delimiterOf(input)).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  if (input.header !== false) return rows.some((cells) => columns.every((column) => cells.includes(column)));
  const [cells = []] = rows;
  if (kinds === undefined) return cells.length === columns.length;
  const kind = cells[columns.indexOf(kinds.column)];
  const first = kinds.header === undefined ? [...kinds.details, kinds.trailer] : [kinds.header];
  return first.some((row) => row?.is === kind);
}
