import { exponentOf } from "../../money/currency.ts";
import type { InputSpec, ReadLimits } from "../../formats/contract.ts";
import { textAt } from "../pointer.ts";
import { dateFormOf, type DateForm } from "./dates.ts";
import { type Fields, fieldsOf, type Found, type Lines } from "./fields.ts";
import { inferInput } from "./input.ts";
import { inferSchema, type InferredSchema, pruned } from "./schema.ts";

/** How amounts of the sample are written, where it is not plain decimal text. */
export interface AmountStyle {
  readonly decimal: "." | ",";
  readonly grouping?: "." | ",";
}

/** What a sample file proposes for a plugin. */
export interface Proposal {
  readonly input: InputSpec;
  readonly schema: InferredSchema;
  readonly fields: Fields;
  readonly records: number;
  /** Currencies that the sample has. */
  readonly currencies: readonly string[];
  readonly style: AmountStyle;
  /** Amounts have more decimals than their currency. */
  readonly padded: boolean;
  readonly dateForm?: DateForm;
  /** Texts of the status field, so that the author sees what there is. */
  readonly statuses: readonly string[];
  /** What the sample does not tell and the author must say, a sentence each. */
  readonly missing: readonly string[];
}

const LOOKED_AT = 200;

/**
 * Proposes a plugin for files like this one: how they are read, the schema of a record, and where an order's parts are.
 * @param limits `fileBytes` is the most that a packed sample may hold
 * @throws FILE_NOT_RECOGNISED, FILE_FRAME_BROKEN, FILE_ENCODING_INVALID, FILE_ARCHIVE_..., FILE_TOO_LARGE: what is wrong with the sample
 */
export async function propose(bytes: Uint8Array, limits: ReadLimits): Promise<Proposal> {
  const { input, records } = await inferInput(bytes, limits);
  const looked = records.slice(0, LOOKED_AT);
  const fields = fieldsOf(looked);
  const all = (found: Found | undefined): string[] =>
    found === undefined ? [] : looked.map((record) => textAt(record, found.pointer)).filter((text) => text !== "");
  const currencies = [...new Set(all(fields.currency))].filter((code) => exponentOf(code) !== undefined).sort();
  const amounts = all(fields.amount);
  const form = fields.date === undefined ? undefined : dateFormOf(fields.date.text);
  return {
    input,
    schema: pruned(inferSchema(looked), pointersOf(fields), neededOf(fields)),
    fields,
    records: records.length,
    currencies,
    style: styleOf(amounts),
    padded: amounts.some((text) => (text.split(".")[1]?.length ?? 0) > (exponentOf(currencies[0] ?? "") ?? 2)),
    ...(form === undefined ? {} : { dateForm: form }),
    statuses: [...new Set(all(fields.status))].sort().slice(0, 8),
    missing: missingOf(fields),
  };
}

const lineParts = ({ name, sku, quantity, price, total }: Lines): string[] =>
  [name, sku, quantity, price, total].flatMap((part) => part ?? []);

function pointersOf(fields: Fields): string[] {
  const { lines, ...single } = fields;
  const inLines = lines === undefined ? [] : lineParts(lines).map((part) => `${lines.pointer}/0${part}`);
  return [...Object.values(single).map(({ pointer }: Found) => pointer), ...inLines];
}

const neededOf = ({ number, amount, currency }: Fields): string[] =>
  [number, amount, currency].flatMap((found) => found?.pointer ?? []);

/** Whether the lines tell what the order costs, where there is no total. */
export const linesTellTotal = (lines: Lines | undefined): boolean =>
  lines?.total !== undefined || (lines?.price !== undefined && lines.quantity !== undefined);

function missingOf({ number, amount, currency, lines }: Fields): string[] {
  const missing: string[] = [];
  if (number === undefined) missing.push("the order number: no field looks like one");
  if (amount === undefined && !linesTellTotal(lines))
    missing.push("the amount: no field looks like the total of an order");
  if (currency === undefined) missing.push("the currency: the file tells none");
  return missing;
}

/** The style that all amounts fit; plain decimal text when they do, or when none does. */
function styleOf(amounts: readonly string[]): AmountStyle {
  const all = (pattern: RegExp): boolean => amounts.length > 0 && amounts.every((text) => pattern.test(text));
  if (all(/^-?\d+(?:\.\d+)?$/)) return { decimal: "." };
  if (all(/^-?\d{1,3}(?:\.\d{3})*,\d{1,2}$/)) return { decimal: ",", grouping: "." };
  if (all(/^-?\d+(?:,\d{1,2})?$/)) return { decimal: "," };
  if (all(/^-?\d{1,3}(?:,\d{3})*(?:\.\d{1,2})?$/)) return { decimal: ".", grouping: "," };
  return { decimal: "." };
}
