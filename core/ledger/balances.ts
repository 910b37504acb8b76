import { blockId, numberOf, type StoredBlock } from "../chain/model.ts";
import type { Deps } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { minorOfMoney, totalOf } from "../money/money.ts";
import { type CollectionSpec, type Doc, isDuplicateKey } from "../store/contract.ts";
import type { Balance } from "../../schemas/types.generated.ts";
import { JOURNAL, JOURNAL_CHAIN, type StoredEntry } from "./model.ts";

/** A balance as kept; `_id` is account and currency. */
export interface StoredBalance extends Doc {
  account: string;
  currency: string;
  /** The sum of all its lines in minor units, as text: it may outgrow any amount. Positive: a debit. */
  minor: string;
  /** The last block of the journal that is in it. */
  block: string;
}

export const BALANCES: CollectionSpec = { name: "balances", indexes: [] };

/** How far balances are kept; the one document is that of the journal. */
export interface StoredFold extends Doc {
  block: string;
}

export const FOLDS: CollectionSpec = { name: "balance-folds", indexes: [] };
export const FOLD_OF_JOURNAL = "journal";

export const showBalance = ({ account, currency, minor, block }: StoredBalance): Balance => ({
  account,
  balance: totalOf(BigInt(minor), currency),
  block: numberOf({ _id: block }),
});

/** Sums by account and currency, under the ids of their balances; a positive one is a debit. */
export type Sums = Map<string, { account: string; currency: string; minor: bigint }>;

export function addLines(sums: Sums, lines: StoredEntry["lines"]): void {
  for (const { account, amount } of lines) {
    const key = `${account} ${amount.currency}`;
    const sum = sums.get(key) ?? { account, currency: amount.currency, minor: 0n };
    sum.minor += minorOfMoney(amount);
    sums.set(key, sum);
  }
}

/**
 * Keeps balances: folds the blocks of the journal into them, one after the other. Each balance remembers the last block that is in it, and changes by
 * compare-and-set on it: a block that is folded twice, by two nodes or after a crash, counts once.
 */
export async function balanceKeeper({ store, reached }: Deps): Promise<() => Promise<number>> {
  const balances = await store.collection<StoredBalance>(BALANCES);
  const folds = await store.collection<StoredFold>(FOLDS);
  const blocks = await store.collection<StoredBlock>(JOURNAL_CHAIN.blocks);
  const journal = await store.collection<StoredEntry>(JOURNAL);

  async function add(
    _id: string,
    sum: { account: string; currency: string; minor: bigint },
    block: string,
  ): Promise<void> {
    const { account, currency, minor } = sum;
    for (;;) {
      const present = await balances.findOne({ _id });
      if (present !== null && present.block >= block) return;
      if (present === null) {
        try {
          await balances.insertOne({ _id, account, currency, minor: String(minor), block });
          return;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
      } else {
        const next = { minor: String(BigInt(present.minor) + minor), block };
        const done = await balances.updateOne({ _id, block: present.block }, { $set: next });
        if (done.matchedCount === 1) return;
      }
    }
  }

  async function advance(from: string | undefined, block: string): Promise<void> {
    if (from !== undefined) {
      await folds.updateOne({ _id: FOLD_OF_JOURNAL, block: from }, { $set: { block } });
      return;
    }
    try {
      await folds.insertOne({ _id: FOLD_OF_JOURNAL, block });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Folds the next block. @returns how many of its entries; zero when all blocks are in @throws INTERNAL when an entry of it is gone */
  return async function fold(): Promise<number> {
    const from = (await folds.findOne({ _id: FOLD_OF_JOURNAL }))?.block;
    const [block] = await blocks
      .find({ _id: { $gt: from ?? blockId(0) } })
      .sort({ _id: 1 })
      .limit(1)
      .toArray();
    if (block === undefined) return 0;
    const ids = block.entries.map(({ id }) => id);
    const entries = await journal.find({ _id: { $in: ids } }).toArray();
    if (entries.length !== ids.length)
      throw new MergepayError(
        "INTERNAL",
        `Entries of block ${numberOf(block)} of the journal are gone; see doctor --ledger.`,
      );
    const sums: Sums = new Map();
    for (const { lines } of entries) addLines(sums, lines);
    for (const [id, sum] of sums) {
      await add(id, sum, block._id);
      reached("journal.balance-kept");
    }
    await advance(from, block._id);
    return entries.length;
  };
}
