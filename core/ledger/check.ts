import { PAYMENTS, rulesOf, type StoredPayment } from "../merge-pay/model.ts";
import { payoutEntry, PAYOUTS, type StoredPayout } from "../payouts/model.ts";
import { canonicalJson } from "../plugin/canonical-json.ts";
import { claimEntry, CLAIMS, type StoredClaim } from "../claims/model.ts";
import { chargebackEntry, CHARGEBACKS, reversalEntry, type StoredChargeback } from "../chargebacks/model.ts";
import { lateRefundEntry, refundEntry, REFUNDS, type StoredRefund } from "../refunds/model.ts";
import { linesOf } from "../settlement/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import { lateMoneyTakenEntry, paymentEntry, type StoredEntry } from "./model.ts";

/** What the doctor knows of a kind of entry. */
export interface KindCheck {
  /** Where what the entry refers to is. */
  readonly about: CollectionSpec;
  /** What is wrong with an entry beside what can be wrong with any, given what it refers to; undefined when nothing is. */
  readonly fault: (entry: StoredEntry, subject: Doc) => string | undefined;
}

/** Documents that owe the journal entries. */
export interface Owing {
  readonly of: CollectionSpec;
  /** The ids of entries that must be there for the document as it is; none while it is under way. */
  readonly entries: (doc: Doc) => readonly string[];
}

const kindOf = <T extends Doc>(
  about: CollectionSpec,
  fault: (entry: StoredEntry, subject: T) => string | undefined,
): KindCheck => ({ about, fault: (entry, subject) => fault(entry, subject as T) });

const owing = <T extends Doc>(of: CollectionSpec, entries: (doc: T) => readonly string[]): Owing => ({
  of,
  entries: (doc) => entries(doc as T),
});

/** The entry that a succeeded payment must have, made of the payment alone. */
function entryOfPayment(payment: StoredPayment): StoredEntry {
  const { _id: paymentId, total, orders, updatedAt, deduction } = payment;
  const at = deduction?.bookedAt ?? updatedAt;
  return paymentEntry(payment, linesOf({ paymentId, total, orders, rules: rulesOf(payment), at }), at);
}

const entryOfTaken = ({ _id, bank, total, updatedAt, deduction }: StoredPayment): StoredEntry =>
  lateMoneyTakenEntry(_id, bank, total, deduction?.bookedAt ?? updatedAt);

function differs(entry: StoredEntry, expected: StoredEntry): string | undefined {
  if (entry._id !== expected._id) return `has the id ${entry._id}; the one of ${entry.reference} is ${expected._id}`;
  const same = canonicalJson(entry.lines) === canonicalJson(expected.lines);
  return same ? undefined : `is not what ${entry.reference} gives`;
}

const entryOfPayout = (payout: StoredPayout): StoredEntry =>
  payoutEntry(payout, payout.instruction?.bookedAt ?? payout.updatedAt);

/** What settles when it succeeds: nothing is booked before, and what is booked is what it gives. */
const succeeded =
  <T extends Doc & { readonly state: string }>(expected: (subject: T) => StoredEntry) =>
  (entry: StoredEntry, subject: T): string | undefined =>
    subject.state === "succeeded"
      ? differs(entry, expected(subject))
      : `is of ${subject._id}, which is ${subject.state}`;

/** `dueAt` is null when all that follows is written: before, what is missing is still to come. */
const settled = ({ state, dueAt }: { readonly state: string; readonly dueAt: string | null }): boolean =>
  state === "succeeded" && dueAt === null;

const isClosed = ({ state }: StoredClaim): boolean => state === "settled" || state === "written_off";

/** Every kind of entry, and what it must be: a new kind is a row here, or it does not compile. */
export const KINDS: Readonly<Record<StoredEntry["kind"], KindCheck>> = {
  payment: kindOf<StoredPayment>(PAYMENTS, succeeded(entryOfPayment)),
  payout: kindOf<StoredPayout>(PAYOUTS, succeeded(entryOfPayout)),
  refund: kindOf<StoredRefund>(REFUNDS, succeeded(refundEntry)),
  late_refund: kindOf<StoredRefund>(REFUNDS, (entry, refund) =>
    refund.state === "failed"
      ? differs(entry, lateRefundEntry(refund, entry.at))
      : `is of ${refund._id}, which is ${refund.state}`,
  ),
  claim: kindOf<StoredClaim>(CLAIMS, (entry, claim) =>
    isClosed(claim) ? differs(entry, claimEntry(claim)) : `is of ${claim._id}, which is ${claim.state}`,
  ),
  chargeback: kindOf<StoredChargeback>(CHARGEBACKS, (entry, chargeback) =>
    chargeback.state === "booked" || chargeback.state === "reversed"
      ? differs(entry, chargebackEntry(chargeback))
      : `is of ${chargeback._id}, which is ${chargeback.state}`,
  ),
  chargeback_reversal: kindOf<StoredChargeback>(CHARGEBACKS, (entry, chargeback) =>
    chargeback.reversal !== undefined
      ? differs(entry, reversalEntry(chargeback, chargeback.reversal.bookedAt))
      : `is of ${chargeback._id}, which is ${chargeback.state}`,
  ),
  late_money_taken: kindOf<StoredPayment>(PAYMENTS, succeeded(entryOfTaken)),
  late_money: kindOf<StoredPayment>(PAYMENTS, ({ lines }, payment) => {
    const [bank] = lines;
    return bank?.account === `bank:${payment.bank}` ? undefined : `is not on the bank of its payment, ${payment.bank}`;
  }),
};

/** All that owes the journal an entry: what settles money beside payments is a row here. */
export const OWING: readonly Owing[] = [
  owing<StoredPayment>(PAYMENTS, (payment) => {
    if (!settled(payment)) return [];
    const taken = payment.tookLateMoney === true ? [entryOfTaken(payment)._id] : [];
    return [entryOfPayment(payment)._id, ...taken];
  }),
  owing<StoredRefund>(REFUNDS, (refund) => (settled(refund) ? [refundEntry(refund)._id] : [])),
  owing<StoredClaim>(CLAIMS, (claim) => (isClosed(claim) && claim.dueAt === null ? [claimEntry(claim)._id] : [])),
  owing<StoredChargeback>(CHARGEBACKS, (chargeback) => {
    const { state, dueAt, reversal } = chargeback;
    if (state !== "booked" && state !== "reversed") return [];
    // Nothing is given up before it is on the books whole.
    const taken = state === "reversed" || dueAt === null ? [chargebackEntry(chargeback)._id] : [];
    if (reversal === undefined || dueAt !== null) return taken;
    return [...taken, reversalEntry(chargeback, reversal.bookedAt)._id];
  }),
  owing<StoredPayout>(PAYOUTS, (payout) => (settled(payout) ? [entryOfPayout(payout)._id] : [])),
];
