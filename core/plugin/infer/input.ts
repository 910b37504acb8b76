import { MergepayError } from "../../errors/errors.ts";
import type { InputSpec, RawRecord, ReadLimits } from "../../formats/contract.ts";
import { escapePointer } from "../../formats/json-value.ts";
import { readRecords } from "../../formats/read.ts";
import { textAt } from "../pointer.ts";
import { fieldsOf, orderLikeness } from "./fields.ts";
import type { SampleText } from "./text.ts";

/** Records of a sample, as the host would read them. */
export interface Sample {
  readonly input: InputSpec;
  readonly records: readonly unknown[];
}

const DEPTH = 7;
/** Records that are looked at. */
const LOOKED_AT = 50;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * How the host is to read a file like this one: format, encoding, and where the records are.
 * @throws FILE_NOT_RECOGNISED, saying what was looked for; FILE_FRAME_BROKEN
 */
export async function inferInput(sample: SampleText, bytes: Uint8Array, limits: ReadLimits): Promise<Sample> {
  const { text, encoding } = sample;
  const begin = text.trimStart();
  const base = encoding === "utf-8" ? {} : { encoding };
  const candidates = begin.startsWith("<")
    ? await xmlInputs(begin, bytes, base, limits)
    : /^[[{]/.test(begin)
      ? jsonInputs(text, base)
      : begin.startsWith("ISA") || /^UN[AB]/.test(begin)
        ? [ediInput(begin, base)]
        : tableInputs(text, base);
  const read: Sample[] = [];
  let failure: unknown;
  for (const input of candidates) {
    try {
      read.push(...(await readAs(input, bytes, limits)));
    } catch (error) {
      // A guess that does not read the file is a wrong guess, unless there is no other.
      if (!(error instanceof MergepayError) || !error.type.startsWith("FILE_")) throw error;
      failure = error;
    }
  }
  const [best] = read
    .map((one) => ({ one, likeness: orderLikeness(fieldsOf(one.records.slice(0, LOOKED_AT))) }))
    .sort((a, b) => b.likeness - a.likeness);
  if (best !== undefined) return best.one;
  if (candidates.length === 1 && failure !== undefined) throw failure;
  throw new MergepayError(
    "FILE_NOT_RECOGNISED",
    "The sample is no JSON, XML, CSV, TSV or EDI that holds records. Take a file with at least one order, unpacked and as the platform sends it.",
  );
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The sample as an input reads it; of a table, rows of one order together. None when most records can't be read. */
async function readAs(input: InputSpec, bytes: Uint8Array, limits: ReadLimits): Promise<Sample[]> {
  const records = await recordsOf(bytes, input, limits);
  if (records.length === 0) return [];
  const isTable = input.format === "csv" || input.format === "tsv";
  const groupBy = isTable ? groupOf(records) : undefined;
  if (!isTable || groupBy === undefined) return [{ input, records }];
  const grouped: InputSpec = { ...input, groupBy };
  return [{ input: grouped, records: await recordsOf(bytes, grouped, limits) }];
}

async function recordsOf(bytes: Uint8Array, input: InputSpec, limits: ReadLimits): Promise<unknown[]> {
  const records: RawRecord[] = [];
  for await (const batch of readRecords(once(bytes), input, limits)) records.push(...batch);
  const whole = records.flatMap((record) => ("refused" in record ? [] : [record.value]));
  const refused = records.find((record) => "refused" in record);
  if (whole.length === 0 && refused !== undefined)
    throw new MergepayError(
      "FILE_NOT_RECOGNISED",
      `All records of the sample are refused, the first at ${refused.position}: ${refused.refused.reason} Take a sample that is whole.`,
    );
  return whole;
}

type Base = Pick<InputSpec, "encoding">;

/** Every place in a tree that may hold the records: lists of objects, and objects, down to some depth and outside of other lists. */
function placesOf(tree: unknown): string[] {
  const places: string[] = [];
  const visit = (value: unknown, pointer: string, depth: number): void => {
    if (Array.isArray(value)) {
      if (value.some(isObject)) places.push(pointer);
    } else if (isObject(value)) {
      places.push(pointer);
      if (depth < DEPTH)
        for (const [name, child] of Object.entries(value)) visit(child, `${pointer}/${escapePointer(name)}`, depth + 1);
    }
  };
  visit(tree, "", 0);
  return places.slice(0, 200);
}

function jsonInputs(text: string, base: Base): InputSpec[] {
  let tree: unknown;
  try {
    // Not strict on purpose: a fault in one record does not hide where the records are, and the reader tells of it.
    tree = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [{ ...base, format: "ndjson" }];
  }
  return placesOf(tree).map((place) => ({ ...base, format: "json", records: [place] }));
}

const ROOT = /^(?:<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!DOCTYPE[^>]*>|\s)*<([^\s/>!?]+)/;

async function xmlInputs(text: string, bytes: Uint8Array, base: Base, limits: ReadLimits): Promise<InputSpec[]> {
  const name = ROOT.exec(text)?.[1];
  const root = name?.slice(name.indexOf(":") + 1);
  if (root === undefined) return [];
  const whole: InputSpec = { ...base, format: "xml", records: [`/${root}`] };
  // The document as one record: what it holds shows where the records are.
  const [tree] = await recordsOf(bytes, whole, { ...limits, recordBytes: Number.MAX_SAFE_INTEGER });
  if (tree === undefined) return [whole];
  const names = placesOf(tree).map((place) => `/${root}${place}`);
  return names
    .filter((path) => !path.includes("/@"))
    .map((path) => ({ ...whole, records: [path], ...listsBelow(tree, path.slice(root.length + 1)) }));
}

/** Elements below a record that the sample has several of: they are lists in every record. */
function listsBelow(tree: unknown, place: string): { arrays?: string[] } {
  const arrays = new Set<string>();
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      if (path !== "") arrays.add(path);
      for (const item of value) visit(item, path);
    } else if (isObject(value))
      for (const [name, child] of Object.entries(value))
        if (!/^[@#]/.test(name)) visit(child, path === "" ? name : `${path}/${name}`);
  };
  let record = tree;
  for (const name of place.split("/").slice(1)) record = isObject(record) ? record[name] : undefined;
  for (const one of Array.isArray(record) ? record : [record]) visit(one, "");
  return arrays.size === 0 ? {} : { arrays: [...arrays].sort() };
}

function ediInput(text: string, base: Base): InputSpec {
  const x12 = text.startsWith("ISA");
  const types = text.matchAll(x12 ? /(?:^|[^A-Z0-9])ST[^A-Z0-9]([0-9]{3})/g : /UNH.[^:+]*.([A-Z]{4,6})/g);
  const messages = [...new Set([...types].map(([, type = ""]) => type))];
  return {
    ...base,
    format: "edi",
    syntax: x12 ? "x12" : "iso9735",
    messages: messages.length === 0 ? ["ORDERS"] : messages,
  };
}

const DELIMITERS = ["\t", ",", ";", "|"] as const;

/** The tables that the text may be: with the delimiter that cuts the header into most columns, with and without rows that belong together. */
function tableInputs(text: string, base: Base): InputSpec[] {
  const [header = "", second = ""] = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  const counted = DELIMITERS.map((delimiter) => ({ delimiter, columns: header.split(delimiter).length }));
  const [most] = counted.sort((a, b) => b.columns - a.columns);
  if (most === undefined || most.columns < 2 || !second.includes(most.delimiter)) return [];
  const { delimiter } = most;
  const names = header
    .split(delimiter)
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .replaceAll('""', '"'),
    )
    .filter((name) => name !== "");
  const table: InputSpec =
    delimiter === "\t"
      ? { ...base, format: "tsv", columns: names }
      : { ...base, format: "csv", ...(delimiter === "," ? {} : { delimiter }), columns: names };
  return [table];
}

/** The column that names the order, when neighbouring rows have the same: then they are one order. */
function groupOf(records: readonly unknown[]): string | undefined {
  const pointer = fieldsOf(records.slice(0, LOOKED_AT)).number?.pointer;
  if (pointer === undefined) return undefined;
  const numbers = records.map((record) => textAt(record, pointer));
  const repeats = numbers.some((number, at) => at > 0 && number === numbers[at - 1] && number !== "");
  return repeats ? pointer.slice("/rows/0/".length).replaceAll("~1", "/").replaceAll("~0", "~") : undefined;
}
