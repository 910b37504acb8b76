/**
 * Splitting minor units without losing one. Published rule (largest remainder): every part first gets the whole units of its
 * exact share; the units left over go, one each, to the parts with the largest remainders, equal remainders in the given order.
 */
import { Decimal } from "decimal.js";
import { MergepayError } from "../errors/errors.ts";

/** Enough digits for 15-digit amounts times a percentage with six decimals, exactly. */
const Exact = Decimal.clone({ precision: 40 });

/**
 * Splits `total` over `weights` in proportion; the parts sum to `total` to the last unit. All weights zero: equal shares.
 * @param total minor units, not negative
 * @param weights not negative, at least one
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0 || total < 0n || weights.some((weight) => weight < 0n))
    throw new MergepayError(
      "INTERNAL",
      "allocate takes a total and weights that are not negative, one weight at least.",
    );
  let sum = weights.reduce((a, b) => a + b, 0n);
  const shares = sum === 0n ? weights.map(() => 1n) : weights;
  if (sum === 0n) sum = BigInt(weights.length);
  const parts = shares.map((share) => (total * share) / sum);
  const remainders = shares.map((share, index) => ({ index, rest: (total * share) % sum }));
  let left = total - parts.reduce((a, b) => a + b, 0n);
  // Stable: equal ones stay in the given order.
  remainders.sort((a, b) => Number(b.rest - a.rest));
  for (const { index } of remainders) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return parts;
}

/** Percentage text such as `2.9`: plain decimal from 0 to 100, at most six decimals. */
export const PERCENT = /^(?:100(?:\.0{1,6})?|[1-9]?[0-9](?:\.[0-9]{1,6})?)$/;

/**
 * `percent` % of minor units, rounded half to even.
 * @throws CONFIG_INVALID when `percent` is not plain decimal text from 0 to 100
 */
export function percentOf(minor: bigint, percent: string): bigint {
  if (!PERCENT.test(percent))
    throw new MergepayError("CONFIG_INVALID", "A percentage is plain decimal text from 0 to 100, such as 2.9.");
  return BigInt(new Exact(minor.toString()).mul(percent).div(100).toFixed(0, Decimal.ROUND_HALF_EVEN));
}
