import type { Actions, Page } from "../actions.ts";
import { blockId, GENESIS, type StoredBlock } from "../chain/model.ts";
import { ENTRIES_PER_BLOCK } from "../chain/seal.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { totalOf } from "../money/money.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken, saveVersion } from "../versioned.ts";
import type { LedgerDay, LedgerDayTotal } from "../../schemas/types.generated.ts";
import {
  dayAfter,
  DAY_STATES,
  DAY_TOTALS,
  DAYS,
  type DaySums,
  showDay,
  showTotal,
  startOf,
  type StoredDay,
  type StoredDayTotal,
  sumDay,
  totalId,
} from "./day-model.ts";
import { JOURNAL_CHAIN, type StoredEntry } from "./model.ts";

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const BY_DATE = byId(DATE);
const BY_TOTAL = byId(`${DATE} [a-z-]+(?::.+)? [A-Z]{3}`);
const AT_A_TIME = 200;
/** Lines on suspense that a day lists for each account; it counts all. */
const LISTED = 100;
/** More blocks than a house seals while one day is closed. */
const SEALS = 100_000;

interface DaysDeps {
  readonly deps: Deps;
  readonly journal: StoreCollection<StoredEntry>;
  readonly seal: () => Promise<number>;
}

/** Closes days of the journal: from then on they take no more entries, and what they came to is kept. */
export async function ledgerDays({ deps, journal, seal }: DaysDeps) {
  const days = await deps.store.collection<StoredDay>(DAYS);
  const totals = await deps.store.collection<StoredDayTotal>(DAY_TOTALS);
  const blocks = await deps.store.collection<StoredBlock>(JOURNAL_CHAIN.blocks);
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  /** Summing a day may be silent for longer than work on a document. */
  const leaseMs = 2 * deps.limits.leaseMs;

  const before = async (date: string): Promise<StoredDay | undefined> =>
    (
      await days
        .find({ _id: { $lt: date } })
        .sort({ _id: -1 })
        .limit(1)
        .toArray()
    )[0];

  /** The last block, all entries of which are marked with their places. What is written while this runs may be behind it. */
  async function lastBlock(): Promise<StoredBlock | undefined> {
    for (let tries = 0; tries < SEALS; tries += 1) {
      const sealed = await seal();
      const [last] = await blocks.find({}).sort({ _id: -1 }).limit(1).toArray();
      if (last === undefined) return undefined;
      const ids = last.entries.map(({ id }) => id);
      const unmarked = await journal.countDocuments({ _id: { $in: ids }, position: null } as never);
      // A block that is not full was the last one: whatever was written before this call has its place.
      if (unmarked === 0 && sealed < ENTRIES_PER_BLOCK) return last;
    }
    throw new MergepayError("OVERLOADED", "The journal grows faster than it is sealed; try again later.");
  }

  /** @throws STATE_REFUSED unless the day is over and the one before it is closed */
  async function assertNext(date: string): Promise<StoredDay | undefined> {
    if (startOf(dayAfter(date)) > stamp())
      throw new MergepayError("STATE_REFUSED", `${date} is not over; a day (UTC) can be closed from its end on.`);
    const last = await before(date);
    if (last !== undefined && dayAfter(last._id) !== date)
      throw new MergepayError("STATE_REFUSED", `Days are closed in their order: ${dayAfter(last._id)} comes first.`);
    const [later] =
      last === undefined
        ? await days
            .find({ _id: { $gt: date } })
            .limit(1)
            .toArray()
        : [];
    if (later !== undefined)
      throw new MergepayError("STATE_REFUSED", `${date} is before the first day that was closed, and in it.`);
    return last;
  }

  /** What an account had at the end of the days before. */
  async function balanceBefore(key: string, date: string): Promise<bigint> {
    const [last] = await totals
      .find({ key, date: { $lt: date } })
      .sort({ date: -1 })
      .limit(1)
      .toArray();
    return BigInt(last?.balance ?? "0");
  }

  async function writeTotals(date: string, { byKey }: DaySums): Promise<ReadonlyMap<string, bigint>> {
    const balances = new Map<string, bigint>();
    const keys = [...byKey.keys()].sort();
    for (let at = 0; at < keys.length; at += AT_A_TIME) {
      const docs = await Promise.all(
        keys.slice(at, at + AT_A_TIME).map(async (key): Promise<StoredDayTotal> => {
          const { account, currency, debit, credit } = byKey.get(key) ?? {
            account: "",
            currency: "",
            debit: 0n,
            credit: 0n,
          };
          const balance = (await balanceBefore(key, date)) + debit + credit;
          balances.set(key, balance);
          const sums = { debit: String(debit), credit: String(credit), balance: String(balance) };
          return { _id: totalId(date, key), key, date, account, currency, ...sums };
        }),
      );
      try {
        await totals.insertMany(docs, { ordered: false });
      } catch (error) {
        // Written by an earlier try: the same entries give the same sums.
        if (!isDuplicateKey(error)) throw error;
      }
    }
    return balances;
  }

  /** Suspense at the end of the day: as it was, and what the day did to it, line by line. */
  function suspenseOf(previous: StoredDay | undefined, sums: DaySums, balances: ReadonlyMap<string, bigint>) {
    const found = new Map(
      (previous?.suspense ?? []).map((one) => [`${one.account} ${one.balance.currency}`, one.balance]),
    );
    for (const { account, amount } of sums.suspense) {
      const key = `${account} ${amount.currency}`;
      found.set(key, totalOf(balances.get(key) ?? 0n, amount.currency));
    }
    return [...found].flatMap(([key, balance]): NonNullable<LedgerDay["suspense"]> => {
      const lines = sums.suspense.filter(({ account, amount }) => `${account} ${amount.currency}` === key);
      if (lines.length === 0 && /^-?0(?:\.0*)?$/.test(balance.value)) return [];
      const shown = lines.slice(0, LISTED).map(({ entry, amount, why }) => ({ entry, amount, explanation: why }));
      return [{ account: key.slice(0, key.lastIndexOf(" ")), balance, count: lines.length, lines: shown }];
    });
  }

  /** Sums a day that has its close, after those before it; done again it writes the same. */
  async function finish(found: StoredDay): Promise<StoredDay> {
    if (found.state === "closed") return found;
    const previous = await before(found._id);
    const settled = previous === undefined ? undefined : await finish(previous);
    const day = await saveVersion(days, found, { dueAt: stamp(leaseMs) });
    const sums = await sumDay(journal, day, settled === undefined);
    const balances = await writeTotals(day._id, sums);
    deps.reached("ledger-day.totals-written");
    DAY_STATES.assertMove(day.state, "closed");
    const { entries, late } = sums;
    const suspense = suspenseOf(settled, sums, balances);
    deps.log.info({ count: entries }, "a day of the journal was closed");
    return saveVersion(days, day, { state: "closed", entries, late, accounts: balances.size, suspense, dueAt: null });
  }

  /** As `finish`; where somebody else is at it, what it is now. */
  async function finished(day: StoredDay): Promise<LedgerDay> {
    try {
      return showDay(await finish(day));
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      return showDay((await days.findOne({ _id: day._id })) ?? day);
    }
  }

  /**
   * Closes a day that is over (UTC); again, the same answer. What is written from now on is of a later day, whatever its time.
   * @throws QUERY_INVALID for a day that is none, STATE_REFUSED unless it is over and the next one to be closed
   */
  async function close({ date, by }: Actions["ledger.close"]["params"]): Promise<LedgerDay> {
    assertDate(date);
    const present = await days.findOne({ _id: date });
    if (present !== null) return finished(present);
    const last = await assertNext(date);
    const block = await lastBlock();
    const day = {
      _id: date,
      version: 1,
      dueAt: stamp(leaseMs),
      state: "closing" as const,
      follows: last?._id ?? "none",
      block: block?._id ?? blockId(0),
      previousBlock: last?.block ?? blockId(0),
      hash: block?.hash ?? GENESIS,
      closedAt: stamp(),
      by,
    };
    const after = { block: Number.parseInt(day.block, 10), hash: day.hash };
    const written = { ...day, ...deps.audit(undefined, { what: "day.closed", subject: date, after }) };
    try {
      await days.insertOne(written);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Somebody else closed it, or the one that it would follow was followed by another meanwhile: what is there now decides.
      return close({ date, by });
    }
    deps.reached("ledger-day.close-written");
    return finished(written);
  }

  return {
    close,

    days: (query: Actions["ledger.days"]["params"]): Promise<Page<LedgerDay>> =>
      page(days, {}, BY_DATE, query, deps.limits.ordersPerPage, showDay),

    /** @throws NOT_FOUND unless it is closed */
    async day({ date }: Actions["ledger.day"]["params"]): Promise<LedgerDay> {
      const day = await days.findOne({ _id: date });
      if (day === null) throw new MergepayError("NOT_FOUND", `${date} is not closed.`);
      return showDay(day);
    },

    /** What a closed day did to each account. */
    dayTotals: ({ date, ...query }: Actions["ledger.dayTotals"]["params"]): Promise<Page<LedgerDayTotal>> =>
      page(totals, { date }, BY_TOTAL, query, deps.limits.ordersPerPage, showTotal),

    /** Makes due at once what an earlier process of this very store left under way; only when no other process can be at it. */
    async recover(): Promise<void> {
      await days.updateMany({ state: "closing" }, { $set: { dueAt: stamp() } });
    },

    /** Goes on with closes whose process died. */
    async closeDue(): Promise<void> {
      for (const day of await findDue(days, stamp(), 10)) await finished(day);
    },
  };
}

/** @throws QUERY_INVALID unless it is a day of the calendar */
function assertDate(date: string): void {
  const midnight = Date.parse(startOf(date));
  if (!Number.isNaN(midnight) && new Date(midnight).toISOString().slice(0, 10) === date) return;
  throw new MergepayError("QUERY_INVALID", `${date} is no day; one is such as 2026-03-01.`, { field: "date" });
}
