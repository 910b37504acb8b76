/** Changing money into another currency at a locked rate: exact, and rounded once for each amount, by one published rule. */
import { MergepayError } from "../errors/errors.ts";
import { exponentOf } from "./currency.ts";
import { minorOfMoney, MINOR_LIMIT, type Money, moneyOf } from "./money.ts";

/** A rate as text: how much of one currency a whole unit of the other is. Up to 12 digits on either side of the dot. */
const RATE = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,12}))?$/;

/** A rate as a fraction; undefined when the text is not plain decimal text above zero (`"7.1042"`). */
function fractionOf(rate: unknown): { readonly units: bigint; readonly scale: number } | undefined {
  const parts = typeof rate === "string" ? RATE.exec(rate) : null;
  if (parts === null) return undefined;
  const [, whole = "0", decimals = ""] = parts;
  const units = BigInt(whole + decimals);
  return units === 0n ? undefined : { units, scale: decimals.length };
}

/** True of plain decimal text above zero with at most 12 digits before and after the dot; of nothing else, whatever its type. */
export const isRate = (rate: unknown): rate is string => fractionOf(rate) !== undefined;

/** Half to even, of quotients that are not negative. */
export function halfToEven(value: bigint, by: bigint): bigint {
  const whole = value / by;
  const twice = 2n * (value % by);
  return twice > by || (twice === by && whole % 2n === 1n) ? whole + 1n : whole;
}

/**
 * An amount above zero in another currency: amount x rate, rounded half to even to the minor unit of that currency, and at least one minor unit, so that
 * no order is paid with nothing. Published as `rounding: "half_even_per_order"`.
 * @param rate how much of `into` one whole unit of the amount's currency is
 * @throws RATE_INVALID unless it is a rate; TOTAL_TOO_LARGE at 10^15 minor units; CURRENCY_UNKNOWN
 */
export function converted(amount: Money, rate: string, into: string): Money {
  const fraction = fractionOf(rate);
  if (fraction === undefined) throw new MergepayError("RATE_INVALID");
  const [from, to] = [exponentOf(amount.currency), exponentOf(into)];
  if (from === undefined || to === undefined) throw new MergepayError("CURRENCY_UNKNOWN");
  const scale = BigInt(from + fraction.scale);
  const minor = halfToEven(minorOfMoney(amount) * fraction.units * 10n ** BigInt(to), 10n ** scale);
  if (minor >= MINOR_LIMIT) throw new MergepayError("TOTAL_TOO_LARGE");
  return moneyOf(minor === 0n ? 1n : minor, into);
}
