import type { Filter } from "mongodb";
import { type Deps, instant } from "../deps.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { SelectedOrder } from "../../schemas/types.generated.ts";
import type { StoredOrder } from "./model.ts";
import type { OrderOwners } from "./owners.ts";
import { ORDER_STATES } from "./states.ts";

/** Why an order can't be had for a payment, by order id. */
export type Losers = readonly { readonly orderId: string; readonly reason: string }[];

/** Why an order can't be had, in words for the payer. A foreign order reads the same as an unknown one. */
export function reasonOf(order: StoredOrder | undefined, userId: string, revision?: number): string {
  if (order === undefined || order.userId !== userId) return "There is no such order of yours.";
  if (order.state === "locked") return "Another payment of yours holds it now.";
  if (order.state !== "open") return `It is ${order.state}.`;
  if (revision !== undefined && order.revision !== revision) return "Its platform changed it; look at it again.";
  return "Another payment of yours was quicker.";
}

/** Locks and releases of a payment's orders, by compare-and-set on each. */
export function orderLocks(deps: Deps, orders: StoreCollection<StoredOrder>, owners: OrderOwners) {
  const stamp = () => instant(deps.now());

  const lockOf = (paymentId: string, userId: string, { orderId, revision }: SelectedOrder) => ({
    filter: { _id: orderId, userId, state: { $in: ORDER_STATES.into("locked") }, revision } as Filter<StoredOrder>,
    update: { $set: { state: "locked" as const, paymentId, updatedAt: stamp() } },
  });

  const lockAtOnce = (paymentId: string, userId: string, lines: readonly SelectedOrder[]) =>
    orders.bulkWrite(
      lines.map((line) => ({ updateOne: lockOf(paymentId, userId, line) })),
      { ordered: false },
    );

  /**
   * The orders that this payment does not hold, each as it is now. `failedAt`: the order at which taking them one by one ended;
   * those behind it were never tried, and are left out when they are still to be had.
   */
  async function missing(paymentId: string, userId: string, lines: readonly SelectedOrder[], failedAt?: string) {
    const found = await orders.find({ _id: { $in: lines.map(({ orderId }) => orderId) } }).toArray();
    const byId = new Map(found.map((order) => [order._id, order]));
    return lines.flatMap(({ orderId, revision }) => {
      const order = byId.get(orderId);
      if (order?.state === "locked" && order.paymentId === paymentId) return [];
      const wanted = order?.userId === userId && order.revision === revision;
      const untried = failedAt !== undefined && orderId > failedAt;
      if (untried && wanted && order.state === "open") return [];
      // Held by another payment, or just let go by one: it may still come free. Anything else is final.
      const contended = wanted && (order.state === "locked" || order.state === "open");
      return [{ orderId, reason: reasonOf(order, userId, revision), contended }];
    });
  }

  async function release(paymentId: string, orderIds: readonly string[]): Promise<void> {
    const held: Filter<StoredOrder> = { _id: { $in: [...orderIds] }, paymentId, state: "locked" };
    for (;;) {
      await orders.updateMany({ ...held, cancelRequest: null } as unknown as Filter<StoredOrder>, {
        $set: { state: "open", updatedAt: stamp() },
        $unset: { paymentId: true },
      });
      const asked = await orders.find(held).toArray();
      if (asked.length === 0) break;
      // Never open in between: nobody may pay what its platform took back.
      for (const { _id, cancelRequest } of asked)
        if (cancelRequest !== undefined)
          await orders.updateOne(
            { _id, paymentId, state: "locked" },
            {
              $set: { state: "cancelled", cancellation: cancelRequest, updatedAt: stamp() },
              $unset: { paymentId: true, cancelRequest: true },
            },
          );
    }
    await owners.settleOpened(orderIds);
  }

  return {
    /** Opens again what this payment holds, or cancels what its platform took back meanwhile. Idempotent; orders of other payments are left alone. */
    release,

    /**
     * Locks those orders of a selection that can be had now, and waits for none.
     * @returns the orders that could not be had
     */
    async lockSome(paymentId: string, userId: string, lines: readonly SelectedOrder[]): Promise<Losers> {
      await lockAtOnce(paymentId, userId, lines);
      return shown(await missing(paymentId, userId, lines));
    },

    /**
     * Locks all orders of a selection for a payment: open, the payer's, still the revision that was priced. First all at once; when other
     * payments are in the way, all are let go and taken one by one in the order of their ids: of any payments over
     * overlapping orders the one that holds the last order meets nobody who is ahead of it, so that one always goes through.
     * @returns the orders that could not be had; empty when all are locked
     */
    async lock(paymentId: string, userId: string, lines: readonly SelectedOrder[]): Promise<Losers> {
      const sorted = lines.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
      await lockAtOnce(paymentId, userId, sorted);
      const losers = await missing(paymentId, userId, sorted);
      if (losers.length === 0) return [];
      if (losers.some(({ contended }) => !contended)) return shown(losers);
      await release(
        paymentId,
        sorted.map(({ orderId }) => orderId),
      );
      for (const line of sorted) {
        const { filter, update } = lockOf(paymentId, userId, line);
        const taken = await orders.updateOne(filter, update);
        if (taken.modifiedCount === 0) return shown(await missing(paymentId, userId, sorted, line.orderId));
      }
      return [];
    },
  };
}

const shown = (losers: Losers): Losers => losers.map(({ orderId, reason }) => ({ orderId, reason }));
