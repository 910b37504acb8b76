import { isOfOrder, type Leaf } from "./leaves.ts";
import { PLAIN, told } from "./numbers.ts";
import { phraseOf } from "./words.ts";

const OF = "(?:amount|total|sum|balance|grand total|total amount)";
const PAID = new RegExp(
  `^${OF} (?:already )?(?:paid|received|captured)$|^(?:paid|received|captured|prepaid) ${OF}$|^payment total$`,
);
const DUE = new RegExp(
  `^${OF} (?:due|remaining|outstanding|open|unpaid)$|^(?:due|remaining|outstanding|open|unpaid) ${OF}$|^balance$`,
);
/** Names of a total that is without what was paid. */
const OWED = /\b(?:payable|due|to pay|to be paid|outstanding)\b/;

/**
 * What says that a part of some order is paid already: an amount that was paid, or is still due, which is neither nothing nor the whole. What is owed
 * then is not the total.
 */
export function partlyPaid(leaves: readonly Leaf[], total: Leaf): Leaf | undefined {
  if (OWED.test(phraseOf(total.path))) return undefined;
  const totals = new Set(told(total.texts).map(canonical));
  return leaves.find((leaf) => {
    const phrase = phraseOf(leaf.path);
    if (leaf === total || !isOfOrder(leaf) || !(PAID.test(phrase) || DUE.test(phrase))) return false;
    const amounts = told(leaf.texts)
      .filter((text) => PLAIN.test(text))
      .map(canonical);
    return amounts.some((text) => text !== "0" && !totals.has(text));
  });
}

/** Plain decimal text without zeros that say nothing: equal amounts are equal texts. */
const canonical = (text: string): string =>
  text
    .replace(/(?<=\.\d*)0+$/, "")
    .replace(/\.$/, "")
    .replace(/^0+(?=\d)/, "");
