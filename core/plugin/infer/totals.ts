import { isOfOrder, type Leaf } from "./leaves.ts";
import { amountsBeside, type LinesTotal, totalOfLines } from "./lines.ts";
import { isAmount, type Style, scaleOf, styleOf } from "./numbers.ts";
import { type Candidate, confidenceOf, type Names, rank } from "./rank.ts";

/** The order's amount as the file tells it: one field, or parts of its lines that add up to it. */
export type Total =
  | {
      readonly kind: "field";
      readonly of: Leaf;
      readonly score: number;
      readonly style: Style;
      /** As in `LinesTotal`, where the field is not called a total. */
      readonly beside: readonly Leaf[];
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
    [/\bpayable amount$|^amount payable$|^payable$|^gesamt$/, 0.93],
    [/^(?:grand|order) total\b/, 0.85],
    [/^(?:sum|payment)$/, 0.75],
    [/\btotal$|\btotal (?:amount|price|value)$/, 0.6],
    [
      /^(?:grand |order )?(?:total|amount)(?: price| amount| total)?(?: in)? (?:cents?|minor|minor units?|fen|pence)$/,
      0.9,
    ],
    [/^amount$|^(?:total|order) .*\bamount$|^amount ordered$/, 0.55],
    [/^price$/, 0.5],
  ],
  spoilt:
    /\b(?:tax|taxes|vat|gst|discount|discounts|shipping|freight|delivery|post|sub|subtotal|items?|lines?|base|net|excl|excluding|exclusive|extension|refund|refunds|refunded|weight|quantity|count|number|tip|tips|fee|fees|real|saved|adjustment|usd|outstanding|rate|cod|points|voucher|invoiced|canceled|cancelled|original|due|charge|charges|allowance|prepaid|products?|wrapping|cart|current|shop money|presentment|execution|basis|unit|duties|position|cost|costs|package|paid)\b/,
};
/** Names that hold a word which would spoil another name. */
const WHOLE: Names["fit"] = [
  [
    /^(?:grand |order )?total(?: amount| price| paid)? (?:incl?|including|inclusive|with)(?: of)? (?:tax|taxes|vat)$/,
    0.97,
  ],
  [/^(?:grand |order )?total(?: amount| price| paid)? (?:tax|taxes|vat) (?:incl?|included|inclusive)$/, 0.95],
  [/^total paid$|^order payment$/, 0.75],
];

/** The best field that tells the order's total, when any does. */
function totalField(leaves: readonly Leaf[], records: number): Candidate | undefined {
  const own = leaves.filter(isOfOrder);
  const fits = rank(own, TOTAL, (leaf) => isAmount(leaf) && leaf.filled * 2 >= records);
  const whole = rank(own, { fit: WHOLE }, isAmount);
  return [...fits, ...whole].sort((a, b) => b.score - a.score)[0];
}

/** The order's amount, or undefined when the file tells neither a total nor lines that add up to one. */
export function totalOf(leaves: readonly Leaf[], records: number): Total | undefined {
  const field = totalField(leaves, records);
  const lines = totalOfLines(leaves);
  if (field === undefined || (lines !== undefined && lines.score > field.score)) return lines;
  const style = scaleOf(field.leaf, leaves) ?? styleOf(field.leaf);
  if (style === false) return lines;
  const beside = confidenceOf(field.score) === "low" ? amountsBeside(leaves).filter((leaf) => leaf !== field.leaf) : [];
  return { kind: "field", of: field.leaf, score: field.score, style, beside };
}
