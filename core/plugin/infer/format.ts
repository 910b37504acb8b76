import type { EdiInput, Encoding, InputSpec } from "../../formats/contract.ts";
import { parseJson } from "../../formats/json-value.ts";
import type { ReadLimits } from "../../formats/contract.ts";
import { jsonPaths } from "./json-paths.ts";
import { tableInputs } from "./table-inputs.ts";
import { xmlInputs } from "./xml-paths.ts";

/** A sample whose encoding is known. */
export interface Sample {
  /** From its first character that is not white space. */
  readonly text: string;
  /** Absent: UTF-8, which need not be declared. */
  readonly encoding?: Encoding;
  readonly limits: ReadLimits;
}

/** One format that `plugin new --from` knows. A further format is a further entry of `FORMATS`. */
interface Format {
  readonly name: string;
  /** Whether a text is of this format, by its beginning. Formats are asked in their order; the first that says yes has it. */
  readonly looks: (sample: Sample) => boolean;
  /**
   * The ways in which the records of the text may be read, at most some dozens. Each is tried, and the one whose records look most like
   * orders is taken.
   */
  readonly inputs: (sample: Sample) => readonly InputSpec[];
}

/** So many places of one document are tried for its records. */
const PLACES_MAX = 40;

const encodingOf = ({ encoding }: Sample): { encoding?: Encoding } => (encoding === undefined ? {} : { encoding });

const FORMATS: readonly Format[] = [
  {
    name: "ndjson",
    looks: ({ text, limits }) => {
      const [first = "", second = ""] = text.split("\n", 2);
      return first.startsWith("{") && second.trim().startsWith("{") && isJson(first, limits);
    },
    inputs: (sample) => [{ format: "ndjson", ...encodingOf(sample) }],
  },
  {
    name: "json",
    looks: ({ text }) => /^[[{]/.test(text),
    inputs: (sample) =>
      jsonPaths(sample.text)
        .slice(0, PLACES_MAX)
        .map((path) => ({ format: "json", ...encodingOf(sample), records: [path] })),
  },
  {
    name: "xml",
    looks: ({ text }) => text.startsWith("<"),
    inputs: (sample) =>
      xmlInputs(sample.text)
        .slice(0, PLACES_MAX)
        .map((input) => ({ ...input, ...encodingOf(sample) })),
  },
  {
    name: "edi",
    looks: ({ text }) => /^(?:UNA|UNB|ISA)/.test(text),
    inputs: (sample) => [ediInput(sample.text)].map((input) => ({ ...input, ...encodingOf(sample) })),
  },
  {
    name: "csv or tsv",
    looks: ({ text }) => tableInputs(text).length > 0,
    inputs: (sample) => tableInputs(sample.text).map((input) => ({ ...input, ...encodingOf(sample) })),
  },
];

/** The interchange's messages of the type that the first one has. */
function ediInput(text: string): EdiInput {
  const x12 = text.startsWith("ISA");
  const types = [...text.matchAll(x12 ? /\bST.(\d{3})/g : /\bUNH.[^:]{1,20}.([A-Z]{6})/g)].map(([, type = ""]) => type);
  return { format: "edi", syntax: x12 ? "x12" : "iso9735", messages: [types[0] ?? (x12 ? "850" : "ORDERS")] };
}

/** The formats that are recognised, for people. */
export const formatNames = (): string => FORMATS.map(({ name }) => name).join(", ");

/** The ways in which a sample may be read; none when no format has it. */
export function inputsOf(sample: Sample): readonly InputSpec[] {
  return FORMATS.find(({ looks }) => looks(sample))?.inputs(sample) ?? [];
}

function isJson(text: string, limits: ReadLimits): boolean {
  try {
    parseJson(text, limits);
    return true;
  } catch {
    // Whatever is wrong with it: it is none.
    return false;
  }
}
