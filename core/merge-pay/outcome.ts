import { type Doubt, isOver, nextInquiry, type Succeeded } from "../bank/instruction.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { ERRORS } from "../errors/codes.ts";
import { lateMoneyEntry, lateMoneyTakenEntry, paymentEntry } from "../ledger/model.ts";
import type { LedgerService } from "../ledger/service.ts";
import { type Fact, withFacts } from "../notify/outbox.ts";
import type { OrdersService } from "../orders/service.ts";
import { linesOf } from "../settlement/model.ts";
import type { SettlementService } from "../settlement/service.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { saveVersion } from "../versioned.ts";
import type { Challenge, Deduction, PaymentError } from "../../schemas/types.generated.ts";
import { decisionOf } from "./decisions.ts";
import { HELD, rulesOf, showPayment, type StoredPayment } from "./model.ts";
import { PAYMENT_STATES, type PaymentState } from "./states.ts";

export interface OutcomeDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly orders: OrdersService;
  readonly settlement: SettlementService;
  readonly ledger: LedgerService;
}

/**
 * Turns the bank's word into the payment's state and all that follows from it. Each step can be done again after a crash:
 * the state is written first, with its event; orders, lines and journal follow and are found again by `dueAt`.
 */
export function paymentOutcome({ deps, payments, orders, settlement, ledger }: OutcomeDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  /** Writes a change, and the decision that it is beside it. */
  function save(
    payment: StoredPayment,
    change: Partial<StoredPayment>,
    gone: readonly (keyof StoredPayment & string)[] = [],
  ): Promise<StoredPayment> {
    const decided = decisionOf(payment, change);
    const audited = decided === undefined ? {} : deps.audit(payment, decided.decision, decided.by);
    return saveVersion(payments, payment, { ...change, ...audited, updatedAt: stamp() }, gone);
  }

  const openOrders = (payment: StoredPayment): Promise<void> =>
    orders.release(
      payment._id,
      payment.orders.map(({ orderId }) => orderId),
    );

  /** Moves the payment along the table, with the payer's event in the same write. */
  function move(
    payment: StoredPayment,
    to: PaymentState,
    change: Partial<StoredPayment>,
    gone: readonly ("error" | "unmade")[] = [],
  ): Promise<StoredPayment> {
    PAYMENT_STATES.assertMove(payment.state, to);
    const moved: StoredPayment = { ...payment, ...change, state: to };
    for (const field of gone) delete moved[field];
    if (!isTold(to)) return save(payment, { ...change, state: to }, gone);
    const fact: Fact = { type: `payment.${to}`, userId: payment.userId, data: { ...showPayment(moved) } };
    const told = withFacts(payment, payment._id, [fact], stamp(), deps.newId);
    return save(payment, { ...change, state: to, ...told }, gone);
  }

  const deductionWith = (payment: StoredPayment, more: Partial<Deduction>): { deduction: Deduction } => ({
    deduction: { ...deductionOf(payment, stamp()), ...more },
  });

  /** @param more is written in the same update */
  async function succeed(
    payment: StoredPayment,
    outcome: Succeeded,
    more: Partial<StoredPayment> = {},
  ): Promise<StoredPayment> {
    const { bankReference, bookedAt } = outcome;
    const done = await move(payment, "succeeded", {
      ...more,
      ...reviewed(payment),
      ...deductionWith(payment, { bankReference, bookedAt }),
      dueAt: stamp(),
    });
    deps.reached("payment.answer-written");
    return settle(done);
  }

  /** The bank waits for the payer: until then nothing is executed, and the orders stay locked. */
  function challenged(
    payment: StoredPayment,
    challenge: Challenge,
    more: Pick<StoredPayment, "confirming"> = {},
  ): Promise<StoredPayment> {
    const known = payment.challenge;
    // What is known of a challenge that the bank names again.
    const wrong = known?.id === challenge.id && known.wrongAnswers !== undefined ? known : {};
    const { wrongAnswers } = { ...wrong, ...challenge };
    const change = {
      ...more,
      challenge: { ...challenge, ...(wrongAnswers === undefined ? {} : { wrongAnswers }) },
      dueAt: atMost(nextAsk(payment), challenge.expiresAt),
    };
    return payment.state === "requires_action" ? save(payment, change) : move(payment, "requires_action", change);
  }

  const nextAsk = (payment: StoredPayment): string =>
    instant(nextInquiry(deductionOf(payment, stamp()), { now: deps.now(), inquiryMs: deps.limits.inquiryMs }));

  /** @param more is written in the same update */
  async function fail(
    payment: StoredPayment,
    error: PaymentError,
    more: Partial<StoredPayment> = {},
  ): Promise<StoredPayment> {
    const failed = await move(payment, "failed", { ...more, ...reviewed(payment), error, dueAt: stamp() });
    deps.reached("payment.answer-written");
    return release(failed);
  }

  /** Keeps the orders locked; the bank is asked again at `dueAt`. In doubt no money moves, and an operator must look. */
  function stayUnknown(payment: StoredPayment, dueAt: string, doubt?: Doubt): Promise<StoredPayment> {
    const { state, challenge } = payment;
    // That the bank says nothing just now does not end its challenge: the payer may answer as long as it lasts.
    const waits = state === "requires_action" && challenge !== undefined && !isOver(challenge, deps.now());
    if (waits && doubt === undefined) return save(payment, { dueAt: atMost(dueAt, challenge.expiresAt) });
    const change = { ...(doubt === undefined ? {} : DOUBTS[doubt]), dueAt };
    return state === "unknown" ? save(payment, change) : move(payment, "unknown", change);
  }

  /**
   * Orders paid, lines and journal written: side by side, so that a store that gathers writes makes them durable together, each once however
   * often it is tried. Then the platforms are told.
   */
  async function settle(payment: StoredPayment): Promise<StoredPayment> {
    const { _id: paymentId, total, bank } = payment;
    const at = payment.deduction?.bookedAt ?? payment.updatedAt;
    const lines = linesOf({ paymentId, total, orders: payment.orders, rules: rulesOf(payment), at });
    const orderIds = payment.orders.map(({ orderId }) => orderId);
    await Promise.all([
      orders.markPaid(paymentId, orderIds).then(() => deps.reached("payment.orders-paid")),
      settlement.write(lines).then(() => deps.reached("payment.lines-written")),
      ...(payment.tookLateMoney === true ? [ledger.write(lateMoneyTakenEntry(paymentId, bank, total, at))] : []),
      ledger.write(paymentEntry(payment, lines, at)).then(() => deps.reached("payment.journal-written")),
    ]);
    const platforms = [...new Set(lines.map(({ platform }) => platform))];
    const facts = platforms.map((platform): Fact => {
      // Only what is the platform's own: no payer, no total of the payment, nothing of other platforms.
      const own = lines.filter((line) => line.platform === platform && line.kind === "order");
      return {
        type: "orders.paid",
        platform,
        data: {
          orders: own.map(({ orderId, merchant, orderNo, gross, fee, net }) => ({
            orderId,
            merchant,
            orderNo,
            gross,
            fee,
            net,
          })),
        },
      };
    });
    deps.log.info({ paymentId, state: "succeeded", count: lines.length }, "payment settled");
    return save(payment, { dueAt: null, ...withFacts(payment, paymentId, facts, stamp(), deps.newId) });
  }

  /** Opens the orders of a payment that ended without money. */
  async function release(payment: StoredPayment): Promise<StoredPayment> {
    await openOrders(payment);
    deps.log.info(
      { paymentId: payment._id, state: payment.state, ...logCode(payment) },
      "payment ended, orders released",
    );
    return save(payment, { dueAt: lookAgainAt(payment) });
  }

  /** When a payment that ended without money wants another look; null when it is done with. */
  function lookAgainAt(payment: StoredPayment): string | null {
    const { state, createdAt, needsReview } = payment;
    if (needsReview === true) return null;
    if (mayStillBeTaken(payment)) return stamp(deps.limits.inquiryMs.at(-1));
    if (state !== "expired" && state !== "cancelled") return null;
    // Its process may only have been held up, lock orders even now, and die then: they are opened once more when no lock can be young.
    const settledAt = instant(Date.parse(createdAt) + 2 * deps.limits.lockMs);
    return settledAt > stamp() ? settledAt : null;
  }

  /** Ends a payment of which it is sure that nothing is executed, before anybody sends more: whoever works on it is overtaken. */
  async function withdraw(
    payment: StoredPayment,
    to: "expired" | "cancelled",
    error?: PaymentError,
  ): Promise<StoredPayment> {
    await makeOthers(payment, to === "expired" ? stamp() : undefined);
    const change = { dueAt: stamp(), ...(error === undefined ? {} : { error }) };
    const ended = await move(payment, to, change, payment.unmade === undefined ? [] : ["unmade"]);
    deps.reached("payment.withdrawn");
    return release(ended);
  }

  /**
   * Inserts what a payment holds of the other payments of its confirmation, and is not there yet. Each ends by itself.
   * @param dueAt when a sweeper looks at them; absent: when the lease of whoever pays is over
   */
  async function makeOthers({ unmade }: StoredPayment, dueAt?: string): Promise<void> {
    if (unmade === undefined) return;
    const others = dueAt === undefined ? unmade : unmade.map((one) => ({ ...one, dueAt }));
    try {
      await payments.insertMany(others, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    deps.reached("payment.others-inserted");
  }

  return {
    save,
    makeOthers,
    settle,
    openOrders,
    release,
    withdraw,
    succeed,
    fail,
    stayUnknown,
    challenged,

    /** The orders, which are locked again, are paid by money that is on the books as late. */
    async takeLateMoney(payment: StoredPayment, { bankReference, bookedAt }: Succeeded): Promise<StoredPayment> {
      const taken = await move(
        payment,
        "succeeded",
        { tookLateMoney: true, ...deductionWith(payment, { bankReference, bookedAt }), dueAt: stamp() },
        ["error"],
      );
      deps.reached("payment.answer-written");
      return settle(taken);
    },

    /** Money that came after the payment had failed: on the books as nobody's, held for an operator unless `more` says otherwise. Nothing is paid with it. */
    async holdLateMoney(
      payment: StoredPayment,
      outcome: Succeeded,
      dueAt: string | null = null,
      more: Pick<StoredPayment, "needsReview" | "lateMoney" | "lateAmount"> = {},
    ): Promise<StoredPayment> {
      await ledger.write(lateMoneyEntry(payment._id, payment.bank, outcome.amount, outcome.bookedAt));
      deps.log.error({ paymentId: payment._id, bank: payment.bank }, "money came after the payment had failed");
      const { bankReference, bookedAt } = outcome;
      const late = { needsReview: true, lateMoney: { ...HELD, at: stamp() }, ...more };
      return save(payment, { ...late, dueAt, ...deductionWith(payment, { bankReference, bookedAt }) });
    },
  };
}

/** Nobody need look at it any more. */
const reviewed = ({ needsReview }: StoredPayment): Partial<StoredPayment> =>
  needsReview === true ? { needsReview: false } : {};

/** The earlier of two instants as stored. */
const atMost = (at: string, end: string): string => (at < end ? at : end);

/**
 * True of a payment that ended without money although the bank may have its instruction: it swore that it never got it, or that it executes nothing
 * without an answer, or operators found that it took nothing, or the call that was heard of reached no bank, which says nothing of one that a
 * network made of it beside. Money that comes all the same must be seen.
 */
export const mayStillBeTaken = ({ state, error, deduction }: StoredPayment): boolean =>
  error?.code === "BANK_NEVER_RECEIVED" ||
  error?.code === "BANK_CHALLENGE_EXPIRED" ||
  error?.code === "BANK_UNAVAILABLE" ||
  error?.code === "REVIEW_NOT_DEBITED" ||
  (deduction !== undefined && (state === "cancelled" || state === "expired"));

const DOUBTS: Readonly<Record<Doubt, Partial<StoredPayment>>> = {
  differs: { needsReview: true, error: errorOf("BANK_ANSWER_DIFFERS") },
  silent: { needsReview: true },
};

export type PaymentOutcome = ReturnType<typeof paymentOutcome>;

/** The states that the payer hears of as events. */
const TOLD = [
  "succeeded",
  "failed",
  "unknown",
  "requires_action",
  "cancelled",
  "expired",
] as const satisfies readonly PaymentState[];
const isTold = (state: PaymentState): state is (typeof TOLD)[number] => TOLD.some((told) => told === state);

export function errorOf(code: ErrorCode): PaymentError {
  return { code, reason: ERRORS[code].title };
}

const logCode = (payment: StoredPayment) => (payment.error === undefined ? {} : { code: payment.error.code });

/** The deduction as it is, or as it is when first sent. */
export function deductionOf(payment: StoredPayment, at: string): Deduction {
  const { deduction, bankRequestId, bank, total, rates } = payment;
  const rateIds = rates === undefined ? {} : { rateIds: rates.map(({ id }) => id) };
  const sent = { sends: 1, inquiries: 0, createdAt: at, lastSentAt: at };
  return deduction ?? { bankRequestId, bank, amount: total, ...rateIds, ...sent };
}
