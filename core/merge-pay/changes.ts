import type { Change } from "../errors/errors.ts";
import type { StoredOrder } from "../orders/model.ts";
import type { SelectedOrder } from "../../schemas/types.generated.ts";

/**
 * What is no longer as a quote has it, order by order: that it is gone, its state, currency, amount, or (title and items, with the same amount)
 * its revision. Pure.
 * @param present the payer's orders of the quote as they are now; one that is not the payer's any more is missing
 */
export function changesSince(quoted: readonly SelectedOrder[], present: readonly StoredOrder[]): Change[] {
  const byId = new Map(present.map((order) => [order._id, order]));
  return quoted.flatMap((line): Change[] => {
    const { orderId, amount, revision } = line;
    const order = byId.get(orderId);
    if (order === undefined) return [{ orderId, field: "order", before: "there", after: "gone" }];
    const pairs = [
      ["state", "open", order.state],
      ["currency", amount.currency, order.amount.currency],
      ["amount", amount.value, order.amount.value],
    ] as const;
    const changed = pairs.flatMap(([field, before, after]) =>
      before === after ? [] : [{ orderId, field, before, after }],
    );
    if (changed.length > 0 || order.revision === revision) return changed;
    return [{ orderId, field: "revision", before: String(revision), after: String(order.revision) }];
  });
}
