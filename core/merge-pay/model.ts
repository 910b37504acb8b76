import { createHash } from "node:crypto";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import { sumMoney } from "../money/money.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { FrozenRule, FrozenRules } from "../settlement/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type {
  FeeRule,
  LockedRate,
  Money,
  Payment,
  Quote,
  ReviewDecision,
  ReviewedLateMoney,
  ReviewProposal,
  SelectedOrder,
} from "../../schemas/types.generated.ts";

/** A payment as stored: what is shown, and what carries it to its end. */
export interface StoredPayment extends Versioned, Omit<Payment, "id">, Outbox, Audited {
  accountId: string;
  idempotencyKey: string;
  /** Hash of what was asked, to tell a repeated request from another one under the same key. */
  requestHash: string;
  /** The id of the deduction, made with the payment, so that it is durable before anything is sent. */
  bankRequestId: string;
  bank: string;
  /** Of the first payment of a confirmation: the others, whole, as long as they may not have been inserted. */
  unmade?: StoredPayment[];
  /** It had ended when the bank took the money, which then paid its orders all the same. */
  tookLateMoney?: boolean;
  /** What the bank took late where that is not the total: nothing can be done with it here. */
  lateAmount?: Money;
  /** What becomes of money that came late; of what earlier versions held there is nothing. */
  lateMoney?: LateMoney;
  /** Of best_effort: with fewer orders nothing is paid. */
  atLeast?: number;
  /** What operators said became of the deduction, where the bank did not say it. */
  review?: { proposal?: ReviewProposal; decisions: ReviewDecision[] };
  /** An answer of the payer to the bank's challenge was sent, and the bank has not yet said what it made of it. */
  confirming?: boolean;
  /** The fee rules in force when it was made: what is set later does not touch it. */
  feeRules?: readonly FrozenRule<FeeRule>[];
  settlementRules?: FrozenRules["settlementRules"];
  /** The same by platform, in payments that an earlier version made. */
  fees?: Record<string, FeeRule>;
  /** What has gone back, by refund and chargeback. */
  returned?: Record<string, Money>;
}

/** What becomes of money that came late, and how far that is. */
export interface LateMoney extends ReviewedLateMoney {
  /** ISO 8601: since when it is so. */
  readonly at: string;
  /** Who wants the refund, and who approved it: `operator:<id>`; absent: the house, by the rules of the platforms. */
  readonly by?: string;
  readonly approvedBy?: string;
  /** Counts the refunds that were asked for: each has a key of its own. */
  readonly opened: number;
}

export const HELD: LateMoney = Object.freeze({ becomes: "held", tries: 0, opened: 0, at: "" });

export const PAYMENTS: CollectionSpec = {
  name: "payments",
  indexes: [
    { name: "idempotency", keys: ["userId", "idempotencyKey"], unique: true },
    { name: "user", keys: ["userId", "_id"] },
    { name: "request", keys: ["bankRequestId"] },
    { name: "reference", keys: ["deduction.bankReference"] },
    { name: "review", keys: ["needsReview", "_id"] },
    { name: "due", keys: ["dueAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

export interface StoredQuote extends Doc, Omit<Quote, "id"> {}

export const QUOTES: CollectionSpec = { name: "quotes", indexes: [] };

/**
 * Fingerprint of a priced selection: payer, orders with revision and amount in their order, total (of each currency), locked rates. Who pays by it has seen just this.
 */
export function fingerprintOf(
  userId: string,
  orders: readonly SelectedOrder[],
  totals: readonly Money[],
  rates?: readonly LockedRate[],
): string {
  const lines = orders.map(({ orderId, revision, amount, charged }) => [
    orderId,
    revision,
    amount.value,
    amount.currency,
    ...(charged === undefined ? [] : [charged.value, charged.currency]),
  ]);
  return createHash("sha256")
    .update(
      JSON.stringify([
        userId,
        lines,
        ...totals.flatMap(({ value, currency }) => [value, currency]),
        ...(rates === undefined ? [] : [rates.map(({ id, from, to, rate }) => [id, from, to, rate])]),
      ]),
    )
    .digest("hex");
}

/** The rules that a payment has frozen, also as version 0.1.0 wrote them. */
export const rulesOf = ({ feeRules, settlementRules, fees = {} }: StoredPayment): FrozenRules => ({
  feeRules: feeRules ?? Object.entries(fees).map(([platform, rule]) => ({ platform, id: "plugin", rule })),
  ...(settlementRules === undefined ? {} : { settlementRules }),
});

/** The payment as its payer may see it. */
export function showPayment(stored: StoredPayment): Payment {
  const { _id, userId, state, total, orders, quoteId, accountId, mandateId, deduction, challenge } = stored;
  const { atomicity, leftOut, rates, together } = stored;
  const { needsReview, error, createdAt, updatedAt } = stored;
  const returned = Object.values(stored.returned ?? {});
  return {
    id: _id,
    userId,
    state,
    total,
    orders,
    accountId,
    ...(atomicity === undefined ? {} : { atomicity }),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(quoteId === undefined ? {} : { quoteId }),
    ...(rates === undefined ? {} : { rates }),
    ...(together === undefined ? {} : { together }),
    ...(mandateId === undefined ? {} : { mandateId }),
    ...(deduction === undefined ? {} : { deduction }),
    ...(challenge === undefined || state !== "requires_action" ? {} : { challenge }),
    ...(returned.length === 0 ? {} : { refundedTotal: sumMoney(returned) }),
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(error === undefined ? {} : { error }),
    createdAt,
    updatedAt,
  };
}

export function showQuote({ _id, ...quote }: StoredQuote): Quote {
  return { id: _id, ...quote };
}
