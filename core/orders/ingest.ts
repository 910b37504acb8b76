import type { AnyBulkWriteOperation } from "mongodb";
import type { MappedRecord } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import type { OrderCancellations } from "./cancellations.ts";
import { type Candidate, decide, gather, type Ingested, nothingYet, type Origin } from "./candidates.ts";
import type { OrderDeadlines } from "./deadlines.ts";
import { revisionOf, type StoredOrder } from "./model.ts";
import type { OrderOwners } from "./owners.ts";

/** What is to be written over an order that is there. */
interface Change {
  readonly candidate: Candidate;
  readonly present: StoredOrder;
  readonly what: "revise" | "refresh";
}

/**
 * Stores the orders of a batch by business key, each on its own: created, revised (while open), unchanged, or rejected
 * (RECORD_DUPLICATE within the file, ORDER_CONFLICT when locked, paid, cancelled or expired); then its cancellations. Doing a batch again gives the same counts and changes nothing.
 */
export function orderIngest(
  deps: Deps,
  orders: StoreCollection<StoredOrder>,
  cancellations: OrderCancellations,
  owners: OrderOwners,
  deadlines: OrderDeadlines,
) {
  return async function ingest(origin: Origin, records: readonly MappedRecord[]): Promise<Ingested> {
    const done = nothingYet();
    const { first, cancels, after } = gather(deps, origin, records, done);
    await takeOrders(origin, first, done);
    await cancellations.cancelAll(cancels, done);
    await takeOrders(origin, after, done);
    return done;
  };

  async function takeOrders(origin: Origin, candidates: readonly Candidate[], done: Ingested): Promise<void> {
    if (candidates.length === 0) return;
    const buyers = [...new Set(candidates.map(({ doc }) => doc.buyer))];
    const users = await owners.usersOf(buyers);
    for (const { doc } of candidates) doc.userId = users.get(doc.buyer) ?? null;
    await attachCancellations(candidates);
    await deadlines.note(candidates);
    const present = await insertNew(candidates, done);
    if (present.length > 0) await settleAll(origin, present, done);
    await cancellations.cancelNoted(candidates.map(({ doc }) => doc.key));
    // A link made or ended between our look-up and our writing found nothing of this to claim or to release.
    await owners.settleChanged(buyers, users);
  }

  /** An order that was cancelled before it came is cancelled from the start. */
  async function attachCancellations(candidates: readonly Candidate[]): Promise<void> {
    const noted = await cancellations.notesOf(candidates.map(({ doc }) => doc.key));
    for (const { doc } of candidates) {
      const cancellation = noted.get(doc.key);
      if (cancellation === undefined) continue;
      doc.state = "cancelled";
      doc.cancellation = cancellation;
    }
  }

  /** Inserts all at once; gives back the candidates whose order is there already. */
  async function insertNew(candidates: readonly Candidate[], done: Ingested): Promise<Candidate[]> {
    try {
      await orders.insertMany(
        candidates.map(({ doc }) => doc),
        { ordered: false },
      );
      done.created += candidates.length;
      return [];
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const stored = await orders
      .find({ key: { $in: candidates.map(({ doc }) => doc.key) } }, { projection: { key: 1 } })
      .toArray();
    const idOf = new Map(stored.map(({ key, _id }) => [key, _id]));
    const present = candidates.filter(({ doc }) => idOf.get(doc.key) !== doc._id);
    done.created += candidates.length - present.length;
    return present;
  }

  /** Decides about orders that were there before; a change that loses its race against a lock is decided anew. */
  async function settleAll(origin: Origin, present: readonly Candidate[], done: Ingested): Promise<void> {
    let undecided = present;
    while (undecided.length > 0) {
      const stored = await orders.find({ key: { $in: undecided.map(({ doc }) => doc.key) } }).toArray();
      const byKey = new Map(stored.map((doc) => [doc.key, doc]));
      const changes: Change[] = [];
      for (const candidate of undecided) {
        const before = byKey.get(candidate.doc.key);
        const what = before === undefined ? "decided" : decide(origin, candidate, before, done);
        if (before !== undefined && what !== "decided") changes.push({ candidate, present: before, what });
      }
      undecided = await write(origin, changes, done);
    }
  }

  /** @returns what lost its race */
  async function write(origin: Origin, changes: readonly Change[], done: Ingested): Promise<Candidate[]> {
    if (changes.length === 0) return [];
    await orders.bulkWrite(
      changes.map((change): AnyBulkWriteOperation<StoredOrder> => {
        const { _id, revision } = change.present;
        return { updateOne: { filter: { _id, state: "open", revision }, update: updateOf(origin, change) } };
      }),
      { ordered: false },
    );
    const after = await orders.find({ _id: { $in: changes.map(({ present }) => present._id) } }).toArray();
    const byId = new Map(after.map((doc) => [doc._id, doc]));
    const lost: Candidate[] = [];
    for (const { candidate, present, what } of changes) {
      const { source, remapped } = byId.get(present._id) ?? present;
      const ours = source.fileId === origin.fileId && source.record === candidate.record;
      if (!ours || remapped?.pass !== (origin.pass ?? remapped?.pass)) lost.push(candidate);
      else done[what === "revise" ? "revised" : "unchanged"] += 1;
    }
    return lost;
  }
}

function updateOf({ pass }: Origin, { candidate: { doc, record }, present, what }: Change) {
  const noted = (as: "revised" | "unchanged") => (pass === undefined ? {} : { remapped: { pass, record, as } });
  if (what === "refresh") return { $set: { source: doc.source, ...noted("unchanged") } };
  return revisionOf({ ...doc, ...noted("revised") }, present);
}
