import { type Deps } from "../deps.ts";
import { JOURNAL, type StoredEntry } from "../ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../merge-pay/model.ts";
import { PAYOUTS, type StoredPayout } from "../payouts/model.ts";
import { REFUNDS, type StoredRefund } from "../refunds/model.ts";
import { type Booked, type Difference, missing } from "./model.ts";

/** Documents that are looked up at a time. */
export const AT_A_TIME = 500;

/** A time of which all that a bank has booked is on its statement. Without currencies: in all of them. */
export interface Span {
  readonly from: string;
  readonly to: string;
  readonly currencies?: ReadonlySet<string>;
}

/** What our books say of instructions to banks, however a statement names them. */
export async function bookedHere({ store }: Pick<Deps, "store">) {
  const payments = await store.collection<StoredPayment>(PAYMENTS);
  const payouts = await store.collection<StoredPayout>(PAYOUTS);
  const refunds = await store.collection<StoredRefund>(REFUNDS);
  const journal = await store.collection<StoredEntry>(JOURNAL);

  const stateOf = (state: string, bookedAt: string | undefined): Booked["state"] => {
    // Late money is booked here, whatever its payment ended as.
    if (state === "succeeded" || bookedAt !== undefined) return "booked";
    return ["failed", "cancelled", "expired", "rejected"].includes(state) ? "ended" : "open";
  };
  const ofPayment = ({ _id, bankRequestId, total, state, deduction }: StoredPayment): Booked => ({
    noun: "payment",
    subject: _id,
    bankRequestId,
    amount: total,
    direction: "credit",
    state: stateOf(state, deduction?.bookedAt),
    ...(deduction?.bankReference === undefined ? {} : { bankReference: deduction.bankReference }),
  });
  const ofPayout = ({ _id, bankRequestId, amount, state, instruction }: StoredPayout): Booked => ({
    noun: "payout",
    subject: _id,
    bankRequestId,
    amount,
    direction: "debit",
    state: stateOf(state, instruction?.bookedAt),
    ...(instruction?.bankReference === undefined ? {} : { bankReference: instruction.bankReference }),
  });

  const ofRefund = ({ _id, amount, state, instruction }: StoredRefund): Booked => ({
    noun: "refund",
    subject: _id,
    // A refund's own id is that of its instruction.
    bankRequestId: _id,
    amount,
    direction: "debit",
    state: stateOf(state, instruction?.bookedAt),
    ...(instruction?.bankReference === undefined ? {} : { bankReference: instruction.bankReference }),
  });

  /** What our books say of these instructions at a bank, by id. */
  async function booksOf(bank: string, filter: { bankRequestId: { $in: string[] } } | { _id: { $in: string[] } }) {
    const refundIds = "_id" in filter ? filter._id : filter.bankRequestId;
    const [paid, paidOut, refunded] = await Promise.all([
      payments.find({ ...filter, bank }).toArray(),
      payouts.find({ ...filter, bank }).toArray(),
      refunds.find({ _id: refundIds, bank }).toArray(),
    ]);
    const books = [...paid.map(ofPayment), ...paidOut.map(ofPayout), ...refunded.map(ofRefund)];
    return new Map(books.map((ours) => [ours.bankRequestId, ours]));
  }

  /** The instructions that bookings of a bank are known as, by the bank's reference. */
  async function ownersOf(bank: string, references: readonly string[]): Promise<ReadonlyMap<string, Booked>> {
    if (references.length === 0) return new Map();
    const named = { $in: [...references] };
    const [paid, paidOut, refunded] = await Promise.all([
      payments.find({ bank, "deduction.bankReference": named }).toArray(),
      payouts.find({ bank, "instruction.bankReference": named }).toArray(),
      refunds.find({ bank, "instruction.bankReference": named }).toArray(),
    ]);
    const books = [...paid.map(ofPayment), ...paidOut.map(ofPayout), ...refunded.map(ofRefund)];
    return new Map(books.map((ours) => [ours.bankReference ?? "", ours]));
  }

  /** What the journal has booked at the bank in that time and the statement has not. */
  async function missingOf(
    bank: string,
    { from, to, currencies }: Span,
    seen: ReadonlySet<string>,
  ): Promise<Difference[]> {
    const found: Difference[] = [];
    let last = { at: from, _id: "" };
    for (;;) {
      const behind = { $or: [{ at: { $gt: last.at } }, { at: last.at, _id: { $gt: last._id } }] };
      const entries = await journal
        .find({ $and: [{ at: { $lt: to } }, behind] })
        .sort({ at: 1, _id: 1 })
        .limit(AT_A_TIME)
        .toArray();
      const books = await booksOf(bank, { _id: { $in: entries.map(({ reference }) => reference) } });
      for (const ours of books.values())
        if (ours.state === "booked" && !seen.has(ours.bankRequestId) && currencies?.has(ours.amount.currency) !== false)
          found.push(missing(ours));
      const end = entries.at(-1);
      if (end === undefined || entries.length < AT_A_TIME) return found;
      last = end;
    }
  }

  /** Makes due at once what is unknown of these: the bank is asked, and its word ends it by the way of every such word. */
  async function askNow(subjects: readonly string[], now: string): Promise<void> {
    const ids = { $in: [...subjects] };
    const due = { $set: { dueAt: now } };
    await payments.updateMany({ _id: ids, state: "unknown" }, due);
    await payouts.updateMany({ _id: ids, state: "unknown" }, due);
    await refunds.updateMany({ _id: ids, state: "unknown" }, due);
  }

  return { booksOf, ownersOf, missingOf, askNow };
}
