import { expect } from "chai";
import { CHARGEBACKS, type StoredChargeback } from "../../core/chargebacks/model.ts";
import type { StoredEntry } from "../../core/ledger/model.ts";
import type { StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOf } from "../../core/money/money.ts";
import type { StoredOrder } from "../../core/orders/model.ts";
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
  const { payments, orders, lines, journal, atRest } = books;
  const chargebacks = await (await store.collection<StoredChargeback>(CHARGEBACKS)).find({}).toArray();
  const byId = new Map(payments.map((payment) => [payment._id, payment]));
  for (const { _id, state, amount, parts = [], excess, late, needsReview, paymentId } of chargebacks) {
    const own = lines.filter(({ reference }) => reference === _id);
    const entries = journal.filter(({ reference }) => reference === _id);
    if (state !== "booked") {
      expect(own, `lines of ${state} ${_id}`).to.have.length(0);
      expect(entries, `journal of ${state} ${_id}`).to.have.length(0);
      continue;
    }
    if (!atRest) continue;
    const debited = sumOf(parts.map(({ gross, charged = gross }) => charged));
    const beyond = excess === undefined ? 0n : sumOf([excess]);
    expect(debited + beyond, `parts of ${_id}`).to.equal(sumOf([amount]));
    expect(beyond >= 0n, `excess of ${_id}`).to.equal(true);
    expect(needsReview ?? false, `review of ${_id}`).to.equal(beyond > 0n);
    expect(entries, `journal of ${_id}`).to.have.length(1);
    const booked = entries.flatMap((entry) => entry.lines);
    const on = (account: RegExp) => sumOf(booked.flatMap((line) => (account.test(line.account) ? line.amount : [])));
    expect(-on(/^bank:/), `bank of ${_id}`).to.equal(sumOf([amount]));
    expect(on(/^suspense:chargeback$/), `suspense of ${_id}`).to.equal(beyond);
    if (debited > 0n) expect(byId.get(paymentId)?.returned?.[_id], `${_id} on its payment`).to.not.equal(undefined);
    if (late === true) {
      expect(own, `lines of late ${_id}`).to.have.length(0);
      continue;
    }
    expect(
      own.map(({ orderId, gross }) => [orderId, gross.currency, -sumOf([gross])]),
      `lines of ${_id}`,
    ).to.have.deep.members(parts.map(({ orderId, gross }) => [orderId, gross.currency, sumOf([gross])]));
    for (const { kind } of own) expect(kind).to.equal("chargeback");
    for (const part of parts) expect(orders.get(part.orderId)?.returned?.[_id]).to.deep.equal(part.gross);
  }
}
