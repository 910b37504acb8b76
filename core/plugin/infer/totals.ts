import { exponentOf } from "../../money/currency.ts";
import { amountWithSign } from "../amounts.ts";
import { isOfOrder, type Leaf } from "./leaves.ts";
import { amountsBeside, type LinesTotal, totalOfLines } from "./lines.ts";
import { isAmount, mostlyOf, type Style, scaleOf, styleOf } from "./numbers.ts";
import { confidenceOf, type Names, rank } from "./rank.ts";
import { wordsOf } from "./words.ts";

/** The order's amount as the file tells it: one field, or parts of its lines that add up to it. */
export type Total =
  | {
      readonly kind: "field";
      readonly of: Leaf;
      readonly score: number;
      readonly style: Style;
      /** As in `LinesTotal`, where the field is not called a total. */
      readonly beside: readonly Leaf[];
      /** The currency that the field's name tells, such as that of `Total (EUR)`. */
      readonly code?: string;
      /** Signs or codes of currencies that stand in its texts, such as `€ 12.50`. */
      readonly signs?: readonly string[];
    }
  | LinesTotal;

const TOTAL: Names = {
  fit: [
    [/^(?:grand|order|invoice|document|final) total(?: (?:amount|price|value))?$|^order (?:amount|price)$/, 1],
    [
      /^(?:order )?total (?:amount|price|payable|due|money|value)?$|^amount total$|^total gross$|^order total price$/,
      0.95,
    ],
    [/^total(?: (?:amount|price|payable|value|money|order value))?$/, 0.93],
    [
      /\bpayable amount$|^amount payable$|^payable$|^gesamt$|^(?:total |amount )?to (?:be )?pa(?:y|id)(?: amount)?$/,
      0.93,
    ],
    [
      /^order (?:sum|value)$|^total (?:bill|to pay amount|order amount)$|^(?:customer|expected) (?:total|amount)$/,
      0.85,
    ],
    [/^(?:pay|payment) (?:amount|price)(?: amount)?$/, 0.8],
    [/^(?:grand|order) total\b/, 0.85],
    [/^(?:sum|payment)$/, 0.75],
    [/\btotal$|\btotal (?:amount|price|value)$/, 0.6],
    [
      /^(?:grand |order )?(?:total|amount)(?: price| amount| total)?(?: in)? (?:cents?|minor|minor units?|fen|pence)$/,
      0.9,
    ],
    [/^amount(?: value)?$|^(?:total|order) .*\bamount$|^amount ordered$/, 0.55],
    [/^price$/, 0.5],
  ],
  spoilt:
    /\b(?:tax|taxes|vat|gst|discount|discounts|shipping|freight|delivery|post|sub|subtotal|items?|lines?|base|net|excl|excluding|exclusive|extension|refund|refunds|refunded|weight|quantity|count|number|tip|tips|fee|fees|real|saved|adjustment|usd|outstanding|rate|cod|points|voucher|invoiced|canceled|cancelled|original|due|charge|charges|allowance|prepaid|products?|wrapping|cart|current|shop money|presentment|execution|basis|unit|duties|position|cost|costs|package|paid)\b/,
};
/** Names that hold a word which would spoil another name. */
const WHOLE: Names["fit"] = [
  [
    /^(?:grand |order |invoice )?total(?: amount| price| paid)? (?:incl?|inc|including|inclusive|with)(?: of)? (?:tax|taxes|vat|gst)$/,
    0.97,
  ],
  [
    /^(?:grand |order |invoice )?total(?: amount| price| paid)? (?:tax|taxes|vat) (?:incl?|inc|included|inclusive)$/,
    0.95,
  ],
  [/^total paid$|^order payment$/, 0.75],
];

/** A place as its name and texts are read: without a currency that either tells. */
interface Reading {
  readonly leaf: Leaf;
  readonly read: Leaf;
  readonly code?: string;
  readonly signs?: readonly string[];
}

/** What it takes away that a name has a currency behind it. */
const WITH_CODE = 0.02;

/** The best field that tells the order's total, when any does. */
function totalField(leaves: readonly Leaf[], records: number): (Reading & { readonly score: number }) | undefined {
  const readings = new Map(
    leaves
      .filter(isOfOrder)
      .flatMap(readingsOf)
      .map((reading) => [reading.read, reading]),
  );
  const own = [...readings.keys()];
  const fits = rank(own, TOTAL, (leaf) => isAmount(leaf) && leaf.filled * 2 >= records);
  const whole = rank(own, { fit: WHOLE }, isAmount);
  const found = [...fits, ...whole].flatMap(({ leaf, score }) => {
    const reading = readings.get(leaf);
    return reading === undefined ? [] : [{ ...reading, score: reading.code === undefined ? score : score - WITH_CODE }];
  });
  // Totals in several currencies: which of them is owed is not told.
  const several = new Set(found.flatMap(({ code }) => code ?? [])).size > 1;
  return found.filter(({ code }) => !several || code === undefined).sort((a, b) => b.score - a.score)[0];
}

/** A place as it is, and by its name without the currency behind it: `Total (EUR)`, `amount_usd`, `Betrag in EUR`. */
function readingsOf(leaf: Leaf): Reading[] {
  const read = withoutSigns(leaf);
  const name = leaf.path.at(-1) ?? "";
  const [, words = "", last = ""] = /^(.*\S)(?: in)? (\w{3})$/.exec(wordsOf(name)) ?? [];
  const code = last.toUpperCase();
  if (exponentOf(code) === undefined) return [read];
  const named = { ...read.read, path: [...leaf.path.slice(0, -1), words.replace(/ in$/, "")] };
  return [read, { ...read, read: named, code }];
}

/** A place whose texts have a sign or a code beside the number, as the numbers alone. */
function withoutSigns(leaf: Leaf): Reading {
  const parts = leaf.texts.map((text) => amountWithSign(text.trim()));
  if (!mostlyOf(leaf.texts, (text) => amountWithSign(text.trim()) !== undefined)) return { leaf, read: leaf };
  const texts = parts.map((part) => part?.number ?? "");
  return { leaf, read: { ...leaf, texts }, signs: [...new Set(parts.flatMap((part) => part?.sign ?? []))] };
}

/** The order's amount, or undefined when the file tells neither a total nor lines that add up to one. */
export function totalOf(leaves: readonly Leaf[], records: number): Total | undefined {
  const field = totalField(leaves, records);
  const lines = totalOfLines(leaves);
  if (field === undefined || (lines !== undefined && lines.score > field.score)) return lines;
  const { leaf: of, read, score, code, signs } = field;
  const style = scaleOf(of, leaves) ?? styleOf({ ...read, path: of.path });
  if (style === false) return lines;
  const beside = confidenceOf(score) === "low" ? amountsBeside(leaves).filter((leaf) => leaf !== of) : [];
  return {
    kind: "field",
    of,
    score,
    style,
    beside,
    ...(code === undefined ? {} : { code }),
    ...(signs === undefined ? {} : { signs }),
  };
}
