import { MergepayError } from "../errors/errors.ts";
import { minorOf } from "../money/money.ts";
import { type Fault, validator } from "../schema/validate.ts";
import type { FeeRule } from "../../schemas/types.generated.ts";

/**
 * What is wrong with a fee rule: its form, an amount that its currency can't hold or that is below zero, tiers that do not rise, a greatest
 * fee below the least. Undefined when nothing is.
 * @param currencies those that the rule may name; absent: any that Mergepay handles
 */
export function faultOfFeeRule(given: unknown, currencies?: readonly string[]): Fault | undefined {
  const fits = validator<FeeRule>("mergepay:fee-rule");
  if (!fits(given)) return fits.fault();
  const { fixed = {}, min = {}, max = {}, tiers = {} } = given;
  const named = { fixed, min, max, tiers };
  for (const [part, byCurrency] of Object.entries(named))
    for (const currency of Object.keys(byCurrency))
      if (currencies !== undefined && !currencies.includes(currency))
        return { field: `/${part}/${currency}`, reason: `${currency} is not one of its currencies` };
  for (const [part, byCurrency] of Object.entries({ fixed, min, max }))
    for (const [currency, value] of Object.entries(byCurrency)) {
      const reason = amountFault(value, currency);
      if (reason !== undefined) return { field: `/${part}/${currency}`, reason };
    }
  for (const [currency, value] of Object.entries(max))
    if (minorOf(value, currency) < minorOf(min[currency] ?? "0", currency))
      return { field: `/max/${currency}`, reason: "is below the least fee" };
  for (const [currency, steps] of Object.entries(tiers)) {
    const fault = tiersFault(steps, currency);
    if (fault !== undefined) return { ...fault, field: `/tiers/${currency}${fault.field}` };
  }
  return undefined;
}

/** Each tier ends above the one before it, and only the last one has no end: every amount has one percentage. */
function tiersFault(steps: NonNullable<FeeRule["tiers"]>[string], currency: string): Fault | undefined {
  let from = 0n;
  for (const [index, { upTo }] of steps.entries()) {
    const field = `/${index}/upTo`;
    const last = index === steps.length - 1;
    if (last !== (upTo === undefined))
      return {
        field,
        reason: last ? "must not be there: the last tier has no end" : "is missing: only the last tier has no end",
      };
    if (upTo === undefined) {
      const reason = amountFault("0", currency);
      return reason === undefined ? undefined : { field: "", reason };
    }
    const reason = amountFault(upTo, currency);
    if (reason !== undefined) return { field, reason };
    const end = minorOf(upTo, currency);
    if (end <= from) return { field, reason: "is not above the end of the tier before it" };
    from = end;
  }
  return undefined;
}

function amountFault(value: string, currency: string): string | undefined {
  try {
    return minorOf(value, currency) < 0n ? "is below zero" : undefined;
  } catch (error) {
    if (error instanceof MergepayError) return `is refused: ${error.message}`;
    throw error;
  }
}

/** The rule in words for a currency, as statements show it: `2.9 % + 0.30 USD, at least 0.50 USD, plus 20 % tax`. */
export function feeRuleInWords({ fixed, percent, tiers, min, max, tax, onRefund }: FeeRule, currency: string): string {
  const steps = tiers?.[currency];
  const rate =
    steps === undefined
      ? percent === undefined
        ? undefined
        : `${percent} %`
      : steps
          .map(({ upTo, percent: share }) => `${share} % ${upTo === undefined ? "above" : `up to ${upTo}`}`)
          .join(", ");
  const flat = fixed?.[currency];
  const [least, most] = [min?.[currency], max?.[currency]];
  const parts = [rate, flat === undefined ? undefined : `${flat} ${currency}`].filter((part) => part !== undefined);
  const ends = [
    ...(least === undefined ? [] : [`at least ${least} ${currency}`]),
    ...(most === undefined ? [] : [`at most ${most} ${currency}`]),
    ...(tax === undefined ? [] : [`plus ${tax} % tax`]),
    ...(onRefund === "kept" ? ["kept on refunds"] : []),
  ];
  return [parts.length === 0 ? "no fee" : parts.join(" + "), ...ends].join(", ");
}
