/**
 * Where real nodes are killed (SIGKILL) and started again on the same data: a table for each spec, every row of it on each engine.
 * test/tidy/kills.spec.ts holds them against the points that core names, test/e2e/killed.spec.ts against the deaths that there were.
 */
import type { Point } from "../../../core/deps.ts";

/** A way in which the node may die at a point. */
export interface Kill {
  readonly at: Point;
  /** What is half-done then. */
  readonly what: string;
  /** At which time of reaching the point; the first when absent. */
  readonly count?: number;
  /** How often it dies there, one life after the other; once when absent. */
  readonly times?: number;
  /** Where it dies before that, so as to come there. */
  readonly first?: Point;
}

export interface PaymentKill extends Kill {
  /** The bank challenges the deduction, and the payer answers. */
  readonly challenged?: true;
  /** What becomes of the payer's first try; `expired`: nothing had been sent, the payer tries once more with another key. */
  readonly ends?: "expired";
}

export interface PayoutKill extends Kill {
  /** The bank says no to one of the two payouts: its lines go into another. */
  readonly declined?: true;
}

const FILES: readonly Kill[] = [
  { at: "file.blob-stored", what: "a file's bytes are stored, the file is not recorded" },
  { at: "file.batch-stored", what: "the first records of a file are stored" },
  { at: "file.batch-stored", count: 2, what: "a file is half-way through its records" },
  { at: "file.batch-stored", count: 3, what: "all records of a file are stored, its end is not" },
  { at: "audit.relayed", what: "the decision to take a file is in the log and still in its document" },
  { at: "audit.block-written", what: "a block of the audit log is written, its entries are not marked" },
  { at: "event.relayed", what: "a file's event is relayed and still in its document" },
  { at: "webhook.sent", what: "a file's webhook is sent, not noted" },
];

const PAYMENTS: readonly PaymentKill[] = [
  { at: "payment.inserted", what: "a payment is recorded, its orders are not locked", ends: "expired" },
  { at: "payment.orders-locked", what: "orders are locked, the deduction is not durable", ends: "expired" },
  {
    at: "payment.withdrawn",
    first: "payment.orders-locked",
    what: "a payment has expired, its orders are locked",
    ends: "expired",
  },
  { at: "payment.attempt-durable", what: "the deduction is durable, nothing is sent" },
  {
    at: "payment.confirmation-durable",
    what: "the payer's answer to a challenge is durable, not sent",
    challenged: true,
  },
  { at: "payment.sent", what: "the bank's answer is read, not written" },
  { at: "payment.answer-written", what: "the bank's answer is written, nothing follows yet" },
  { at: "payment.orders-paid", what: "orders are paid, settlement lines are missing" },
  { at: "payment.lines-written", what: "settlement lines are there, the journal entry is missing" },
  { at: "payment.journal-written", what: "the journal is written, platforms are not told" },
  { at: "journal.block-written", what: "a block of the journal is written, its entries are not marked" },
  { at: "journal.sealed", what: "the journal is sealed, its balances are not kept" },
  { at: "journal.balance-kept", what: "one balance is kept, the others are not" },
  { at: "event.relayed", what: "a payment's events are relayed and still in its document" },
  { at: "webhook.sent", what: "a payment's webhook is sent, not noted" },
];

/** In the midst of a confirmation over two currencies; nothing was sent yet. */
const TOGETHER: readonly Kill[] = [
  { at: "payment.inserted", what: "the first payment is recorded, the other is not" },
  { at: "payment.others-inserted", what: "all payments are recorded, nothing is locked" },
  { at: "payment.orders-locked", what: "the orders of one currency are locked" },
  { at: "payment.orders-locked", count: 2, what: "all orders are locked, nothing is durable" },
];

/** Money that the bank took of a payment that had failed, which two operators have given back. */
const LATE: readonly Kill[] = [
  { at: "payment.late-decided", what: "it is decided what becomes of late money, nothing follows yet" },
  { at: "payment.late-refund-opened", what: "late money's refund is there, its payment does not know it" },
];

const ACCOUNTS: readonly Kill[] = [
  { at: "account.removal-marked", what: "an account's removal is marked, the account is there" },
  { at: "account.resealed", count: 3, times: 4, what: "some accounts are under the newest key, the others are not" },
];

const MANDATES: readonly Kill[] = [
  { at: "mandate.reserved", what: "a day's limit is taken for a payment, of which nothing is durable to send" },
  { at: "mandate.settled", what: "a charge has ended and its use is settled, nobody was answered" },
  { at: "mandate.revoked", what: "a mandate is revoked, what it has not sent is not withdrawn" },
];

const DAYS: readonly Kill[] = [
  { at: "ledger-day.close-written", what: "a day of the journal is closed, its sums are missing" },
  {
    at: "ledger-day.totals-written",
    first: "ledger-day.close-written",
    what: "a closed day's sums are there, the day does not say that it is done",
  },
];

const PAYOUTS: readonly PayoutKill[] = [
  { at: "payout.inserted", what: "a payout is planned, its lines are not claimed" },
  { at: "payout.lines-claimed", what: "lines are claimed, the instruction is not durable" },
  { at: "payout.attempt-durable", what: "the instruction is durable, nothing is sent" },
  { at: "payout.sent", what: "the bank's answer is read, not written" },
  { at: "payout.answer-written", what: "the bank's answer is written, nothing follows yet" },
  { at: "payout.lines-paid", what: "lines are paid out, the journal entry is missing" },
  { at: "payout.journal-written", what: "the journal is written, orders are not settled" },
  { at: "payout.orders-settled", what: "orders are settled, the payout is not done" },
  {
    at: "payout.lines-released",
    what: "the bank said no, lines are given back, the payout is not done",
    declined: true,
  },
  {
    at: "payout.run-page",
    first: "payout.inserted",
    what: "payouts of the day have begun, the run has not noted them",
  },
];

const REFUNDS: readonly Kill[] = [
  { at: "refund.inserted", what: "a refund is recorded, nothing is held back for it" },
  { at: "refund.held", what: "what it takes is held back, the instruction is not durable" },
  { at: "refund.attempt-durable", what: "the instruction is durable, nothing is sent" },
  { at: "refund.sent", what: "the bank's answer is read, not written" },
  { at: "refund.answer-written", what: "the bank's answer is written, nothing follows yet" },
  { at: "refund.payment-noted", what: "the payment shows it, orders, lines and journal may be missing" },
  { at: "refund.orders-noted", what: "the orders show it, lines and journal may be missing" },
  { at: "refund.lines-written", what: "its settlement lines are there, the journal may be missing" },
  { at: "refund.journal-written", what: "the journal is written, platforms are not told" },
];

const REVERSALS: readonly Kill[] = [
  { at: "chargeback-reversal.told", what: "the bank's booking is kept, no chargeback is sought for it" },
  { at: "chargeback-reversal.matched", what: "it is known which chargeback it ends, that one is booked still" },
  { at: "chargeback-reversal.written", what: "the chargeback is reversed, nothing is given again" },
  { at: "chargeback-reversal.freed", what: "it is booked back and free, take-backs of its orders rest" },
  { at: "chargeback-reversal.payment-noted", what: "the payment shows it, orders, lines and journal may be missing" },
  { at: "chargeback-reversal.orders-noted", what: "the orders show it, lines and journal may be missing" },
  { at: "chargeback-reversal.lines-written", what: "its settlement lines are there, the journal may be missing" },
  { at: "chargeback-reversal.journal-written", what: "the journal is written, nobody is told" },
  { at: "chargeback-reversal.take-backs-asked", what: "orders that are taken back are asked for anew, nobody is told" },
];

const CHARGEBACKS: readonly Kill[] = [
  { at: "chargeback.booked", what: "a chargeback is booked, nothing is taken for it" },
  { at: "chargeback.held", what: "what it takes is taken, its parts are not written" },
  { at: "chargeback.payment-noted", what: "the payment shows it, orders, lines and journal may be missing" },
  { at: "chargeback.orders-noted", what: "the orders show it, lines and journal may be missing" },
  { at: "chargeback.lines-written", what: "its settlement lines are there, the journal may be missing" },
  { at: "chargeback.journal-written", what: "the journal is written, platforms are not told" },
];

const CLAIMS: readonly Kill[] = [
  { at: "claim.closed", what: "a claim is closed, nothing is credited" },
  { at: "claim.line-written", what: "the line that credits it is there, the journal may be missing" },
  { at: "claim.journal-written", what: "the journal is written, the merchant may not owe anew" },
];

const TAKE_BACKS: readonly Kill[] = [
  { at: "take-back.noted", what: "an order is to be taken back, and does not say so" },
  { at: "take-back.refund-opened", what: "its refund is opened, and the take-back does not know it" },
];

export const KILLS = {
  files: FILES,
  payments: PAYMENTS,
  together: TOGETHER,
  late: LATE,
  accounts: ACCOUNTS,
  mandates: MANDATES,
  days: DAYS,
  payouts: PAYOUTS,
  refunds: REFUNDS,
  chargebacks: CHARGEBACKS,
  reversals: REVERSALS,
  claims: CLAIMS,
  takeBacks: TAKE_BACKS,
} as const;
