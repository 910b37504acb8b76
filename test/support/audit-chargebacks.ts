import { expect } from "chai";
import { CHARGEBACKS, type StoredChargeback } from "../../core/chargebacks/model.ts";
import type { StoredEntry } from "../../core/ledger/model.ts";
import type { StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOf } from "../../core/money/money.ts";
import type { StoredOrder } from "../../core/orders/model.ts";
import { RETURNS, type StoredReturns } from "../../core/refunds/model.ts";
import type { StoredLine } from "../../core/settlement/model.ts";
import type { Store } from "../../core/store/contract.ts";

interface Books {
  readonly payments: readonly StoredPayment[];
  readonly orders: ReadonlyMap<string, StoredOrder>;
  readonly lines: readonly StoredLine[];
  readonly journal: readonly StoredEntry[];
  readonly atRest: boolean;
}

const sumOf = (amounts: readonly { value: string; currency: string }[]): bigint =>
  amounts.reduce((sum, { value, currency }) => sum + minorOf(value, currency), 0n);

/** What banks took back: all of it on the books once, of orders as much as was left of them, the rest on suspense with its reason and for review. */
export async function auditChargebacks(store: Store, books: Books): Promise<void> {
  const chargebacks = await (await store.collection<StoredChargeback>(CHARGEBACKS)).find({}).toArray();
  const returns = await (await store.collection<StoredReturns>(RETURNS)).find({}).toArray();
  const takings = new Map(returns.flatMap(({ by }) => Object.entries(by)));
  const reversals = chargebacks.flatMap(({ bank, reversal }) =>
    reversal === undefined ? [] : `${bank} ${reversal.bankReference}`,
  );
  expect(new Set(reversals).size, "chargebacks that one booking gave up").to.equal(reversals.length);
  for (const chargeback of chargebacks) {
    const { _id, state } = chargeback;
    const of = <T extends { readonly reference?: string }>(all: readonly T[]) =>
      all.filter(({ reference }) => reference === _id);
    const own = { ...books, lines: of(books.lines), journal: of(books.journal) };
    if (state !== "reversed") {
      expect(
        own.lines.filter(({ kind }) => kind !== "chargeback"),
        `lines that give ${state} ${_id} again`,
      ).to.have.length(0);
      expect(
        own.journal.filter(({ kind }) => kind !== "chargeback"),
        `reversal of ${state} ${_id}`,
      ).to.have.length(0);
    }
    if (state === "booked" || state === "reversed") {
      if (books.atRest) auditBooked(chargeback, own);
      if (books.atRest && state === "reversed") auditReversed(chargeback, own, takings.get(_id)?.free);
      continue;
    }
    expect(own.lines, `lines of ${state} ${_id}`).to.have.length(0);
    expect(own.journal, `journal of ${state} ${_id}`).to.have.length(0);
  }
}

function auditBooked(
  { _id, state, amount, parts = [], excess, late, needsReview, paymentId }: StoredChargeback,
  { payments, orders, lines, journal }: Books,
): void {
  const own = lines.filter(({ kind }) => kind === "chargeback");
  const entries = journal.filter(({ kind }) => kind === "chargeback");
  const debited = sumOf(parts.map(({ gross, charged = gross }) => charged));
  const beyond = excess === undefined ? 0n : sumOf([excess]);
  expect(debited + beyond, `parts of ${_id}`).to.equal(sumOf([amount]));
  expect(beyond >= 0n, `excess of ${_id}`).to.equal(true);
  expect(needsReview ?? false, `review of ${_id}`).to.equal(beyond > 0n && state === "booked");
  expect(entries, `journal of ${_id}`).to.have.length(1);
  const booked = entries.flatMap((entry) => entry.lines);
  const on = (account: RegExp) => sumOf(booked.flatMap((line) => (account.test(line.account) ? line.amount : [])));
  expect(-on(/^bank:/), `bank of ${_id}`).to.equal(sumOf([amount]));
  expect(on(/^suspense:chargeback$/), `suspense of ${_id}`).to.equal(beyond);
  const payment = payments.find((one) => one._id === paymentId);
  if (debited > 0n) expect(payment?.returned?.[_id], `${_id} on its payment`).to.not.equal(undefined);
  if (late === true) {
    expect(own, `lines of late ${_id}`).to.have.length(0);
    return;
  }
  expect(
    own.map(({ orderId, gross }) => [orderId, gross.currency, -sumOf([gross])]),
    `lines of ${_id}`,
  ).to.have.deep.members(parts.map(({ orderId, gross }) => [orderId, gross.currency, sumOf([gross])]));
  for (const part of parts) expect(orders.get(part.orderId)?.returned?.[_id]).to.deep.equal(part.gross);
}

/** What was given up is as if it had never been taken: on every account, for every merchant and order; and may go back otherwise. */
function auditReversed(
  { _id, parts = [], paymentId, reversal }: StoredChargeback,
  { payments, orders, lines, journal }: Books,
  free: true | undefined,
): void {
  expect(reversal?.bankReference, `booking that gave ${_id} up`).to.not.equal(undefined);
  expect(free, `what ${_id} had taken is free`).to.equal(true);
  expect(
    journal.map(({ kind }) => kind),
    `journal of reversed ${_id}`,
  ).to.have.members(["chargeback", "chargeback_reversal"]);
  const booked = journal.flatMap((entry) => entry.lines);
  for (const [account, of] of Map.groupBy(booked, (line) => `${line.account} ${line.amount.currency}`))
    expect(sumOf(of.map(({ amount }) => amount)), `${account} of ${_id}`).to.equal(0n);
  for (const [orderId, own] of Map.groupBy(lines, (line) => line.orderId)) {
    expect(
      own.map(({ kind }) => kind),
      `lines of ${_id} for ${orderId}`,
    ).to.have.members(["chargeback", "chargeback_reversal"]);
    for (const name of ["gross", "fee", "net"] as const)
      expect(sumOf(own.map((line) => line[name])), `${name} of ${orderId} after ${_id}`).to.equal(0n);
    expect(sumOf(own.flatMap(({ tax }) => tax ?? [])), `tax of ${orderId} after ${_id}`).to.equal(0n);
  }
  const shown = [payments.find((one) => one._id === paymentId), ...parts.map(({ orderId }) => orders.get(orderId))];
  for (const { returned = {} } of shown.filter((one) => one !== undefined)) {
    const noted = Object.entries(returned).flatMap(([by, amount]) => (by.startsWith(_id) ? amount : []));
    expect(sumOf(noted), `${_id} on payment and orders`).to.equal(0n);
  }
}
