/**
 * Money: canonical decimal text outside, bigint minor units inside. The only module that converts between the two.
 */
import { MergepayError } from "../errors/errors.ts";
import type { Money } from "../../schemas/types.generated.ts";
import { exponentOf } from "./currency.ts";
import { unscaled } from "./decimal.ts";

export type { Money } from "../../schemas/types.generated.ts";

/** Amounts, sums and balances stay below this many minor units (15 digits), so every bank's amount field can hold them. */
export const MINOR_LIMIT = 10n ** 15n;

/** Plain decimal text: no sign but minus, no leading zeros, no exponent, no separators, ASCII digits only, at most 30 characters. */
const DECIMAL = /^(-?)(0|[1-9][0-9]{0,20})(?:\.([0-9]{1,8}))?$/;

const scaleOf = (currency: string, field: string | undefined): number => {
  const exponent = exponentOf(currency);
  if (exponent !== undefined) return exponent;
  throw new MergepayError(
    "CURRENCY_UNKNOWN",
    "The currency is not an ISO 4217 code in capitals that Mergepay handles.",
    field === undefined ? {} : { field },
  );
};

function refuse(reason: string, field: string | undefined): never {
  throw new MergepayError("AMOUNT_INVALID", reason, field === undefined ? {} : { field });
}

/**
 * Minor units of plain decimal text. `"12.3"` USD is 1230n; more decimals than the currency has are refused, even zeros.
 * @throws AMOUNT_INVALID, CURRENCY_UNKNOWN (with `field` when given)
 */
export function minorOf(value: string, currency: string, field?: string): bigint {
  const exponent = scaleOf(currency, field);
  const parts = typeof value === "string" ? DECIMAL.exec(value) : null;
  if (parts === null)
    refuse(
      "The amount is not plain decimal text such as 12.30: digits, at most one dot, no signs, spaces or separators.",
      field,
    );
  const [, sign, whole = "0", decimals = ""] = parts;
  if (decimals.length > exponent)
    refuse(`The amount has ${decimals.length} decimals; its currency takes ${exponent}.`, field);
  const minor = BigInt(whole + decimals.padEnd(exponent, "0"));
  if (minor >= MINOR_LIMIT) refuse("The amount is 10^15 minor units or more.", field);
  return sign === "-" ? -minor : minor;
}

/** The canonical money of minor units: exactly the currency's decimals. @throws AMOUNT_INVALID beyond the limit */
export function moneyOf(minor: bigint, currency: string): Money {
  if (minor >= MINOR_LIMIT || minor <= -MINOR_LIMIT) refuse("The amount is 10^15 minor units or more.", undefined);
  return totalOf(minor, currency);
}

/** As `moneyOf`, of a balance: a sum over any number of amounts may be more than one of them. @throws CURRENCY_UNKNOWN */
export function totalOf(minor: bigint, currency: string): Money {
  return { value: unscaled(minor, scaleOf(currency, undefined)), currency };
}

/** By decimals: canonical amounts above zero and below the limit. */
const CANONICAL: readonly RegExp[] = [0, 1, 2, 3, 4].map((exponent) => {
  const decimals = exponent === 0 ? "" : String.raw`\.\d{${exponent}}`;
  return new RegExp(String.raw`^(?=.*[1-9])(?:0|[1-9]\d{0,${14 - exponent}})${decimals}$`);
});

/** A platform's own amount text as canonical money above zero. @throws AMOUNT_INVALID, CURRENCY_UNKNOWN */
export function canonicalMoney(value: string, currency: string, field?: string): Money {
  // Nearly every amount is canonical already.
  if (typeof value === "string" && CANONICAL[exponentOf(currency) ?? -1]?.test(value) === true)
    return { value, currency };
  const minor = minorOf(value, currency, field);
  if (minor <= 0n) refuse("The amount is not above zero.", field);
  return moneyOf(minor, currency);
}

/** Minor units of money that is canonical already (read from the store). */
export const minorOfMoney = (money: Money): bigint => minorOf(money.value, money.currency);

/**
 * The sum of amounts of one currency.
 * @throws CURRENCIES_MIXED when they are not, TOTAL_TOO_LARGE at 10^15 minor units, SELECTION_EMPTY for none
 */
export function sumMoney(amounts: readonly Money[]): Money {
  const [first] = amounts;
  if (first === undefined) throw new MergepayError("SELECTION_EMPTY");
  let total = 0n;
  for (const amount of amounts) {
    if (amount.currency !== first.currency) throw new MergepayError("CURRENCIES_MIXED");
    total += minorOfMoney(amount);
  }
  if (total >= MINOR_LIMIT) throw new MergepayError("TOTAL_TOO_LARGE");
  return moneyOf(total, first.currency);
}
