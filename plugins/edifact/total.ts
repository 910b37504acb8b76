import { exactProduct, exactSum, withoutPadding } from "../../core/plugin/contract.ts";
import {
  allQualified,
  faultAt,
  isFault,
  numberAt,
  partOf,
  qualified,
  type Fault,
  type Line,
  type Message,
  type Sections,
  type Segment,
} from "./message.ts";

/** Amounts of the whole message (5025) with all that comes on top, the most telling first: due, total, total amount. */
const TOTALS = ["9", "86", "128"];
/** The sum of the lines, before what comes on top. */
const LINES_TOTAL = "79";
/** Prices (5125): net, and as agreed for the calculation. */
const PRICES = ["AAA", "CAL"];
/** How many units a price is for (5284), as the factor that makes it the price of one. */
const BASES: Readonly<Record<string, string>> = { "": "1", "1": "1", "10": "0.1", "100": "0.01", "1000": "0.001" };

/** The order's currency: what its amounts are in, and what is paid in. */
export function currencyOf({ header }: Sections): string | Fault {
  const [first, ...others] = allQualified(header, "CUX", "2");
  const currency = partOf(first, 0, 1);
  if (first === undefined || currency === "") return faultAt("The order tells no currency (CUX+2).", first, 0, 1);
  const other = others.find((segment) => partOf(segment, 0, 1) !== currency);
  if (other !== undefined) return faultAt("The order is in several currencies.", other, 0, 1);
  const target = [first, ...others].find((segment) => !["", currency].includes(partOf(segment, 1, 1)));
  if (target !== undefined) return faultAt("The order is to be paid in another currency than its own.", target, 1, 1);
  return currency;
}

/** The order's own total, else the exact sum of its lines; undefined when it has no prices at all. */
export function totalOf(message: Message, sections: Sections, currency: string): string | undefined | Fault {
  const { header, lines, summary } = sections;
  for (const qualifier of TOTALS) {
    const told = amountAt(summary, qualifier, message, currency);
    if (told !== undefined) return told;
  }
  const linesTotal = amountAt(summary, LINES_TOTAL, message, currency);
  const sum = linesTotal ?? sumOf(lines, message, currency);
  if (sum === undefined || isFault(sum)) return sum;
  const onTop = [...header, ...lines.flat(), ...summary].find(({ tag }) => tag === "ALC" || tag === "TAX");
  if (onTop !== undefined)
    return faultAt("Allowances, charges or taxes come on top, and the order tells no total with them.", onTop);
  return sum;
}

/** The amount of a kind in a section; undefined when there is none. */
function amountAt(
  section: readonly Segment[],
  qualifier: string,
  message: Message,
  currency: string,
): string | undefined | Fault {
  const [amount, second] = allQualified(section, "MOA", qualifier).filter((moa) => partOf(moa, 0, 1) !== "");
  if (amount === undefined) return undefined;
  if (second !== undefined) return faultAt("The amount is told twice.", second, 0, 1);
  if (!["", currency].includes(partOf(amount, 0, 2)))
    return faultAt("The amount is in another currency than the order.", amount, 0, 2);
  return numberAt(amount, 1, message);
}

function sumOf(lines: readonly Line[], message: Message, currency: string): string | undefined | Fault {
  const parts: string[] = [];
  let unpriced: Line | undefined;
  for (const line of lines) {
    const amount = lineAmount(line, message, currency);
    if (isFault(amount)) return amount;
    if (amount === undefined) unpriced ??= line;
    else parts.push(amount);
  }
  if (parts.length === 0) return undefined;
  if (unpriced !== undefined)
    return faultAt("Some lines have a price and this one has none: what is owed is not told.", unpriced[0]);
  // Price by quantity has as many decimals as both together.
  return withoutPadding(exactSum(parts), currency);
}

/** What a line costs: its own amount, or price by quantity; undefined when it tells no price. */
function lineAmount(line: Line, message: Message, currency: string): string | undefined | Fault {
  const [lin] = line;
  if (partOf(lin, 3) !== "") return faultAt("A part of a line may be in that line's price already.", lin, 3);
  if (partOf(lin, 1) === "2") return faultAt("The line is deleted: what is owed is not told.", lin, 1);
  const told = amountAt(line, "203", message, currency);
  if (told !== undefined) return told;
  const prices = line.filter(({ tag }) => tag === "PRI");
  if (prices.length === 0) return undefined;
  const [price, second] = PRICES.flatMap((qualifier) => allQualified(line, "PRI", qualifier));
  if (price === undefined) return faultAt("The price is not net: what the line costs is not told.", prices[0]);
  if (second !== undefined && partOf(second, 0) === partOf(price, 0))
    return faultAt("The line has two prices: what it costs is not told.", second);
  return priced(price, line, message);
}

function priced(price: Segment, line: Line, message: Message): string | Fault {
  const factor = BASES[partOf(price, 0, 4)];
  if (factor === undefined)
    return faultAt("The price is for a number of units that is not 1, 10, 100 or 1000.", price, 0, 4);
  const unit = numberAt(price, 1, message);
  if (isFault(unit)) return unit;
  const [quantity, second] = allQualified(line, "QTY", "21");
  if (quantity === undefined) return faultAt("The line has a price and no ordered quantity (QTY+21).", line[0]);
  if (second !== undefined) return faultAt("The line has two ordered quantities.", second, 0, 1);
  const measures = [partOf(price, 0, 5), partOf(quantity, 0, 2)];
  if (!measures.includes("") && measures[0] !== measures[1])
    return faultAt("The price is for another measure than the quantity.", price, 0, 5);
  const number = numberAt(quantity, 1, message);
  return isFault(number) ? number : exactProduct(exactProduct(number, unit), factor);
}

/** The ordered quantity of a line, as plain decimal text; blank when it is not told. */
export function quantityOf(line: Line, message: Message): string {
  const quantity = qualified(line, "QTY", "21");
  const number = quantity === undefined ? "" : numberAt(quantity, 1, message);
  return typeof number === "string" ? number : "";
}
