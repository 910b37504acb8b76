import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { JOURNAL, type StoredEntry } from "../ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../merge-pay/model.ts";
import { PAYOUTS, type StoredPayout } from "../payouts/model.ts";
import type { Span } from "../reconciliation/books.ts";
import { BREAKS, type StoredBreak } from "../reconciliation/model.ts";
import { HOLDS, OWN_INSTRUCTION, RESTORED, type StoredHold } from "./model.ts";

/**
 * Keeps a store that was put back from a backup from moving money until banks' statements of the time that it lacks were held against it. What
 * was paid in that time is open again in it: who paid could be charged again, and a merchant be paid twice.
 */
export async function restoredService({ store, now, audit }: Pick<Deps, "store" | "now" | "audit">) {
  const holds = await store.collection<StoredHold>(HOLDS);
  const journal = await store.collection<StoredEntry>(JOURNAL);
  const payments = await store.collection<StoredPayment>(PAYMENTS);
  const payouts = await store.collection<StoredPayout>(PAYOUTS);
  const breaks = await store.collection<StoredBreak>(BREAKS);
  const openHold = () => holds.findOne({ _id: RESTORED, open: true });
  const openBreaks = (bank: string) => ({ bank, state: "open" as const, kind: "extra" as const });

  /** Holds everything that moves money from now on; a hold that is there already stays as it is. @returns the time to reconcile */
  async function hold(): Promise<Pick<StoredHold, "from" | "since">> {
    const present = await holds.findOne({ _id: RESTORED });
    if (present?.open === true) return present;
    const [last] = await journal.find({}).sort({ at: -1 }).limit(1).toArray();
    const time = { from: last?.at ?? instant(0), since: instant(now()) };
    const decided = audit(present ?? undefined, { what: "store.held", subject: RESTORED, after: time });
    const change = { open: true, ...time, banks: [], ...decided };
    await holds.updateOne(
      { _id: RESTORED },
      { $set: change, $unset: { endedAt: true, ending: true } },
      { upsert: true },
    );
    return time;
  }

  return {
    hold,
    held: async (): Promise<boolean> => (await openHold()) !== null,

    /** @throws STORE_RESTORED while the store is held */
    async assertFree(): Promise<void> {
      if ((await openHold()) !== null) throw new MergepayError("STORE_RESTORED");
    },

    /**
     * After a statement of a bank was held against the books: notes that it covers what the store lacks; and holds a store which does not
     * know an instruction of its own making that the bank has booked.
     * @param unknown ids that the bank itself named. Lines that an operator gives hold nothing: a slip in them would stop the house.
     */
    async reconciled(
      { bank, from, to, currencies }: Span & { readonly bank: string },
      unknown: readonly string[],
    ): Promise<void> {
      // One of some currencies says nothing of the others.
      if (currencies === undefined)
        await holds.updateOne(
          { _id: RESTORED, open: true, from: { $gte: from }, since: { $lte: to } },
          { $addToSet: { banks: bank } },
        );
      const before = await holds.findOne({ _id: RESTORED });
      if (before?.open === true) return;
      const own = { $in: unknown.filter((id) => OWN_INSTRUCTION.test(id)) };
      const answeredFor = before?.endedAt ?? "";
      if (
        (await breaks.countDocuments({ ...openBreaks(bank), bankRequestId: own, firstSeenAt: { $gte: answeredFor } })) >
        0
      )
        await hold();
    },

    /**
     * Ends the hold by an operator's word. @returns how many lines of banks the books still know nothing of
     * @throws STATE_REFUSED when there is no hold, or a bank's statement of the time is missing
     */
    async end(ending: string): Promise<number> {
      const present = await openHold();
      if (present === null) throw new MergepayError("STATE_REFUSED", "This store is not held; nothing was changed.");
      const groups = [{ $group: { _id: "$bank" } }];
      const used = [
        ...(await payments.aggregate<{ _id: string }>(groups).toArray()),
        ...(await payouts.aggregate<{ _id: string }>(groups).toArray()),
      ].map(({ _id }) => _id);
      const { from, since, banks } = present;
      const lacking = [...new Set(used)].filter((bank) => !banks.includes(bank));
      if (banks.length === 0 || lacking.length > 0)
        throw new MergepayError(
          "STATE_REFUSED",
          `First hold the statement of ${lacking.join(", ") || "the bank"} from ${from} or before to ${since} or later against the books (POST /v1/reconciliations).`,
        );
      const endedAt = instant(now());
      const decision = {
        what: "store.released",
        subject: RESTORED,
        before: { from, since },
        after: { ending },
      } as const;
      await holds.updateOne(
        { _id: RESTORED, open: true },
        { $set: { open: false, endedAt, ending, ...audit(present, decision) } },
      );
      let unknown = 0;
      for (const bank of banks) unknown += await breaks.countDocuments(openBreaks(bank));
      return unknown;
    },
  };
}

export type RestoredService = Awaited<ReturnType<typeof restoredService>>;

/** A service whose calls of these names move money: they are refused while the store is held. */
export function guarded<S extends object, N extends keyof S>(
  service: S,
  names: readonly N[],
  { assertFree }: Pick<RestoredService, "assertFree">,
): S {
  const calls = names.map((name) => {
    const act = service[name] as (...given: unknown[]) => Promise<unknown>;
    const after = async (...given: unknown[]) => {
      await assertFree();
      return act(...given);
    };
    return [name, after] as const;
  });
  return { ...service, ...Object.fromEntries(calls) };
}
