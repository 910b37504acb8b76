import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import { blockId, numberOf } from "../chain/model.ts";
import { minorOfMoney, totalOf } from "../money/money.ts";
import { defineStates } from "../states.ts";
import type { CollectionSpec, Doc, StoreCollection } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { LedgerDay, LedgerDayTotal } from "../../schemas/types.generated.ts";
import { isSuspense } from "./chart.ts";
import type { StoredEntry } from "./model.ts";

export const DAY_STATES = defineStates<LedgerDay["state"]>("day", { closing: ["closed"], closed: [] });

/**
 * A day of the journal (UTC) that takes no more entries. Which ones are its own is decided by two things that never change: the time of an entry, and its place in
 * the chain. An entry is of the first day from its own on whose close has its block; whatever is sealed behind the last close is of a day that is open. So nothing
 * is ever kept off the books by a close, and nothing gets into a day that has one.
 */
export interface StoredDay extends Versioned, Audited {
  /** `2026-03-01` */
  _id: string;
  state: LedgerDay["state"];
  /** The day closed before it, `none` for the first: unique, so that of two closes at once one is the next. */
  follows: string;
  /** The last block of the chain that is in it, and that of the close before; zero: none. As `blockId` writes them. */
  block: string;
  previousBlock: string;
  /** The hash of `block`: what was closed can't be another chain. */
  hash: string;
  closedAt: string;
  by: string;
  entries?: number;
  late?: number;
  accounts?: number;
  suspense?: LedgerDay["suspense"];
}

/** What a day did to an account, in minor units as text: they may outgrow any amount. */
export interface StoredDayTotal extends Doc {
  /** Account and currency. */
  key: string;
  date: string;
  account: string;
  currency: string;
  debit: string;
  /** Below zero, as credits are. */
  credit: string;
  /** At the end of the day: above zero a debit. */
  balance: string;
}

export const DAYS: CollectionSpec = {
  name: "ledger-days",
  indexes: [{ name: "follows", keys: ["follows"], unique: true }, { name: "due", keys: ["dueAt"] }, AUDITS_PENDING],
};
export const DAY_TOTALS: CollectionSpec = {
  name: "ledger-day-totals",
  indexes: [
    { name: "date", keys: ["date", "_id"] },
    { name: "key", keys: ["key", "date"] },
  ],
};

export const totalId = (date: string, key: string): string => `${date} ${key}`;

const DAY_MS = 86_400_000;
/** The beginning of a day, and of the one after it. */
export const startOf = (date: string): string => `${date}T00:00:00.000Z`;
export const dayAfter = (date: string): string =>
  new Date(Date.parse(startOf(date)) + DAY_MS).toISOString().slice(0, 10);

/** What is known of a day from its entries alone. */
export interface DaySums {
  entries: number;
  /** Entries of a time before the day: they came when their own day was closed. */
  late: number;
  readonly byKey: Map<string, { account: string; currency: string; debit: bigint; credit: bigint }>;
  readonly suspense: { entry: string; account: string; amount: StoredEntry["lines"][number]["amount"]; why: string }[];
}

const AT_A_TIME = 500;

/** The entries of a day that has a close, in pages. @param first nothing was closed before: all that is older is its own, too */
async function* entriesOf(
  journal: StoreCollection<StoredEntry>,
  { _id: date, block, previousBlock }: StoredDay,
  first: boolean,
): AsyncGenerator<readonly StoredEntry[]> {
  const [start, end] = [startOf(date), startOf(dayAfter(date))];
  const beyond = blockId(numberOf({ _id: block }) + 1);
  // Of its own time; text order of positions is the order of the chain.
  let last = { at: first ? "" : start, _id: "" };
  for (;;) {
    const behind = { $or: [{ at: { $gt: last.at } }, { at: last.at, _id: { $gt: last._id } }] };
    const own = { at: { $lt: end }, position: { $gt: "", $lt: beyond } };
    const found = await journal
      .find({ $and: [own, behind] })
      .sort({ at: 1, _id: 1 })
      .limit(AT_A_TIME)
      .toArray();
    yield found;
    const newest = found.at(-1);
    if (newest === undefined || found.length < AT_A_TIME) break;
    last = newest;
  }
  if (first) return;
  // Of an earlier time, sealed behind the close before.
  let position = blockId(numberOf({ _id: previousBlock }) + 1);
  for (let inclusive = true; ; inclusive = false) {
    const behind = inclusive ? { $gte: position, $lt: beyond } : { $gt: position, $lt: beyond };
    const found = await journal
      .find({ position: behind, at: { $lt: start } })
      .sort({ position: 1 })
      .limit(AT_A_TIME)
      .toArray();
    yield found;
    const newest = found.at(-1);
    if (newest?.position === undefined || found.length < AT_A_TIME) return;
    position = newest.position;
  }
}

/** Sums the entries of a day. In memory that grows with the number of accounts that the day moved. */
export async function sumDay(journal: StoreCollection<StoredEntry>, day: StoredDay, first: boolean): Promise<DaySums> {
  const sums: DaySums = { entries: 0, late: 0, byKey: new Map(), suspense: [] };
  const start = startOf(day._id);
  for await (const page of entriesOf(journal, day, first))
    for (const { _id: entry, at, lines } of page) {
      sums.entries += 1;
      if (at < start && !first) sums.late += 1;
      for (const { account, amount, explanation: why = "" } of lines) {
        const minor = minorOfMoney(amount);
        const { currency } = amount;
        const key = `${account} ${currency}`;
        const sum = sums.byKey.get(key) ?? { account, currency, debit: 0n, credit: 0n };
        if (minor > 0n) sum.debit += minor;
        else sum.credit += minor;
        sums.byKey.set(key, sum);
        if (isSuspense(account)) sums.suspense.push({ entry, account, amount, why });
      }
    }
  return sums;
}

export function showDay({ _id: date, state, block, hash, closedAt, by, ...rest }: StoredDay): LedgerDay {
  const { entries, late, accounts, suspense } = rest;
  return {
    date,
    state,
    block: numberOf({ _id: block }),
    hash,
    closedAt,
    by,
    ...(entries === undefined ? {} : { entries }),
    ...(late === undefined ? {} : { late }),
    ...(accounts === undefined ? {} : { accounts }),
    ...(suspense === undefined ? {} : { suspense }),
  };
}

export const showTotal = ({ account, currency, debit, credit, balance }: StoredDayTotal): LedgerDayTotal => ({
  account,
  debit: totalOf(BigInt(debit), currency),
  credit: totalOf(BigInt(credit), currency),
  balance: totalOf(BigInt(balance), currency),
});
