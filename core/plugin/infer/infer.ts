import { asMergepayError, MergepayError } from "../../errors/errors.ts";
import type { InputSpec, JsonInput, ReadLimits, TableInput, XmlInput } from "../../formats/contract.ts";
import { readRecords } from "../../formats/read.ts";
import { unpack } from "../../formats/unpack.ts";
import { decodeSample, once, type Decoded } from "./encoding.ts";
import { type Flag, flagsOf } from "./flags.ts";
import { type EdiProposals, proposeEdi } from "./edi.ts";
import { brokenMessages } from "./edi-broken.ts";
import { buyers, currencyOf, merchants, orderNumbers, placedAt } from "./fields.ts";
import { formatNames, inputsOf } from "./format.ts";
import { type Implied, impliedCurrency } from "./implied.ts";
import { itemsOf, type Items } from "./items.ts";
import { leavesOf, type Leaf, shownPath } from "./leaves.ts";
import type { Candidate } from "./rank.ts";
import { closedOf, type Closed } from "./status.ts";
import { totalOf, type Total } from "./totals.ts";
import { partlyPaid } from "./paid.ts";
import { unitsOf } from "./units.ts";
import { isTable } from "./uses.ts";
import { wordsOf } from "./words.ts";
import { workbookInputs } from "./workbook-inputs.ts";

/** What is proposed for each field of an order; what is absent the file does not tell, or not in a way that could be told. */
export interface Proposals {
  readonly orderNo?: Candidate;
  readonly total?: Total;
  /** In the place of a total: lines or a price that may lack amounts of the order itself, such as its shipping. */
  readonly partial?: Total;
  /** In the place of a total: what says that a part of it is paid already. */
  readonly paid?: Leaf;
  readonly currency?: Candidate;
  /** Where no field tells the currency: what may tell it. */
  readonly implied?: Implied;
  readonly buyer?: Candidate;
  readonly merchant?: Candidate;
  readonly placed?: ReturnType<typeof placedAt>;
  readonly items?: Items;
  readonly closed: Closed;
  /** Fields that say yes or no to what keeps an order from being paid. */
  readonly flags: readonly Flag[];
}

/** How a sample is read, its records, and what they propose. */
export interface Inference {
  readonly input: InputSpec;
  readonly encoding: Decoded["confidence"];
  /** Values of the records that could be read. */
  readonly records: readonly unknown[];
  readonly leaves: readonly Leaf[];
  /** Records that the reader refused. */
  readonly refused: number;
  /** Why nothing of the sample is taken as it is: its records are read past what is wrong, to propose from. */
  readonly broken?: string;
  readonly proposals: Proposals;
  /** What messages of EDI propose, in the place of `proposals`: their places have no names. */
  readonly edi?: EdiProposals;
}

interface Reading {
  readonly input: InputSpec;
  readonly records: readonly unknown[];
  readonly refused: readonly string[];
  readonly broken?: string | undefined;
  readonly proposals: Proposals;
  readonly leaves: readonly Leaf[];
  readonly score: number;
}

/** Such a declaration, where it refers to other files only and defines nothing itself. */
const DOCTYPE = /<!DOCTYPE[^>[]*>/;
/** Names of wrappers that hold orders, and of those that hold parts of one. */
const ORDERS = /\b(?:orders?|trades?|sales?|purchases?|invoices?)\b/;
const PARTS =
  /\b(?:items?|lines?|rows?|transactions?|addresse?s?|refunds?|payments?|taxe?s?|shipping|customer|buyer|party|parties|products?|charges?|discounts?|packages?|details?|promotions?|total|price|amount)\b/;

/**
 * Finds out how a platform's sample file is read, and what of its records is what of an order.
 * @throws FILE_NOT_RECOGNISED when no format has it, or no record is in it; what the format's reader throws for a file that is broken
 */
export async function inferSample(sample: Uint8Array, limits: ReadLimits): Promise<Inference> {
  const source = await sourceOf(sample, limits);
  const { inputs, encoding } = source;
  let best: Reading | undefined;
  for (const input of inputs) {
    const reading = await read(source, input, limits);
    if (best === undefined || reading.score > best.score) best = reading;
  }
  if (best === undefined || best.records.length === 0 || (best.leaves.length === 0 && best.input.format !== "edi"))
    throw nothingIn(source, best?.refused[0]);
  const { records, leaves, refused, broken, proposals } = best;
  const input = isMarked(best.input) ? marked(best.input, proposals.implied) : best.input;
  const why = broken === undefined ? {} : { broken };
  const found = { input, encoding, records, leaves, refused: refused.length, ...why, proposals };
  return input.format === "edi" ? { ...found, edi: proposeEdi(input, records) } : found;
}

/** A file that says another currency around its records is no such file. */
const marked = (input: JsonInput | XmlInput | TableInput, implied: Implied | undefined): InputSpec =>
  implied?.kind === "all" && implied.by === "document" ? { ...input, marks: [implied.of] } : input;

/** A sample as its readers get it, and the ways in which it may be read. */
interface Source {
  /** Unpacked; text is UTF-8. */
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly inputs: readonly InputSpec[];
  readonly encoding: Decoded["confidence"];
}

async function sourceOf(sample: Uint8Array, limits: ReadLimits): Promise<Source> {
  const unpacked = await unpack(once(sample), limits.fileBytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of unpacked.bytes) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (unpacked.office) return { bytes, text: "", inputs: await workbookInputs(bytes, limits), encoding: "certain" };
  const { text: whole, encoding, confidence } = await decodeSample(bytes);
  const doctype = DOCTYPE.test(whole.slice(0, 1000));
  // The text is decoded: what it says of its encoding is the reader's of the file itself.
  const text = (doctype ? whole.replace(DOCTYPE, "") : whole)
    .trimStart()
    .replace(/^<\?xml[^>]*\?>/, "")
    .trimStart();
  const inputs = inputsOf({ text, limits, ...(encoding === "utf-8" ? {} : { encoding }) });
  return { bytes: Buffer.from(text), text, inputs: doctype ? inputs.map(passingOver) : inputs, encoding: confidence };
}

const passingOver = (input: InputSpec): InputSpec =>
  input.format === "xml" ? { ...input, doctype: "ignored" } : input;

/** Why a sample is no proposal. @param refused why its first record was not taken */
function nothingIn({ text, inputs }: Source, refused = ""): MergepayError {
  const [first = "", ...others] = text.split(/\r\n|\n|\r/).filter((line) => line !== "");
  if (others.length > 0 && first.length > 1 && others.every((line) => line.length === first.length))
    return notRecognised(
      `All ${others.length + 1} lines of the sample have ${first.length} characters: it seems to be of fixed width, and no file tells the places of their columns. ` +
        'Take them from the platform\'s description: make the folder without --from, and declare input as { format: "fixed", columns: [{ name: "order", from: 1, to: 10 }] }.',
    );
  if (inputs.length === 0 && text === "")
    return notRecognised("The sample is empty; take a file with at least one order.");
  if (inputs.length === 0 && !isJson(text))
    return notRecognised(
      `The sample is none of the formats that are recognised (${formatNames()}, xlsx). Run \`plugin new\` without --from, and declare \`input\` in plugin.ts yourself.`,
    );
  const header = inputs[0]?.format === "xlsx" ? " The first row with text must name the columns." : "";
  return notRecognised(
    `The sample holds no record that can be read; take one with at least one order.${header} ${refused}`.trim(),
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const notRecognised = (why: string): MergepayError => new MergepayError("FILE_NOT_RECOGNISED", why);

/** Reads a sample one way and looks at how much its records are like orders. */
async function read({ bytes, text }: Source, input: InputSpec, limits: ReadLimits): Promise<Reading> {
  const taken = await gather(bytes, input, limits).catch((error: unknown) => {
    const { type, message } = asMergepayError(error);
    if (input.format !== "edi" || type !== "FILE_FRAME_BROKEN") throw error;
    return { records: [], refused: [message] };
  });
  const { refused } = taken;
  const isBroken = input.format === "edi" && taken.records.length === 0;
  const records = isBroken ? brokenMessages(text, input, limits) : taken.records;
  // Segments have tags and places, not names that say what they hold.
  const leaves = input.format === "edi" ? [] : leavesOf(records, isTable(input));
  const path = "records" in input ? (input.records?.[0] ?? "") : "";
  const groupBy = "groupBy" in input ? input.groupBy : undefined;
  const name = path.split("/").at(-1)?.replace(/s$/, "") ?? "";
  const proposals = propose(leaves, records, {
    name,
    groupBy,
    ofPrograms: input.format === "json" || input.format === "ndjson",
    ...(isMarked(input) ? { text } : {}),
  });
  return {
    input,
    records,
    refused,
    broken: isBroken ? refused[0] : undefined,
    proposals,
    leaves,
    score: records.length === 0 ? -1 : scoreOf(input, proposals, leaves, refused.length),
  };
}

/** What the reader makes of a sample. */
async function gather(bytes: Uint8Array, input: InputSpec, limits: ReadLimits) {
  const { encoding: _, ...decoded } = input;
  const records: unknown[] = [];
  const refused: string[] = [];
  for await (const batch of readRecords(once(bytes), decoded, limits))
    for (const raw of batch) {
      if ("refused" in raw) refused.push(raw.refused.reason);
      else records.push(raw.value);
    }
  return { records, refused };
}

/** Files of the kind can be told by texts that they hold. */
const isMarked = (input: InputSpec): input is JsonInput | XmlInput | TableInput =>
  input.format === "json" || input.format === "xml" || input.format === "csv" || input.format === "tsv";

/** What is known of records as a whole. */
interface Surroundings {
  /** The record's own name, as an element or list has one. */
  readonly name: string;
  /** The column by which rows are one record. */
  readonly groupBy: string | undefined;
  /** The file is of the kind that programs write for programs: amounts may be in minor units. */
  readonly ofPrograms: boolean;
  /** The text of the file, where its marks may bind what is taken from there. */
  readonly text?: string;
}

function propose(leaves: readonly Leaf[], values: readonly unknown[], record: Surroundings): Proposals {
  const records = values.length;
  const numbers = orderNumbers(leaves, records, record.name);
  // Rows that are one record are so by the order's number.
  const orderNo = numbers.find(({ leaf: { path }, score }) =>
    record.groupBy === undefined ? score >= 0.5 : path.at(-1) === record.groupBy,
  );
  const told = totalOf(leaves, records);
  const paid = told === undefined ? undefined : partlyPaid(leaves, told.of);
  const found = told?.beside.length === 0 && paid === undefined ? told : undefined;
  const code = found?.kind === "field" ? found.code : undefined;
  const currency = code === undefined ? currencyOf(leaves, found?.of) : undefined;
  const implied = currency === undefined ? impliedCurrency(leaves, records, found, record.text) : undefined;
  const total = record.ofPrograms ? inUnits(found, leaves, codesOf(currency, implied), record.text) : found;
  const [buyer] = buyers(leaves).filter(({ leaf }) => leaf !== orderNo?.leaf);
  const [merchant] = merchants(leaves, records);
  const placed = placedAt(leaves);
  const items = itemsOf(leaves);
  return {
    closed: closedOf(leaves, records),
    flags: flagsOf(values, leaves),
    ...(told === undefined || found === told ? {} : { partial: told }),
    ...(paid === undefined ? {} : { paid }),
    ...(orderNo === undefined ? {} : { orderNo }),
    ...(total === undefined ? {} : { total }),
    ...(currency === undefined ? {} : { currency }),
    ...(implied === undefined ? {} : { implied }),
    ...(buyer === undefined ? {} : { buyer }),
    ...(merchant === undefined ? {} : { merchant }),
    ...(placed === undefined ? {} : { placed }),
    ...(items === undefined ? {} : { items }),
  };
}

/** The total with what its whole numbers count, where all amounts are such. */
function inUnits(
  total: Total | undefined,
  leaves: readonly Leaf[],
  codes: readonly string[],
  text: string | undefined,
): Total | undefined {
  if (total === undefined || total.style !== undefined || (total.kind === "field" && total.signs !== undefined))
    return total;
  const units = unitsOf(total.of, leaves, codes, text);
  return units === "whole" ? total : { ...total, style: units };
}

const codesOf = (currency: Candidate | undefined, implied: Implied | undefined): readonly string[] =>
  currency?.leaf.texts.filter((text) => text !== "") ??
  (implied?.kind === "all" ? [implied.code] : [...(implied?.codes.values() ?? [])].filter((code) => code !== ""));

/** How much records are like orders: by what they tell, by the names around them, and by how much of the file they are. */
function scoreOf(input: InputSpec, proposals: Proposals, leaves: readonly Leaf[], refused: number): number {
  const { orderNo, total, currency, buyer, placed, items } = proposals;
  const parts = [orderNo, total, currency].map((part) => part?.score ?? 0);
  const told = parts.reduce((sum, part) => sum + part, 0) * 2;
  const further = [buyer, placed, items].filter((part) => part !== undefined).length * 0.4;
  const path = "records" in input ? (input.records?.[0] ?? "") : "";
  const names = path.split("/").map(wordsOf);
  const last = names.at(-1) ?? "";
  const depth = names.length;
  const wrapper = (ORDERS.test(last) ? 0.8 : 0) - (PARTS.test(last) && !ORDERS.test(last) ? 2 : 0);
  const inPart = names.slice(0, -1).some((name) => PARTS.test(name) && !ORDERS.test(name)) ? 1 : 0;
  const grouped = isTable(input) ? groupScore("groupBy" in input ? input.groupBy : undefined, orderNo) : 0;
  return told + further + wrapper + grouped - inPart - depth * 0.05 - refused * 2 - (leaves.length === 0 ? 5 : 0);
}

/** Rows are grouped by what is then the order's number, or not at all; neighbours with the same number would each be the whole order. */
function groupScore(groupBy: string | undefined, orderNo: Candidate | undefined): number {
  if (orderNo === undefined) return groupBy === undefined ? 0 : -5;
  const { path, texts } = orderNo.leaf;
  if (groupBy !== undefined) return shownPath(path) === `rows/0/${groupBy}` ? 1 : -5;
  return texts.some((text, at) => text !== "" && text === texts[at + 1]) ? -3 : 0;
}
