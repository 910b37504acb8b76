import { allocate, percentOf } from "../money/allocate.ts";
import { minorOf, minorOfMoney } from "../money/money.ts";
import type { FeeRule } from "../plugin/contract.ts";
import type { Money } from "../../schemas/types.generated.ts";

/**
 * The fees of one platform's orders in one payment, in minor units, in the order given. Published rule:
 * the percentage is taken once, of the sum of the platform's orders, rounded half to even; it is split over the orders in proportion
 * to their amounts by largest remainder; each order's fixed part is added; no fee is more than its order.
 * @param amounts of one currency
 */
export function feesOf(rule: FeeRule, amounts: readonly Money[]): bigint[] {
  const [first] = amounts;
  if (first === undefined) return [];
  const minors = amounts.map(minorOfMoney);
  const sum = minors.reduce((a, b) => a + b, 0n);
  const shares = allocate(percentOf(sum, rule.percent ?? "0"), minors);
  const fixed = minorOf(rule.fixed?.[first.currency] ?? "0", first.currency);
  return minors.map((minor, index) => {
    const fee = (shares[index] ?? 0n) + fixed;
    return fee < minor ? fee : minor;
  });
}
