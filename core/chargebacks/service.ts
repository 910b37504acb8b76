import type { Actions, Page } from "../actions.ts";
import { instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { canonicalMoney, minorOfMoney, moneyOf } from "../money/money.ts";
import { EMPTY_OUTBOX, type Fact, withFacts } from "../notify/outbox.ts";
import { byId, page } from "../pages.ts";
import type { StatementLine } from "../plugin/bank-contract.ts";
import { type Amounts, debited, type Share, sharesOf } from "../refunds/allocation.ts";
import { type Paid, partsOf, RETURNS, type StoredReturns } from "../refunds/model.ts";
import { paymentReturns } from "../refunds/returns.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { findDue, Overtaken, saveVersion } from "../versioned.ts";
import type { Chargeback, Money } from "../../schemas/types.generated.ts";
import { chargebackBooks, type ChargebacksDeps } from "./books.ts";
import {
  chargebackEntry,
  chargebackId,
  chargebackLines,
  CHARGEBACKS,
  decisionOf,
  entered,
  ofOrders,
  showChargeback,
  type StoredChargeback,
} from "./model.ts";
import { chargebackReversals } from "./reversal.ts";
import { CHARGEBACK_STATES } from "./states.ts";

const BY_CHARGEBACK = byId("cbk_[0-9a-f]{26}");
const AT_A_SWEEP = 20;
const OF_STATEMENT = "The bank's statement says so.";

/** What banks take back of deductions: given back by the orders that it was taken for, by the rule of refunds, and never more than is left of them. */
export async function chargebacksService(given: ChargebacksDeps) {
  const { deps, mergePay } = given;
  const chargebacks = await deps.store.collection<StoredChargeback>(CHARGEBACKS);
  const returns = paymentReturns(await deps.store.collection<StoredReturns>(RETURNS));
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  function save(chargeback: StoredChargeback, change: Partial<StoredChargeback>): Promise<StoredChargeback> {
    const decision = decisionOf(chargeback, change);
    const audited = decision === undefined ? {} : deps.audit(chargeback, decision);
    return saveVersion(chargebacks, chargeback, { ...change, ...audited, updatedAt: stamp() });
  }

  const reversals = await chargebackReversals({ ...given, chargebacks, returns, save });
  const write = chargebackBooks(given);

  /** What is taken of each order: as much as is left of all of them, by the published rule. */
  async function takeShares({ _id, paymentId, amount }: StoredChargeback, paid: Paid): Promise<readonly Share[]> {
    const decide = (taken: ReadonlyMap<string, Amounts>, lateClosed: boolean): readonly Share[] => {
      // The payment is being paid by its late money this very moment: what it is then decides.
      if (paid.late && lateClosed) throw new Overtaken();
      const left = paid.sold.reduce((sum, one) => {
        const gone = taken.get(one.orderId);
        return sum + debited(one) - (gone === undefined ? 0n : debited(gone));
      }, 0n);
      const wanted = minorOfMoney(amount);
      return left <= 0n ? [] : sharesOf(paid.sold, taken, wanted < left ? wanted : left, amount.currency);
    };
    return (await returns.take(paymentId, _id, decide)) ?? [];
  }

  /** Says who gives back what, once. What is beyond what is left is nobody's yet. */
  async function allocate(chargeback: StoredChargeback, paid: Paid): Promise<StoredChargeback> {
    if (chargeback.parts !== undefined) return chargeback;
    const parts = partsOf(paid, await takeShares(chargeback, paid));
    deps.reached("chargeback.held");
    const { amount } = chargeback;
    const beyond = minorOfMoney(amount) - ofOrders({ ...chargeback, parts });
    const excess = beyond === 0n ? {} : { excess: moneyOf(beyond, amount.currency), needsReview: true };
    return save(chargeback, { parts, ...excess, ...(paid.late ? { late: true as const } : {}) });
  }

  /** Payment, orders, lines and journal, each once however often it is tried; then the platforms are told, each its own. */
  async function settle(booked: StoredChargeback): Promise<StoredChargeback> {
    const paid = await mergePay.paid(booked.paymentId);
    const chargeback = await allocate(booked, paid);
    const { _id: id, paymentId, amount, parts = [], late, reason } = chargeback;
    await write({
      of: "chargeback",
      paymentId,
      by: id,
      debited: moneyOf(ofOrders(chargeback), amount.currency),
      parts,
      lines: chargebackLines(chargeback, paid.lineIds),
      entry: chargebackEntry(chargeback),
    });
    // Whoever settles a chargeback looks for a reversal afterwards, whoever keeps a reversal for chargebacks: however they meet, one sees the other.
    await reversals.wake(paymentId);
    const platforms = late === true ? [] : new Set(parts.map(({ platform }) => platform));
    const facts = [...platforms].map((platform): Fact => {
      const own = parts.filter((part) => part.platform === platform);
      return { type: "orders.charged_back", platform, data: { chargebackId: id, reason, orders: own } };
    });
    deps.log.info({ paymentId, state: "booked", count: parts.length }, "chargeback settled");
    return save(chargeback, { dueAt: null, ...withFacts(chargeback, id, facts, stamp(), deps.newId) });
  }

  /** It is so: on somebody's approval, or by the bank's word. */
  async function book(chargeback: StoredChargeback, change: Partial<StoredChargeback> = {}): Promise<StoredChargeback> {
    CHARGEBACK_STATES.assertMove(chargeback.state, "booked");
    const booked = await save(chargeback, { ...change, state: "booked", dueAt: stamp(deps.limits.leaseMs) });
    deps.reached("chargeback.booked");
    try {
      return await settle(booked);
    } catch (thrown) {
      const { type: code, message: reason } = asMergepayError(thrown);
      if (!(thrown instanceof Overtaken))
        deps.log.error({ paymentId: booked.paymentId, code, reason }, "chargeback waits to be settled");
      return present(booked._id);
    }
  }

  async function present(chargebackId: string): Promise<StoredChargeback> {
    const chargeback = await chargebacks.findOne({ _id: chargebackId });
    if (chargeback === null) throw new MergepayError("NOT_FOUND");
    return chargeback;
  }

  /** Stores it, once for each booking of the bank. @returns also what was stored of that booking before */
  async function enter(
    paid: Paid,
    told: Pick<StoredChargeback, "bankReference" | "amount" | "bookedAt" | "reason" | "evidence" | "enteredBy">,
  ): Promise<{ chargeback: StoredChargeback; existed: boolean }> {
    const at = stamp();
    const { evidence, enteredBy, ...rest } = told;
    const made: StoredChargeback = {
      _id: chargebackId(paid.bank, told.bankReference),
      paymentId: paid.paymentId,
      state: "proposed",
      bank: paid.bank,
      ...rest,
      ...(evidence === undefined ? {} : { evidence }),
      ...(enteredBy === undefined ? {} : { enteredBy }),
      version: 1,
      // It waits for an operator, or is booked by the bank's word at once.
      dueAt: null,
      createdAt: at,
      updatedAt: at,
      ...EMPTY_OUTBOX,
    };
    const chargeback = { ...made, ...deps.audit(undefined, entered(made)) };
    try {
      await chargebacks.insertOne(chargeback);
      return { chargeback, existed: false };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return { chargeback: await present(made._id), existed: true };
    }
  }

  /** A booking of the bank that we have as well; also when the bank has given it up since. */
  const isOnBooks = ({ state }: StoredChargeback): boolean => state === "booked" || state === "reversed";

  const isSame = (chargeback: StoredChargeback, paymentId: string, amount: Money): boolean =>
    chargeback.paymentId === paymentId &&
    chargeback.amount.value === amount.value &&
    chargeback.amount.currency === amount.currency;

  /** Decides on what an operator entered. @throws NOT_FOUND, STATE_REFUSED, what `step` throws */
  async function decide(
    chargebackId: string,
    step: (chargeback: StoredChargeback) => Promise<StoredChargeback>,
  ): Promise<Chargeback> {
    for (;;) {
      const chargeback = await present(chargebackId);
      const { state } = chargeback;
      if (state !== "proposed")
        throw new MergepayError("STATE_REFUSED", `A chargeback that is ${state} does not wait for a decision.`, {
          state,
        });
      try {
        return showChargeback(await step(chargeback));
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  async function sweepOne(chargeback: StoredChargeback): Promise<void> {
    try {
      const leased = await save(chargeback, { dueAt: stamp(deps.limits.leaseMs) });
      await (leased.state === "reversed" ? reversals.settle(leased) : settle(leased));
    } catch (thrown) {
      if (thrown instanceof Overtaken) return;
      const { type: code, message: reason } = asMergepayError(thrown);
      const { paymentId, state } = chargeback;
      deps.log.error({ paymentId, state, code, reason }, "chargeback not carried on");
    }
  }

  return {
    /**
     * An operator says with evidence that the bank took money back. Nothing follows until another one approves, or the bank's statement says it too.
     * @throws NOT_FOUND, STATE_REFUSED (nothing was taken for the payment), REFUND_TOO_LARGE (more than it took), REFUND_CURRENCY_DIFFERS,
     *   AMOUNT_INVALID, BODY_INVALID (booked in the future), REVIEW_REFERENCE_TAKEN (the booking is another chargeback)
     */
    async propose({ by, ...told }: Actions["chargebacks.propose"]["params"]) {
      const { paymentId, bankReference, bookedAt, reason, evidence } = told;
      const paid = await mergePay.paid(paymentId);
      const { currency } = paid.total;
      if (told.amount.currency !== currency)
        throw new MergepayError("REFUND_CURRENCY_DIFFERS", undefined, { field: "/amount/currency" });
      const amount = canonicalMoney(told.amount.value, currency, "/amount/value");
      if (minorOfMoney(amount) > minorOfMoney(paid.total))
        throw new MergepayError("REFUND_TOO_LARGE", "The bank took less than that for the payment.", {
          field: "/amount/value",
        });
      const at = Date.parse(bookedAt);
      if (Number.isNaN(at) || at > deps.now())
        throw new MergepayError("BODY_INVALID", "The booking must have happened by now.", { field: "/bookedAt" });
      const entry = { bankReference, amount, bookedAt: instant(at), reason, evidence, enteredBy: by };
      const { chargeback, existed } = await enter(paid, entry);
      if (!isSame(chargeback, paymentId, amount))
        throw new MergepayError("REVIEW_REFERENCE_TAKEN", "This booking of the bank is another chargeback.", {
          field: "/bankReference",
        });
      return { ...showChargeback(chargeback), existed };
    },

    /** A second operator says that it is so. @throws NOT_FOUND, STATE_REFUSED, SECOND_PERSON_REQUIRED */
    approve: ({ chargebackId: id, by }: Actions["chargebacks.approve"]["params"]): Promise<Chargeback> =>
      decide(id, (chargeback) => {
        if (chargeback.enteredBy === by) throw new MergepayError("SECOND_PERSON_REQUIRED");
        return book(chargeback, { approvedBy: by });
      }),

    /** An operator says that it is not so, or takes it back. @throws NOT_FOUND, STATE_REFUSED */
    reject: ({ chargebackId: id, by, reason }: Actions["chargebacks.reject"]["params"]): Promise<Chargeback> =>
      decide(id, (chargeback) => {
        CHARGEBACK_STATES.assertMove(chargeback.state, "rejected");
        return save(chargeback, { state: "rejected", rejection: { by, reason } });
      }),

    /**
     * A line of the bank's statement says that money of a deduction was taken back: it is booked, whatever operators said. Or that it gave up what it had
     * taken back, and the money came again.
     * @param dryRun nothing is written
     * @returns whether it agrees with our books now; not when nothing was taken for the deduction, or less, or the booking is another chargeback
     */
    async byStatement(bank: string, line: StatementLine, dryRun = false): Promise<boolean> {
      if (line.direction === "credit") return reversals.byStatement(bank, line, dryRun);
      const { bankRequestId = "", bankReference, amount, bookedAt } = line;
      const paid = await mergePay.paidBy(bank, bankRequestId);
      if (paid === undefined || amount.currency !== paid.total.currency) return false;
      if (minorOfMoney(amount) > minorOfMoney(paid.total)) return false;
      if (dryRun) {
        const known = await chargebacks.findOne({ _id: chargebackId(bank, bankReference) });
        return known === null || isSame(known, paid.paymentId, amount);
      }
      const { chargeback } = await enter(paid, { bankReference, amount, bookedAt, reason: OF_STATEMENT });
      if (!isSame(chargeback, paid.paymentId, amount)) return false;
      try {
        if (!isOnBooks(chargeback)) await book(chargeback, { bookedAt });
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        // An operator decided at this moment; unless they booked it, the next statement does.
        return isOnBooks(await present(chargeback._id));
      }
      return true;
    },

    get: async ({ chargebackId: id }: Actions["chargebacks.get"]["params"]): Promise<Chargeback> =>
      showChargeback(await present(id)),

    list: ({ paymentId, needsReview, ...query }: Actions["chargebacks.list"]["params"]): Promise<Page<Chargeback>> =>
      page(
        chargebacks,
        { ...(paymentId === undefined ? {} : { paymentId }), ...(needsReview === undefined ? {} : { needsReview }) },
        BY_CHARGEBACK,
        query,
        deps.limits.ordersPerPage,
        showChargeback,
      ),

    /** Makes due at once what an earlier process of this very store left undone; only when no other process can be at it. */
    async recover(): Promise<void> {
      await chargebacks.updateMany({ dueAt: { $gt: stamp() } }, { $set: { dueAt: stamp() } });
      await reversals.recover();
    },

    /** Carries on what a crash left undone. */
    async sweep(): Promise<void> {
      const due = await findDue(chargebacks, stamp(), AT_A_SWEEP);
      await Promise.all(due.map(sweepOne));
      await reversals.sweep();
    },
  };
}

export type ChargebacksService = Awaited<ReturnType<typeof chargebacksService>>;
