import { sumMoney } from "../money/money.ts";
import type { Losers } from "../orders/lock.ts";
import type { Money, SelectedOrder } from "../../schemas/types.generated.ts";

/** What an order takes of its payment's total: its amount, or, in another currency, its amount at the locked rate. */
export const chargedOf = ({ amount, charged = amount }: SelectedOrder): Money => charged;

/** What of a selection is in one currency, with its price: what one payment pays. */
export interface Part {
  readonly orders: SelectedOrder[];
  readonly total: Money;
  /** Of best_effort: what was asked for and can't be had now. */
  readonly leftOut?: Losers;
}

/**
 * A selection by the currencies that it is paid in, in their order. Pure.
 * @param leftOut told with the first part: of an order that can't be had, its currency may not be known either
 * @throws SELECTION_EMPTY, TOTAL_TOO_LARGE
 */
export function inParts(orders: readonly SelectedOrder[], leftOut: Losers = []): Part[] {
  const byCurrency = Map.groupBy(orders, (order) => chargedOf(order).currency);
  return [...byCurrency]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, own], index) => ({
      orders: own,
      total: sumMoney(own.map(chargedOf)),
      ...(index > 0 || leftOut.length === 0 ? {} : { leftOut }),
    }));
}
