import { decimalFrom, type NumberStyle } from "../amounts.ts";
import { EACH, isOfOrder, type Leaf, mostly } from "./leaves.ts";
import { type Candidate, type Names, rank } from "./rank.ts";
import { phraseOf } from "./words.ts";

/** How amounts are written: undefined is plain decimal text, `minor` whole minor units of the currency. */
export type Style = NumberStyle | "minor" | undefined;

/** The order's amount as the file tells it: one field, or parts of its lines that add up to it. */
export type Total =
  | { readonly kind: "field"; readonly of: Leaf; readonly score: number; readonly style: Style }
  | {
      readonly kind: "lines";
      readonly of: Leaf;
      readonly score: number;
      readonly style: Style;
      /** Each price is of one piece. */
      readonly times: Leaf | undefined;
      /** Further parts of the same lines. */
      readonly plus: readonly Leaf[];
      readonly minus: readonly Leaf[];
    };

const PLAIN = /^-?\d+(?:\.\d+)?$/;
const STYLES: readonly NumberStyle[] = [
  { decimal: ",", grouping: "." },
  { decimal: ".", grouping: "," },
  { decimal: ",", grouping: " " },
  { decimal: ".", grouping: "'" },
];

const MINOR = /\b(?:cents?|minor|minor units?|fen|pence)$/;

const told = (texts: readonly string[]): string[] => texts.filter((text) => text !== "");

/** Whether most texts that are not empty are so. */
const mostlyOf = (texts: readonly string[], fits: (text: string) => boolean): boolean =>
  mostly(told(texts).filter(fits).length, told(texts).length);

/** How most numbers are written; false when they are none, or when several ways would read them differently. */
export function styleOf({ path, texts }: Leaf): Style | false {
  const all = told(texts);
  const most = (fits: (text: string) => boolean): boolean => mostlyOf(texts, fits);
  if (MINOR.test(phraseOf(path)) && most((text) => /^\d+$/.test(text))) return "minor";
  if (all.every((text) => PLAIN.test(text))) return undefined;
  const fitting = STYLES.filter((style) => all.every((text) => decimalFrom(text, style) !== undefined));
  const readings = new Set(fitting.map((style) => all.map((text) => decimalFrom(text, style)).join(" ")));
  if (readings.size > 0) return readings.size === 1 ? (fitting[0] ?? false) : false;
  return most((text) => PLAIN.test(text)) ? undefined : false;
}

const isAmount = (leaf: Leaf): boolean => styleOf(leaf) !== false;

const TOTAL: Names = {
  fit: [
    [/^(?:grand|order|invoice|document|final) total(?: (?:amount|price|value))?$|^order (?:amount|price)$/, 1],
    [
      /^(?:order )?total (?:amount|price|payable|due|money|value)?$|^amount total$|^total gross$|^order total price$/,
      0.95,
    ],
    [/^total(?: (?:amount|price|payable|value|money|order value))?$/, 0.93],
    [/\bpayable amount$|^amount payable$|^payable$|^gesamt$/, 0.93],
    [/^(?:grand|order) total\b/, 0.85],
    [/^total paid(?: tax incl)?$|^order payment$|^(?:sum|payment)$/, 0.75],
    [/\btotal$|\btotal (?:amount|price|value)$/, 0.6],
    [/^(?:grand |order )?(?:total|amount)(?: price| amount)?(?: in)? (?:cents?|minor|minor units?|fen|pence)$/, 0.9],
    [/^amount$|^(?:total|order) .*\bamount$|^amount ordered$/, 0.55],
    [/^price$/, 0.5],
  ],
  spoilt:
    /\b(?:tax|taxes|vat|gst|discount|discounts|shipping|freight|delivery|post|sub|subtotal|items?|lines?|base|net|excl|excluding|exclusive|extension|refund|refunds|refunded|weight|quantity|count|number|tip|tips|fee|fees|real|saved|adjustment|usd|outstanding|rate|cod|points|voucher|invoiced|canceled|cancelled|original|due|charge|charges|allowance|prepaid|products?|wrapping|cart|current|shop money|presentment|execution|basis|unit|duties|position|cost|costs|package|paid)\b/,
};
/** Names that hold a word which would spoil another name. */
const TOTAL_PAID = /^(?:total paid(?: tax incl)?|order payment)$/;

/** The best field that tells the order's total, when any does. */
function totalField(leaves: readonly Leaf[], records: number): Candidate | undefined {
  const own = leaves.filter(isOfOrder);
  const fits = rank(own, TOTAL, (leaf) => isAmount(leaf) && leaf.filled * 2 >= records);
  const paid = rank(
    own.filter(({ path }) => TOTAL_PAID.test(phraseOf(path))),
    { fit: TOTAL.fit },
    isAmount,
  );
  return [...fits, ...paid].sort((a, b) => b.score - a.score)[0];
}

const LINE_TOTAL: Names = {
  fit: [
    [
      /^(?:line|row|item|lineitem) (?:total|amount|extension amount)(?: incl tax)?$|^line extension amount$|^row total incl tax$/,
      1,
    ],
    [/^total(?: (?:price|amount))?$|^charge amount(?: amount)?$/, 0.9],
    [/^item price$|^(?:extended|selling) (?:price|amount)$/, 0.7],
    [/^amount$|^price amount$|^sum$/, 0.6],
  ],
  spoilt:
    /\b(?:tax|discount|shipping|base|net|list|original|refund|unit|quantity|fee|weight|promotion|retail|without)\b/,
};
const UNIT_PRICE: Names = {
  fit: [
    [/\bunit price\b(?!.*quantity)/, 1],
    [/^(?:unit|net|lineitem|sale|product) (?:price|cost)(?: (?:amount|value|money))?$/, 0.9],
    [/^(?:price|cost)(?: (?:amount|value))?$|^transaction price$/, 0.85],
  ],
  spoilt: /\b(?:tax|discount|shipping|base|list|original|refund|retail|compare|recommended)\b/,
};
const QUANTITY: Names = {
  fit: [
    [/^(?:ordered |order |item |lineitem |line )?quantity(?: (?:ordered|purchased|amount|value))?$/, 1],
    [/^(?:pieces|units|count|number)$/, 0.6],
    [/\bquantity\b/, 0.5],
  ],
  spoilt:
    /\b(?:refunded|shipped|cancell?ed|fulfilled|returned|base|basis|available|unit of|back|acknowledged|received)\b/,
};
const PLUS = /\b(?:tax|shipping|delivery|gift wrap|freight)\b.*\b(?:price|amount|cost|total|charge|charges)?$/;
const MINUS = /\b(?:discount|promotion|rebate)\b/;
const PART = /\b(?:tax|price|amount|cost|charges?|discount|total)$/;

const lineOf = (path: readonly string[]): string => path.slice(0, path.indexOf(EACH) + 1).join("\u0000");
const within =
  (line: string) =>
  ({ path }: Leaf) =>
    path.includes(EACH) && lineOf(path) === line;

/** The quantity of a line: the file's own word for how many pieces there are. */
export const quantityOf = (leaves: readonly Leaf[], line: readonly string[]): Leaf | undefined =>
  rank(
    leaves.filter((leaf) => within(lineOf(line))(leaf) && leaf.path.lastIndexOf(EACH) === leaf.path.indexOf(EACH)),
    QUANTITY,
    ({ texts }) => mostlyOf(texts, (text) => PLAIN.test(text) && !text.startsWith("-")),
  )[0]?.leaf;

/** The total as the sum of the lines, when the file tells no total: of line totals, else of prices times quantities. */
function totalOfLines(leaves: readonly Leaf[]): Total | undefined {
  const ofLines = leaves.filter((leaf) => !isOfOrder(leaf) && isSummable(leaf));
  const [total] = rank(ofLines, LINE_TOTAL, isAmount);
  const [price] = rank(ofLines, UNIT_PRICE, isAmount);
  const best = total !== undefined && total.score >= (price?.score ?? 0) - 0.1 ? total : price;
  if (best === undefined) return undefined;
  const { leaf: of, score } = best;
  const style = styleOf(of);
  if (style === false) return undefined;
  const times = best === price && best !== total ? quantityOf(leaves, of.path) : undefined;
  const parts = ofLines.filter(
    (leaf) => leaf !== of && leaf !== times && within(lineOf(of.path))(leaf) && isPart(leaf, of),
  );
  const ofAll = /\btotal\b/.test(phraseOf(of.path));
  return {
    kind: "lines",
    of,
    score: score * 0.6,
    style,
    times,
    plus:
      ofAll || style !== undefined
        ? []
        : parts.filter(({ path }) => PLUS.test(phraseOf(path)) && !MINUS.test(phraseOf(path))),
    minus: ofAll || style !== undefined ? [] : parts.filter(({ path }) => MINUS.test(phraseOf(path))),
  };
}

const isSummable = ({ texts }: Leaf): boolean => mostlyOf(texts, (text) => !text.startsWith("-"));

/** A part of the line beside its price: in the same element, or in one of its own. */
const isPart = ({ path, texts }: Leaf, of: Leaf): boolean =>
  PART.test(phraseOf(path)) &&
  path.lastIndexOf(EACH) === of.path.lastIndexOf(EACH) &&
  mostlyOf(texts, (text) => PLAIN.test(text)) &&
  path.slice(0, of.path.lastIndexOf(EACH) + 1).join("\u0000") ===
    of.path.slice(0, of.path.lastIndexOf(EACH) + 1).join("\u0000");

/** The order's amount, or undefined when the file tells neither a total nor lines that add up to one. */
export function totalOf(leaves: readonly Leaf[], records: number): Total | undefined {
  const field = totalField(leaves, records);
  const lines = totalOfLines(leaves);
  if (field === undefined || (lines !== undefined && lines.score > field.score)) return lines;
  const style = styleOf(field.leaf);
  return style === false ? lines : { kind: "field", of: field.leaf, score: field.score, style };
}
