import { MergepayError } from "../errors/errors.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import type { Amounts, Share } from "./allocation.ts";
import { sharesTaken, type StoredReturns, type StoredTaking, takenOf, takingOf } from "./model.ts";

/** Refunds and chargebacks of one payment: more than people make of it; a limit all the same. */
export const RETURNS_PER_PAYMENT = 250;

/** Takes money of a payment back for a refund or chargeback, by compare-and-set on the payment's one document of returns. */
export function paymentReturns(returns: StoreCollection<StoredReturns>) {
  async function insert(doc: StoredReturns): Promise<boolean> {
    try {
      await returns.insertOne(doc);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** @returns whether nobody was quicker */
  async function writeClosed(present: StoredReturns | null, paymentId: string, lateClosed: boolean): Promise<boolean> {
    if (present === null) return insert({ _id: paymentId, version: 1, by: {}, lateClosed });
    const { version } = present;
    const done = await returns.updateOne({ _id: paymentId, version }, { $set: { lateClosed, version: version + 1 } });
    return done.matchedCount > 0;
  }

  /** @returns whether nobody was quicker */
  async function write(
    present: StoredReturns | null,
    paymentId: string,
    id: string,
    taking: StoredTaking,
  ): Promise<boolean> {
    if (present !== null) {
      const change = { $set: { [`by.${id}`]: taking, version: present.version + 1 } };
      const filter = { _id: paymentId, version: present.version };
      const { matchedCount } = await returns.updateOne(filter, change);
      return matchedCount > 0;
    }
    return insert({ _id: paymentId, version: 1, by: { [id]: taking } });
  }

  return {
    /** What has gone back of a payment or is held back for it, by order. */
    taken: async (paymentId: string): Promise<Map<string, Amounts>> =>
      takenOf(await returns.findOne({ _id: paymentId })),

    /**
     * Takes the shares that `decide` makes of what is taken already, once for each `id`, however often and by whomever it is tried.
     * @returns the shares that are taken for it; undefined when they were given free
     * @throws what `decide` throws, STATE_REFUSED beyond the limit
     */
    async take(
      paymentId: string,
      id: string,
      decide: (taken: ReadonlyMap<string, Amounts>, lateClosed: boolean) => readonly Share[],
    ): Promise<readonly Share[] | undefined> {
      for (;;) {
        const present = await returns.findOne({ _id: paymentId });
        const own = present?.by[id];
        if (own !== undefined) return own.free === true ? undefined : sharesTaken(own);
        if (Object.keys(present?.by ?? {}).length >= RETURNS_PER_PAYMENT)
          throw new MergepayError(
            "STATE_REFUSED",
            `A payment has at most ${RETURNS_PER_PAYMENT} refunds and chargebacks.`,
          );
        const shares = decide(takenOf(present), present?.lateClosed === true);
        if (await write(present, paymentId, id, takingOf(shares))) return shares;
      }
    },

    /**
     * Keeps refunds away from money that came late, so that it can pay the orders. A second time changes nothing.
     * @returns whether it is theirs; not when some of it has gone back or is held back
     */
    async closeLate(paymentId: string): Promise<boolean> {
      for (;;) {
        const present = await returns.findOne({ _id: paymentId });
        if (present?.lateClosed === true) return true;
        if (takenOf(present).size > 0) return false;
        if (await writeClosed(present, paymentId, true)) return true;
      }
    },

    /** The orders were not to be had: refunds may take the money again. */
    async openLate(paymentId: string): Promise<void> {
      for (;;) {
        const present = await returns.findOne({ _id: paymentId });
        if (present?.lateClosed !== true || (await writeClosed(present, paymentId, false))) return;
      }
    },

    /** Gives free what was taken for `id`; what never was taken never will be. A second time changes nothing. */
    async free(paymentId: string, id: string): Promise<void> {
      for (;;) {
        const present = await returns.findOne({ _id: paymentId });
        if (present?.by[id]?.free === true) return;
        if (await write(present, paymentId, id, { shares: [], free: true })) return;
      }
    },
  };
}

export type PaymentReturns = ReturnType<typeof paymentReturns>;
