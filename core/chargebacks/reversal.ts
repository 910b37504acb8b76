import { instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import { type Fact, withFacts } from "../notify/outbox.ts";
import type { StatementLine } from "../plugin/bank-contract.ts";
import type { PaymentReturns } from "../refunds/returns.ts";
import { back } from "../refunds/went-back.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken, saveVersion } from "../versioned.ts";
import { chargebackBooks, type ChargebacksDeps } from "./books.ts";
import {
  ofOrders,
  reversalEntry,
  reversalId,
  reversalLines,
  reversedBy,
  REVERSALS,
  type StoredChargeback,
  type StoredReversal,
} from "./model.ts";
import { CHARGEBACK_STATES } from "./states.ts";

interface ReversalsDeps extends ChargebacksDeps {
  readonly chargebacks: StoreCollection<StoredChargeback>;
  readonly returns: PaymentReturns;
  readonly save: (chargeback: StoredChargeback, change: Partial<StoredChargeback>) => Promise<StoredChargeback>;
}

const AT_A_SWEEP = 20;

const isOf = (told: Pick<StoredReversal, "paymentId" | "amount">, paymentId: string, { amount }: StatementLine) =>
  told.paymentId === paymentId && told.amount.value === amount.value && told.amount.currency === amount.currency;

/**
 * Chargebacks that banks give up again: the payer's claim was withdrawn, or the merchant won. A booking of the bank brings all of one again, and ends it;
 * what it had taken is given again to whom it was taken from. A booking that comes before its chargeback is heard of waits for it.
 */
export async function chargebackReversals(given: ReversalsDeps) {
  const { deps, mergePay, takeBacks, chargebacks, returns, save } = given;
  const reversals = await deps.store.collection<StoredReversal>(REVERSALS);
  const write = chargebackBooks(given);
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** Gives again what it took, once however often it is tried; then the platforms are told, each its own, and the payer. */
  async function settle(chargeback: StoredChargeback): Promise<StoredChargeback> {
    const { _id: id, paymentId, amount, parts = [], late, reversal } = chargeback;
    if (reversal === undefined) return chargeback;
    const { userId, lineIds } = await mergePay.paid(paymentId);
    const by = reversedBy(id);
    await write({
      of: "chargeback-reversal",
      paymentId,
      by,
      debited: moneyOf(-ofOrders(chargeback), amount.currency),
      parts: parts.map((part) => ({ ...part, gross: back(part.gross) })),
      lines: reversalLines(chargeback, reversal.bookedAt, lineIds),
      entry: reversalEntry(chargeback, reversal.bookedAt),
    });
    // Only now: a refund that took it before would have taken it of merchants twice for a moment.
    await returns.free(paymentId, id);
    deps.reached("chargeback-reversal.freed");
    await takeBacks.cameAgain(parts.map(({ orderId }) => orderId));
    deps.reached("chargeback-reversal.take-backs-asked");
    const platforms = late === true ? [] : new Set(parts.map(({ platform }) => platform));
    const facts = [...platforms].map((platform): Fact => {
      const own = parts.filter((part) => part.platform === platform);
      return { type: "orders.chargeback_reversed", platform, data: { chargebackId: id, orders: own } };
    });
    facts.push({ type: "payment.chargeback_reversed", userId, data: { paymentId, amount } });
    deps.log.info({ paymentId, state: "reversed", count: parts.length }, "chargeback given up");
    return save(chargeback, { dueAt: null, ...withFacts(chargeback, id, facts, stamp(), deps.newId) });
  }

  /** The chargebacks that a booking may end: all of what was taken, and not before it was taken. The oldest first. */
  async function candidates({ paymentId, bank, amount, bookedAt }: Omit<StoredReversal, "_id" | "version" | "dueAt">) {
    const booked = await chargebacks.find({ paymentId, bank, state: "booked" }).toArray();
    const order = (one: StoredChargeback) => `${one.bookedAt} ${one._id}`;
    return booked
      .filter((one) => minorOfMoney(one.amount) === minorOfMoney(amount) && one.bookedAt <= bookedAt)
      .toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  /** The chargeback that a booking has taken for its own, unless another booking has ended that one. */
  async function ownOf({ chargebackId, bankReference }: StoredReversal): Promise<StoredChargeback | undefined> {
    const own = chargebackId === null ? null : await chargebacks.findOne({ _id: chargebackId });
    if (own === null || own.state === "booked") return own ?? undefined;
    return own.reversal?.bankReference === bankReference ? own : undefined;
  }

  /** One step towards the chargeback that it ends: which that is is written first, so that one booking ends one. @throws Overtaken */
  async function step(told: StoredReversal): Promise<"ended" | "waits" | "on"> {
    const own = (await ownOf(told)) ?? (await candidates(told))[0];
    if (own === undefined) {
      await saveVersion(reversals, told, { chargebackId: null, dueAt: null });
      return "waits";
    }
    if (own.state === "reversed") {
      await saveVersion(reversals, told, { dueAt: null });
      return "ended";
    }
    // What it takes is not known yet: looked at again when that is settled.
    if (own.dueAt !== null) return "waits";
    if (told.chargebackId !== own._id) {
      await saveVersion(reversals, told, { chargebackId: own._id });
      deps.reached("chargeback-reversal.matched");
      return "on";
    }
    CHARGEBACK_STATES.assertMove(own.state, "reversed");
    const { bankReference, bookedAt } = told;
    const reviewed = own.needsReview === undefined ? {} : { needsReview: false };
    const reversal = { bankReference, bookedAt };
    await carry(await save(own, { state: "reversed", reversal, ...reviewed, dueAt: stamp(deps.limits.leaseMs) }));
    return "on";
  }

  /** What follows of it; what can't be done now a sweeper does. */
  async function carry(reversed: StoredChargeback): Promise<void> {
    deps.reached("chargeback-reversal.written");
    try {
      await settle(reversed);
    } catch (thrown) {
      const { type: code, message: reason } = asMergepayError(thrown);
      if (!(thrown instanceof Overtaken))
        deps.log.error({ paymentId: reversed.paymentId, code, reason }, "reversal of a chargeback waits to be settled");
    }
  }

  /** @returns whether it has ended a chargeback, now or before */
  async function end(_id: string): Promise<boolean> {
    for (;;) {
      const told = await reversals.findOne({ _id });
      if (told === null) return false;
      try {
        const came = await step(told);
        if (came !== "on") return came === "ended";
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  /** Keeps a booking, once. */
  async function keep(reversal: StoredReversal): Promise<StoredReversal> {
    try {
      await reversals.insertOne(reversal);
      deps.reached("chargeback-reversal.told");
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    return (await reversals.findOne({ _id: reversal._id })) ?? reversal;
  }

  async function sweepOne(told: StoredReversal): Promise<void> {
    try {
      await end((await saveVersion(reversals, told, { dueAt: stamp(deps.limits.leaseMs) }))._id);
    } catch (thrown) {
      if (thrown instanceof Overtaken) return;
      const { type: code, message: reason } = asMergepayError(thrown);
      deps.log.error({ paymentId: told.paymentId, code, reason }, "reversal of a chargeback not carried on");
    }
  }

  return {
    settle,

    /**
     * A line of the bank's statement says that money of a chargeback came again.
     * @param dryRun nothing is written
     * @returns whether it agrees with our books now; not as long as no chargeback of just that amount is booked that was taken before: a part of one ends none
     */
    async byStatement(bank: string, line: StatementLine, dryRun: boolean): Promise<boolean> {
      const { bankRequestId = "", bankReference, amount, bookedAt } = line;
      const paid = await mergePay.paidBy(bank, bankRequestId);
      if (paid === undefined || amount.currency !== paid.total.currency) return false;
      const { paymentId } = paid;
      const _id = reversalId(bank, bankReference);
      const content = { paymentId, bank, bankReference, amount, bookedAt, chargebackId: null };
      if (dryRun) {
        const known = await reversals.findOne({ _id });
        if (known !== null) return isOf(known, paymentId, line) && known.chargebackId !== null;
        return (await candidates(content)).length > 0;
      }
      const told = await keep({ _id, ...content, version: 1, dueAt: stamp(deps.limits.leaseMs) });
      return isOf(told, paymentId, line) && (await end(_id));
    },

    /** A chargeback of the payment is on the books: bookings that wait for one are looked at again. */
    async wake(paymentId: string): Promise<void> {
      const change = { $set: { dueAt: stamp() }, $inc: { version: 1 } };
      await reversals.updateMany({ paymentId, chargebackId: null }, change);
    },

    /** Makes due at once what an earlier process of this very store left undone. */
    async recover(): Promise<void> {
      await reversals.updateMany({ dueAt: { $gt: stamp() } }, { $set: { dueAt: stamp() } });
    },

    /** Carries on what a crash left undone. */
    async sweep(): Promise<void> {
      await Promise.all((await findDue(reversals, stamp(), AT_A_SWEEP)).map(sweepOne));
    },
  };
}
