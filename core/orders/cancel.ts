import type { Actions } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { TakeBackNotes } from "../take-backs/repo.ts";
import type { Order } from "../../schemas/types.generated.ts";
import { showOrder, showToPlatform, type StoredOrder } from "./model.ts";

type Cancellation = NonNullable<Order["cancellation"]>;

/**
 * A platform takes an order back: one that is open at once, one that a payment holds when that payment has ended without money, one that is paid by
 * a refund. Between the cancellation and a payment the order's state decides, in one update each.
 */
export function orderCancel(deps: Deps, orders: StoreCollection<StoredOrder>, takeBacks: TakeBackNotes) {
  /** Cancels it if it is open; of one that a payment has, says that it was asked for. @throws NOT_FOUND, what `look` throws */
  async function carry(
    orderId: string,
    cancellation: Cancellation,
    look: (order: StoredOrder) => Promise<void> = () => Promise.resolve(),
  ): Promise<StoredOrder> {
    for (;;) {
      const order = await orders.findOne({ _id: orderId });
      if (order === null) throw new MergepayError("NOT_FOUND");
      await look(order);
      const { state, cancelRequest } = order;
      if (state === "cancelled" || state === "expired") return order;
      if (state !== "open" && cancelRequest !== undefined) return order;
      const updatedAt = instant(deps.now());
      const change =
        state === "open"
          ? { state: "cancelled" as const, cancellation, updatedAt }
          : { cancelRequest: cancellation, updatedAt };
      // If a payment was quicker, what the order is then decides.
      const done = await orders.updateOne({ _id: orderId, state }, { $set: change });
      if (done.matchedCount === 1) return { ...order, ...change };
    }
  }

  return {
    /**
     * @returns the order: `cancelled`; or locked or paid with a `cancelRequest`, which is carried out by its take-back
     * @throws NOT_FOUND (also of another platform), STATE_REFUSED (expired)
     */
    async cancel({ orderId, platform, reason, by }: Actions["orders.cancel"]["params"]): Promise<Order> {
      const cancellation = { reason, at: instant(deps.now()), ...(by === undefined ? {} : { by }) };
      const order = await carry(orderId, cancellation, async (now) => {
        const { state } = now;
        if (platform !== undefined && now.platform !== platform) throw new MergepayError("NOT_FOUND");
        if (state === "expired")
          throw new MergepayError("STATE_REFUSED", "An order that is expired can't be cancelled.", { state });
        if (state === "open" || state === "cancelled") return;
        await takeBacks.noteAll([{ ...now, cancellation }]);
        await takeBacks.askAgain(orderId);
      });
      return platform === undefined ? showOrder(order) : showToPlatform(order);
    },

    /** Goes on with a cancellation that is noted, whatever was done of it. @returns the order as it is then */
    carryCancel: async (orderId: string, cancellation: Cancellation): Promise<Order> =>
      showOrder(await carry(orderId, cancellation)),
  };
}
