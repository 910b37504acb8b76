import type { AnyBulkWriteOperation } from "mongodb";
import type { MappedRecord } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { contentOf, orderKey, type StoredOrder } from "./model.ts";

/** Where a batch of mapped records comes from. */
export interface Origin {
  readonly fileId: string;
  readonly platform: string;
  readonly pluginVersion: string;
}

/** What became of a batch: counts of orders and skipped records, and a reject for every record or order that was not taken. */
export interface Ingested {
  created: number;
  revised: number;
  unchanged: number;
  skipped: number;
  rejects: { record: number; position: string; code: string; field?: string; reason: string }[];
}

/** The users of those buyer keys that are linked to one. */
export type UsersOf = (buyers: readonly string[]) => Promise<Map<string, string>>;

interface Claims {
  readonly usersOf: UsersOf;
  /** Gives waiting orders of these buyers to their users. */
  readonly claim: (users: ReadonlyMap<string, string>) => Promise<number>;
}

interface Candidate {
  readonly record: number;
  readonly position: string;
  readonly doc: StoredOrder;
}

/**
 * Stores the orders of a batch by business key, each on its own: created, revised (while open), unchanged, or rejected
 * (RECORD_DUPLICATE within the file, ORDER_CONFLICT when locked or paid). Doing a batch again gives the same counts and changes nothing.
 */
export function orderIngest(deps: Deps, orders: StoreCollection<StoredOrder>, { usersOf, claim }: Claims) {
  return async function ingest(origin: Origin, records: readonly MappedRecord[]): Promise<Ingested> {
    const done: Ingested = { created: 0, revised: 0, unchanged: 0, skipped: 0, rejects: [] };
    const candidates = gather(origin, records, done);
    if (candidates.length === 0) return done;
    const waiting = await attachUsers(candidates);
    const present = await insertNew(candidates, done);
    if (present.length > 0) await settleAll(origin, present, done);
    await claimLate(waiting);
    return done;
  };

  /** The orders of the batch, one a business key: a second one in the batch is unchanged or a duplicate with other content. */
  function gather(origin: Origin, records: readonly MappedRecord[], done: Ingested): Candidate[] {
    const byKey = new Map<string, Candidate>();
    const at = instant(deps.now());
    for (const { record, position, ...mapped } of records) {
      if (mapped.rejected !== undefined) done.rejects.push({ record, position, ...mapped.rejected });
      if (mapped.skipped !== undefined) done.skipped += 1;
      for (const order of mapped.orders ?? []) {
        const key = orderKey(origin.platform, order.merchant, order.orderNo);
        const twin = byKey.get(key);
        if (twin !== undefined) {
          if (twin.doc.contentHash === order.contentHash) done.unchanged += 1;
          else done.rejects.push(duplicate({ record, position }, twin.position));
          continue;
        }
        const doc: StoredOrder = {
          _id: deps.newId("ord"),
          key,
          platform: origin.platform,
          ...contentOf(origin.platform, order),
          userId: null,
          state: "open",
          revision: 1,
          source: { fileId: origin.fileId, record, position, pluginVersion: origin.pluginVersion },
          createdAt: at,
          updatedAt: at,
        };
        byKey.set(key, { record, position, doc });
      }
    }
    return [...byKey.values()];
  }

  /** Sets the user of every order whose buyer has a link; gives back the buyers that have none yet. */
  async function attachUsers(candidates: readonly Candidate[]): Promise<string[]> {
    const buyers = [...new Set(candidates.map(({ doc }) => doc.buyer))];
    const users = await usersOf(buyers);
    for (const { doc } of candidates) doc.userId = users.get(doc.buyer) ?? null;
    return buyers.filter((buyer) => !users.has(buyer));
  }

  /** A link made between our look-up and our insert found no order to claim: look once more. */
  async function claimLate(waiting: readonly string[]): Promise<void> {
    const late = await usersOf(waiting);
    if (late.size > 0) await claim(late);
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

  /** Decides about orders that were there before; a revision that loses its race against a lock is decided anew. */
  async function settleAll(origin: Origin, present: readonly Candidate[], done: Ingested): Promise<void> {
    let undecided = present;
    while (undecided.length > 0) {
      const stored = await orders.find({ key: { $in: undecided.map(({ doc }) => doc.key) } }).toArray();
      const byKey = new Map(stored.map((doc) => [doc.key, doc]));
      const revisions: { candidate: Candidate; present: StoredOrder }[] = [];
      for (const candidate of undecided) {
        const before = byKey.get(candidate.doc.key);
        if (before !== undefined && decide(origin, candidate, before, done) === "revise")
          revisions.push({ candidate, present: before });
      }
      undecided = await revise(origin, revisions, done);
    }
  }

  async function revise(
    origin: Origin,
    revisions: readonly { candidate: Candidate; present: StoredOrder }[],
    done: Ingested,
  ): Promise<Candidate[]> {
    if (revisions.length === 0) return [];
    const operations = revisions.map(({ candidate: { doc }, present }): AnyBulkWriteOperation<StoredOrder> => {
      const { _id: _new, createdAt: _created, revision: _first, ...content } = doc;
      const userId = content.userId ?? (present.buyer === doc.buyer ? present.userId : null);
      const gone = (["buyerId", "placedAt", "title", "items"] as const).filter((name) => !(name in doc));
      return {
        updateOne: {
          filter: { _id: present._id, state: "open", revision: present.revision },
          update: {
            $set: { ...content, userId, revision: present.revision + 1 },
            ...(gone.length === 0 ? {} : { $unset: Object.fromEntries(gone.map((name) => [name, true])) }),
          },
        },
      };
    });
    await orders.bulkWrite(operations, { ordered: false });
    const after = await orders.find({ _id: { $in: revisions.map(({ present }) => present._id) } }).toArray();
    const byId = new Map(after.map((doc) => [doc._id, doc]));
    const lost: Candidate[] = [];
    for (const { candidate, present } of revisions) {
      const { source } = byId.get(present._id) ?? present;
      if (source.fileId === origin.fileId && source.record === candidate.record) done.revised += 1;
      else lost.push(candidate);
    }
    return lost;
  }
}

/** What to do about an order that is there: counted in `done`, or to be revised. */
function decide(origin: Origin, candidate: Candidate, before: StoredOrder, done: Ingested): "revise" | "decided" {
  const same = before.contentHash === candidate.doc.contentHash;
  if (before.source.fileId === origin.fileId) {
    // This very record was stored before a crash or a lost answer: count it as what it was then.
    if (before.source.record === candidate.record && same) {
      if (before.revision === 1) done.created += 1;
      else done.revised += 1;
      return "decided";
    }
    if (!same) {
      done.rejects.push(duplicate(candidate, before.source.position));
      return "decided";
    }
  }
  if (same) done.unchanged += 1;
  else if (before.state === "open") return "revise";
  else {
    done.rejects.push({
      record: candidate.record,
      position: candidate.position,
      code: "ORDER_CONFLICT",
      reason: `The order is ${before.state}, so the other content of this record was not taken. Cancel or refund it first.`,
    });
  }
  return "decided";
}

const duplicate = ({ record, position }: { record: number; position: string }, first: string) => ({
  record,
  position,
  code: "RECORD_DUPLICATE",
  reason: `The file has this order at ${first} with other content; the first was taken. Send each order once in a file.`,
});
