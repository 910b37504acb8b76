import type { Filter } from "mongodb";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { type CollectionSpec, type Doc, isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import {
  type Cancel,
  countCancel,
  countNothing,
  decideCancel,
  type Ingested,
  type RecordedCancellation,
  TAKEN,
} from "./candidates.ts";
import type { TakeBackNotes } from "../take-backs/repo.ts";
import type { StoredOrder } from "./model.ts";

/** What is known of an order that had not come yet, that it is cancelled or not owed; `_id` is the order's business key. */
export interface StoredCancellation extends Doc, RecordedCancellation {}

export const CANCELLATIONS: CollectionSpec = { name: "cancellations", indexes: [] };

/** Cancellations by record: of open orders by compare-and-set, of orders still to come by a note that is looked for when they come. */
export function orderCancellations(
  deps: Deps,
  orders: StoreCollection<StoredOrder>,
  notes: StoreCollection<StoredCancellation>,
  takeBacks: TakeBackNotes,
) {
  /** The notes about these business keys. */
  async function notesOf(keys: readonly string[]): Promise<Map<string, RecordedCancellation>> {
    const found = await notes.find({ _id: { $in: [...keys] } }).toArray();
    return new Map(found.map(({ _id, reason, source }) => [_id, { reason, source }]));
  }

  async function note(cancels: readonly Cancel[]): Promise<void> {
    try {
      await notes.insertMany(
        cancels.map(({ key, cancellation }) => ({ _id: key, ...cancellation })),
        { ordered: false },
      );
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Cancels those of these orders that are open still. */
  async function cancelOpen(cancelled: readonly Pick<Cancel, "key" | "cancellation">[]): Promise<void> {
    if (cancelled.length === 0) return;
    const updatedAt = instant(deps.now());
    await orders.bulkWrite(
      cancelled.map(({ key, cancellation }) => ({
        updateOne: {
          filter: { key, state: "open" as const },
          update: { $set: { state: "cancelled" as const, cancellation, updatedAt } },
        },
      })),
      { ordered: false },
    );
  }

  /** Has those of these orders that a payment holds cancelled when it ends without money, and refunded when they are paid. */
  async function askForTaken(
    taken: readonly { readonly cancel: Cancel; readonly order: StoredOrder }[],
  ): Promise<void> {
    if (taken.length === 0) return;
    await takeBacks.noteAll(taken.map(({ cancel: { cancellation }, order }) => ({ ...order, cancellation })));
    const updatedAt = instant(deps.now());
    await orders.bulkWrite(
      taken.map(({ cancel: { key, cancellation } }) => ({
        updateOne: {
          filter: { key, state: { $in: [...TAKEN] }, cancelRequest: null } as unknown as Filter<StoredOrder>,
          update: { $set: { cancelRequest: cancellation, updatedAt } },
        },
      })),
      { ordered: false },
    );
  }

  return {
    notesOf,

    /** Cancels those of these orders that are open and have been noted, also while they were being stored. */
    async cancelNoted(keys: readonly string[]): Promise<void> {
      const noted = await notesOf(keys);
      await cancelOpen([...noted].map(([key, cancellation]) => ({ key, cancellation })));
    },

    /**
     * Takes the cancellations of a batch: an open order is cancelled, one that a payment holds when that has ended without money, one that is
     * paid is refunded, one that is cancelled stays, any other is ORDER_CONFLICT; of an
     * order that is not there it is noted first and then looked for again, so that the two can't miss each other.
     */
    async cancelAll(cancels: readonly Cancel[], done: Ingested): Promise<void> {
      const noted = new Set<string>();
      const waiting: Cancel[] = [];
      for (let undecided = cancels; undecided.length > 0;) {
        const found = await orders.find({ key: { $in: undecided.map(({ key }) => key) } }).toArray();
        const byKey = new Map(found.map((order) => [order.key, order]));
        const absent: Cancel[] = [];
        const open: Cancel[] = [];
        const taken: { cancel: Cancel; order: StoredOrder }[] = [];
        for (const cancel of undecided) {
          const before = byKey.get(cancel.key);
          if (before === undefined) (noted.has(cancel.key) ? waiting : absent).push(cancel);
          else {
            const what = decideCancel(cancel, before, done);
            if (cancel.deliveredAt !== undefined && (before.state === "paid" || before.state === "settled"))
              done.delivered.push({ orderId: before._id, deliveredAt: cancel.deliveredAt });
            if (what === "cancel") open.push(cancel);
            else if (what === "ask") taken.push({ cancel, order: before });
          }
        }
        if (absent.length > 0) await note(absent);
        for (const { key } of absent) noted.add(key);
        await cancelOpen(open);
        await askForTaken(taken);
        // What they are now decides: a payment may have been quicker, or may have ended.
        undecided = [...absent, ...open, ...taken.map(({ cancel }) => cancel)];
      }
      if (waiting.length === 0) return;
      const byKey = await notesOf(waiting.map(({ key }) => key));
      for (const cancel of waiting)
        if (cancel.notOwed) countNothing(cancel, done);
        else countCancel(cancel, byKey.get(cancel.key), done);
    },
  };
}

export type OrderCancellations = ReturnType<typeof orderCancellations>;
