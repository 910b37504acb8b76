import { escapePointer } from "../../formats/json-value.ts";
import { listAt } from "../pointer.ts";
import {
  amountScore,
  buyerScore,
  currencyScore,
  dateScore,
  type Leaf,
  merchantScore,
  numberScore,
  statusScore,
  wordsOf,
} from "./names.ts";

/** A field that was found for something, and how likely it is right: from 0 to 1. */
export interface Found {
  readonly pointer: string;
  readonly text: string;
  readonly confidence: number;
}

/** A list of the order's lines: where its parts are, from a line. */
export interface Lines {
  readonly pointer: string;
  readonly name?: string;
  readonly sku?: string;
  readonly quantity?: string;
  readonly price?: string;
  readonly total?: string;
}

/** What a record seems to say of an order. */
export interface Fields {
  readonly number?: Found;
  readonly amount?: Found;
  readonly currency?: Found;
  readonly buyer?: Found;
  readonly merchant?: Found;
  readonly date?: Found;
  readonly status?: Found;
  readonly lines?: Lines;
}

const MAX_LEAVES = 5000;

/** A record of a table has rows and nothing else. */
const isTable = (record: Readonly<Record<string, unknown>>): record is { readonly rows: readonly unknown[] } =>
  Array.isArray(record["rows"]) && Object.keys(record).length === 1;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** All texts of a record outside of lists; of a table those of its first row. */
export function leavesOf(record: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (value: unknown, pointer: string, names: readonly string[]): void => {
    if (leaves.length >= MAX_LEAVES) return;
    if (typeof value === "string") {
      const own = names.at(-1) === "#text" ? (names.at(-2) ?? "") : (names.at(-1) ?? "");
      const path = names.filter((name) => name !== "#text");
      const words = path.slice(-2).map(wordsOf).join(" ");
      const shown = names.at(-1) === "#text" ? pointer.slice(0, -"/#text".length) : pointer;
      leaves.push({ pointer: shown, words, own: wordsOf(own), depth: path.length, text: value });
    } else if (isObject(value))
      for (const [name, child] of Object.entries(value))
        visit(child, `${pointer}/${escapePointer(name)}`, [...names, name]);
  };
  if (isObject(record) && isTable(record)) {
    const [row] = record["rows"];
    if (isObject(row))
      for (const [name, cell] of Object.entries(row)) visit(cell, `/rows/0/${escapePointer(name)}`, [name]);
  } else visit(record, "", []);
  return leaves;
}

/** The leaf that scores most, over several records by their sum; undefined when none scores at least `least`. */
function best(records: readonly (readonly Leaf[])[], score: (leaf: Leaf) => number, least: number): Found | undefined {
  const sums = new Map<string, { sum: number; text: string }>();
  for (const leaves of records)
    for (const leaf of leaves) {
      const points = score(leaf);
      if (points === 0) continue;
      const known = sums.get(leaf.pointer);
      sums.set(leaf.pointer, { sum: (known?.sum ?? 0) + points, text: known?.text ?? leaf.text });
    }
  let top: Found | undefined;
  for (const [pointer, { sum, text }] of sums) {
    const confidence = sum / records.length;
    if (confidence >= least && confidence > (top?.confidence ?? 0)) top = { pointer, text, confidence };
  }
  return top;
}

const parentOf = (pointer: string): string => pointer.slice(0, Math.max(pointer.lastIndexOf("/"), 0));

/** Finds in sample records what an order needs. A currency beside the amount goes before any other. */
export function fieldsOf(samples: readonly unknown[]): Fields {
  const records = samples.map(leavesOf);
  const amount = best(records, amountScore, 0.25);
  const near = (leaf: Leaf): number => {
    const points = currencyScore(leaf);
    if (points === 0 || amount === undefined) return points;
    const beside =
      leaf.pointer.startsWith(`${amount.pointer}/`) ||
      (parentOf(leaf.pointer) === parentOf(amount.pointer) && parentOf(amount.pointer) !== "");
    return beside ? points + 1 : points;
  };
  const lines = linesOf(samples);
  const found = {
    number: best(records, numberScore, 0.35),
    amount,
    currency: best(records, near, 0.25) ?? currencyOfLines(samples, lines),
    buyer: best(records, buyerScore, 0.3),
    merchant: best(records, merchantScore, 0.5),
    date: best(records, dateScore, 0.3),
    status: best(records, statusScore, 0.4),
    lines,
  };
  return Object.fromEntries(Object.entries(found).filter(([, field]) => field !== undefined));
}

/** The currency of the first line, where only the lines tell one. */
function currencyOfLines(samples: readonly unknown[], lines: Lines | undefined): Found | undefined {
  if (lines === undefined) return undefined;
  const first = samples.map((record) => leavesOf(listAt(record, lines.pointer)[0]));
  const found = best(first, currencyScore, 0.5);
  return found === undefined ? undefined : { ...found, pointer: `${lines.pointer}/0${found.pointer}` };
}

const LINE_NAME = /^(name|title|product name|item name|sku name|description|lineitem name|goods name)$/;
const LINE_SKU = /^(sku|seller sku|item sku|product reference|sku id|lineitem sku|outer sku id)$/;
const LINE_QUANTITY =
  /^(quantity|qty|num|qty ordered|quantity purchased|product quantity|sku num|quantity ordered|lineitem quantity|ordered quantity amount)$/;
const LINE_TOTAL = /^(line total|total price|total|row total|line amount|line extension amount)$/;
const LINE_PRICE = /^(price|unit price|item price|sku price|selling price|net cost amount|price amount)$/;

/** The list in a record that is most like the lines of an order. */
function linesOf(samples: readonly unknown[]): Lines | undefined {
  const [record] = samples;
  let top: { lines: Lines; parts: number } | undefined;
  const visit = (value: unknown, pointer: string, depth: number): void => {
    if (depth > 6) return;
    if (Array.isArray(value)) {
      const lines = lineOf(value[0], pointer);
      const parts = Object.keys(lines).length;
      if (isObject(value[0]) && parts > 1 && parts > (top?.parts ?? 0)) top = { lines, parts };
    } else if (isObject(value))
      for (const [name, child] of Object.entries(value)) visit(child, `${pointer}/${escapePointer(name)}`, depth + 1);
  };
  visit(record, "", 0);
  return top?.lines;
}

function lineOf(line: unknown, pointer: string): Lines {
  const leaves = leavesOf(line);
  const find = (pattern: RegExp): string | undefined =>
    leaves.find(
      ({ own, words, text }) =>
        (pattern.test(words) || (pattern.test(own) && !/quantity|unit price/.test(words.slice(0, -own.length)))) &&
        text !== "",
    )?.pointer;
  const parts = {
    name: find(LINE_NAME),
    sku: find(LINE_SKU),
    quantity: find(LINE_QUANTITY),
    price: find(LINE_PRICE),
    // An amount below something else is that thing's: a price, a quantity.
    total: find(LINE_TOTAL) ?? leaves.find(({ words, text }) => words === "amount" && text !== "")?.pointer,
  };
  return {
    pointer,
    ...(Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Omit<Lines, "pointer">),
  };
}

/** Lines speak for an order; more so where they are all that tells what it costs. */
function linesLikeness(lines: Lines | undefined, amount: Found | undefined): number {
  if (lines === undefined) return 0;
  const priced = lines.total !== undefined || (lines.price !== undefined && lines.quantity !== undefined);
  return amount === undefined && priced ? 3 : 0.5;
}

/** How much records seem to be orders: what is found, weighed by what an order can't do without. */
export function orderLikeness({ number, amount, currency, date, buyer, lines }: Fields): number {
  return (
    3 * (number?.confidence ?? 0) +
    3 * (amount?.confidence ?? 0) +
    (currency === undefined ? 0 : 1) +
    (date?.confidence ?? 0) +
    (buyer === undefined ? 0 : 0.5) +
    linesLikeness(lines, amount)
  );
}
