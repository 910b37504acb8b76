import type { UpdateFilter } from "mongodb";
import type { Actions, Page } from "../actions.ts";
import { POSITION } from "../chain/model.ts";
import { chainSealer } from "../chain/seal.ts";
import type { Deps } from "../deps.ts";
import { page } from "../pages.ts";
import { type CollectionSpec, type Doc, isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import type { AuditEntry } from "../../schemas/types.generated.ts";
import { AUDIT, AUDIT_CHAIN, showAudit, type StoredAudit } from "./model.ts";
import type { Audited } from "./outbox.ts";

type Source = Doc & Audited;

const AT_A_SWEEP = 100;

/** In the order of the chain: what comes to light later comes behind, so that a reader with a cursor misses none. */
const BY_POSITION = { key: "position", cursor: POSITION };

/** Writes decisions down; the same one again changes nothing. A document that goes away must have its own written first. */
export async function auditWriter({ store }: Pick<Deps, "store">) {
  const audit = await store.collection<StoredAudit>(AUDIT);
  return async function write(docs: readonly Audited[]): Promise<void> {
    const entries = docs.flatMap(({ audits = [] }) =>
      audits.map(({ id, ...entry }): StoredAudit => ({ _id: id, ...entry })),
    );
    if (entries.length === 0) return;
    try {
      await audit.insertMany(entries, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  };
}

/**
 * The audit log: every decision, written once, never changed, sealed into a chain of hashes.
 * @param audited the collections whose documents carry decisions
 */
export async function auditService(deps: Deps, audited: readonly CollectionSpec[]) {
  const audit = await deps.store.collection<StoredAudit>(AUDIT);
  const sources = await Promise.all(audited.map((spec) => deps.store.collection<Source>(spec)));
  const write = await auditWriter(deps);
  const seal = await chainSealer<StoredAudit>(deps, AUDIT_CHAIN, "audit.block-written");

  async function relayAll(source: StoreCollection<Source>): Promise<number> {
    const pending = await source.find({ auditsPending: true }).limit(AT_A_SWEEP).toArray();
    if (pending.length === 0) return 0;
    await write(pending);
    deps.reached("audit.relayed");
    const taken = pending.map(({ _id, audits = [] }) => {
      const ids = { $in: audits.map(({ id }) => id) };
      const update = { $pull: { audits: { id: ids } } } as unknown as UpdateFilter<Source>;
      return { updateOne: { filter: { _id }, update } };
    });
    await source.bulkWrite(taken, { ordered: false });
    const emptied = { _id: { $in: pending.map(({ _id }) => _id) }, audits: { $size: 0 } };
    await source.updateMany(emptied, { $set: { auditsPending: false } });
    return pending.length;
  }

  return {
    /** Moves decisions from their documents to the log, and seals what is there. @returns how many it moved or sealed */
    async run(): Promise<number> {
      let moved = 0;
      for (const source of sources) moved += await relayAll(source);
      return moved + (await seal());
    },

    /** Sealed decisions in the order of the chain, of one subject where it is named. */
    entries: ({ subject, ...query }: Actions["audit.entries"]["params"]): Promise<Page<AuditEntry>> =>
      page(
        audit,
        { position: { $gt: "" }, ...(subject === undefined ? {} : { subject }) },
        BY_POSITION,
        query,
        deps.limits.ordersPerPage,
        showAudit,
      ),
  };
}

export type AuditService = Awaited<ReturnType<typeof auditService>>;
