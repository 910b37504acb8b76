import type { Actions } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { Order } from "../../schemas/types.generated.ts";
import { showOrder, showToPlatform, type StoredOrder } from "./model.ts";

/**
 * A platform takes an order back: one that is open at once, one that a payment holds when that payment has ended without money. Between the
 * cancellation and a payment the order's state decides, in one update each.
 */
export function orderCancel(deps: Deps, orders: StoreCollection<StoredOrder>) {
  return {
    /**
     * @returns the order: `cancelled`, or locked with a `cancelRequest`
     * @throws NOT_FOUND (also of another platform), REFUND_INSTEAD (paid), STATE_REFUSED (expired)
     */
    async cancel({ orderId, platform, reason, by }: Actions["orders.cancel"]["params"]): Promise<Order> {
      const shown = platform === undefined ? showOrder : showToPlatform;
      const at = instant(deps.now());
      const cancellation = { reason, at, ...(by === undefined ? {} : { by }) };
      for (;;) {
        const order = await orders.findOne({ _id: orderId });
        if (order === null || (platform !== undefined && order.platform !== platform))
          throw new MergepayError("NOT_FOUND");
        const { state, cancelRequest } = order;
        if (state === "cancelled" || (state === "locked" && cancelRequest !== undefined)) return shown(order);
        if (state === "paid" || state === "settled") throw new MergepayError("REFUND_INSTEAD", undefined, { state });
        if (state === "expired")
          throw new MergepayError("STATE_REFUSED", "An order that is expired can't be cancelled.", { state });
        const change =
          state === "open"
            ? { state: "cancelled" as const, cancellation, updatedAt: at }
            : { cancelRequest: cancellation, updatedAt: at };
        // If a payment was quicker, what the order is then decides.
        const done = await orders.updateOne({ _id: orderId, state }, { $set: change });
        if (done.matchedCount === 1) return shown({ ...order, ...change });
      }
    },
  };
}
