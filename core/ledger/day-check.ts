import { GENESIS, type StoredBlock } from "../chain/model.ts";
import { type Complain, pagesOf } from "../chain/verify.ts";
import type { Store } from "../store/contract.ts";
import { dayAfter, DAY_TOTALS, DAYS, type StoredDay, type StoredDayTotal, sumDay } from "./day-model.ts";
import { JOURNAL, JOURNAL_CHAIN, type StoredEntry } from "./model.ts";

const AT_A_TIME = 200;

/**
 * Closed days are what the journal gives: each is summed anew from its entries, and compared with what was kept when it was closed. In memory that grows with
 * the number of accounts only.
 */
export async function checkDays(store: Store, complain: Complain): Promise<void> {
  const journal = await store.collection<StoredEntry>(JOURNAL);
  const blocks = await store.collection<StoredBlock>(JOURNAL_CHAIN.blocks);
  const totals = await store.collection<StoredDayTotal>(DAY_TOTALS);
  const balances = new Map<string, bigint>();
  let previous: StoredDay | undefined;
  for await (const page of pagesOf<StoredDay>(await store.collection<StoredDay>(DAYS), AT_A_TIME))
    for (const day of page) {
      const where = `day ${day._id}`;
      if (previous !== undefined && dayAfter(previous._id) !== day._id)
        complain(where, `is closed, and ${dayAfter(previous._id)} before it is not`);
      if (previous !== undefined && day.previousBlock !== previous.block)
        complain(where, `goes on from block ${day.previousBlock}; the day before ends with ${previous.block}`);
      const last = await blocks.findOne({ _id: day.block });
      if ((last?.hash ?? GENESIS) !== day.hash)
        complain(where, `was closed with a block ${day.block} that is not that of the chain`);
      // Still being summed: what is kept of it is not whole.
      if (day.state === "closed") await checkDay(day, previous === undefined);
      previous = day;
    }

  async function checkDay(day: StoredDay, first: boolean): Promise<void> {
    const where = `day ${day._id}`;
    const { byKey, entries, late } = await sumDay(journal, day, first);
    if (entries !== day.entries)
      complain(where, `is closed with ${day.entries ?? 0} entries; the journal gives ${entries}`);
    if (late !== day.late) complain(where, `is closed with ${day.late ?? 0} late entries; the journal gives ${late}`);
    for (const [key, { debit, credit }] of byKey) balances.set(key, (balances.get(key) ?? 0n) + debit + credit);
    const missing = new Set(byKey.keys());
    for (let after = ""; ;) {
      const found = await totals
        .find({ date: day._id, _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(AT_A_TIME)
        .toArray();
      for (const { key, debit, credit, balance } of found) {
        missing.delete(key);
        const sum = byKey.get(key) ?? { debit: 0n, credit: 0n };
        const kept = `${debit} ${credit} ${balance}`;
        const given = `${sum.debit} ${sum.credit} ${balances.get(key) ?? 0n}`;
        if (kept !== given)
          complain(
            where,
            `is closed with ${key} as ${kept} (debit, credit, balance in minor units); the journal gives ${given}`,
          );
      }
      const last = found.at(-1);
      if (last === undefined || found.length < AT_A_TIME) break;
      after = last._id;
    }
    for (const key of missing) complain(where, `is closed without ${key}, and has entries of it`);
  }
}
