import { createHash } from "node:crypto";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import type { StoredEntry } from "../ledger/model.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { PlannedLine } from "../settlement/payable.ts";
import type { CollectionSpec } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { Payout, PayoutForecast } from "../../schemas/types.generated.ts";

/** A payout as stored. */
export interface StoredPayout extends Versioned, Omit<Payout, "id" | "lines">, Outbox, Audited {
  payee: string;
  /** Unique: the payee until the payout has ended, so that a payee has one at a time; then its own id. */
  slot: string;
  /** The lines that it was planned with: it pays just these or nothing. */
  planned: readonly PlannedLine[];
  bank: string;
  /** Made with the payout, so that it is durable before anything is sent. */
  bankRequestId: string;
  /** When it was known to be paid: its place in statements. */
  paidAt?: string;
}

export const PAYOUTS: CollectionSpec = {
  name: "payouts",
  indexes: [
    { name: "slot", keys: ["slot"], unique: true },
    { name: "payee", keys: ["payee", "_id"] },
    { name: "paid", keys: ["payee", "paidAt", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "request", keys: ["bankRequestId"] },
    { name: "reference", keys: ["instruction.bankReference"] },
    { name: "due", keys: ["dueAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** The run of a day; `_id` is the day (UTC). `after` is the last payee that it has come to. */
export interface StoredRun extends Versioned {
  after: string;
  started: number;
}

export const RUNS: CollectionSpec = { name: "payout-runs", indexes: [{ name: "due", keys: ["dueAt"] }] };

export function showPayout(stored: StoredPayout): Payout {
  const { _id, platform, merchant, state, amount, planned, accountId, instruction, by, needsReview, error } = stored;
  const { createdAt, updatedAt } = stored;
  return {
    id: _id,
    platform,
    merchant,
    state,
    amount,
    lines: planned.length,
    accountId,
    ...(instruction === undefined ? {} : { instruction }),
    ...(by === undefined ? {} : { by }),
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(error === undefined ? {} : { error }),
    createdAt,
    updatedAt,
  };
}

/** Hash of what a preview says would be paid, to whom and out of which lines. */
export function confirmationOf(
  paid: readonly (Pick<PayoutForecast, "platform" | "merchant" | "payable"> & { planned: readonly PlannedLine[] })[],
): string {
  const lines = paid.map(({ platform, merchant, payable, planned }) => [
    platform,
    merchant,
    payable.currency,
    payable.value,
    planned.map(({ id, claims }) => [id, claims]),
  ]);
  return createHash("sha256").update(JSON.stringify(lines)).digest("hex");
}

/** The entry of a payout: we owe the merchant less, and have less at the bank. */
export function payoutEntry({ _id, platform, merchant, amount, bank }: StoredPayout, at: string): StoredEntry {
  return {
    _id: `jrn_${_id.slice("pyo_".length)}`,
    kind: "payout",
    reference: _id,
    lines: [
      { account: `merchant:${platform}/${merchant}`, amount },
      { account: `bank:${bank}`, amount: moneyOf(-minorOfMoney(amount), amount.currency) },
    ],
    at,
  };
}
