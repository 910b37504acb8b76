import { MergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { RefundPart } from "../../schemas/types.generated.ts";
import type { StoredOrder } from "./model.ts";

/** What orders know of money that went back. */
export function orderReturns(orders: StoreCollection<StoredOrder>) {
  return {
    /** @throws NOT_FOUND unless the order has an item of this number, counted from 0 */
    async assertItem(orderId: string, item: number): Promise<void> {
      const order = await orders.findOne({ _id: orderId });
      if (order?.items?.[item] === undefined)
        throw new MergepayError("NOT_FOUND", "The order has no such item.", { field: "/item" });
    },

    /** Notes what has gone back of orders. A second time changes nothing. */
    async noteReturned(by: string, parts: readonly RefundPart[]): Promise<void> {
      await orders.bulkWrite(
        parts.map(({ orderId, gross }) => ({
          updateOne: { filter: { _id: orderId }, update: { $set: { [`returned.${by}`]: gross } } },
        })),
        { ordered: false },
      );
    },
  };
}
