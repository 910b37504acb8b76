import { createHash } from "node:crypto";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import { MINOR_LIMIT, minorOfMoney, moneyOf } from "../money/money.ts";
import { exponentOf } from "../money/currency.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { StoredEntry } from "../ledger/model.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { Money, PreviewedPart, Refund, RefundPart, SelectedOrder } from "../../schemas/types.generated.ts";
import { back, backEntry, backLines, debitedOf, type StoredPart, type WentBack } from "./went-back.ts";
import { type Amounts, type Share, type Sold, withShares } from "./allocation.ts";

/** Of what an amount is to go back: orders of the payment by id, all of a platform or merchant, or, with neither, the whole payment. */
export interface Scope {
  readonly platform?: string;
  readonly merchant?: string;
  readonly orders?: readonly string[];
  /** An item of the one order that is named, counted from 0; an amount must be said with it. */
  readonly item?: number;
}

export interface RefundRequest extends Scope {
  readonly paymentId: string;
  readonly amount: Money | "all";
}

/** A refund as stored. `userId` is the payer's. */
export interface StoredRefund
  extends Versioned, Omit<Refund, "id" | "platform" | "parts" | "requestedBy">, Outbox, Audited {
  userId: string;
  requestedBy: string;
  parts: StoredPart[];
  /** What was asked, to split it anew where nobody saw a preview. */
  request: RefundRequest;
  /** The preview that it is bound to; absent: it takes what is right when it comes to it. */
  fingerprint?: string;
  idempotencyKey: string;
  requestHash: string;
  bank: string;
  /** The id of the deduction that it gives back. */
  debitRequestId: string;
}

export const REFUNDS: CollectionSpec = {
  name: "refunds",
  indexes: [
    { name: "idempotency", keys: ["requestedBy", "idempotencyKey"], unique: true },
    { name: "payment", keys: ["paymentId", "_id"] },
    { name: "user", keys: ["userId", "_id"] },
    { name: "reference", keys: ["instruction.bankReference"] },
    { name: "due", keys: ["dueAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** That a platform has a part in a refund: by these a platform's refunds are found. Its id is of both. */
export interface StoredStake extends Doc {
  refundId: string;
  paymentId: string;
  platform: string;
}

export const STAKES: CollectionSpec = {
  name: "refund-stakes",
  indexes: [{ name: "platform", keys: ["platform", "_id"] }],
};

/** What one refund or chargeback took: by order its gross, fee and tax, in minor units as text; what was debited, where that was another currency. */
export interface StoredTaking {
  shares: (readonly [orderId: string, gross: string, fee: string, tax: string, charged?: string])[];
  /** It was given free again, or never taken, and never will be. */
  free?: true;
}

/**
 * What has gone back of a payment or is held back for it, by refund and chargeback alike; its id is the payment's. The one document on which
 * they all meet: no money goes back twice, however they race.
 */
export interface StoredReturns extends Doc {
  version: number;
  by: Record<string, StoredTaking>;
  /** The money came late and is to pay the orders: no refund takes it as money that nobody owns any more. */
  lateClosed?: boolean;
}

export const RETURNS: CollectionSpec = { name: "payment-returns", indexes: [] };

export const takingOf = (shares: readonly Share[]): StoredTaking => ({
  shares: shares.map(({ orderId, gross, fee, tax, charged }) => {
    const own = [orderId, `${gross}`, `${fee}`, `${tax}`] as const;
    return charged === undefined ? own : ([...own, `${charged}`] as const);
  }),
});

export const sharesTaken = ({ shares }: StoredTaking): Share[] =>
  shares.map(([orderId, gross, fee, tax, charged]) => ({
    orderId,
    gross: BigInt(gross),
    fee: BigInt(fee),
    tax: BigInt(tax),
    ...(charged === undefined ? {} : { charged: BigInt(charged) }),
  }));

/** All that is taken, by order. */
export const takenOf = (returns: StoredReturns | null): Map<string, Amounts> =>
  withShares(new Map(), Object.values(returns?.by ?? {}).flatMap(sharesTaken));

/** A payment whose money is there, as refunds see it. */
export interface Paid {
  readonly paymentId: string;
  readonly userId: string;
  readonly total: Money;
  readonly orders: readonly SelectedOrder[];
  readonly bank: string;
  readonly bankRequestId: string;
  /** The money came after the payment had ended: nothing was settled of it. */
  readonly late: boolean;
  readonly sold: readonly Sold[];
  /** By order: the settlement line. */
  readonly lineIds: ReadonlyMap<string, string>;
}

/** The shares as parts, in the order of the payment. */
export function partsOf({ orders, total }: Paid, shares: readonly Share[], item?: number): StoredPart[] {
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return shares.flatMap(({ orderId, gross, fee, tax, charged }): StoredPart[] => {
    const order = byId.get(orderId);
    if (order === undefined) return [];
    const { platform, merchant, orderNo, amount } = order;
    const { currency } = amount;
    return [
      {
        orderId,
        platform,
        merchant,
        orderNo,
        ...(item === undefined ? {} : { item }),
        gross: moneyOf(gross, currency),
        fee: moneyOf(fee, currency),
        ...(tax === 0n ? {} : { tax: moneyOf(tax, currency) }),
        net: moneyOf(gross - fee, currency),
        ...(charged === undefined ? {} : { charged: moneyOf(charged, total.currency) }),
      },
    ];
  });
}

export const sharesIn = (parts: readonly StoredPart[]): Share[] =>
  parts.map(({ orderId, gross, fee, tax, charged }) => ({
    orderId,
    gross: minorOfMoney(gross),
    fee: minorOfMoney(fee),
    tax: tax === undefined ? 0n : minorOfMoney(tax),
    ...(charged === undefined ? {} : { charged: minorOfMoney(charged) }),
  }));

/** Fingerprint of what a preview shows: who approves it has seen just this. */
export function fingerprintOf(paymentId: string, amount: Money, left: Money, parts: readonly PreviewedPart[]): string {
  const rows = parts.map(({ orderId, item = null, gross, fee, tax, net, from, charged }) => [
    orderId,
    item,
    gross.value,
    fee.value,
    tax?.value ?? null,
    net.value,
    from,
    ...(charged === undefined ? [] : [gross.currency, charged.value]),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([paymentId, amount.value, amount.currency, left.value, rows]))
    .digest("hex");
}

/** Whether so much going back of one payment, in all, wants a second operator. @param limit whole units of the currency */
export function needsApproval(minor: bigint, currency: string, limit: number): boolean {
  const most = BigInt(limit) * 10n ** BigInt(exponentOf(currency) ?? 0);
  return minor > (most < MINOR_LIMIT ? most : MINOR_LIMIT);
}

const tailOf = (id: string): string => id.slice(id.indexOf("_") + 1);

const wentBack = ({
  _id: id,
  paymentId,
  parts,
  bank,
  amount,
  late,
  instruction,
  updatedAt,
}: StoredRefund): WentBack => ({
  id,
  kind: "refund",
  paymentId,
  bank,
  amount,
  parts,
  late: late === true,
  at: instruction?.bookedAt ?? updatedAt,
});

export const refundLines = (refund: StoredRefund, lineIds: ReadonlyMap<string, string>): StoredLine[] =>
  backLines(wentBack(refund), lineIds);
export const refundEntry = (refund: StoredRefund): StoredEntry => backEntry(wentBack(refund));

/** The entry of money that left after the bank had said that it never got the refund: nobody has decided who bears it. */
export function lateRefundEntry({ _id, paymentId, bank, amount }: StoredRefund, at: string): StoredEntry {
  const explanation = `The bank executed ${_id} of ${paymentId} after it had failed; an operator decides who bears it.`;
  return {
    _id: `jrn_${tailOf(_id)}_late`,
    kind: "late_refund",
    reference: _id,
    lines: [
      { account: "suspense:late-refund", amount, explanation },
      { account: `bank:${bank}`, amount: back(amount) },
    ],
    at,
  };
}

/** The refund as operators see it. */
export function showRefund(stored: StoredRefund): Refund {
  const { _id, paymentId, userId, state, amount, parts, reason, late, requestedBy, approvedBy, rejection } = stored;
  const { instruction, needsReview, error, createdAt, updatedAt } = stored;
  return {
    id: _id,
    paymentId,
    userId,
    state,
    amount,
    parts,
    reason,
    ...(late === undefined ? {} : { late }),
    requestedBy,
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(rejection === undefined ? {} : { rejection }),
    ...(instruction === undefined ? {} : { instruction }),
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(error === undefined ? {} : { error }),
    createdAt,
    updatedAt,
  };
}

const onlyGross = ({ fee: _fee, tax: _tax, net: _net, ...part }: StoredPart): RefundPart => part;

/** The refund as its payer may see it: what comes back, of which orders, and not who decided or what merchants pay their platforms. */
export function showToPayer(stored: StoredRefund): Refund {
  const { requestedBy: _by, approvedBy: _also, rejection: _no, ...shown } = showRefund(stored);
  return { ...shown, parts: stored.parts.map(onlyGross) };
}

/** The refund as a platform may see it: its own part, as if there were no other. */
export function showToPlatform(stored: StoredRefund, platform: string): Refund {
  const { _id: id, paymentId, state, reason, amount, createdAt, updatedAt } = stored;
  const parts = stored.parts.filter((part) => part.platform === platform);
  const own = debitedOf(parts);
  return { id, paymentId, platform, state, amount: moneyOf(own, amount.currency), parts, reason, createdAt, updatedAt };
}
