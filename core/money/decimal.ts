/** Exact arithmetic on plain decimal text of any scale: for platforms that give an order's amount in parts. */

/** Decimals after the dot of plain decimal text. */
const scaleOf = (text: string): number => text.length - (text.includes(".") ? text.indexOf(".") + 1 : text.length);

/**
 * The exact value of all `plus` less all `minus`: plain decimal texts that are not negative (`"12.30"`), which the caller's schema has
 * checked. The result has as many decimals as the part that has the most; `"0"` for none.
 */
export function exactSum(plus: readonly string[], minus: readonly string[] = []): string {
  const scale = [...plus, ...minus].reduce((most, part) => Math.max(most, scaleOf(part)), 0);
  const units = (part: string): bigint => BigInt(part.replace(".", "") + "0".repeat(scale - scaleOf(part)));
  let total = 0n;
  for (const part of plus) total += units(part);
  for (const part of minus) total -= units(part);
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, "0");
  const cut = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return total < 0n ? `-${text}` : text;
}

/** Whether plain decimal text is zero, with or without decimals. */
export const isZero = (text: string): boolean => /^0+(\.0+)?$/.test(text);
