import { createHash } from "node:crypto";
import { type Audited, AUDITS_PENDING, type Decision } from "../audit/outbox.ts";
import type { StoredEntry } from "../ledger/model.ts";
import type { Outbox } from "../notify/outbox.ts";
import { back, backEntry, backLines, debitedOf, type StoredPart, type WentBack } from "../refunds/went-back.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { CollectionSpec } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { Chargeback, Money } from "../../schemas/types.generated.ts";

/** A chargeback as stored. `parts` and `excess` are written once, when it is known what is left of the payment. */
export interface StoredChargeback extends Versioned, Omit<Chargeback, "id" | "parts">, Outbox, Audited {
  parts?: StoredPart[];
}

export const CHARGEBACKS: CollectionSpec = {
  name: "chargebacks",
  indexes: [
    { name: "payment", keys: ["paymentId", "_id"] },
    { name: "review", keys: ["needsReview", "_id"] },
    { name: "due", keys: ["dueAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** A booking by which a bank gives a chargeback up again, kept from when it is told until it has ended one, and after. */
export interface StoredReversal extends Versioned {
  paymentId: string;
  bank: string;
  bankReference: string;
  amount: Money;
  bookedAt: string;
  /** What it ends; null while no chargeback that it may end is on the books. */
  chargebackId: string | null;
}

export const REVERSALS: CollectionSpec = {
  name: "chargeback-reversals",
  indexes: [
    { name: "payment", keys: ["paymentId", "_id"] },
    { name: "due", keys: ["dueAt"] },
  ],
};

/** One booking of a bank is one chargeback or one reversal, whoever tells of it and however often. */
const bookingId = (prefix: "cbk" | "cbr", bank: string, bankReference: string): string =>
  `${prefix}_${createHash("sha256")
    .update(JSON.stringify([bank, bankReference]))
    .digest("hex")
    .slice(0, 26)}`;

export const chargebackId = (bank: string, bankReference: string): string => bookingId("cbk", bank, bankReference);
export const reversalId = (bank: string, bankReference: string): string => bookingId("cbr", bank, bankReference);

function wentBack(chargeback: StoredChargeback): WentBack {
  const { _id: id, paymentId, bank, amount, parts = [], excess, late, bookedAt: at } = chargeback;
  const explanation = `The bank took it back by ${id} when so much was not left of ${paymentId}; operators find out whose it is.`;
  return {
    id,
    kind: "chargeback",
    paymentId,
    bank,
    amount,
    parts,
    late: late === true,
    ...(excess === undefined ? {} : { excess: { account: "suspense:chargeback", amount: excess, explanation } }),
    at,
  };
}

export const chargebackLines = (
  chargeback: StoredChargeback,
  lineIds: ReadonlyMap<string, string>,
): readonly StoredLine[] => (chargeback.late === true ? [] : backLines(wentBack(chargeback), lineIds));

export const chargebackEntry = (chargeback: StoredChargeback): StoredEntry => backEntry(wentBack(chargeback));

/** Under which a chargeback's reversal is noted beside it; its lines and its entry have the chargeback's ids with the same end. */
export const reversedBy = (id: string): string => `${id}_reversed`;

/** The lines that give merchants again what a chargeback took: each mirrors one of its lines, which stay as they are. */
export const reversalLines = (
  chargeback: StoredChargeback,
  at: string,
  lineIds: ReadonlyMap<string, string>,
): readonly StoredLine[] =>
  chargebackLines(chargeback, lineIds).map(({ _id, gross, fee, tax, net, ...line }) => ({
    ...line,
    _id: reversedBy(_id),
    kind: "chargeback_reversal",
    gross: back(gross),
    fee: back(fee),
    ...(tax === undefined ? {} : { tax: back(tax) }),
    net: back(net),
    payableAt: at,
    createdAt: at,
  }));

/** The entry that books a chargeback back: each of its lines the other way round, on the same account. */
export function reversalEntry(chargeback: StoredChargeback, at: string): StoredEntry {
  const { _id, reference, lines } = chargebackEntry(chargeback);
  const again = `The bank gave ${reference} of ${chargeback.paymentId} up, and brought this money again.`;
  return {
    _id: reversedBy(_id),
    kind: "chargeback_reversal",
    reference,
    lines: lines.map(({ account, amount, explanation }) => ({
      account,
      amount: back(amount),
      ...(explanation === undefined ? {} : { explanation: again }),
    })),
    at,
  };
}

/** What of it went back of orders, in minor units. */
export const ofOrders = ({ parts = [] }: StoredChargeback): bigint => debitedOf(parts);

const factsOf = ({ state, amount, excess, needsReview }: StoredChargeback): NonNullable<Decision["after"]> => ({
  state,
  amount: `${amount.value} ${amount.currency}`,
  ...(excess === undefined ? {} : { excess: `${excess.value} ${excess.currency}` }),
  ...(needsReview === undefined ? {} : { needsReview }),
});

export const entered = (chargeback: StoredChargeback): Decision => ({
  what: "chargeback.entered",
  subject: chargeback._id,
  after: { ...factsOf(chargeback), paymentId: chargeback.paymentId, bankReference: chargeback.bankReference },
});

/** The decision that a change of a chargeback is; undefined when nothing is decided by it. */
export function decisionOf(chargeback: StoredChargeback, change: Partial<StoredChargeback>): Decision | undefined {
  const changed = { ...chargeback, ...change };
  const what = changed.state === chargeback.state ? "review-asked" : changed.state;
  if (changed.state === chargeback.state && changed.needsReview === chargeback.needsReview) return undefined;
  return {
    what: `chargeback.${what}`,
    subject: chargeback._id,
    before: factsOf(chargeback),
    after: factsOf(changed),
  };
}

/** A booking as evidence of its payment has it. */
export const showReversal = ({ _id, version: _v, dueAt: _due, ...told }: StoredReversal) => ({ id: _id, ...told });

export function showChargeback(stored: StoredChargeback): Chargeback {
  const { version: _v, dueAt: _due, events: _e, eventsPending: _p, eventCounts: _c, audits: _a, ...rest } = stored;
  const { auditsPending: _pending, _id: id, ...shown } = rest;
  return { id, ...shown };
}
