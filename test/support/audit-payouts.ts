import { expect } from "chai";
import { JOURNAL, type StoredEntry } from "../../core/ledger/model.ts";
import { minorOf } from "../../core/money/money.ts";
import { PAYOUTS, type StoredPayout } from "../../core/payouts/model.ts";
import { type KeptLine, LINES } from "../../core/settlement/model.ts";
import type { Doc, CollectionSpec, Store } from "../../core/store/contract.ts";

/** A payout as the bank's own books have it. */
export interface BookedPayout {
  readonly bankRequestId: string;
  readonly amount: { readonly value: string; readonly currency: string };
}

async function all<T extends Doc>(store: Store, spec: CollectionSpec): Promise<T[]> {
  return (await store.collection<T>(spec)).find({}).toArray();
}

const sumOf = (amounts: readonly { value: string; currency: string }[]): bigint =>
  amounts.reduce((sum, { value, currency }) => sum + minorOf(value, currency), 0n);

/**
 * Checks what merchants were paid over a store and the bank's books, knowing nothing of the code that wrote them. `atRest`: no payout is under way
 * any more, so that every consequence of it must be there.
 */
export async function auditPayouts(
  store: Store,
  bank: readonly BookedPayout[],
  { atRest }: { atRest: boolean },
): Promise<void> {
  const payouts = await all<StoredPayout>(store, PAYOUTS);
  const lines = await all<KeptLine>(store, LINES);
  const journal = await all<StoredEntry>(store, JOURNAL);
  const byRequest = new Map(payouts.map((payout) => [payout.bankRequestId, payout]));
  const byId = new Map(payouts.map((payout) => [payout._id, payout]));

  expect(new Set(bank.map(({ bankRequestId }) => bankRequestId)).size, "payouts by id").to.equal(bank.length);
  for (const { bankRequestId, amount } of bank) {
    const payout = byRequest.get(bankRequestId);
    expect(payout, `payout of ${bankRequestId}`).to.not.equal(undefined);
    expect(amount).to.deep.equal(payout?.amount);
    expect(payout?.state, `money of ${payout?._id}`).to.be.oneOf(["submitting", "unknown", "succeeded"]);
  }
  const ids = new Set(bank.map(({ bankRequestId }) => bankRequestId));
  for (const payout of payouts) auditPayout(payout, lines, journal, ids, atRest);
  for (const { _id, state, payoutId } of lines) {
    const payout = byId.get(payoutId ?? "");
    if (state === "paid_out") expect(payout?.state, `payout of ${_id}`).to.equal("succeeded");
    else if (state === "in_payout") expect(payout, `payout of ${_id}`).to.not.equal(undefined);
    else expect(payoutId, `payout of ${state} ${_id}`).to.equal(undefined);
    if (state === "in_payout" && atRest) expect(payout?.state, `payout of ${_id}`).to.equal("unknown");
  }
  const live = payouts.filter(({ state }) => !["succeeded", "failed", "cancelled"].includes(state));
  expect(new Set(live.map(({ payee }) => payee)).size, "payouts under way by payee").to.equal(live.length);
  if (atRest) auditBalances(lines, journal);
}

function auditPayout(
  { _id, state, bankRequestId, amount, planned }: StoredPayout,
  lines: readonly KeptLine[],
  journal: readonly StoredEntry[],
  booked: ReadonlySet<string>,
  atRest: boolean,
): void {
  const own = lines.filter(({ payoutId }) => payoutId === _id);
  const entries = journal.filter(({ reference }) => reference === _id);
  if (state === "submitting" || state === "unknown" || state === "succeeded") {
    expect(
      own.map((line) => line._id),
      `lines of ${_id}`,
    ).to.have.members(planned.map(({ id }) => id));
    expect(sumOf(own.map(({ net }) => net)), `sum of ${_id}`).to.equal(sumOf([amount]));
  }
  if (state === "succeeded") expect(booked.has(bankRequestId), `money of ${_id}`).to.equal(true);
  if (state !== "succeeded") expect(entries, `journal of ${state} ${_id}`).to.have.length(0);
  if (!atRest) return;
  if (state === "succeeded") expect(entries, `journal of ${_id}`).to.have.length(1);
  if (state === "failed" || state === "cancelled") expect(own, `lines of ${state} ${_id}`).to.have.length(0);
}

/** What the journal says that each merchant is owed is the sum of the lines that are not paid out. */
function auditBalances(lines: readonly KeptLine[], journal: readonly StoredEntry[]): void {
  const balances = new Map<string, bigint>();
  const add = (payee: string, minor: bigint) => balances.set(payee, (balances.get(payee) ?? 0n) + minor);
  for (const { account, amount } of journal.flatMap((entry) => entry.lines))
    if (account.startsWith("merchant:"))
      add(`${account.slice("merchant:".length)}/${amount.currency}`, -sumOf([amount]));
  for (const { platform, merchant, net, state } of lines)
    if (state !== "paid_out") add(`${platform}/${merchant}/${net.currency}`, -sumOf([net]));
  for (const [payee, minor] of balances) expect(minor, `balance of ${payee}`).to.equal(0n);
}
