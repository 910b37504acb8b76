import { MergepayError } from "../../errors/errors.ts";
import type { InputSpec, RawRecord, ReadLimits } from "../../formats/contract.ts";
import { escapePointer } from "../../formats/json-value.ts";
import { readRecords } from "../../formats/read.ts";
import { unpack } from "../../formats/unpack.ts";
import { openPackage } from "../../formats/xlsx-package.ts";
import { listSheets } from "../../formats/xlsx-workbook.ts";
import { listAt, textAt } from "../pointer.ts";
import { fieldsOf, orderLikeness } from "./fields.ts";
import { sampleText, type SampleText } from "./text.ts";

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
export async function inferInput(sample: Uint8Array, limits: ReadLimits): Promise<Sample> {
  const { office, bytes } = await unpacked(sample, limits.fileBytes);
  const { text, encoding } = office ? NO_TEXT : sampleText(bytes);
  const candidates = office
    ? await sheetInputs(bytes, limits)
    : await textInputs(text, bytes, encoding === "utf-8" ? {} : { encoding }, limits);
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
  const width = widthOf(text);
  if (width !== undefined) throw fixedWidth(width);
  if (candidates.length === 1 && failure !== undefined) throw failure;
  throw new MergepayError(
    "FILE_NOT_RECOGNISED",
    "The sample is no JSON, XML, CSV, TSV, EDI or XLSX that holds records. Take a file with at least one order, as the platform sends it.",
  );
}

/** What a workbook has of a text as a whole. */
const NO_TEXT: SampleText = { text: "", encoding: "utf-8", certain: true };

async function unpacked(sample: Uint8Array, fileBytes: number): Promise<{ office: boolean; bytes: Uint8Array }> {
  const { office, bytes } = await unpack(once(sample), fileBytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return { office, bytes: Buffer.concat(pieces) };
}

async function textInputs(text: string, bytes: Uint8Array, base: Base, limits: ReadLimits): Promise<InputSpec[]> {
  const begin = text.trimStart();
  if (begin.startsWith("<")) return await xmlInputs(begin, bytes, base, limits);
  if (/^[[{]/.test(begin)) return jsonInputs(text, base);
  if (begin.startsWith("ISA") || /^UN[AB]/.test(begin)) return [ediInput(begin, base)];
  return tableInputs(text, base);
}

interface Width {
  readonly lines: number;
  readonly chars: number;
}

/** Lines that all have the same length, which tables hardly ever have. */
function widthOf(text: string): Width | undefined {
  const [first = "", ...others] = text.split(/\r\n|\n|\r/).filter((line) => line !== "");
  const same = others.length > 0 && first.length > 1 && others.every((line) => line.length === first.length);
  return same ? { lines: others.length + 1, chars: first.length } : undefined;
}

const fixedWidth = ({ lines, chars }: Width): MergepayError =>
  new MergepayError(
    "FILE_NOT_RECOGNISED",
    `All ${lines} lines of the sample have ${chars} characters: it seems to be of fixed width, and no file tells the places of their columns. ` +
      'Take them from the platform\'s description: make the folder without the file, and declare input as { format: "fixed", columns: [{ name: "order", from: 1, to: 10 }] }.',
  );

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The sample as an input reads it; of a table, rows of one order together. None when most records can't be read. */
async function readAs(input: InputSpec, bytes: Uint8Array, limits: ReadLimits): Promise<Sample[]> {
  const records = await recordsOf(bytes, input, limits);
  if (records.length === 0) return [];
  const isTable = input.format === "csv" || input.format === "tsv" || input.format === "xlsx";
  const groupBy = isTable ? groupOf(records) : undefined;
  const named = input.format === "xlsx" ? { ...input, columns: columnsOf(records) } : input;
  if (!isTable || groupBy === undefined) return [{ input: named, records }];
  const grouped = { ...named, groupBy } as InputSpec;
  return [{ input: grouped, records: await recordsOf(bytes, grouped, limits) }];
}

async function recordsOf(bytes: Uint8Array, input: InputSpec, limits: ReadLimits): Promise<unknown[]> {
  const records: RawRecord[] = [];
  for await (const batch of readRecords(once(bytes), input, limits)) records.push(...batch);
  const whole = records.flatMap((record) => ("refused" in record ? [] : [record.value]));
  const refused = records.find((record) => "refused" in record);
  const firstRow = input.format === "xlsx" ? " The first row with text must name the columns." : "";
  if (whole.length === 0 && refused !== undefined)
    throw new MergepayError(
      "FILE_NOT_RECOGNISED",
      `All records of the sample are refused, the first at ${refused.position}: ${refused.refused.reason}${firstRow} Take a sample that is whole.`,
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

/** Sheets of a workbook that are looked at. */
const SHEETS = 20;
/** As many columns as a plugin may name. */
const COLUMNS = 100;
const NAME_CHARS = 128;

/** The tables that the sheets of a workbook are; their columns are known when they are read. */
async function sheetInputs(bytes: Uint8Array, limits: ReadLimits): Promise<InputSpec[]> {
  const { names, dates } = await listSheets(await openPackage(once(bytes), limits.fileBytes));
  return names.slice(0, SHEETS).map((name, index) => ({
    format: "xlsx",
    ...(index === 0 ? {} : { sheet: name }),
    ...(dates === 1900 ? {} : { dates }),
    columns: [],
  }));
}

function columnsOf([record]: readonly unknown[]): string[] {
  const [row] = listAt(record, "/rows");
  return Object.keys(isObject(row) ? row : {})
    .filter((name) => name !== "" && name.length <= NAME_CHARS)
    .slice(0, COLUMNS);
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
