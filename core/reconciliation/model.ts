import { createHash } from "node:crypto";
import type { StatementLine } from "../plugin/bank-contract.ts";
import type { OddBatch } from "./camt.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Money, ReconciliationBreak } from "../../schemas/types.generated.ts";

export interface StoredBreak extends Doc, Omit<ReconciliationBreak, "id"> {}

export const BREAKS: CollectionSpec = {
  name: "breaks",
  indexes: [
    { name: "bank", keys: ["bank", "_id"] },
    { name: "request", keys: ["bankRequestId", "state"] },
  ],
};

export const showBreak = ({ _id, ...rest }: StoredBreak): ReconciliationBreak => ({ id: _id, ...rest });

/** What our books say of an instruction. `ended`: without money. */
export interface Booked {
  readonly noun: "payment" | "payout" | "refund";
  readonly subject: string;
  readonly bankRequestId: string;
  readonly amount: Money;
  /** On our account at the bank: a deduction is a credit, a refund or payout a debit. */
  readonly direction: StatementLine["direction"];
  readonly state: "booked" | "open" | "ended";
  readonly bankReference?: string;
}

/** A difference, before it is known when it was seen. */
export type Difference = Pick<StoredBreak, "kind" | "reason"> &
  Partial<Pick<StoredBreak, "subject" | "bankRequestId" | "bankReference" | "expected" | "found">>;

export const same = (a: Money, b: Money): boolean => a.value === b.value && a.currency === b.currency;

const GIVES_UP_NONE =
  "The bank gave money again that it took back, and no chargeback of just that amount is booked here: give the statement that has it; a part of one is settled by operators, with the bank.";

/** What is wrong between a line of the statement and our books; undefined when they agree, or when the line ends what was open. */
export function differenceOf(line: StatementLine, ours: Booked | undefined): Difference | undefined {
  const { bankReference, bankRequestId, amount: found } = line;
  const of = { bankReference, found, ...(bankRequestId === undefined ? {} : { bankRequestId }) };
  if (ours === undefined) return { kind: "extra", reason: "The bank booked what is no instruction of ours.", ...of };
  const known = { ...of, subject: ours.subject, expected: ours.amount };
  if (line.reversal === true) {
    // Of a debit of ours it would be the booking itself that came again.
    const givesUp = ours.noun === "payment" && line.direction === "credit";
    return { kind: "reversed", reason: givesUp ? GIVES_UP_NONE : "The bank took its booking back.", ...known };
  }
  if (line.direction !== ours.direction)
    return { kind: "direction_differs", reason: "The bank booked it the other way round.", ...known };
  if (!same(found, ours.amount))
    return { kind: "amount_differs", reason: "The bank booked another amount than was asked for.", ...known };
  if (ours.state === "ended")
    return { kind: "state_differs", reason: "The bank booked what has ended without money here.", ...known };
  if (ours.bankReference !== undefined && ours.bankReference !== bankReference)
    return { kind: "reference_differs", reason: "The line names another booking than the bank told us of.", ...known };
  return undefined;
}

/** The line names the booking of another instruction. */
export const namesAnother = (line: StatementLine, ours: Booked): Difference => ({
  kind: "reference_differs",
  reason: "The line names a booking that is another instruction's.",
  subject: ours.subject,
  bankRequestId: ours.bankRequestId,
  bankReference: line.bankReference,
  expected: ours.amount,
  found: line.amount,
});

/** What the bank did once and booked as often as this. */
export const bookedTwice = (line: StatementLine, ours: Booked): Difference => ({
  kind: "booked_twice",
  reason: "The bank booked one instruction twice.",
  subject: ours.subject,
  bankRequestId: ours.bankRequestId,
  bankReference: line.bankReference,
  expected: ours.amount,
  found: line.amount,
});

/** A batch of the bank of which it is not to be said what it is made of. */
export const partsDiffer = ({ bankReference, amount }: OddBatch): Difference => ({
  kind: "parts_differ",
  reason: "The parts of the bank's entry are not its amount, or are in another currency; none of them was looked at.",
  bankReference,
  found: amount,
});

/** Booked by our books and not on a statement of that time. */
export const missing = ({ subject, bankRequestId, amount, bankReference }: Booked): Difference => ({
  kind: "missing",
  reason: "It is booked here and not on the bank's statement of that time.",
  subject,
  bankRequestId,
  expected: amount,
  ...(bankReference === undefined ? {} : { bankReference }),
});

/** What a statement is known by: the same one given again has the same id. */
export function statementId(bank: string, from: string, to: string, lines: readonly StatementLine[]): string {
  const told = lines.map((line) => [
    line.bankReference,
    line.bankRequestId ?? null,
    line.amount.value,
    line.amount.currency,
    line.direction,
    line.bookedAt,
  ]);
  const digest = createHash("sha256").update(JSON.stringify([bank, from, to, told]));
  return `stm_${digest.digest("hex").slice(0, 26)}`;
}

/** The same difference seen again is the same break. */
export function breakId(bank: string, { kind, bankRequestId, bankReference }: Difference): string {
  const key = JSON.stringify([bank, kind, bankRequestId ?? bankReference]);
  return `brk_${createHash("sha256").update(key).digest("hex").slice(0, 26)}`;
}
