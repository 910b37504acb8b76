import { expect } from "chai";
import { AUDIT, AUDIT_CHAIN, type StoredAudit } from "../../core/audit/model.ts";
import { FILES } from "../../core/files/model.ts";
import type { StoredBlock } from "../../core/chain/model.ts";
import { JOURNAL, JOURNAL_CHAIN, type StoredEntry } from "../../core/ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOf, moneyOf } from "../../core/money/money.ts";
import { ORDERS, type StoredOrder } from "../../core/orders/model.ts";
import { LINES, type StoredLine } from "../../core/settlement/model.ts";
import type { CollectionSpec, Doc, Store } from "../../core/store/contract.ts";

import { auditChargebacks } from "./audit-chargebacks.ts";
import { auditRefunds, type BookedRefund } from "./audit-refunds.ts";

/** A deduction as the bank's own books have it. */
export interface BookedDebit {
  readonly bankRequestId: string;
  readonly amount: { readonly value: string; readonly currency: string };
}

type BookedMoney = BookedDebit["amount"];

const LIVE = new Set(["locking", "submitting", "unknown", "requires_action", "succeeded"]);
/** States of an order that a payment has. */
const HELD = new Set(["locked", "paid", "settled"]);
/** Of which the bank may have the instruction: nobody else may have their orders. */
const SENT = new Set(["submitting", "unknown", "requires_action", "succeeded"]);

async function all<T extends Doc>(store: Store, spec: CollectionSpec): Promise<T[]> {
  const collection = await store.collection<T>(spec);
  return await collection.find({}).toArray();
}

/** What is so is not even handed to `expect`: this looks at everything after every simulated step. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) expect(actual, what).to.equal(expected);
}

const isSameMoney = (one: BookedMoney, other: BookedMoney | undefined): boolean =>
  one.value === other?.value && one.currency === other.currency;

/**
 * Checks the invariants over a store and the bank's books, knowing nothing of the code that wrote them. `atRest`: no payment is under
 * way any more, so that every consequence of it must be there.
 */
export async function audit(
  store: Store,
  bank: readonly BookedDebit[],
  { atRest, refunds = [] }: { atRest: boolean; refunds?: readonly BookedRefund[] },
): Promise<void> {
  const orders = await all<StoredOrder>(store, ORDERS);
  const payments = await all<StoredPayment>(store, PAYMENTS);
  const lines = await all<StoredLine>(store, LINES);
  const journal = await all<StoredEntry>(store, JOURNAL);
  const decisions = await all<StoredAudit>(store, AUDIT);
  const auditBlocks = await all<StoredBlock>(store, AUDIT_CHAIN.blocks);
  const blocks = await all<StoredBlock>(store, JOURNAL_CHAIN.blocks);
  await all(store, FILES);
  const orderById = new Map(orders.map((order) => [order._id, order]));
  const paymentByRequest = new Map(payments.map((payment) => [payment.bankRequestId, payment]));

  for (const payment of payments) auditPayment(payment, lines, journal, orderById, atRest);
  auditTogether(payments, atRest);
  auditOwners(orders, payments, atRest);
  auditBank(bank, paymentByRequest, journal, atRest);
  auditChain(journal, blocks);
  auditChain(decisions, auditBlocks);
  if (auditBlocks.length > 0 && atRest) auditDecisions(payments, decisions);
  await auditRefunds(store, { payments, orders: orderById, lines, journal, bank: refunds, atRest });
  await auditChargebacks(store, { payments, orders: orderById, lines, journal, atRest });
  for (const entry of journal)
    same(
      Object.keys(sumsOf(entry.lines.map(({ amount }) => amount))).join(),
      "",
      `currencies of journal ${entry._id} that do not sum to zero`,
    );
}

/** What became of a payment is told by the log from its asking on: its decisions are one way from there to its state. */
function auditDecisions(payments: readonly StoredPayment[], decisions: readonly StoredAudit[]): void {
  const bySubject = Map.groupBy(decisions, ({ subject }) => subject);
  for (const { _id, state, audits = [] } of payments) {
    // Those that wait in their document are moved to the log a second later; some may be in both for a moment.
    const waiting = audits.map(({ id, ...entry }) => ({ _id: id, ...entry }));
    const own = [...new Map([...(bySubject.get(_id) ?? []), ...waiting].map((entry) => [entry._id, entry])).values()];
    expect(
      own.filter(({ what }) => what === "payment.asked"),
      `asking for ${_id}`,
    ).to.have.length(1);
    const moves = own.filter(({ before, after }) => before !== undefined && before.state !== after?.state);
    const states = ["locking", ...moves.map(({ after }) => after?.state)];
    expect(states, `decisions about ${_id}`).to.have.members([...moves.map(({ before }) => before?.state), state]);
  }
}

/** One chain of blocks without gaps, which holds no entry twice; an entry that names its place is there. */
function auditChain(entries: readonly { _id: string; position?: string }[], blocks: readonly StoredBlock[]): void {
  const sorted = blocks.toSorted((a, b) => (a._id < b._id ? -1 : 1));
  sorted.forEach(({ _id, previous }, index) => {
    same(_id, String(index + 1).padStart(12, "0"), "number of a block");
    same(previous, sorted[index - 1]?.hash ?? "0".repeat(64), `before block ${_id}`);
  });
  const held = new Map(
    sorted.flatMap((block) => block.entries.map(({ id }, at) => [id, `${block._id}.${String(at).padStart(4, "0")}`])),
  );
  expect(held.size, "entries in blocks").to.equal(sorted.reduce((count, block) => count + block.entries.length, 0));
  for (const { _id, position } of entries) if (position !== undefined) same(held.get(_id), position, `place of ${_id}`);
}

const sumOf = (amounts: readonly { value: string; currency: string }[]): bigint =>
  amounts.reduce((sum, { value, currency }) => sum + minorOf(value, currency), 0n);

/** Sums in minor units by currency, less those of what is taken off; nothing of a currency is left out, zero is. */
function sumsOf(plus: readonly BookedMoney[], minus: readonly BookedMoney[] = []): Record<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { value, currency } of plus) sums.set(currency, (sums.get(currency) ?? 0n) + minorOf(value, currency));
  for (const { value, currency } of minus) sums.set(currency, (sums.get(currency) ?? 0n) - minorOf(value, currency));
  return Object.fromEntries([...sums].filter(([, minor]) => minor !== 0n));
}

/** What an order in another currency takes of the total is its amount at a rate that the payment names, within half a minor unit, or the least there is. */
function auditChange(
  orderId: string,
  amount: BookedMoney,
  charged: BookedMoney | undefined,
  rates: StoredPayment["rates"],
): void {
  const rate = rates?.find(({ from, to }) => from === amount.currency && to === charged?.currency);
  expect(rate, `rate of ${orderId}`).to.not.equal(undefined);
  if (rate === undefined || charged === undefined) return;
  const [whole = "0", decimals = ""] = rate.rate.split(".");
  // In units of 10^-12 minor units of what is charged: twice the difference is at most one of these.
  const fine = 10n ** 12n;
  const exponent = (currency: string) => BigInt((moneyOf(0n, currency).value.split(".")[1] ?? "").length);
  const exact =
    (minorOf(amount.value, amount.currency) *
      BigInt(whole + decimals.padEnd(12, "0")) *
      10n ** exponent(charged.currency)) /
    10n ** exponent(amount.currency);
  const told = minorOf(charged.value, charged.currency) * fine;
  const off = told > exact ? told - exact : exact - told;
  expect(2n * off <= fine || told === fine, `change of ${orderId}`).to.equal(true);
  expect(told > 0n, `what ${orderId} takes`).to.equal(true);
}

/** Conservation: orders = total = deduction = lines with fees. */
function auditPayment(
  payment: StoredPayment,
  lines: readonly StoredLine[],
  journal: readonly StoredEntry[],
  orderById: ReadonlyMap<string, StoredOrder>,
  atRest: boolean,
): void {
  const total = sumOf([payment.total]);
  const foreign = payment.orders.filter(({ charged }) => charged !== undefined);
  expect(sumOf(payment.orders.map(({ amount, charged = amount }) => charged)), `orders of ${payment._id}`).to.equal(
    total,
  );
  for (const { orderId, amount, charged = amount } of payment.orders)
    same(charged.currency, payment.total.currency, `currency of ${orderId}`);
  for (const { orderId, amount, charged } of foreign) auditChange(orderId, amount, charged, payment.rates);
  if (payment.deduction !== undefined) {
    expect(payment.deduction.amount).to.deep.equal(payment.total);
    expect(payment.deduction.rateIds, `rates of ${payment._id}`).to.deep.equal(payment.rates?.map(({ id }) => id));
    expect(payment.deduction.bankRequestId).to.equal(payment.bankRequestId);
  }
  const own = lines.filter(({ paymentId }) => paymentId === payment._id);
  const entries = journal.filter(({ reference, kind }) => reference === payment._id && kind === "payment");
  if (payment.state !== "succeeded") {
    expect(own, `lines of ${payment.state} ${payment._id}`).to.have.length(0);
    expect(entries).to.have.length(0);
  } else if (atRest) {
    const ofOrders = own.filter(({ kind }) => kind === "order");
    expect(
      ofOrders.map(({ orderId }) => orderId),
      `lines of ${payment._id}`,
    ).to.deep.equal(payment.orders.map(({ orderId }) => orderId));
    expect(sumsOf(ofOrders.flatMap(({ net, fee }) => [net, fee]))).to.deep.equal(
      sumsOf(payment.orders.map(({ amount }) => amount)),
    );
    const changed = entries.flatMap((entry) => entry.lines.filter(({ account }) => account.startsWith("fx:")));
    expect(sumsOf(changed.map(({ amount }) => amount)), `changed money of ${payment._id}`).to.deep.equal(
      sumsOf(
        foreign.map(({ amount }) => amount),
        foreign.flatMap(({ charged = [] }) => charged),
      ),
    );
    const reserves = own.filter(({ kind }) => kind === "reserve" || kind === "release");
    expect(sumOf(reserves.map(({ net }) => net)), `reserves of ${payment._id}`).to.equal(0n);
    expect(entries).to.have.length(1);
    for (const { orderId } of payment.orders) {
      expect(orderById.get(orderId)?.state, `order ${orderId}`).to.be.oneOf(["paid", "settled"]);
      expect(orderById.get(orderId)?.paymentId).to.equal(payment._id);
    }
  }
}

/**
 * Payments of one confirmation: each names all of them and is in a currency of its own; none of them is missing, unless the first one still holds it.
 * Nothing of one is sent while another could not have its orders, unless the payer agreed to less.
 */
function auditTogether(payments: readonly StoredPayment[], atRest: boolean): void {
  const byId = new Map(payments.map((payment) => [payment._id, payment]));
  for (const { _id, together, unmade, state, userId, total, atomicity, requestHash } of payments) {
    if (together === undefined) continue;
    expect(together, `payments with ${_id}`).to.include(_id);
    if (state !== "locking") expect(unmade, `what ${state} ${_id} holds of others`).to.equal(undefined);
    for (const id of together) {
      const other = byId.get(id) ?? byId.get(together[0] ?? "")?.unmade?.find((one) => one._id === id);
      expect(other, `payment ${id}, confirmed with ${_id}`).to.deep.include({ userId, requestHash, together });
      if (id !== _id) expect(other?.total.currency).to.not.equal(total.currency);
      if (atRest) expect(byId.has(id), `payment ${id}, confirmed with ${_id}`).to.equal(true);
      if (state === "rejected" && atomicity === "all_or_nothing")
        expect(other?.deduction, `deduction of ${id} beside rejected ${_id}`).to.equal(undefined);
    }
  }
}

/** One owner: an order is in at most one live payment, and is locked or paid for no other. */
function auditOwners(orders: readonly StoredOrder[], payments: readonly StoredPayment[], atRest: boolean): void {
  const owner = new Map<string, string>();
  for (const payment of payments) {
    if (!SENT.has(payment.state)) continue;
    for (const { orderId } of payment.orders) {
      same(owner.get(orderId), undefined, `second owner of ${orderId}`);
      owner.set(orderId, payment._id);
    }
  }
  const byId = new Map(payments.map((payment) => [payment._id, payment]));
  for (const order of orders) {
    const payment = byId.get(order.paymentId ?? "");
    if (order.state === "paid" || order.state === "settled")
      same(payment?.state, "succeeded", `payment of paid ${order._id}`);
    if (order.state === "open") same(order.paymentId, undefined, `payment of open ${order._id}`);
    if (order.state === "locked" && atRest)
      expect(LIVE.has(payment?.state ?? ""), `lock of ${order._id}`).to.equal(true);
    const holder = owner.get(order._id);
    const line = byId.get(holder ?? "")?.orders.find(({ orderId }) => orderId === order._id);
    if (line !== undefined && !isSameMoney(order.amount, line.amount))
      expect(order.amount, `amount of ${order._id}`).to.deep.equal(line.amount);
    if (holder !== undefined) {
      same(HELD.has(order.state), true, `${order.state} order ${order._id} of ${holder} is held by it`);
      same(order.paymentId, holder, `payment of ${order._id}`);
    }
  }
}

/** One debit: the bank has each id once, for the payment's total; money without a succeeded payment is waiting or held, never lost. */
function auditBank(
  bank: readonly BookedDebit[],
  byRequest: ReadonlyMap<string, StoredPayment>,
  journal: readonly StoredEntry[],
  atRest: boolean,
): void {
  const ids = bank.map(({ bankRequestId }) => bankRequestId);
  const booked = new Set(ids);
  expect(booked.size, "debits by id").to.equal(ids.length);
  for (const { bankRequestId, amount } of bank) {
    const payment = byRequest.get(bankRequestId);
    expect(payment, `payment of ${bankRequestId}`).to.not.equal(undefined);
    if (!isSameMoney(amount, payment?.total)) expect(amount).to.deep.equal(payment?.total);
    if (!atRest || payment === undefined) continue;
    const held = journal.some(({ kind, reference }) => kind === "late_money" && reference === payment._id);
    expect(
      payment.state === "succeeded" || payment.state === "unknown" || held,
      `money of ${payment.state} ${payment._id}`,
    ).to.equal(true);
  }
  for (const payment of byRequest.values())
    if (payment.state === "succeeded" && !booked.has(payment.bankRequestId))
      expect(ids, `debit of ${payment._id}`).to.include(payment.bankRequestId);
}
