import { decimalFrom, type NumberStyle } from "../amounts.ts";
import { type Leaf, mostly } from "./leaves.ts";
import { phraseOf, wordsOf } from "./words.ts";

/**
 * How amounts are written: undefined is plain decimal text, `minor` whole minor units of the currency, `digits` whole 10^-digits, `asked` whole numbers of
 * which the sample does not tell what they count, `likely` such that are written as decimals are.
 */
export type Style = NumberStyle | "minor" | "asked" | "likely" | { readonly digits: number } | undefined;

/** Plain decimal text. */
export const PLAIN = /^-?\d+(?:\.\d+)?$/;
const STYLES: readonly NumberStyle[] = [
  { decimal: ",", grouping: "." },
  { decimal: ".", grouping: "," },
  { decimal: ",", grouping: " " },
  { decimal: ".", grouping: "'" },
];

/** Names of amounts in minor units. */
export const MINOR =
  /\b(?:cents?|minor|minor units?|minor amount|cents? amount|amount minor|fen|pence|kopecks?|paise|öre)$/;

export const told = (texts: readonly string[]): string[] => texts.filter((text) => text !== "");

/** Whether most texts that are not empty are so. */
export const mostlyOf = (texts: readonly string[], fits: (text: string) => boolean): boolean =>
  mostly(told(texts).filter(fits).length, told(texts).length);

/** Names of what stands beside a whole number and says where its decimal mark is. */
const DIVISOR = /^(?:divisor|amount divisor|divide by|multiplier)$/;
const DIGITS =
  /^(?:exponent|scale|precision|decimals|decimal places|decimal digits|fraction digits|minor unit digits)$/;

/**
 * Where amounts come with a divisor or a number of digits beside them: the style of an amount; false when it is not the same throughout.
 * Undefined where nothing stands beside it.
 */
export function scaleOf({ path }: Leaf, leaves: readonly Leaf[]): Style | false {
  const place = path.slice(0, -1).join("\u0000");
  for (const beside of leaves) {
    if (path.length < 2 || beside.path.slice(0, -1).join("\u0000") !== place) continue;
    const name = wordsOf(beside.path.at(-1) ?? "");
    const [text = "", ...others] = new Set(beside.texts);
    if (DIVISOR.test(name)) return others.length === 0 && /^10*$/.test(text) && { digits: text.length - 1 };
    if (DIGITS.test(name)) return others.length === 0 && /^\d$/.test(text) && { digits: Number(text) };
  }
  return undefined;
}

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

export const isAmount = (leaf: Leaf): boolean => styleOf(leaf) !== false;
