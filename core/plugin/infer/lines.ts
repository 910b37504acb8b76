import { EACH, isOfOrder, type Leaf } from "./leaves.ts";
import { decimalFrom, type NumberStyle } from "../amounts.ts";
import { isAmount, mostlyOf, PLAIN, scaleOf, type Style, styleOf, told } from "./numbers.ts";
import { type Names, rank } from "./rank.ts";
import { lineStatusOf } from "./status.ts";
import { phraseOf } from "./words.ts";

/** The order's amount as the sum of its lines. */
export interface LinesTotal {
  readonly kind: "lines";
  readonly of: Leaf;
  readonly score: number;
  /** How the amounts of the lines are written. */
  readonly style: Style;
  /** Each price is of one piece. */
  readonly times: Leaf | undefined;
  /** How many pieces each of `times` has. Anything but 1 leaves open what a line costs. */
  readonly packs: Leaf | undefined;
  /** Further parts of the same lines. */
  readonly plus: readonly Leaf[];
  readonly minus: readonly Leaf[];
  /** Lines in such a status are not to be paid. */
  readonly gone: { readonly of: Leaf; readonly statuses: readonly string[] } | undefined;
  /** Amounts of the order itself, such as its shipping: with them the lines alone are not the total. */
  readonly beside: readonly Leaf[];
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
const MINUS = /\b(?:discount|promotion|rebate|voucher|coupon)\b/;
const PACK_SIZE =
  /\b(?:unit|pack|case|carton|box) (?:size|quantity)$|\b(?:units|pieces) per (?:unit|pack|case|carton|box)$/;
const PART = /\b(?:tax|price|amount|cost|charges?|fees?|shipping|freight|discount|voucher|coupon|total)$/;

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
export function totalOfLines(leaves: readonly Leaf[]): LinesTotal | undefined {
  const ofLines = leaves.filter((leaf) => !isOfOrder(leaf) && isSummable(leaf));
  const [total] = rank(ofLines, LINE_TOTAL, isAmount);
  const [price] = rank(ofLines, UNIT_PRICE, isAmount);
  const best = total !== undefined && total.score >= (price?.score ?? 0) - 0.1 ? total : price;
  if (best === undefined) return undefined;
  const { leaf: of, score } = best;
  const style = scaleOf(of, leaves) ?? styleOf(of);
  if (style === false) return undefined;
  const isPrice = best === price && best !== total;
  const times = isPrice ? quantityOf(leaves, of.path) : undefined;
  // What one piece costs says nothing without how many there are.
  if (isPrice && times === undefined) return undefined;
  const inLine = leaves.filter((leaf) => within(lineOf(of.path))(leaf));
  const parts = ofLines.filter(
    (leaf) => leaf !== of && leaf !== times && within(lineOf(of.path))(leaf) && isPart(leaf, of),
  );
  const read = parts.filter((leaf) => isWritten(leaf, style));
  const ofAll = /\btotal\b/.test(phraseOf(of.path));
  return {
    kind: "lines",
    of,
    score: score * 0.6,
    style,
    times,
    packs: times === undefined ? undefined : inLine.find((leaf) => isPackSize(leaf, times)),
    plus: ofAll ? [] : read.filter(isPlus),
    minus: ofAll ? [] : read.filter(isMinus),
    // Of the line itself, or of what the line is in.
    gone: lineStatusOf(inLine.filter(({ path }) => of.path.join("\u0000").startsWith(arraysOf(path)))),
    beside: [
      ...amountsBeside(leaves),
      // What can't be added up as the lines are written, or is of one piece, is left out of the sum.
      ...(ofAll ? [] : parts.filter((leaf) => (isPlus(leaf) || isMinus(leaf)) && !isZeros(leaf) && !isIn(leaf))),
    ],
  };

  function isIn(leaf: Leaf): boolean {
    return read.includes(leaf) && !(times !== undefined && /\bunit\b/.test(phraseOf(leaf.path)));
  }
}

/** Whether all texts of a part are written as the amount that it belongs to: what is in minor units is so by its name. */
function isWritten(leaf: Leaf, style: Style | false): boolean {
  if (typeof style === "object" && "decimal" in style)
    return told(leaf.texts).every((text) => decimalFrom(text, style satisfies NumberStyle) !== undefined);
  return mostlyOf(leaf.texts, (text) => PLAIN.test(text)) && (styleOf(leaf) === "minor") === (style === "minor");
}

const isZeros = ({ texts }: Leaf): boolean => told(texts).every((text) => /^-?[0.,]*$/.test(text));

const isMinus = ({ path }: Leaf): boolean => MINUS.test(phraseOf(path));
const isPlus = (leaf: Leaf): boolean => PLUS.test(phraseOf(leaf.path)) && !isMinus(leaf);

/** Amounts of the order itself that belong to its total, such as its shipping: what is told elsewhere may lack them. */
export const amountsBeside = (leaves: readonly Leaf[]): Leaf[] =>
  leaves.filter((leaf) => isOfOrder(leaf) && isBeside(leaf) && (isPlus(leaf) || isMinus(leaf)));

/** A path up to its innermost array. */
const arraysOf = (path: readonly string[]): string => path.slice(0, path.lastIndexOf(EACH) + 1).join("\u0000");

/** Beside the quantity, how many pieces one of it has: it matters where there is one that is not 1. */
const isPackSize = ({ path, texts }: Leaf, times: Leaf): boolean =>
  PACK_SIZE.test(phraseOf(path)) &&
  path.slice(0, -1).join("\u0000") === times.path.slice(0, -1).join("\u0000") &&
  told(texts).some((text) => text !== "1");

/** An amount of the order itself that is not always zero. */
const isBeside = (leaf: Leaf): boolean => PART.test(phraseOf(leaf.path)) && isAmount(leaf) && !isZeros(leaf);

const isSummable = ({ texts }: Leaf): boolean => mostlyOf(texts, (text) => !text.startsWith("-"));

/** A part of the line beside its price: in the same element, or in one of its own. */
const isPart = ({ path, texts }: Leaf, of: Leaf): boolean =>
  PART.test(phraseOf(path)) &&
  path.lastIndexOf(EACH) === of.path.lastIndexOf(EACH) &&
  mostlyOf(texts, (text) => /^-?\d[\d.,' ]*$/.test(text)) &&
  arraysOf(path) === arraysOf(of.path);
