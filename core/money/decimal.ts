/** Exact arithmetic on plain decimal text of any scale: for platforms that give an order's amount in parts. */

/** Decimals after the dot of plain decimal text. */
const scaleOf = (text: string): number => text.length - (text.includes(".") ? text.indexOf(".") + 1 : text.length);

export interface RunningSum {
  plus(part: string): void;
  minus(part: string): void;
  /** The value so far, with as many decimals as the part that had the most; `"0"` for none. */
  text(): string;
}

/** An exact sum that takes its parts one by one: plain decimal texts of any scale (`"12.30"`, `"-5"`), which the caller has checked. */
export function runningSum(): RunningSum {
  let scale = 0;
  let total = 0n;

  function unitsOf(part: string): bigint {
    const own = scaleOf(part);
    if (own > scale) {
      total *= 10n ** BigInt(own - scale);
      scale = own;
    }
    return BigInt(part.replace(".", "") + "0".repeat(scale - own));
  }

  return {
    plus(part) {
      const units = unitsOf(part);
      total += units;
    },
    minus(part) {
      const units = unitsOf(part);
      total -= units;
    },
    text: () => unscaled(total, scale),
  };
}

/**
 * The exact value of all `plus` less all `minus`: plain decimal texts that are not negative (`"12.30"`), which the caller's schema has
 * checked. The result has as many decimals as the part that has the most; `"0"` for none.
 */
export function exactSum(plus: readonly string[], minus: readonly string[] = []): string {
  const sum = runningSum();
  for (const part of plus) sum.plus(part);
  for (const part of minus) sum.minus(part);
  return sum.text();
}

/** The decimal text of a whole number that counts 10^-`scale`: 1230 with 2 is `"12.30"`. */
export function unscaled(total: bigint, scale: number): string {
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, "0");
  const cut = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return total < 0n ? `-${text}` : text;
}

/** The exact product of two plain decimal texts that are not negative, such as a quantity and a price; as many decimals as both together. */
export const exactProduct = (a: string, b: string): string =>
  unscaled(BigInt(a.replace(".", "")) * BigInt(b.replace(".", "")), scaleOf(a) + scaleOf(b));

/**
 * Whether a total is the sum of its parts, `plus` less `minus`, within a tolerance: for platforms whose totals and parts may differ
 * by rounding. All are plain decimal texts that are not negative.
 */
export function addsUp(total: string, plus: readonly string[], minus: readonly string[], tolerance: string): boolean {
  const over = exactSum([total, ...minus], plus);
  return !exactSum([tolerance], [over.replace("-", "")]).startsWith("-");
}

/** Whether plain decimal text is zero, with or without decimals. */
export const isZero = (text: string): boolean => /^0+(\.0+)?$/.test(text);
