import type { Call } from "./actions.ts";
import type { Audit } from "./audit/outbox.ts";
import type { IdPrefix } from "./ids.ts";
import type { Limits } from "./limits.ts";
import type { Store } from "./store/contract.ts";

/** The fields that may be logged: ids, codes and counts; nothing that a person or an account could be read from. */
export interface LogFields {
  readonly fileId?: string;
  readonly platform?: string;
  readonly orderId?: string;
  readonly paymentId?: string;
  readonly payoutId?: string;
  readonly linkId?: string;
  readonly accountId?: string;
  readonly mandateId?: string;
  readonly operatorId?: string;
  /** The name of a key, never the key. */
  readonly keyId?: string;
  readonly bank?: string;
  readonly state?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly count?: number;
  readonly ms?: number;
  readonly url?: string;
  readonly node?: string;
  readonly service?: string;
}

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Places of the way of a file, payment or account at which a crash must be survived. Production ignores them; crash tests end the process there. */
export const POINTS = [
  "file.blob-stored",
  "file.batch-stored",
  "payment.inserted",
  "payment.others-inserted",
  "payment.orders-locked",
  "payment.withdrawn",
  "payment.attempt-durable",
  "payment.confirmation-durable",
  "payment.sent",
  "payment.answer-written",
  "payment.orders-paid",
  "payment.lines-written",
  "payment.journal-written",
  "payment.late-decided",
  "payment.late-refund-opened",
  "payout.inserted",
  "payout.lines-claimed",
  "payout.attempt-durable",
  "payout.sent",
  "payout.answer-written",
  "payout.lines-paid",
  "payout.journal-written",
  "payout.orders-settled",
  "payout.lines-released",
  "payout.run-page",
  "journal.block-written",
  "mandate.reserved",
  "mandate.settled",
  "mandate.revoked",
  "account.removal-marked",
  "account.resealed",
  "journal.sealed",
  "journal.balance-kept",
  "ledger-day.close-written",
  "ledger-day.totals-written",
  "audit.relayed",
  "audit.block-written",
  "refund.inserted",
  "refund.held",
  "refund.attempt-durable",
  "refund.sent",
  "refund.answer-written",
  "refund.payment-noted",
  "refund.orders-noted",
  "refund.lines-written",
  "refund.journal-written",
  "chargeback.booked",
  "chargeback.held",
  "chargeback.payment-noted",
  "chargeback.orders-noted",
  "chargeback.lines-written",
  "chargeback.journal-written",
  "chargeback-reversal.told",
  "chargeback-reversal.matched",
  "chargeback-reversal.written",
  "chargeback-reversal.freed",
  "chargeback-reversal.payment-noted",
  "chargeback-reversal.orders-noted",
  "chargeback-reversal.lines-written",
  "chargeback-reversal.journal-written",
  "chargeback-reversal.take-backs-asked",
  "claim.closed",
  "claim.line-written",
  "claim.journal-written",
  "take-back.noted",
  "take-back.refund-opened",
  "event.relayed",
  "webhook.sent",
] as const;
export type Point = (typeof POINTS)[number];

/** What every domain service is given; nothing else reaches the outside. */
export interface Deps {
  readonly store: Store;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newId: (prefix: IdPrefix) => string;
  readonly call: Call;
  readonly log: Log;
  readonly reached: (point: Point) => void;
  /** Every decision is written by it, in the same write as what was decided. */
  readonly audit: Audit;
  /** Keys that blocks of the hash chains are sealed with: the first one seals, all of them verify. Absent: no seals. */
  readonly sealKeys?: readonly Uint8Array[];
}

/** The instant as stored: ISO 8601 UTC with milliseconds, so that text order is time order. */
export const instant = (epochMs: number): string => new Date(epochMs).toISOString();
