import { bankLeaseMs, type BankCalls } from "../bank/calls.ts";
import type { Doubt, Succeeded } from "../bank/instruction.ts";
import { instructionLife } from "../bank/life.ts";
import { type Deps, instant } from "../deps.ts";
import { ERRORS, type ErrorCode } from "../errors/codes.ts";
import type { LedgerService } from "../ledger/service.ts";
import type { MergePayService } from "../merge-pay/service.ts";
import { type Fact, withFacts } from "../notify/outbox.ts";
import type { OrdersService } from "../orders/service.ts";
import type { SettlementService } from "../settlement/service.ts";
import type { StoreCollection } from "../store/contract.ts";
import { saveVersion } from "../versioned.ts";
import type { RefundInstruction } from "../../schemas/types.generated.ts";
import { decisionOf } from "./decisions.ts";
import { lateRefundEntry, refundEntry, refundLines, showToPayer, showToPlatform, type StoredRefund } from "./model.ts";
import type { PaymentReturns } from "./returns.ts";
import { REFUND_STATES, type RefundState } from "./states.ts";

export interface RefundOutcomeDeps {
  readonly deps: Deps;
  readonly refunds: StoreCollection<StoredRefund>;
  readonly returns: PaymentReturns;
  readonly mergePay: Pick<MergePayService, "paid" | "noteReturned">;
  readonly orders: OrdersService;
  readonly settlement: SettlementService;
  readonly ledger: LedgerService;
  readonly bank: BankCalls;
}

/** A bank that never gets a refund, sent so often after its finality window: it has failed, and an operator may ask for another. */
const MOST_SENDS = 5;

/** The states that the payer hears of as events. */
const TOLD = ["succeeded", "failed", "unknown"] as const satisfies readonly RefundState[];
const isTold = (state: RefundState): state is (typeof TOLD)[number] => TOLD.some((told) => told === state);

export const errorOf = (code: ErrorCode) => ({ code, reason: ERRORS[code].title });

/** The instruction as it is, or as it is when first sent. */
export function instructionOf(refund: StoredRefund, at: string): RefundInstruction {
  const { instruction, _id: bankRequestId, bank, amount } = refund;
  return instruction ?? { bankRequestId, bank, amount, sends: 1, inquiries: 0, createdAt: at, lastSentAt: at };
}

/**
 * Sends a refund, and turns the bank's word into its state and all that follows. Each step can be done again after a crash: the state is
 * written first, with its event; payment, orders, lines and journal follow and are found again by `dueAt`.
 */
export function refundOutcome(given: RefundOutcomeDeps) {
  const { deps, refunds, returns, mergePay, orders, settlement, ledger, bank } = given;
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const lastWaitMs = deps.limits.inquiryMs.at(-1) ?? 0;
  /** Writes a change, and the decision that it is beside it. */
  function save(refund: StoredRefund, change: Partial<StoredRefund>): Promise<StoredRefund> {
    const decided = decisionOf(refund, change);
    const audited = decided === undefined ? {} : deps.audit(refund, decided.decision, decided.by);
    return saveVersion(refunds, refund, { ...change, ...audited, updatedAt: stamp() });
  }
  const about = ({ paymentId }: StoredRefund) => ({ paymentId });

  /** Moves the refund along the table, with the payer's event in the same write. */
  function move(refund: StoredRefund, to: RefundState, change: Partial<StoredRefund>): Promise<StoredRefund> {
    REFUND_STATES.assertMove(refund.state, to);
    const moved: StoredRefund = { ...refund, ...change, state: to };
    if (!isTold(to)) return save(refund, { ...change, state: to });
    const fact: Fact = { type: `refund.${to}`, userId: refund.userId, data: { ...showToPayer(moved) } };
    return save(refund, { ...change, state: to, ...withFacts(refund, refund._id, [fact], stamp(), deps.newId) });
  }

  /** Ends a refund of which nothing was sent: what was held back for it is free again. */
  async function reject(refund: StoredRefund, change: Partial<StoredRefund>): Promise<StoredRefund> {
    return giveFree(await move(refund, "rejected", { ...change, dueAt: stamp() }));
  }

  async function giveFree(refund: StoredRefund): Promise<StoredRefund> {
    await returns.free(refund.paymentId, refund._id);
    return save(refund, { dueAt: null });
  }

  async function succeed(refund: StoredRefund, { bankReference, bookedAt }: Succeeded): Promise<StoredRefund> {
    const instruction = { ...instructionOf(refund, stamp()), bankReference, bookedAt };
    const done = await move(refund, "succeeded", { instruction, dueAt: stamp() });
    deps.reached("refund.answer-written");
    return settle(done);
  }

  async function fail(refund: StoredRefund, code: ErrorCode): Promise<StoredRefund> {
    const never = code === "BANK_NEVER_RECEIVED";
    // The bank has said what was in doubt. From here on only money that left all the same needs somebody.
    const reviewed = refund.needsReview === true ? { needsReview: false } : {};
    const change = { ...reviewed, error: errorOf(code), dueAt: stamp(never ? lastWaitMs : 0) };
    const failed = await move(refund, "failed", change);
    deps.reached("refund.answer-written");
    return never ? failed : afterFailed(failed);
  }

  /**
   * Where the bank said so, the money is free again. Where it swore that it never got the refund, the money stays held back until it was asked
   * once more after the longest wait: what leaves all the same must not leave twice.
   */
  async function afterFailed(refund: StoredRefund): Promise<StoredRefund> {
    if (refund.error?.code !== "BANK_NEVER_RECEIVED") return giveFree(refund);
    const answer = await bank.inquire({ bank: refund.bank, bankRequestId: refund._id }, about(refund));
    if (answer.state === "not_found" || answer.state === "failed") return giveFree(refund);
    if (answer.state !== "succeeded") return save(refund, { dueAt: stamp(lastWaitMs) });
    await ledger.write(lateRefundEntry(refund, answer.bookedAt));
    deps.log.error({ ...about(refund), bank: refund.bank }, "a refund left after it had failed; it stays held back");
    return save(refund, { needsReview: true, dueAt: null });
  }

  function stayUnknown(refund: StoredRefund, dueAt: string, doubt?: Doubt): Promise<StoredRefund> {
    const doubtful = doubt === "differs" ? { error: errorOf("BANK_ANSWER_DIFFERS") } : {};
    const change = { ...(doubt === undefined ? {} : { needsReview: true }), ...doubtful, dueAt };
    return refund.state === "unknown" ? save(refund, change) : move(refund, "unknown", change);
  }

  /** Payment, orders, lines and journal, each once however often it is tried; then the platforms are told, each its own. */
  async function settle(refund: StoredRefund): Promise<StoredRefund> {
    const { _id: id, paymentId, amount, parts, late } = refund;
    const { lineIds } = await mergePay.paid(paymentId);
    const lines = late === true ? [] : refundLines(refund, lineIds);
    await Promise.all([
      mergePay.noteReturned(paymentId, id, amount).then(() => deps.reached("refund.payment-noted")),
      late === true ? undefined : orders.noteReturned(id, parts).then(() => deps.reached("refund.orders-noted")),
      lines.length === 0 ? undefined : settlement.takeBack(lines).then(() => deps.reached("refund.lines-written")),
      ledger.write(refundEntry(refund)).then(() => deps.reached("refund.journal-written")),
    ]);
    const platforms = late === true ? [] : new Set(parts.map(({ platform }) => platform));
    const facts = [...platforms].map((platform): Fact => {
      const { parts: own, reason } = showToPlatform(refund, platform);
      return { type: "orders.refunded", platform, data: { refundId: id, reason, orders: own } };
    });
    deps.log.info({ paymentId, state: "succeeded", count: parts.length }, "refund settled");
    return save(refund, { dueAt: null, ...withFacts(refund, id, facts, stamp(), deps.newId) });
  }

  /** Sends it, once. Its record must be durable and count this sending. */
  const give = (refund: StoredRefund) => {
    const { _id: bankRequestId, bank: name, debitRequestId, amount, paymentId } = refund;
    const reference = `Mergepay ${bankRequestId}, of ${paymentId}`;
    return bank.send(
      "bank-adapter.refund",
      { bank: name, bankRequestId, debitRequestId, amount, reference },
      about(refund),
    );
  };

  const life = instructionLife<StoredRefund, RefundInstruction>(deps, bank, {
    instructionOf: (refund) => instructionOf(refund, stamp()),
    about,
    record: (refund, instruction, dueAt) => save(refund, { instruction, dueAt }),
    send: give,
    // Whoever is to get the money back need not ask again because the bank was away.
    failsUnsent: false,
    maySendAgain: (refund) => instructionOf(refund, stamp()).sends < MOST_SENDS,
    succeed,
    fail,
    stayUnknown,
  });

  return {
    save,
    move,
    reject,
    giveFree,
    afterFailed,
    stayUnknown,
    settle,
    inquire: life.inquire,
    booked: life.booked,

    /** Writes the instruction down, sends it once, and follows it to where the bank's word carries it. */
    async submit(refund: StoredRefund, change: Partial<StoredRefund> = {}): Promise<StoredRefund> {
      const instruction = instructionOf(refund, stamp());
      const durable = await move(refund, "submitting", { ...change, instruction, dueAt: stamp(bankLeaseMs(deps)) });
      deps.reached("refund.attempt-durable");
      const answer = await give(durable);
      deps.reached("refund.sent");
      return life.answered(durable, answer);
    },
  };
}

export type RefundOutcome = ReturnType<typeof refundOutcome>;
