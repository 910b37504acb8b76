import { MergepayError } from "../errors/errors.ts";
import type { Sold } from "./allocation.ts";
import type { Paid, Scope } from "./model.ts";

/**
 * The orders of a payment that a refund is of, in the payment's order.
 * @throws NOT_FOUND with the field when the payment has no such order, platform or merchant
 */
export function scopeOf({ orders, sold }: Paid, { platform, merchant, orders: named }: Scope): readonly Sold[] {
  const soldBy = new Map(sold.map((one) => [one.orderId, one]));
  const inPayment = new Set(orders.map(({ orderId }) => orderId));
  const stranger = named?.findIndex((orderId) => !inPayment.has(orderId)) ?? -1;
  if (stranger !== -1)
    throw new MergepayError("NOT_FOUND", "This order is not in the payment.", { field: `/orders/${stranger}` });
  const chosen = orders.filter(
    (order) =>
      (platform === undefined || order.platform === platform) &&
      (merchant === undefined || order.merchant === merchant) &&
      (named === undefined || named.includes(order.orderId)),
  );
  if (chosen.length === 0)
    throw new MergepayError("NOT_FOUND", "The payment has no order of this platform and merchant.", {
      field: merchant === undefined ? "/platform" : "/merchant",
    });
  return chosen.flatMap(({ orderId }) => soldBy.get(orderId) ?? []);
}
