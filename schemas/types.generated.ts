/* Generated from the JSON Schemas of this folder by generate.ts. Do not edit. */

/**
 * Plain decimal text from 0 to 100, at most six decimals: "2.9" is 2.9 %.
 *
 * This interface was referenced by `FeeRule`'s JSON-Schema
 * via the `definition` "percent".
 */
export type Percent = string;
/**
 * @maxItems 1000
 */
export type Items = {
  name: string;
  sku?: string;
  quantity?: string;
}[];
/**
 * Of best_effort: orders that were asked for and are not in the payment, each with the reason.
 */
export type Losers = {
  orderId: string;
  reason: string;
}[];
/**
 * By which orders in other currencies are paid. Each order is changed and rounded by itself; the total is the sum of the parts.
 *
 * This interface was referenced by `Quote`'s JSON-Schema
 * via the `definition` "rates".
 */
export type LockedRates = LockedRate[];
/**
 * This interface was referenced by `Payment`'s JSON-Schema
 * via the `definition` "losers".
 */
export type Losers1 = {
  orderId: string;
  reason: string;
}[];

export interface Bundle {}
/**
 * A decision: who decided what about which thing, from where, and what it was before and after.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "audit-entry".
 */
export interface AuditEntry {
  id: string;
  at: string;
  /**
   * A platform, payer or operator by id; a bank by the name of its driver; `system` is a node that did what was due.
   */
  by: {
    kind: "platform" | "payer" | "operator" | "bank" | "system";
    id: string;
  };
  from: {
    /**
     * The node that wrote it.
     */
    node: string;
    via: "http" | "cli" | "drop" | "job";
    ip?: string;
    requestId?: string;
  };
  /**
   * Such as `payment.cancelled`.
   */
  what: string;
  /**
   * The id of what it is about.
   */
  subject: string;
  before?: Facts;
  after?: Facts;
  /**
   * Block of the hash chain and place in it.
   */
  position?: string;
}
/**
 * What changed, as plain values.
 *
 * This interface was referenced by `AuditEntry`'s JSON-Schema
 * via the `definition` "facts".
 */
export interface Facts {
  [k: string]: string | number | boolean | null;
}
/**
 * What is on an account of the journal in a currency. A positive balance is a debit, a negative one a credit.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "balance".
 */
export interface Balance {
  /**
   * An account of the chart of accounts.
   */
  account: string;
  /**
   * As an amount, without its limit: it is a sum over any number of them.
   */
  balance: {
    value: string;
    currency: string;
  };
  /**
   * The last block of the journal that is in it.
   */
  block: number;
}
/**
 * Where a bank's statement and our books differ. Nothing is changed by it; it ends when a later statement agrees.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "break".
 */
export interface ReconciliationBreak {
  id: string;
  bank: string;
  /**
   * `missing`: booked by our books, not on the statement · `extra`: on the statement, of no instruction of ours · `state_differs`: booked by the bank, ended without money here · `reversed`: the bank took its booking back · `parts_differ`: a batch of the bank is not the sum of its parts.
   */
  kind:
    | "missing"
    | "extra"
    | "amount_differs"
    | "direction_differs"
    | "state_differs"
    | "reference_differs"
    | "booked_twice"
    | "reversed"
    | "parts_differ";
  state: "open" | "resolved";
  /**
   * The payment, refund or payout.
   */
  subject?: string;
  bankRequestId?: string;
  bankReference?: string;
  expected?: Money;
  found?: Money1;
  reason: string;
  firstSeenAt: string;
  lastSeenAt: string;
  resolvedAt?: string;
}
/**
 * By our books.
 */
export interface Money {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * By the statement.
 */
export interface Money1 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * Money of a deduction that the bank took back from us: on the bank's statement, or entered by one operator with evidence and approved by another one.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "chargeback".
 */
export interface Chargeback {
  id: string;
  paymentId: string;
  /**
   * `reversed`: the bank gave it up, and the money came again.
   */
  state: "proposed" | "booked" | "rejected" | "reversed";
  bank: string;
  /**
   * The bank's own reference of the booking: there is one chargeback of it.
   */
  bankReference: string;
  amount: Money2;
  /**
   * When the bank booked it.
   */
  bookedAt: string;
  reason: string;
  /**
   * Who gives back what, by the rule of refunds: of what was left of each order.
   */
  parts?: RefundPart[];
  excess?: Money8;
  /**
   * The money had come after its payment had ended: no merchant owes it.
   */
  late?: true;
  needsReview?: boolean;
  evidence?: Evidence;
  /**
   * The operator; absent: the bank's statement says it.
   */
  enteredBy?: string;
  approvedBy?: string;
  rejection?: {
    by: string;
    reason: string;
  };
  reversal?: ChargebackReversal;
  createdAt: string;
  updatedAt: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "money".
 */
export interface Money2 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * This interface was referenced by `Refund`'s JSON-Schema
 * via the `definition` "part".
 */
export interface RefundPart {
  orderId: string;
  platform: string;
  merchant: string;
  orderNo: string;
  /**
   * The item of the order that it is for, counted from 0.
   */
  item?: number;
  gross: Money3;
  charged?: Money4;
  fee?: Money5;
  tax?: Money6;
  net?: Money7;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money3 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money4 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money5 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money6 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money7 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money8 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * This interface was referenced by `Review`'s JSON-Schema
 * via the `definition` "evidence".
 */
export interface Evidence {
  /**
   * What was found out, and how.
   */
  text: string;
  /**
   * Where it can be looked up: a statement, a letter, a ticket of the bank.
   */
  reference: string;
}
/**
 * The bank's booking by which the money came again: all of it, as the payer's claim was withdrawn or the merchant won.
 */
export interface ChargebackReversal {
  bankReference: string;
  bookedAt: string;
}
/**
 * What a merchant owes: refunds and chargebacks took more than its orders bring. Later orders net it; what they have not netted after a declared number of days is claimed.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "claim".
 */
export interface Claim {
  id: string;
  platform: string;
  merchant: string;
  /**
   * `owing`: not claimed yet · `claimed`: it has been owed for too long · `netted`: later orders brought as much · `settled`: the merchant paid it · `written_off`: nobody asks for it any more.
   */
  state: "owing" | "claimed" | "netted" | "settled" | "written_off";
  owed: Money9;
  /**
   * When it was first seen.
   */
  since: string;
  /**
   * When it is claimed unless it has been netted by then, by the settlement rule that counted when it was looked at last.
   */
  claimAt?: string;
  claimedAt?: string;
  closing?: ClaimClosing;
  endedAt?: string;
  updatedAt: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money9 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * What an operator says became of it. Above the limit for one person nothing follows until another one approves. Operators only.
 */
export interface ClaimClosing {
  how: "settled" | "written_off";
  amount: Money10;
  /**
   * Where the merchant's money came in.
   */
  bank?: string;
  evidence: Evidence;
  by: string;
  at: string;
  approvedBy?: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money10 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * The one debit instruction of a payment; durable before its first byte leaves.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "deduction".
 */
export interface Deduction {
  bankRequestId: string;
  /**
   * Name of the bank driver.
   */
  bank: string;
  amount: Money2;
  /**
   * The bank's ids of the locked rates that are in the amount.
   */
  rateIds?: string[];
  /**
   * How often the same instruction was sent, always with this id.
   */
  sends: number;
  /**
   * How often the bank was asked what became of it, since it was first sent or last confirmed.
   */
  inquiries?: number;
  bankReference?: string;
  createdAt: string;
  lastSentAt?: string;
  bookedAt?: string;
}
/**
 * What a file would become if it were sent now. Nothing of it is kept.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "dry-run".
 */
export interface DryRun {
  platform: string;
  merchant: string | null;
  sha256: string;
  bytes: number;
  records: number;
  created: number;
  revised: number;
  unchanged: number;
  cancelled: number;
  skipped: number;
  rejected: number;
  /**
   * The first records that would be rejected, and why.
   *
   * @maxItems 100
   */
  rejects: ForeseenReject[];
  pluginVersion: string;
  /**
   * This very file was taken before: sending it again changes nothing.
   */
  known: boolean;
  /**
   * Send the file with it as `confirm`: other bytes, another platform or merchant are refused. It is the id that the file will have.
   */
  confirmation: string;
}
/**
 * This interface was referenced by `DryRun`'s JSON-Schema
 * via the `definition` "reject".
 */
export interface ForeseenReject {
  record: number;
  position: string;
  code: string;
  field?: string;
  reason: string;
}
/**
 * A numbered fact about one aggregate, as one audience may see it.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "event".
 */
export interface Event {
  id: string;
  type:
    | "payment.succeeded"
    | "payment.failed"
    | "payment.unknown"
    | "payment.requires_action"
    | "payment.cancelled"
    | "payment.expired"
    | "refund.succeeded"
    | "refund.failed"
    | "refund.unknown"
    | "orders.paid"
    | "orders.refunded"
    | "orders.cancelled"
    | "orders.refunding"
    | "orders.cancel_refused"
    | "orders.charged_back"
    | "orders.chargeback_reversed"
    | "payment.chargeback_reversed"
    | "claim.opened"
    | "claim.ended"
    | "mandate.used"
    | "mandate.refused"
    | "mandate.released"
    | "mandate.revoked"
    | "mandate.expired"
    | "payout.succeeded"
    | "payout.failed"
    | "file.processed"
    | "file.failed";
  /**
   * Id of the file, order, payment, mandate, refund, chargeback, payout or claim that the fact is about.
   */
  aggregate: string;
  /**
   * Counts from 1 without gaps for one aggregate and one audience.
   */
  sequence: number;
  /**
   * The platform that may see it.
   */
  platform?: string;
  /**
   * The payer who may see it.
   */
  userId?: string;
  at: string;
  data: {
    [k: string]: unknown;
  };
}
/**
 * What of an order the platform's operator keeps: `percent` of its amount, or in a currency that has `tiers` each part of the amount at the percentage of its own tier; plus `fixed`; not less than `min` and not more than `max`; plus `tax` as a percentage of all that. Never more than the order. An empty rule keeps nothing.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "fee-rule".
 */
export interface FeeRule {
  fixed?: FeeAmounts;
  percent?: Percent;
  /**
   * By currency, in the place of `percent`, from the lowest amounts to the highest.
   */
  tiers?: {
    /**
     * @minItems 1
     * @maxItems 20
     */
    [k: string]: FeeTier[];
  };
  min?: FeeAmounts;
  max?: FeeAmounts;
  tax?: Percent;
  /**
   * What becomes of the fee when an order is refunded: its part goes back to the merchant (when absent), or it stays.
   */
  onRefund?: "returned" | "kept";
}
/**
 * For each order, by currency: { "USD": "0.30" }. A currency that is not here has none.
 *
 * This interface was referenced by `FeeRule`'s JSON-Schema
 * via the `definition` "amounts".
 */
export interface FeeAmounts {
  [k: string]: string;
}
/**
 * This interface was referenced by `FeeRule`'s JSON-Schema
 * via the `definition` "tier".
 */
export interface FeeTier {
  /**
   * Where the tier ends, that amount included; the last tier has none.
   */
  upTo?: string;
  percent: Percent;
}
/**
 * A fee rule that operators set for a platform or one of its merchants, from a date on. Versions are added and never changed.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "fee-version".
 */
export interface FeeVersion {
  /**
   * As settlement lines name it.
   */
  id: string;
  platform: string;
  /**
   * Absent: all merchants of the platform that have no rule of their own.
   */
  merchant?: string;
  /**
   * Counts the versions of this platform or merchant.
   */
  version: number;
  /**
   * Payments made at or after it are charged by this rule, until one with a later `from`; of two with the same, the higher version counts.
   */
  from: string;
  /**
   * null: the rule that applies without this one: the platform's, or what its plugin declares.
   */
  rule: FeeRule | null;
  /**
   * Id of the operator.
   */
  by: string;
  createdAt: string;
}
/**
 * A transaction file and what became of its records.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "file-report".
 */
export interface FileReport {
  id: string;
  platform: string;
  merchant: string | null;
  /**
   * The name under which it first came.
   */
  name?: string;
  sha256: string;
  bytes: number;
  state: "received" | "processing" | "processed" | "failed" | "quarantined";
  /**
   * Records looked at so far.
   */
  records: number;
  /**
   * Records in the file, once counted.
   */
  recordsTotal?: number;
  created: number;
  revised: number;
  unchanged: number;
  /**
   * Records that took an order back.
   */
  cancelled: number;
  /**
   * Records with nothing to pay.
   */
  skipped: number;
  rejected: number;
  error?: {
    code: string;
    reason: string;
    position?: string;
  };
  manifest?: Manifest;
  pluginVersion?: string;
  /**
   * How often it was mapped again; the counts are of the last time.
   */
  remaps?: number;
  receivedAt: string;
  processedAt?: string;
}
/**
 * What a file's sender says that it holds; a file that holds anything else creates nothing.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "manifest".
 */
export interface Manifest {
  /**
   * Of the file's bytes.
   */
  sha256: string;
  /**
   * Records of the file, those with nothing to pay included.
   */
  records: number;
  /**
   * By ISO 4217 code: the sum of all orders of the file that are to be paid, as plain decimal text. A currency that is not named has none.
   */
  totals: {
    [k: string]: string;
  };
}
/**
 * A double entry: its lines sum to zero in every currency. A positive line is a debit, a negative one a credit.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "journal-entry".
 */
export interface JournalEntry {
  id: string;
  kind:
    | "payment"
    | "late_money"
    | "late_money_taken"
    | "refund"
    | "late_refund"
    | "chargeback"
    | "chargeback_reversal"
    | "claim"
    | "payout";
  /**
   * The payment, payout, refund, chargeback or claim.
   */
  reference: string;
  /**
   * @minItems 2
   */
  lines: {
    /**
     * An account of the chart of accounts.
     */
    account: string;
    amount: Money2;
    /**
     * Why money is on a suspense account.
     */
    explanation?: string;
  }[];
  at: string;
  /**
   * Block of the hash chain and place in it; absent until it is sealed, a moment after it is written.
   */
  position?: string;
}
/**
 * What a closed day did to an account in a currency.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "ledger-day-total".
 */
export interface LedgerDayTotal {
  account: string;
  debit: Total;
  credit: Total1;
  balance: Total2;
}
/**
 * This interface was referenced by `LedgerDayTotal`'s JSON-Schema
 * via the `definition` "total".
 */
export interface Total {
  value: string;
  currency: string;
}
/**
 * Zero or below.
 */
export interface Total1 {
  value: string;
  currency: string;
}
/**
 * At the end of the day; a positive one is a debit.
 */
export interface Total2 {
  value: string;
  currency: string;
}
/**
 * A day (UTC) of the journal that takes no more entries: an entry is of the first day from its own time on whose close has its block of the chain.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "ledger-day".
 */
export interface LedgerDay {
  date: string;
  /**
   * `closing`: it takes nothing more, and is still being summed.
   */
  state: "closing" | "closed";
  /**
   * The last block of the journal that is in it; 0: none.
   */
  block: number;
  /**
   * The hash of that block.
   */
  hash: string;
  closedAt: string;
  /**
   * The operator.
   */
  by: string;
  entries?: number;
  /**
   * Entries of an earlier time: they came when their own day was closed.
   */
  late?: number;
  /**
   * Accounts that it moved.
   */
  accounts?: number;
  /**
   * Suspense accounts that are not zero at its end, or that it moved.
   */
  suspense?: {
    account: string;
    balance: Total3;
    /**
     * Lines of this day on it; the first 100 are listed. What was there before stands in the days before.
     */
    count: number;
    lines: {
      entry: string;
      amount: Money2;
      explanation: string;
    }[];
  }[];
}
/**
 * This interface was referenced by `LedgerDay`'s JSON-Schema
 * via the `definition` "total".
 */
export interface Total3 {
  value: string;
  currency: string;
}
/**
 * The unified order document as stored and shown.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "order".
 */
export interface Order {
  id: string;
  platform: string;
  merchant: string;
  orderNo: string;
  buyerId?: string;
  /**
   * The payer; null until a link ties the buyer to one. Not shown to platforms.
   */
  userId?: string | null;
  state: "open" | "locked" | "paid" | "settled" | "cancelled" | "expired";
  amount: Money2;
  placedAt?: string;
  /**
   * Until when it can be paid; it expires then, if it is open.
   */
  payBy?: string;
  title?: string;
  items?: Items;
  /**
   * The payment that holds or paid the order.
   */
  paymentId?: string;
  refunded?: Money11;
  /**
   * Counts the contents that files gave the order.
   */
  revision: number;
  source?: Source;
  cancellation?: Cancellation;
  cancelRequest?: Cancellation1;
  createdAt: string;
  updatedAt: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money11 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * This interface was referenced by `Order`'s JSON-Schema
 * via the `definition` "source".
 */
export interface Source {
  fileId: string;
  record: number;
  position: string;
  pluginVersion: string;
}
/**
 * Why the order was taken back, and by which record of a file; or, over the API, when, and by which operator if it was not the platform.
 *
 * This interface was referenced by `Order`'s JSON-Schema
 * via the `definition` "cancellation".
 */
export interface Cancellation {
  reason: string;
  source?: Source;
  at?: string;
  by?: string;
}
/**
 * Why the order was taken back, and by which record of a file; or, over the API, when, and by which operator if it was not the platform.
 */
export interface Cancellation1 {
  reason: string;
  source?: Source;
  at?: string;
  by?: string;
}
/**
 * A merge payment: N orders of one payer, one total, one deduction.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "payment".
 */
export interface Payment {
  id: string;
  userId: string;
  state:
    | "locking"
    | "submitting"
    | "succeeded"
    | "failed"
    | "unknown"
    | "rejected"
    | "requires_action"
    | "cancelled"
    | "expired";
  total: Money2;
  orders: SelectedOrder[];
  /**
   * Whether orders that could not be had end the payment or are left out. Absent in payments of earlier versions: all_or_nothing.
   */
  atomicity?: "all_or_nothing" | "best_effort";
  leftOut?: Losers;
  quoteId?: string;
  rates?: LockedRates;
  /**
   * The payments of one confirmation over several currencies, one for each, this one included; absent: it was paid by itself.
   */
  together?: string[];
  accountId?: string;
  /**
   * The mandate by which it was charged, without the payer being there.
   */
  mandateId?: string;
  deduction?: Deduction;
  challenge?: Challenge;
  refundedTotal?: Money13;
  /**
   * The bank's word is missing or contradicts itself; an operator must look.
   */
  needsReview?: boolean;
  error?: PaymentError;
  createdAt: string;
  updatedAt: string;
}
/**
 * This interface was referenced by `Quote`'s JSON-Schema
 * via the `definition` "line".
 */
export interface SelectedOrder {
  orderId: string;
  platform: string;
  merchant: string;
  orderNo: string;
  amount: Money2;
  revision: number;
  charged?: Money12;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money12 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * This interface was referenced by `Quote`'s JSON-Schema
 * via the `definition` "rate".
 */
export interface LockedRate {
  /**
   * The bank's own id of the rate.
   */
  id: string;
  from: string;
  to: string;
  /**
   * How much of `to` a whole unit of `from` is: plain decimal text above zero.
   */
  rate: string;
  expiresAt: string;
}
/**
 * What the bank asks the payer before it deducts anything; there while the payment waits for the answer.
 *
 * This interface was referenced by `Payment`'s JSON-Schema
 * via the `definition` "challenge".
 */
export interface Challenge {
  /**
   * To be named by the answer.
   */
  id: string;
  /**
   * code: the answer is sent to confirm; redirect: the payer is sent to the bank's page.
   */
  kind: "code" | "redirect";
  /**
   * For the payer to read.
   */
  text: string;
  /**
   * Of a redirect: the bank's page, https.
   */
  url?: string;
  expiresAt: string;
  /**
   * How many answers the bank has refused so far.
   */
  wrongAnswers?: number;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money13 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * This interface was referenced by `Payment`'s JSON-Schema
 * via the `definition` "error".
 */
export interface PaymentError {
  code: string;
  reason: string;
  orders?: Losers1;
}
/**
 * What would be paid out now, what is held and why; by merchant and currency.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "payout-preview".
 */
export interface PayoutPreview {
  items: PayoutForecast[];
  /**
   * Hash of what would be paid: a run that is given it pays just that or nothing.
   */
  confirmation: string;
  /**
   * Cursor of the merchants after these.
   */
  next?: string;
}
export interface PayoutForecast {
  platform: string;
  merchant: string;
  payable: Money14;
  /**
   * Lines of that sum.
   */
  lines: number;
  held: Money15;
  /**
   * When the next of what is held becomes payable.
   */
  nextAt?: string;
  /**
   * Why nothing is paid; absent: `payable` would be paid.
   */
  waits?:
    | "NOTHING_PAYABLE"
    | "OWED_BY_MERCHANT"
    | "BELOW_MINIMUM"
    | "PAYOUT_UNDER_WAY"
    | "PAYOUT_FAILED"
    | "MERCHANT_ACCOUNT_MISSING"
    | "MERCHANT_ACCOUNT_UNVERIFIED"
    | "BANK_PAYS_NOTHING_OUT";
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money14 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money15 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * Settlement lines of one merchant and currency, paid to the merchant by one instruction to the bank.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "payout".
 */
export interface Payout {
  id: string;
  platform: string;
  merchant: string;
  /**
   * `cancelled`: nothing was sent, since its lines were not to be had any more.
   */
  state: "collecting" | "submitting" | "succeeded" | "failed" | "unknown" | "cancelled";
  amount: Money16;
  lines: number;
  /**
   * The merchant's account as it was when the payout began.
   */
  accountId: string;
  instruction?: PayoutInstructionRecord;
  /**
   * The operator who started it; absent: the schedule.
   */
  by?: string;
  /**
   * The bank's word is missing or contradicts itself; an operator must look.
   */
  needsReview?: boolean;
  error?: PayoutError;
  createdAt: string;
  updatedAt: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money16 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * Durable before its first byte leaves.
 */
export interface PayoutInstructionRecord {
  bankRequestId: string;
  bank: string;
  amount: Money2;
  sends: number;
  inquiries?: number;
  bankReference?: string;
  createdAt: string;
  lastSentAt?: string;
  bookedAt?: string;
}
export interface PayoutError {
  code: string;
  reason: string;
}
/**
 * The unified order document as a platform plugin makes it: what is owed, to whom, by which buyer of the platform.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "platform-order".
 */
export interface PlatformOrder {
  /**
   * Who is owed the money, in the platform's own naming.
   */
  merchant: string;
  /**
   * The platform's order number; with platform and merchant the business key.
   */
  orderNo: string;
  /**
   * The platform's own id of the buyer; a link ties it to a user. Absent when the platform's file does not tell.
   */
  buyerId?: string;
  amount: Money2;
  /**
   * When the buyer placed the order, UTC.
   */
  placedAt?: string;
  /**
   * Until when the platform takes the money, UTC; absent: no such end. An order that is open then expires.
   */
  payBy?: string;
  /**
   * One line that tells the payer what the order is.
   */
  title?: string;
  items?: Items;
}
/**
 * RFC 9457 problem details, with Mergepay's code.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "problem".
 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  who: "sender" | "payer" | "platform" | "operator" | "bank" | "nobody";
  retry: "never" | "later" | "changed";
  instance?: string;
  field?: string;
  position?: string;
  retryAfterSeconds?: number;
  /**
   * The state in which it can't be done.
   */
  state?: string;
  /**
   * What is no longer as it was when it was priced.
   */
  changes?: {
    orderId: string;
    field: "order" | "state" | "currency" | "amount" | "revision";
    before: string;
    after: string;
  }[];
  orders?: {
    orderId: string;
    reason: string;
  }[];
  errors?: {
    field: string;
    reason: string;
  }[];
}
/**
 * A priced selection of orders, with an expiry and a fingerprint.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "quote".
 */
export interface Quote {
  id: string;
  userId: string;
  /**
   * @minItems 1
   */
  orders: SelectedOrder[];
  total?: Money17;
  /**
   * Of a selection over several currencies: what will be deducted in each, by a payment of its own.
   *
   * @minItems 2
   */
  totals?: Money2[];
  rates?: LockedRates;
  /**
   * Of a quote with `rates`: the bank that gave them, from an account at which it is paid.
   */
  bank?: string;
  fingerprint: string;
  createdAt: string;
  expiresAt: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money17 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * A record of a file that was not taken, or had nothing to pay.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "record-reject".
 */
export interface RecordReject {
  fileId: string;
  record: number;
  position: string;
  code: string;
  field?: string;
  reason: string;
}
/**
 * What a refund would do, before anything moves. Its fingerprint binds the refund to just this.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "refund-preview".
 */
export interface RefundPreview {
  paymentId: string;
  amount: Money2;
  left: Money18;
  parts: PreviewedPart[];
  /**
   * A second operator must approve it.
   */
  needsApproval: boolean;
  fingerprint: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money18 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
export interface PreviewedPart {
  orderId: string;
  platform: string;
  merchant: string;
  orderNo: string;
  item?: number;
  gross: Money2;
  charged?: Money19;
  fee: Money2;
  /**
   * What becomes of the order's fee, by the rule that charged it.
   */
  feeRule: "returned" | "kept";
  tax?: Money2;
  net: Money2;
  /**
   * Taken off what the merchant is still owed, or of what was paid out already; `suspense`: money that came late and was never settled.
   */
  from: "payable" | "claw_back" | "suspense";
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money19 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * Money of a payment on its way back to the account debited. Operators see all of it; payers not what is between merchant and platform; platforms only their own part, as if there were no other.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "refund".
 */
export interface Refund {
  id: string;
  paymentId: string;
  /**
   * The payer. Not shown to platforms.
   */
  userId?: string;
  /**
   * Whose part this is; in what platforms see only.
   */
  platform?: string;
  state: "requested" | "awaiting_approval" | "submitting" | "succeeded" | "failed" | "unknown" | "rejected";
  amount: Money2;
  /**
   * Who gives back what; the parts sum to the amount.
   */
  parts: RefundPart[];
  reason: string;
  /**
   * The money came after its payment had ended: nothing was settled of it, and no merchant owes it.
   */
  late?: true;
  /**
   * `operator:<id>`, `platform:<id>`, or `house`. Operators only.
   */
  requestedBy?: string;
  /**
   * The second operator, above the limit for one. Operators only.
   */
  approvedBy?: string;
  /**
   * Operators only.
   */
  rejection?: {
    by: string;
    reason: string;
  };
  instruction?: RefundInstruction;
  /**
   * The bank's word is missing or contradicts itself; an operator must look.
   */
  needsReview?: boolean;
  error?: {
    code: string;
    reason: string;
  };
  createdAt: string;
  updatedAt: string;
}
/**
 * What was sent to the bank; durable before its first byte leaves.
 *
 * This interface was referenced by `Refund`'s JSON-Schema
 * via the `definition` "instruction".
 */
export interface RefundInstruction {
  bankRequestId: string;
  bank: string;
  amount: Money2;
  sends: number;
  inquiries?: number;
  bankReference?: string;
  createdAt: string;
  lastSentAt?: string;
  bookedAt?: string;
}
/**
 * What mapping a stored file again would change now. Nothing is changed.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "remap-plan".
 */
export interface RemapPlan {
  fileId: string;
  /**
   * The plugin version that the file was mapped by last.
   */
  mappedBy?: string;
  /**
   * The plugin version that would map it now.
   */
  pluginVersion: string;
  records: number;
  created: number;
  revised: number;
  unchanged: number;
  cancelled: number;
  skipped: number;
  /**
   * Records that are refused, and orders that are left alone.
   */
  rejected: number;
  /**
   * The first orders that would change.
   *
   * @maxItems 100
   */
  differences: OrderDifference[];
  /**
   * @maxItems 100
   */
  rejects: ForeseenReject[];
}
export interface OrderDifference {
  position: string;
  merchant: string;
  orderNo: string;
  change: "created" | "revised" | "cancelled";
  fields: FieldDifference[];
}
export interface FieldDifference {
  field: string;
  /**
   * The value, or its JSON where it is not text; null: there was none.
   */
  from: string | null;
  to: string | null;
}
/**
 * A payment that an operator must look at, and what operators proposed and decided about it.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "review".
 */
export interface Review {
  paymentId: string;
  userId: string;
  /**
   * The payment's state.
   */
  state: string;
  /**
   * Why it is looked at: the bank keeps silent, its word does not fit what it was asked, or money came late; absent when it is decided.
   */
  reason?: "silent" | "differs" | "late_money";
  total: Money2;
  lateAmount?: Money20;
  lateMoney?: ReviewedLateMoney;
  bank: string;
  /**
   * What to ask the bank for.
   */
  bankRequestId: string;
  proposal?: ReviewProposal;
  decisions: ReviewDecision[];
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money20 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * What becomes of money that came late.
 *
 * This interface was referenced by `Review`'s JSON-Schema
 * via the `definition` "lateMoney".
 */
export interface ReviewedLateMoney {
  /**
   * `held` until operators decide · `refund`: it goes back to where it was taken from · `orders`: it pays the orders.
   */
  becomes: "held" | "refund" | "orders";
  refundId?: string;
  /**
   * Refunds in vain.
   */
  tries: number;
  /**
   * Why it is held, or the last refund was in vain.
   */
  error?: {
    code: string;
    reason: string;
  };
}
/**
 * What one operator says became of the deduction; nothing follows from it until another operator approves it.
 *
 * This interface was referenced by `Review`'s JSON-Schema
 * via the `definition` "proposal".
 */
export interface ReviewProposal {
  id: string;
  /**
   * What became of the deduction; or, of money that came late, what is to become of it.
   */
  decision: "debited" | "not_debited" | "refund" | "pay_orders";
  /**
   * Of a deduction that happened: the bank's own reference.
   */
  bankReference?: string;
  amount?: Money2;
  bookedAt?: string;
  evidence: Evidence;
  /**
   * The operator who proposed it.
   */
  by: string;
  at: string;
}
/**
 * This interface was referenced by `Review`'s JSON-Schema
 * via the `definition` "decision".
 */
export interface ReviewDecision {
  proposal: ReviewProposal;
  verdict: "approved" | "rejected";
  /**
   * The operator who decided; never the one who proposed, when it is approved.
   */
  by: string;
  at: string;
}
/**
 * What one paid order owes its merchant after fees, or what takes some of it back; gross = net + fee.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "settlement-line".
 */
export interface SettlementLine {
  id: string;
  /**
   * `claim` credits what the merchant owed and paid, or what was written off; the order is that of the last line that took. `reserve` keeps back a part of an order's net, `release` gives it back later. `chargeback_reversal` gives again what a `chargeback` took, as the bank gave it up. All but `order`, `chargeback_reversal`, `release` and `claim` have amounts of zero or below.
   */
  kind: "order" | "refund" | "chargeback" | "chargeback_reversal" | "reserve" | "release" | "claim";
  /**
   * The line of the order that this one takes from or gives back.
   */
  of?: string;
  /**
   * The refund, chargeback (also of its reversal) or claim.
   */
  reference?: string;
  paymentId: string;
  orderId: string;
  platform: string;
  merchant: string;
  orderNo: string;
  gross: Money2;
  fee: Money2;
  net: Money2;
  tax?: Money21;
  /**
   * What made the fee.
   */
  rule?: {
    /**
     * The fee rule's version: `fee_...`, or `plugin:<version>` of what the plugin declares.
     */
    id: string;
    /**
     * The rule in words.
     */
    says: string;
  };
  /**
   * `due` waits for the order's delivery, `held` for `payableAt`.
   */
  state: "due" | "held" | "payable" | "in_payout" | "paid_out";
  /**
   * From when on it can be paid out; absent while it waits for a delivery.
   */
  payableAt?: string;
  /**
   * It waits for the order's delivery, and so many days of the zone after it.
   */
  awaits?: {
    /**
     * One after the other: of the hold, of the reserve.
     */
    days: number[];
    zone: string;
  };
  /**
   * The payout that it is or was paid in.
   */
  payoutId?: string;
  createdAt: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money21 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * A settlement rule that operators set for a platform or one of its merchants, from a date on. Versions are added and never changed.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "settlement-rule-version".
 */
export interface SettlementRuleVersion {
  id: string;
  platform: string;
  /**
   * Absent: all merchants of the platform that have no rule of their own.
   */
  merchant?: string;
  /**
   * Counts the versions of this platform or merchant.
   */
  version: number;
  /**
   * Hold and reserve are those in force when the payment was made; the least payout and the claim those of today.
   */
  from: string;
  /**
   * null: the rule that applies without this one.
   */
  rule: SettlementRule | null;
  /**
   * Id of the operator.
   */
  by: string;
  createdAt: string;
}
/**
 * When and how merchants are paid out. What is left out: no hold, no reserve, no least payout, a claim after 30 days, days of UTC.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "settlement-rule".
 */
export interface SettlementRule {
  hold?: Hold;
  reserve?: Reserve;
  minimumPayout?: FeeAmounts;
  /**
   * What a merchant owes for so many days without later orders to net it is claimed.
   */
  claimAfterDays?: number;
  /**
   * IANA name of the time zone whose days are counted, such as Asia/Shanghai.
   */
  zone?: string;
}
/**
 * What an order owes can be paid out when the day begins that is so many days after the day of its payment or delivery; 0: at once.
 */
export interface Hold {
  after: "payment" | "delivery";
  days: number;
}
/**
 * A share of what each order owes after fees that is paid out so many days after the rest.
 */
export interface Reserve {
  percent: Percent;
  days: number;
}
/**
 * What a merchant was owed and paid in a currency in a time: opening + the `net` of all items = closing. The items of a payout are those with its `payoutId`; they sum to what it paid.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "statement".
 */
export interface Statement {
  platform: string;
  merchant: string;
  currency: string;
  /**
   * This moment included.
   */
  from: string;
  /**
   * This moment not included.
   */
  to: string;
  opening?: Money22;
  items: StatementItem[];
  closing?: Money24;
  /**
   * Cursor of the next page; absent on the last.
   */
  next?: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money22 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * This interface was referenced by `Statement`'s JSON-Schema
 * via the `definition` "item".
 */
export interface StatementItem {
  /**
   * When it came to the merchant's account with us.
   */
  at: string;
  kind: "order" | "refund" | "chargeback" | "chargeback_reversal" | "reserve" | "release" | "claim" | "payout";
  /**
   * The settlement line or payout.
   */
  id: string;
  paymentId?: string;
  orderId?: string;
  orderNo?: string;
  /**
   * The line that it takes from or gives back.
   */
  of?: string;
  /**
   * The refund or chargeback; of a payout the bank's reference.
   */
  reference?: string;
  gross?: Money2;
  fee?: Money2;
  tax?: Money2;
  net: Money23;
  /**
   * The fee rule that made the fee, in words.
   */
  rule?: string;
  ruleId?: string;
  /**
   * Of a line, as it is now.
   */
  state?: string;
  payableAt?: string;
  /**
   * The payout that it is or was paid in.
   */
  payoutId?: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money23 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An amount as canonical decimal text with exactly the decimals of its ISO 4217 currency, and that currency.
 */
export interface Money24 {
  /**
   * Plain decimal, below 10^15 minor units.
   */
  value: string;
  currency: string;
}
/**
 * An order that its platform took back while a payment held it or had paid it, and what becomes of that: it is cancelled when the payment ends without money, refunded when it is paid.
 *
 * This interface was referenced by `Bundle`'s JSON-Schema
 * via the `definition` "take-back".
 */
export interface TakeBack {
  orderId: string;
  platform: string;
  merchant: string;
  orderNo: string;
  /**
   * `asked`: the payment is under way, or the refund is to be opened · `refunding`: `refundId` is on its way, or waits for approval · `refused`: an operator refused it.
   */
  state: "asked" | "cancelled" | "refunding" | "refunded" | "refused";
  cancellation: Cancellation;
  /**
   * The refund of it, the last one if there were several.
   */
  refundId?: string;
  /**
   * Refunds in vain; it is tried again, and in the end an operator must look.
   */
  tries: number;
  /**
   * It waits for an operator: to approve the refund, or to find out why there is none.
   */
  needsReview?: boolean;
  /**
   * Why the last try was in vain.
   */
  error?: {
    code: string;
    reason: string;
  };
  createdAt: string;
  updatedAt: string;
}
