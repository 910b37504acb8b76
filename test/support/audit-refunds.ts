import { expect } from "chai";
import type { StoredEntry } from "../../core/ledger/model.ts";
import type { StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOf } from "../../core/money/money.ts";
import type { StoredOrder } from "../../core/orders/model.ts";
import { REFUNDS, RETURNS, type StoredRefund, type StoredReturns } from "../../core/refunds/model.ts";
import type { StoredLine } from "../../core/settlement/model.ts";
import type { Store } from "../../core/store/contract.ts";

/** A refund as the bank's own books have it. */
export interface BookedRefund {
  readonly bankRequestId: string;
  readonly amount: { readonly value: string; readonly currency: string };
  /** The bank's audit holds it to the debit where the books do not say. */
  readonly debitRequestId?: string;
}

interface Books {
  readonly payments: readonly StoredPayment[];
  readonly orders: ReadonlyMap<string, StoredOrder>;
  readonly lines: readonly StoredLine[];
  readonly journal: readonly StoredEntry[];
  readonly bank: readonly BookedRefund[];
  readonly atRest: boolean;
}

const sumOf = (amounts: readonly { value: string; currency: string }[]): bigint =>
  amounts.reduce((sum, { value, currency }) => sum + minorOf(value, currency), 0n);
const tail = (id: string) => id.slice(id.indexOf("_") + 1);

/** Money that goes back: once, to whom it was taken from, never more than was taken; and all that follows from it. */
export async function auditRefunds(store: Store, books: Books): Promise<void> {
  const refunds = await (await store.collection<StoredRefund>(REFUNDS)).find({}).toArray();
  const returns = await (await store.collection<StoredReturns>(RETURNS)).find({}).toArray();
  const payments = new Map(books.payments.map((payment) => [payment._id, payment]));
  const refundById = new Map(refunds.map((refund) => [refund._id, refund]));

  const ids = books.bank.map(({ bankRequestId }) => bankRequestId);
  expect(new Set(ids).size, "refunds of the bank by id").to.equal(ids.length);
  const back = new Map<string, bigint>();
  for (const { bankRequestId, amount, debitRequestId } of books.bank) {
    const refund = refundById.get(bankRequestId);
    expect(refund, `refund ${bankRequestId} of the bank`).to.not.equal(undefined);
    if (refund === undefined) continue;
    expect(amount).to.deep.equal(refund.amount);
    if (debitRequestId !== undefined) expect(debitRequestId).to.equal(payments.get(refund.paymentId)?.bankRequestId);
    back.set(refund.paymentId, (back.get(refund.paymentId) ?? 0n) + sumOf([amount]));
  }
  for (const [paymentId, sum] of back)
    expect(sum <= sumOf([payments.get(paymentId)?.total ?? { value: "0", currency: "USD" }]), paymentId).to.equal(true);

  for (const { _id, by } of returns) {
    const payment = payments.get(_id);
    const taken = new Map<string, bigint>();
    const debited = new Map<string, bigint>();
    for (const { shares } of Object.values(by))
      for (const [orderId, gross, , , charged = gross] of shares) {
        taken.set(orderId, (taken.get(orderId) ?? 0n) + BigInt(gross));
        debited.set(orderId, (debited.get(orderId) ?? 0n) + BigInt(charged));
      }
    // Never beyond what was paid, in the currency of the order as in that of the debit.
    for (const { orderId, amount, charged = amount } of payment?.orders ?? []) {
      expect((taken.get(orderId) ?? 0n) <= sumOf([amount]), `taken of ${orderId}`).to.equal(true);
      expect((debited.get(orderId) ?? 0n) <= sumOf([charged]), `given back for ${orderId}`).to.equal(true);
    }
    for (const orderId of taken.keys())
      expect(
        payment?.orders.some((order) => order.orderId === orderId),
        `order ${orderId} of ${_id}`,
      ).to.equal(true);
  }
  const heldBy = new Map(returns.flatMap(({ by }) => Object.entries(by)));
  for (const refund of refunds)
    auditRefund(refund, books, payments.get(refund.paymentId), heldBy.get(refund._id)?.free);
  auditFees(books);
}

function auditRefund(
  refund: StoredRefund,
  { lines, journal, bank, orders, atRest }: Books,
  payment: StoredPayment | undefined,
  free: true | undefined,
): void {
  const { _id, state, amount, parts, needsReview } = refund;
  const own = lines.filter(({ reference }) => reference === _id);
  const entries = journal.filter((entry) => entry._id === `jrn_${tail(_id)}`);
  const booked = bank.some(({ bankRequestId }) => bankRequestId === _id);
  expect(sumOf(parts.map(({ gross, charged = gross }) => charged)), `parts of ${_id}`).to.equal(sumOf([amount]));
  for (const { gross, fee, net } of parts) expect(sumOf([fee, net])).to.equal(sumOf([gross]));
  if (state !== "succeeded") {
    expect(own, `lines of ${state} ${_id}`).to.have.length(0);
    expect(entries, `journal of ${state} ${_id}`).to.have.length(0);
    if (state === "requested" || state === "awaiting_approval" || state === "rejected")
      expect(booked, `money of ${state} ${_id}`).to.equal(false);
  } else expect(booked, `money of ${_id}`).to.equal(true);
  if (!atRest) return;
  expect(state, `${_id} is at rest`).to.not.be.oneOf(["requested", "submitting"]);
  if (state === "failed" && booked) expect(needsReview, `money of failed ${_id}`).to.equal(true);
  if (state === "failed" || state === "rejected")
    expect(free ?? false, `held for ${_id}`).to.equal(needsReview !== true);
  if (state !== "succeeded") return;
  expect(entries, `journal of ${_id}`).to.have.length(1);
  expect(payment?.returned?.[_id]).to.deep.equal(amount);
  if (refund.late === true) return;
  expect(
    own.map(({ orderId, gross }) => [orderId, gross.currency, -sumOf([gross])]),
    `lines of ${_id}`,
  ).to.have.deep.members(parts.map(({ orderId, gross }) => [orderId, gross.currency, sumOf([gross])]));
  for (const { orderId, gross } of parts) expect(orders.get(orderId)?.returned?.[_id]).to.deep.equal(gross);
}

/** No order has given back more of its fee than it paid, and an order that is back whole and returns fees all of it. */
function auditFees({ lines }: Books): void {
  for (const [orderId, own] of Map.groupBy(lines, (line) => `${line.paymentId} ${line.orderId}`)) {
    const order = own.find(({ kind }) => kind === "order");
    if (order === undefined) continue;
    const takings = own.filter(({ kind }) => ["refund", "chargeback", "chargeback_reversal"].includes(kind));
    const left = sumOf([order, ...takings].map(({ fee }) => fee));
    expect(left >= 0n, `fee of ${orderId}`).to.equal(true);
    const whole = sumOf([order, ...takings].map(({ gross }) => gross)) === 0n;
    const kept = order.rule?.says.includes("kept on refunds") === true;
    if (whole && !kept) expect(left, `fee of ${orderId}, which is back whole`).to.equal(0n);
  }
}
