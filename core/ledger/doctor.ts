import type { Filter } from "mongodb";
import { placeOf } from "../chain/model.ts";
import { type Complain, pagesOf, type Verification, type Verified, verifyChain } from "../chain/verify.ts";
import { totalOf } from "../money/money.ts";
import type { Doc, Store } from "../store/contract.ts";
import type { Money } from "../../schemas/types.generated.ts";
import {
  addLines,
  BALANCES,
  FOLD_OF_JOURNAL,
  FOLDS,
  type StoredBalance,
  type StoredFold,
  type Sums,
} from "./balances.ts";
import { checkDays } from "./day-check.ts";
import { isSuspense, rowOf } from "./chart.ts";
import { KINDS, OWING } from "./check.ts";
import { isBalanced, JOURNAL, JOURNAL_CHAIN, type StoredEntry } from "./model.ts";

export interface LedgerCheck extends Pick<Verification<StoredEntry>, "keys" | "anchor" | "progress" | "complain"> {
  readonly store: Store;
  /** Called with each line on a suspense account. */
  readonly suspense?: (entry: StoredEntry, line: StoredEntry["lines"][number]) => void;
}

export interface LedgerReport extends Verified {
  /** What is on the suspense accounts, those with zero left out. */
  readonly suspense: readonly { readonly account: string; readonly balance: Money }[];
}

const DOCS_AT_A_TIME = 200;

/**
 * Checks the books: the chain of the journal; that each entry sums to zero in every currency, is on the chart, refers to something that is there and is
 * what that must have; that whatever owes an entry has it; and that each line on suspense says why it is there. In memory that grows with the
 * number of accounts only.
 */
export async function checkLedger(given: LedgerCheck): Promise<LedgerReport> {
  const { store, complain } = given;
  const sums: Sums = new Map();
  const kept: Sums = new Map();
  const folds = await store.collection<StoredFold>(FOLDS);
  const foldedTo = (await folds.findOne({ _id: FOLD_OF_JOURNAL }))?.block ?? "";
  const verified = await verifyChain<StoredEntry>({
    ...given,
    spec: JOURNAL_CHAIN,
    each: async (entries) => {
      for (const entry of entries) {
        if (!checkEntry(entry, given)) continue;
        addLines(sums, entry.lines);
        if ((placeOf(entry.position ?? "")?.block ?? "~") <= foldedTo) addLines(kept, entry.lines);
      }
      await checkSubjects(store, entries, complain);
    },
  });
  await checkOwing(store, complain);
  await checkBalances(store, kept, foldedTo, complain);
  await checkDays(store, complain);
  const suspense = [...sums.values()]
    .filter(({ account, minor }) => minor !== 0n && isSuspense(account))
    .map(({ account, minor, currency }) => ({ account, balance: totalOf(minor, currency) }));
  return { ...verified, suspense };
}

/** What can be wrong with any entry. @returns whether its amounts can be read */
function checkEntry(entry: StoredEntry, { complain, suspense }: LedgerCheck): boolean {
  const where = `journal ${entry._id}`;
  try {
    if (!isBalanced(entry.lines)) complain(where, "does not sum to zero in every currency");
  } catch {
    complain(where, "has an amount that can't be read");
    return false;
  }
  for (const line of entry.lines) {
    const { account, explanation = "" } = line;
    const row = rowOf(account);
    if (row === undefined) complain(where, `is on ${account}, which the chart of accounts has not`);
    else if (row.explained === true && explanation === "") complain(where, `does not say why it is on ${account}`);
    if (isSuspense(account)) suspense?.(entry, line);
  }
  return true;
}

async function checkSubjects(store: Store, entries: readonly StoredEntry[], complain: Complain): Promise<void> {
  const byKind = Map.groupBy(entries, ({ kind }) => kind);
  for (const [kind, own] of byKind) {
    if (!Object.hasOwn(KINDS, kind)) {
      for (const { _id } of own) complain(`journal ${_id}`, `is of the kind ${kind}, which this version does not know`);
      continue;
    }
    const { about, fault } = KINDS[kind];
    const ids = { $in: [...new Set(own.map(({ reference }) => reference))] };
    const found = await (await store.collection<Doc>(about)).find({ _id: ids }).toArray();
    const byId = new Map(found.map((doc) => [doc._id, doc]));
    for (const entry of own) {
      const subject = byId.get(entry.reference);
      const wrong =
        subject === undefined ? `refers to ${entry.reference}, which is not there` : tried(() => fault(entry, subject));
      if (wrong !== undefined) complain(`journal ${entry._id}`, wrong);
    }
  }
}

/** What is refused while it is worked out is wrong, too. */
function tried(find: () => string | undefined): string | undefined {
  try {
    return find();
  } catch (error) {
    return `can't be worked out from what it refers to: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Balances that are kept are those that the journal gives, up to the block that they were kept to. */
async function checkBalances(store: Store, rebuilt: Sums, foldedTo: string, complain: Complain): Promise<void> {
  const missing = new Set(rebuilt.keys());
  for await (const page of pagesOf<StoredBalance>(await store.collection<StoredBalance>(BALANCES), DOCS_AT_A_TIME))
    for (const { _id, currency, minor, block } of page) {
      missing.delete(_id);
      // A node that runs beside has brought it on meanwhile, or is about to: looked at when it stands still.
      if (block > foldedTo) continue;
      const sum = rebuilt.get(_id)?.minor ?? 0n;
      const { value } = totalOf(sum, currency);
      if (String(sum) !== minor)
        complain(`balance ${_id}`, `is kept as ${minor} minor units; the journal gives ${sum} (${value} ${currency})`);
    }
  for (const id of missing) complain(`balance ${id}`, "is not kept, and the journal has lines of it");
}

async function checkOwing(store: Store, complain: Complain): Promise<void> {
  const journal = await store.collection<StoredEntry>(JOURNAL);
  for (const { of, entries } of OWING) {
    for await (const docs of pagesOf<Doc>(await store.collection<Doc>(of), DOCS_AT_A_TIME)) {
      const owed = docs.flatMap((doc) => {
        let ids: readonly string[] = [];
        const wrong = tried(() => void (ids = entries(doc)));
        if (wrong !== undefined) complain(`${of.name} ${doc._id}`, `has an entry that ${wrong}`);
        return ids.map((id) => ({ id, doc: doc._id }));
      });
      if (owed.length === 0) continue;
      const filter = { _id: { $in: owed.map(({ id }) => id) } } as Filter<StoredEntry>;
      const found = await journal.find(filter, { projection: { _id: 1 } }).toArray();
      const there = new Set(found.map(({ _id }) => _id));
      for (const { id, doc } of owed)
        if (!there.has(id)) complain(`${of.name} ${doc}`, `has no entry ${id} in the journal`);
    }
  }
}
