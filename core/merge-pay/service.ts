import type { AccountsService } from "../accounts/service.ts";
import type { Actions, Page, PayRequest } from "../actions.ts";
import { bankCalls, bankLeaseMs } from "../bank/calls.ts";
import { endedByStatement } from "../bank/life.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { assertKey, requestHashOf } from "../idempotency.ts";
import { idPattern } from "../ids.ts";
import { EMPTY_OUTBOX } from "../notify/outbox.ts";
import type { MandateBook } from "../mandates/book.ts";
import type { Losers } from "../orders/lock.ts";
import { sumMoney } from "../money/money.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import type { Payment } from "../../schemas/types.generated.ts";
import { paymentCancel } from "./cancel.ts";
import { paymentConfirm } from "./confirm.ts";
import { askedFor } from "./decisions.ts";
import { paymentDeduction } from "./deduction.ts";
import { PAYMENTS, showPayment, type StoredPayment } from "./model.ts";
import { deductionOf, type OutcomeDeps, paymentOutcome } from "./outcome.ts";
import type { Priced, QuotesService } from "./quotes.ts";
import { lateMoney } from "./late.ts";
import { paymentReviews } from "./review.ts";
import { paymentRefundable } from "./refundable.ts";
import { PAYMENT_STATES } from "./states.ts";
import { paymentSweep } from "./sweep.ts";

export type MergePayDeps = Omit<OutcomeDeps, "payments"> & {
  readonly accounts: AccountsService;
  readonly quotes: QuotesService;
  readonly mandates: Pick<MandateBook, "reserve">;
};

/**
 * How long locking the orders may take: seconds at the most. After it a sweeper takes the payment for one whose process died, and ends it;
 * a process that was only slow is overtaken then and sends nothing.
 */
const LOCKING_MS = 60_000;

/** Why a stored payment may not be, before anything of it is locked: it ends as rejected. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ACCOUNT_MISSING",
  "MANDATE_ENDED",
  "MANDATE_LIMIT_REACHED",
  "MANDATE_NOT_COVERING",
]);

const BY_PAYMENT = byId(idPattern("pay"));

/** Pays a selection of orders at once: one payment, one deduction, all or nothing unless its payer agreed to less. */
export async function mergePayService(given: MergePayDeps) {
  const { deps, orders, quotes, accounts, settlement, mandates } = given;
  const payments = await deps.store.collection<StoredPayment>(PAYMENTS);
  const outcome = paymentOutcome({ ...given, payments });
  const deduction = paymentDeduction({ deps, accounts, outcome, bank: bankCalls(deps) });
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  async function priceOf(userId: string, request: PayRequest): Promise<Priced & { quoteId?: string }> {
    if (!("quoteId" in request)) return quotes.price(userId, request, request);
    const { quoteId, fingerprint } = request;
    return { ...(await quotes.toPay(userId, quoteId, fingerprint, request)), quoteId };
  }

  /** All that a payment needs to know before it is written down. @throws what `pay` throws of accounts, prices and platforms */
  async function prepare(userId: string, request: PayRequest) {
    const account = await accounts.toPayFrom(userId, request.accountId);
    const { orders: selected, total, quoteId, leftOut } = await priceOf(userId, request);
    return { account, selected, total, quoteId, leftOut, rules: await settlement.rulesFor(selected) };
  }

  /** The answer to a key that was used before: the same for the same content. */
  function answerAgain(present: StoredPayment, requestHash: string): Payment & { existed: boolean } {
    if (present.requestHash !== requestHash) throw new MergepayError("IDEMPOTENCY_KEY_REUSED");
    if (present.state === "locking" || present.state === "submitting")
      throw new MergepayError("IDEMPOTENCY_IN_FLIGHT", undefined, { retryAfterSeconds: 1 });
    if (present.state === "rejected") throw refusalOf(present);
    return { ...showPayment(present), existed: true };
  }

  const findByKey = (userId: string, idempotencyKey: string) => payments.findOne({ userId, idempotencyKey });

  /**
   * The bank's token of the payment's account, or why the payment may not be. Asked once it is stored: an account that is being removed is not
   * used any more, and one that is used is not removed; of a mandate each payment takes its part once.
   */
  async function permit(payment: StoredPayment): Promise<string | MergepayError> {
    try {
      const token = await accounts.tokenToDebit(payment.accountId);
      if (payment.mandateId !== undefined) await mandates.reserve(payment, payment.mandateId);
      return token;
    } catch (error) {
      if (error instanceof MergepayError && REFUSALS.has(error.type)) return error;
      throw error;
    }
  }

  /** Locks, writes the deduction down, sends it once, and follows it to where the bank's word carries it. */
  async function carryOut(inserted: StoredPayment): Promise<StoredPayment> {
    const { _id, userId } = inserted;
    const token = await permit(inserted);
    if (token instanceof MergepayError) return reject(inserted, token);
    const bestEffort = inserted.atomicity === "best_effort";
    const losers = await (bestEffort ? orders.lockSome : orders.lock)(_id, userId, inserted.orders);
    deps.reached("payment.orders-locked");
    const had = without(inserted, losers);
    const enough = bestEffort ? had.orders.length >= (inserted.atLeast ?? 1) : losers.length === 0;
    if (!enough) return reject(inserted, unavailable(had.leftOut ?? []));
    PAYMENT_STATES.assertMove(inserted.state, "submitting");
    const durable = await outcome
      .save(inserted, {
        state: "submitting",
        ...had,
        deduction: deductionOf({ ...inserted, ...had }, stamp()),
        dueAt: stamp(bankLeaseMs(deps)),
      })
      .catch(async (error: unknown) => {
        // Nobody else submits it: our own write was done, its answer lost, and the driver did it again.
        const own = { _id, state: "submitting" as const, version: inserted.version + 1 };
        const present = error instanceof Overtaken ? await payments.findOne(own) : null;
        if (present === null) throw error;
        return present;
      });
    deps.reached("payment.attempt-durable");
    const answer = await deduction.debit(durable, token);
    deps.reached("payment.sent");
    return deduction.answered(durable, answer);
  }

  async function reject(payment: StoredPayment, { type: code, message: reason, data }: MergepayError) {
    PAYMENT_STATES.assertMove(payment.state, "rejected");
    const rejected = await outcome.save(payment, {
      state: "rejected",
      error: { code, reason, ...(data.orders === undefined ? {} : { orders: [...data.orders] }) },
      dueAt: stamp(),
    });
    return outcome.release(rejected);
  }

  /** A sweeper took the payment over while we were held up, or its payer cancelled it: they decide. What we locked after it did is opened again. */
  async function afterOvertaken(paymentId: string): Promise<StoredPayment> {
    const present = await payments.findOne({ _id: paymentId });
    if (present === null) throw new MergepayError("INTERNAL", `The payment ${paymentId} is gone.`);
    if (["expired", "rejected", "cancelled"].includes(present.state)) await outcome.openOrders(present);
    return present;
  }

  /** We can't go on with it, most likely for want of the store: a sweeper ends it now and not when our lease is over. */
  async function handOver(paymentId: string): Promise<void> {
    try {
      await payments.updateOne(
        { _id: paymentId, state: { $in: ["locking", "submitting"] } },
        { $set: { dueAt: stamp() } },
      );
    } catch (error) {
      // The store is still away: then it is when the lease is over after all.
      deps.log.warn({ paymentId, code: asMergepayError(error).type }, "payment left to its lease");
    }
  }

  return {
    /**
     * Pays by quote or plain selection. The same key and content again give the same answer.
     * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_FLIGHT, ORDERS_UNAVAILABLE (with the orders), QUOTE_EXPIRED, QUOTE_MISMATCH,
     *   SELECTION_EMPTY, SELECTION_TOO_LARGE, CURRENCIES_MIXED, TOTAL_TOO_LARGE, ACCOUNT_MISSING; by a mandate MANDATE_ENDED, MANDATE_LIMIT_REACHED, MANDATE_NOT_COVERING
     */
    async pay({
      userId,
      idempotencyKey,
      request,
      mandateId,
    }: Actions["merge-pay.pay"]["params"]): Promise<Payment & { existed: boolean }> {
      assertKey(idempotencyKey, deps.limits.idempotencyKeyChars);
      if (request.atLeast !== undefined && request.atomicity !== "best_effort")
        throw new MergepayError("BODY_INVALID", "atLeast is for best_effort only.", { field: "/atLeast" });
      const requestHash = requestHashOf(mandateId === undefined ? request : { ...request, mandateId });
      const before = await findByKey(userId, idempotencyKey);
      if (before !== null) return answerAgain(before, requestHash);
      let priced: Awaited<ReturnType<typeof prepare>>;
      try {
        priced = await prepare(userId, request);
      } catch (error) {
        // A twin of this request may have taken the orders since the key was looked up: then its answer is the answer.
        const twin = await findByKey(userId, idempotencyKey);
        if (twin === null) throw error;
        return answerAgain(twin, requestHash);
      }
      const { account, selected, total, quoteId, leftOut, rules } = priced;
      const { atomicity = "all_or_nothing", atLeast } = request;
      if (selected.length < (atLeast ?? 1)) throw unavailable(leftOut ?? []);
      const at = stamp();
      const asked: StoredPayment = {
        _id: deps.newId("pay"),
        userId,
        state: "locking",
        total,
        orders: selected,
        accountId: account._id,
        atomicity,
        ...(atLeast === undefined ? {} : { atLeast }),
        ...(leftOut === undefined ? {} : { leftOut: [...leftOut] }),
        ...(quoteId === undefined ? {} : { quoteId }),
        ...(mandateId === undefined ? {} : { mandateId }),
        idempotencyKey,
        requestHash,
        bankRequestId: deps.newId("ded"),
        bank: account.bank,
        ...rules,
        version: 1,
        dueAt: stamp(Math.min(LOCKING_MS, deps.limits.lockMs)),
        createdAt: at,
        updatedAt: at,
        ...EMPTY_OUTBOX,
      };
      const payment = { ...asked, ...deps.audit(undefined, askedFor(asked)) };
      try {
        await payments.insertOne(payment);
      } catch (error) {
        const present = isDuplicateKey(error) ? await findByKey(userId, idempotencyKey) : null;
        if (present === null) {
          // It may have been written all the same.
          await handOver(payment._id);
          throw error;
        }
        // Our own is one that was written, its answer lost, and the driver wrote it again.
        if (present._id !== payment._id) return answerAgain(present, requestHash);
      }
      deps.reached("payment.inserted");
      let done: StoredPayment;
      try {
        done = await carryOut(payment);
      } catch (error) {
        if (error instanceof MergepayError) await handOver(payment._id);
        if (!(error instanceof Overtaken)) throw error;
        done = await afterOvertaken(payment._id);
      }
      if (done.state === "rejected") throw refusalOf(done);
      return { ...showPayment(done), existed: false };
    },

    async get({ paymentId, userId }: Actions["merge-pay.get"]["params"]): Promise<Payment> {
      const payment = await payments.findOne({ _id: paymentId });
      if (payment === null || (userId !== undefined && payment.userId !== userId)) throw new MergepayError("NOT_FOUND");
      return showPayment(payment);
    },

    list: ({ userId, ...query }: Actions["merge-pay.list"]["params"]): Promise<Page<Payment>> =>
      page(payments, { userId }, BY_PAYMENT, query, deps.limits.ordersPerPage, showPayment),

    /** A bank's statement says that its deduction was carried out. */
    endByStatement: endedByStatement(payments, deduction.booked),

    ...paymentRefundable(payments),
    ...paymentCancel({ payments, outcome }),
    ...paymentReviews({ deps, payments, outcome }),
    ...paymentConfirm({ deps, payments, outcome, deduction }),
    ...paymentSweep({ deps, payments, outcome, deduction, late: lateMoney({ ...given, outcome }) }),
  };
}

export type MergePayService = Awaited<ReturnType<typeof mergePayService>>;

/** A payment without the orders that could not be had: what is deducted is the sum of the others. */
function without({ orders, total, leftOut }: StoredPayment, losers: Losers) {
  if (losers.length === 0) return { orders, total, ...(leftOut === undefined ? {} : { leftOut }) };
  const lost = new Set(losers.map(({ orderId }) => orderId));
  const kept = orders.filter(({ orderId }) => !lost.has(orderId));
  return {
    orders: kept,
    total: kept.length === 0 ? total : sumMoney(kept.map(({ amount }) => amount)),
    leftOut: [...(leftOut ?? []), ...losers],
  };
}

const unavailable = (orders: Losers) => new MergepayError("ORDERS_UNAVAILABLE", undefined, { orders });

/** Why a payment was rejected, as it was told then. */
function refusalOf({ error }: StoredPayment): MergepayError {
  const { code = "ORDERS_UNAVAILABLE", reason, orders } = error ?? {};
  return new MergepayError(code as ErrorCode, reason, orders === undefined ? {} : { orders });
}
