import type { MappedRecord } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import type { Cancellation } from "../../schemas/types.generated.ts";
import { isOver } from "./deadlines.ts";
import { contentOf, orderKey, type StoredOrder } from "./model.ts";

/** Where a batch of mapped records comes from. */
export interface Origin {
  readonly fileId: string;
  readonly platform: string;
  readonly pluginVersion: string;
  /** Set when a stored file is mapped again: the name of this pass over it. */
  readonly pass?: string;
}

/** What became of a batch: counts of orders and of other records, and a reject for every record or order that was not taken. */
export interface Ingested {
  created: number;
  revised: number;
  unchanged: number;
  cancelled: number;
  skipped: number;
  rejects: Rejected[];
  /** Orders that were paid here, and when records say that they were delivered. */
  delivered: { readonly orderId: string; readonly deliveredAt: string }[];
}

export interface Rejected {
  readonly record: number;
  readonly position: string;
  readonly code: string;
  readonly field?: string;
  readonly reason: string;
}

/** An order as a record of the batch has it. */
export interface Candidate {
  readonly record: number;
  readonly position: string;
  readonly doc: StoredOrder;
}

/** A cancellation by a record of a file. */
export type RecordedCancellation = Cancellation & Required<Pick<Cancellation, "source">>;

/** A record that takes an order back, or says that nothing is owed for it. */
export interface Cancel {
  readonly record: number;
  readonly position: string;
  readonly merchant: string;
  readonly orderNo: string;
  readonly key: string;
  readonly cancellation: RecordedCancellation;
  /** It says what is so, and asks for nothing: where there is nothing to take back, it is skipped. */
  readonly notOwed: boolean;
  /** When the order was delivered, if the record says so. */
  readonly deliveredAt?: string;
}

/** A batch by what is to be done: the orders, the cancellations, then orders whose cancellation stands before them. */
export interface Gathered {
  readonly first: readonly Candidate[];
  readonly cancels: readonly Cancel[];
  readonly after: readonly Candidate[];
}

export const nothingYet = (): Ingested => ({
  created: 0,
  revised: 0,
  unchanged: 0,
  cancelled: 0,
  skipped: 0,
  rejects: [],
  delivered: [],
});

/**
 * The orders and cancellations of a batch, one a business key: a second order is unchanged or a duplicate with other content, a second
 * cancellation is unchanged. What needs no look at the store is counted in `done`.
 */
export function gather(
  { now, newId }: Pick<Deps, "now" | "newId">,
  origin: Origin,
  records: readonly MappedRecord[],
  done: Ingested,
): Gathered {
  const first = new Map<string, Candidate>();
  const after = new Map<string, Candidate>();
  const cancels = new Map<string, Cancel>();
  const nowMs = now();
  const at = instant(nowMs);
  for (const { record, position, ...mapped } of records) {
    const source = { fileId: origin.fileId, record, position, pluginVersion: origin.pluginVersion };
    if (mapped.rejected !== undefined) done.rejects.push({ record, position, ...mapped.rejected });
    if (mapped.skipped !== undefined) done.skipped += 1;
    const named = mapped.cancelled ?? mapped.notOwed;
    if (named !== undefined) {
      const { merchant, orderNo, reason } = named;
      const key = orderKey(origin.platform, merchant, orderNo);
      const notOwed = mapped.notOwed !== undefined;
      const { deliveredAt } = mapped.notOwed ?? {};
      const cancel: Cancel = {
        record,
        position,
        merchant,
        orderNo,
        key,
        cancellation: { reason, source },
        notOwed,
        ...(deliveredAt === undefined ? {} : { deliveredAt }),
      };
      if (deliveredAt !== undefined && deliveredAt > at) done.rejects.push(toCome(cancel));
      else if (cancels.has(key)) countNothing({ notOwed }, done);
      else cancels.set(key, cancel);
    }
    for (const order of mapped.orders ?? []) {
      const key = orderKey(origin.platform, order.merchant, order.orderNo);
      const twin = first.get(key) ?? after.get(key);
      if (twin !== undefined) {
        if (twin.doc.contentHash === order.contentHash) done.unchanged += 1;
        else done.rejects.push(duplicate({ record, position }, twin.position));
        continue;
      }
      const doc: StoredOrder = {
        _id: newId("ord"),
        key,
        platform: origin.platform,
        ...contentOf(origin.platform, order),
        userId: null,
        state: isOver(order, nowMs) ? "expired" : "open",
        revision: 1,
        source,
        ...(origin.pass === undefined ? {} : { remapped: { pass: origin.pass, record, as: "created" } }),
        createdAt: at,
        updatedAt: at,
      };
      (cancels.has(key) ? after : first).set(key, { record, position, doc });
    }
  }
  return { first: [...first.values()], cancels: [...cancels.values()], after: [...after.values()] };
}

type Before = Pick<StoredOrder, "contentHash" | "source" | "revision" | "state" | "remapped">;

/**
 * What to do about an order that is there: counted in `done`, or to be revised, or (mapped again to the same content) to be noted as this
 * version's.
 */
export function decide(
  origin: Origin,
  candidate: Candidate,
  before: Before,
  done: Ingested,
): "revise" | "refresh" | "decided" {
  return origin.pass === undefined
    ? decideFirst(origin, candidate, before, done)
    : decideAgain(origin, candidate, before, done);
}

/** Mapped again: only what this very file gave an open order may change; what came from another file since is left alone. */
function decideAgain(
  { fileId, pass }: Origin,
  candidate: Candidate,
  before: Before,
  done: Ingested,
): "revise" | "refresh" | "decided" {
  const same = before.contentHash === candidate.doc.contentHash;
  const { remapped } = before;
  if (remapped !== undefined && remapped.pass === pass && remapped.as !== "unmade") {
    if (same) done[remapped.record === candidate.record ? remapped.as : "unchanged"] += 1;
    else done.rejects.push(duplicate(candidate, before.source.position));
  } else if (before.source.fileId === fileId && before.state === "open") return same ? "refresh" : "revise";
  else if (same) done.unchanged += 1;
  else done.rejects.push(before.state === "open" ? superseded(candidate) : conflict(candidate, before));
  return "decided";
}

const superseded = ({ record, position }: Candidate): Rejected => ({
  record,
  position,
  code: "ORDER_CONFLICT",
  reason: "Another file gave the order its present content; mapping this file again leaves it as it is.",
});

function decideFirst(origin: Origin, candidate: Candidate, before: Before, done: Ingested): "revise" | "decided" {
  const same = before.contentHash === candidate.doc.contentHash;
  if (before.source.fileId === origin.fileId) {
    // This very record was stored before a crash or a lost answer: count it as what it was then.
    if (before.source.record === candidate.record && same) {
      if (before.revision === 1) done.created += 1;
      else done.revised += 1;
      return "decided";
    }
    if (!same) {
      done.rejects.push(duplicate(candidate, before.source.position));
      return "decided";
    }
  }
  if (same) done.unchanged += 1;
  else if (before.state === "open") return "revise";
  else done.rejects.push(conflict(candidate, before));
  return "decided";
}

/** The states of orders that a payment has. */
export const TAKEN: readonly StoredOrder["state"][] = ["locked", "paid", "settled"];

/**
 * What to do about an order that a record takes back: counted in `done`, or to be cancelled, or, while a payment has it, to be asked for: it is
 * cancelled when the payment ends without money, and refunded when it is paid. That nothing is owed is not asked for: its platform has the money, and must know.
 */
export function decideCancel(
  cancel: Cancel,
  before: Pick<StoredOrder, "state" | "cancellation" | "cancelRequest">,
  done: Ingested,
): "cancel" | "ask" | "decided" {
  if (before.state === "open") return "cancel";
  if (TAKEN.includes(before.state) && !cancel.notOwed) {
    if (before.cancelRequest === undefined) return "ask";
    countCancel(cancel, before.cancelRequest, done);
    return "decided";
  }
  if (before.state === "cancelled") countCancel(cancel, before.cancellation, done);
  else if (before.state === "expired") countNothing(cancel, done);
  else if (cancel.notOwed && before.state !== "locked") done.skipped += 1;
  else {
    const { record, position } = cancel;
    const reason =
      before.state === "locked"
        ? "A payment holds the order now, so it was not taken back. Send the record again when the payment has ended."
        : `The order is ${before.state}, so it was not cancelled.`;
    done.rejects.push({ record, position, code: "ORDER_CONFLICT", reason });
  }
  return "decided";
}

const toCome = ({ record, position }: Pick<Cancel, "record" | "position">): Rejected => ({
  record,
  position,
  code: "RECORD_INVALID",
  reason: "The order is said to be delivered at a time that is to come. Send the record with the time at which it was.",
});

/** Counts a cancellation of what is cancelled: the very one that did it, or one more. */
export function countCancel(cancel: Cancel, by: Cancellation | undefined, done: Ingested): void {
  const { fileId, record } = cancel.cancellation.source;
  if (by?.source?.fileId === fileId && by.source.record === record) done.cancelled += 1;
  else countNothing(cancel, done);
}

/** Counts a record that takes nothing back. */
export function countNothing({ notOwed }: Pick<Cancel, "notOwed">, done: Ingested): void {
  done[notOwed ? "skipped" : "unchanged"] += 1;
}

export function conflict(
  { record, position }: Pick<Candidate, "record" | "position">,
  { state }: Pick<StoredOrder, "state">,
): Rejected {
  const advice =
    state === "cancelled" || state === "expired" ? "Send it under another number." : "Cancel or refund it first.";
  const reason = `The order is ${state}, so the other content of this record was not taken. ${advice}`;
  return { record, position, code: "ORDER_CONFLICT", reason };
}

export const duplicate = ({ record, position }: Pick<Candidate, "record" | "position">, first: string): Rejected => ({
  record,
  position,
  code: "RECORD_DUPLICATE",
  reason: `The file has this order at ${first} with other content; the first was taken. Send each order once in a file.`,
});
