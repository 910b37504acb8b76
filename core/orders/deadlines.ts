import { type Deps, instant } from "../deps.ts";
import { type CollectionSpec, type Doc, isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import type { StoredOrder } from "./model.ts";

/** That the time to pay an order ends; `_id` is `<instant>/<business key>`, so that what ends first comes first. */
export interface StoredDeadline extends Doc {
  key: string;
  endsAt: string;
}

export const DEADLINES: CollectionSpec = { name: "order-deadlines", indexes: [] };

const AT_ONCE = 200;
/** How long after it an order that a payment holds, or that is still being stored, is looked at again. */
const LOOK_AGAIN_MS = 60_000;
/** A note of an order that never came (its file was mapped to other orders after a crash) is given up after this. */
const NEVER_CAME_MS = 24 * 3_600_000;

/** Whether the platform takes no money for an order any more. */
export const isOver = ({ payBy }: Pick<StoredOrder, "payBy">, nowMs: number): boolean =>
  payBy !== undefined && Date.parse(payBy) <= nowMs;

/** The order as it is at this moment: one whose time is over is expired, whether or not that is written yet. */
export const asOf = <T extends Pick<StoredOrder, "payBy" | "state">>(order: T, nowMs: number): T =>
  order.state === "open" && isOver(order, nowMs) ? { ...order, state: "expired" } : order;

/**
 * Expires open orders whose time to be paid is over. The notes stand in a collection of their own: most orders have no such time, and an
 * index on it would be paid for by all of them.
 */
export function orderDeadlines(
  deps: Deps,
  orders: StoreCollection<StoredOrder>,
  deadlines: StoreCollection<StoredDeadline>,
) {
  const noteOf = (key: string, endsAt: string, lookAtMs: number): StoredDeadline => ({
    _id: `${instant(lookAtMs)}/${key}`,
    key,
    endsAt,
  });

  async function write(notes: readonly StoredDeadline[]): Promise<void> {
    if (notes.length === 0) return;
    try {
      await deadlines.insertMany(notes, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  return {
    /** Notes the deadlines of orders about to be stored. Written first: a note without its order does no harm, an order without its note would stay open. */
    note: (candidates: readonly { readonly doc: Pick<StoredOrder, "key" | "payBy"> }[]): Promise<void> =>
      write(
        candidates.flatMap(({ doc: { key, payBy } }) =>
          payBy === undefined ? [] : [noteOf(key, payBy, Date.parse(payBy))],
        ),
      ),

    /** Expires what is due. @returns how many notes were looked at: above zero there may be more */
    async expireDue(): Promise<number> {
      const now = deps.now();
      const due = await deadlines
        .find({ _id: { $lt: instant(now) } })
        .sort({ _id: 1 })
        .limit(AT_ONCE)
        .toArray();
      if (due.length === 0) return 0;
      const keys = { key: { $in: due.map(({ key }) => key) } };
      const over = (await orders.find(keys).toArray()).filter((order) => order.state === "open" && isOver(order, now));
      if (over.length > 0)
        await orders.bulkWrite(
          over.map(({ _id, payBy = "" }) => ({
            // Revised meanwhile, it has another deadline and a note of its own.
            updateOne: {
              filter: { _id, state: "open" as const, payBy },
              update: { $set: { state: "expired" as const, updatedAt: instant(now) } },
            },
          })),
          { ordered: false },
        );
      const after = new Map((await orders.find(keys).toArray()).map((order) => [order.key, order]));
      const undecided = due.filter(({ key, endsAt }) => {
        const order = after.get(key);
        if (order === undefined) return now - Date.parse(endsAt) < NEVER_CAME_MS;
        return isOver(order, now) && (order.state === "open" || order.state === "locked");
      });
      await write(undecided.map(({ key, endsAt }) => noteOf(key, endsAt, now + LOOK_AGAIN_MS)));
      await deadlines.deleteMany({ _id: { $in: due.map(({ _id }) => _id) } });
      return due.length;
    },
  };
}

export type OrderDeadlines = ReturnType<typeof orderDeadlines>;
