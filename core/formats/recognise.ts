import type { InputSpec } from "./contract.ts";
import { notRecognised } from "./faults.ts";
import { unpack } from "./unpack.ts";

/** How much of a file is looked at to tell what kind it is. */
const HEAD_BYTES = 64 * 1024;

/** A file whose kind is known: its place among the kinds, and all of its bytes. */
export interface Recognised {
  readonly kind: number;
  readonly input: InputSpec;
  readonly bytes: AsyncIterable<Uint8Array>;
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
  const [only] = inputs;
  if (only === undefined) throw notRecognised("The platform has no kinds of files.");
  const { office, bytes: unpacked } = await unpack(file, fileBytes);
  if (office) return asSheet(unpacked, inputs);
  if (inputs.length === 1 && only.marks === undefined) return { kind: 0, input: only, bytes: unpacked };
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
  const kind = size === 0 ? 0 : inputs.findIndex((input) => looksLike(input, beginning));
  const input = inputs[kind];
  if (input !== undefined) return { kind, input, bytes };
  await pieces.return?.();
  throw notRecognised(
    `The file looks like none of the ${inputs.length === 1 ? "files" : `${inputs.length} kinds of files`} that its platform sends.`,
  );
}

/** Which kind a workbook is, is told by how it is packed. */
async function asSheet(bytes: AsyncGenerator<Uint8Array, void>, inputs: readonly InputSpec[]): Promise<Recognised> {
  const kind = inputs.findIndex(({ format }) => format === "xlsx");
  const input = inputs[kind];
  if (input !== undefined) return { kind, input, bytes };
  await bytes.return();
  throw notRecognised("The file is an office document, such as a spreadsheet, which its platform does not send.");
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

function looksLike(input: InputSpec, head: Uint8Array): boolean {
  const text = textOf(input, head);
  return beginsLike(input, text) && (input.marks ?? []).every((mark) => text.includes(mark));
}

/** The beginning as text; what its encoding does not have is the reader's to refuse. */
function textOf(input: InputSpec, head: Uint8Array): string {
  return new TextDecoder(input.encoding ?? "utf-8").decode(head).trimStart();
}

function beginsLike(input: InputSpec, text: string): boolean {
  switch (input.format) {
    case "json":
      return /^[[{]/.test(text);
    case "ndjson":
      return text.startsWith("{");
    case "xml":
      return text.startsWith("<");
    case "xlsx":
      return false;
    case "csv":
    case "tsv": {
      const [header = ""] = text.split(/[\r\n]/, 1);
      const delimiter = input.format === "tsv" ? "\t" : (input.delimiter ?? ",");
      const names = new Set(header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, "$1")));
      return input.columns.every((column) => names.has(column));
    }
  }
}
