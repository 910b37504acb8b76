import type { AnyBulkWriteOperation } from "mongodb";
import { type Deps, instant, type Point } from "../deps.ts";
import { isDuplicateKey } from "../store/contract.ts";
import {
  blockHash,
  blockId,
  type Chained,
  type ChainSpec,
  entryHash,
  GENESIS,
  numberOf,
  positionAt,
  sealOf,
  type StoredBlock,
} from "./model.ts";

/** Entries of one block: an entry of a payment of 1,000 merchants is some 100 KB. */
export const ENTRIES_PER_BLOCK = 100;

/**
 * Seals entries that are in no block yet into the next one. Entries are written by any node at any time; the chain is made after, by compare-and-set:
 * the number of a block is its `_id`, and of two nodes that seal at once one inserts it. Before a block is made, all entries of the one before are marked
 * with their places, so that no entry is in two blocks, whatever died on the way.
 * @param written the point between a block and the marks on its entries
 * @returns seals once and resolves to how many entries it sealed; zero when all were
 */
export async function chainSealer<T extends Chained>(
  deps: Deps,
  spec: ChainSpec,
  written: Point,
): Promise<() => Promise<number>> {
  const entries = await deps.store.collection<T>(spec.entries);
  const blocks = await deps.store.collection<StoredBlock>(spec.blocks);
  const unsealed = { position: null } as never;

  async function mark(block: StoredBlock): Promise<void> {
    const ids = { $in: block.entries.map(({ id }) => id) };
    if ((await entries.countDocuments({ _id: ids, position: null } as never)) === 0) return;
    const marks = block.entries.map(({ id }, place) => ({
      updateOne: { filter: { _id: id, position: null }, update: { $set: { position: positionAt(block._id, place) } } },
    }));
    await entries.bulkWrite(marks as unknown as AnyBulkWriteOperation<T>[], { ordered: false });
  }

  async function lastBlock(): Promise<StoredBlock | undefined> {
    const [last] = await blocks.find({}).sort({ _id: -1 }).limit(1).toArray();
    return last;
  }

  return async function seal(): Promise<number> {
    for (;;) {
      const [any] = await entries
        .find(unsealed, { projection: { _id: 1 } })
        .limit(1)
        .toArray();
      if (any === undefined) return 0;
      const last = await lastBlock();
      if (last !== undefined) await mark(last);
      const found = await entries.find(unsealed).sort({ _id: 1 }).limit(ENTRIES_PER_BLOCK).toArray();
      if (found.length === 0) return 0;
      const bare = {
        _id: blockId(last === undefined ? 1 : numberOf(last) + 1),
        previous: last?.hash ?? GENESIS,
        sealedAt: instant(deps.now()),
        entries: found.map((entry) => ({ id: entry._id, hash: entryHash(entry as Chained) })),
      };
      const hash = blockHash(spec.name, bare);
      const seal = sealOf(deps.sealKeys ?? [], spec.name, hash);
      const block: StoredBlock = { ...bare, hash, ...(seal === undefined ? {} : { seal }) };
      try {
        await blocks.insertOne(block);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Another node was quicker: what is left after its block comes next.
        continue;
      }
      deps.reached(written);
      await mark(block);
      return found.length;
    }
  };
}
