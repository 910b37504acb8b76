/**
 * Amounts as platforms write them, made plain decimal text (`"1234.50"`). How a platform writes them is declared by its plugin and never
 * guessed; what is not exactly so is undefined, and the plugin rejects the record.
 */
import { exponentOf } from "../money/currency.ts";
import { unscaled } from "../money/decimal.ts";

/** How numbers are written: the decimal mark, and what stands between groups of three digits. */
export interface NumberStyle {
  readonly decimal: "." | ",";
  readonly grouping?: "." | "," | " " | "\u00a0" | "\u202f" | "'" | "’";
}

const DIGITS = /^\d+$/;
/** With a decimal point, nothing to be done. */
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const GROUPS_OF_THREE = 3;

/**
 * Plain decimal text of a number in a declared style: `1.234,50` with `{ decimal: ",", grouping: "." }` is `1234.50`. A grouping
 * mark may be left out throughout, but not in some places only. A minus in front stays.
 */
export function decimalFrom(text: string, { decimal, grouping }: NumberStyle): string | undefined {
  if (decimal === "." && PLAIN.test(text)) return text;
  const sign = text.startsWith("-") ? "-" : "";
  const [whole = "", fraction, more] = text.slice(sign.length).split(decimal);
  if (more !== undefined || (fraction !== undefined && !DIGITS.test(fraction))) return undefined;
  const groups = grouping === undefined ? [whole] : whole.split(grouping);
  const [first = "", ...others] = groups;
  const grouped = others.length === 0 || (first.length <= GROUPS_OF_THREE && first.length > 0);
  if (!grouped || others.some((group) => group.length !== GROUPS_OF_THREE)) return undefined;
  const digits = groups.join("");
  if (!DIGITS.test(digits)) return undefined;
  const plain = digits.replace(/^0+(?=\d)/, "");
  return fraction === undefined ? `${sign}${plain}` : `${sign}${plain}.${fraction}`;
}

const SIGN = "[^\\d\\s.,'’-]{1,8}";
const NUMBER = "-?\\d[\\d.,'’ \u00a0\u202f]{0,40}";
const BEFORE = new RegExp(`^(${SIGN})\\s?(${NUMBER})$`, "u");
const BEHIND = new RegExp(`^(${NUMBER}?)\\s?(${SIGN})$`, "u");

/**
 * The number of an amount that has its currency's sign or code in front or behind, and that: `€ 12.50` is 12.50 and €, `12,50 EUR` is 12,50 and EUR.
 * Undefined for anything else. What the sign means, and how the number is written, is the plugin's to declare.
 */
export function amountWithSign(text: string): { readonly number: string; readonly sign: string } | undefined {
  const [, sign = "", number = ""] = BEFORE.exec(text) ?? [];
  if (sign !== "") return { number: number.trim(), sign };
  const [, told = "", behind = ""] = BEHIND.exec(text) ?? [];
  return behind === "" ? undefined : { number: told.trim(), sign: behind };
}

/** Whole minor units of a currency as decimal text: `1230` USD is `12.30`, JPY `1230`; undefined for anything else. */
export function fromMinorUnits(text: string, currency: string): string | undefined {
  const exponent = exponentOf(currency);
  return exponent === undefined ? undefined : fromScaled(text, exponent);
}

/** A whole number that counts 10^-`digits` as decimal text: `123456` with 4 is `12.3456`; undefined for anything else. */
export const fromScaled = (text: string, digits: number): string | undefined =>
  /^-?(?:0|[1-9]\d{0,30})$/.test(text) ? unscaled(BigInt(text), digits) : undefined;

/**
 * The amount without zeros beyond its currency's decimals, for platforms that write all amounts with four or six: `12.500000` USD is `12.50`.
 * Other digits there stay, for core to refuse.
 */
export function withoutPadding(text: string, currency: string): string {
  const exponent = exponentOf(currency);
  const [, whole = "", decimals = ""] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  if (exponent === undefined || whole === "" || !/^0*$/.test(decimals.slice(exponent))) return text;
  const kept = decimals.slice(0, exponent);
  return kept === "" ? whole : `${whole}.${kept}`;
}
