import { allocate, percentOf } from "../money/allocate.ts";
import { halfToEven } from "../money/convert.ts";
import { minorOf, minorOfMoney } from "../money/money.ts";
import type { FeeRule, FeeTier, Money } from "../../schemas/types.generated.ts";

/** What is kept of one order, in minor units; `tax` is the part of `fee` that is tax on it. */
export interface Fee {
  readonly fee: bigint;
  readonly tax: bigint;
}

/** Percentages have at most six decimals: a percent of a minor unit is a whole number of these. */
const PER_UNIT = 100n * 10n ** 6n;

/** A percentage as a whole number of `PER_UNIT`ths. @param percent plain decimal text from 0 to 100, as the schema of fee rules has it */
function rateOf(percent: string): bigint {
  const [whole = "0", decimals = ""] = percent.split(".");
  return BigInt(whole + decimals.padEnd(6, "0"));
}

/** The exact percentage part of one order, in `PER_UNIT`ths of a minor unit: each part of the amount at the rate of its own tier. */
function exactPart({ percent = "0", tiers }: FeeRule, minor: bigint, currency: string): bigint {
  let from = 0n;
  let exact = 0n;
  const steps: readonly FeeTier[] = tiers?.[currency] ?? [{ percent }];
  for (const step of steps) {
    const end = step.upTo === undefined ? minor : minorOf(step.upTo, currency);
    const to = end < minor ? end : minor;
    if (to > from) exact += (to - from) * rateOf(step.percent);
    from = end;
  }
  return exact;
}

/**
 * The fees of the orders of one payment that are under one rule, in the order given. Published rule:
 * 1. The percentage part of each order is worked out exactly, by tier where the currency has tiers. Their sum is rounded half to even, once,
 *    and split over the orders in proportion to their exact parts by largest remainder.
 * 2. Each order's fixed part is added. No fee is less than `min`, more than `max`, or more than its order; the order's amount comes first, then `max`.
 * 3. Tax is the percentage of the sum of these fees, rounded half to even, once, split in proportion to them by largest remainder. A fee that with its
 *    tax would be more than its order is the order; the tax in it is its share in any fee with tax, rounded half to even.
 * @param amounts above zero, of one currency
 */
export function feesOf(rule: FeeRule, amounts: readonly Money[]): Fee[] {
  const [first] = amounts;
  if (first === undefined) return [];
  const { currency } = first;
  const minors = amounts.map(minorOfMoney);
  const exact = minors.map((minor) => exactPart(rule, minor, currency));
  const shares = allocate(halfToEven(sumOf(exact), PER_UNIT), exact);
  const named = (amount: string | undefined) => (amount === undefined ? undefined : minorOf(amount, currency));
  const [fixed, min, max] = [named(rule.fixed?.[currency]), named(rule.min?.[currency]), named(rule.max?.[currency])];
  const fees = minors.map((minor, index) => {
    const full = (shares[index] ?? 0n) + (fixed ?? 0n);
    const raised = min !== undefined && full < min ? min : full;
    const cut = max !== undefined && raised > max ? max : raised;
    return cut < minor ? cut : minor;
  });
  const rate = rateOf(rule.tax ?? "0");
  const taxes = allocate(percentOf(sumOf(fees), rule.tax ?? "0"), fees);
  return minors.map((minor, index) => {
    const [fee = 0n, tax = 0n] = [fees[index], taxes[index]];
    if (fee + tax <= minor) return { fee: fee + tax, tax };
    return { fee: minor, tax: halfToEven(minor * rate, PER_UNIT + rate) };
  });
}

const sumOf = (parts: readonly bigint[]): bigint => parts.reduce((sum, part) => sum + part, 0n);
