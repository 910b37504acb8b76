import { decimalFrom, type NumberStyle } from "../amounts.ts";
import { type Leaf, mostly } from "./leaves.ts";
import { phraseOf } from "./words.ts";

/** How amounts are written: undefined is plain decimal text, `minor` whole minor units of the currency. */
export type Style = NumberStyle | "minor" | undefined;

/** Plain decimal text. */
export const PLAIN = /^-?\d+(?:\.\d+)?$/;
const STYLES: readonly NumberStyle[] = [
  { decimal: ",", grouping: "." },
  { decimal: ".", grouping: "," },
  { decimal: ",", grouping: " " },
  { decimal: ".", grouping: "'" },
];

const MINOR = /\b(?:cents?|minor|minor units?|fen|pence)$/;

export const told = (texts: readonly string[]): string[] => texts.filter((text) => text !== "");

/** Whether most texts that are not empty are so. */
export const mostlyOf = (texts: readonly string[], fits: (text: string) => boolean): boolean =>
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

export const isAmount = (leaf: Leaf): boolean => styleOf(leaf) !== false;
