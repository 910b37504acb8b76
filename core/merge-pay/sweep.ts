import { bankLeaseMs } from "../bank/calls.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken } from "../versioned.ts";
import type { PaymentDeduction } from "./deduction.ts";
import type { LateMoneyCare } from "./late.ts";
import type { StoredPayment } from "./model.ts";
import { deductionOf, mayStillBeTaken, type PaymentOutcome } from "./outcome.ts";

interface SweepDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly outcome: PaymentOutcome;
  readonly deduction: PaymentDeduction;
  readonly late: LateMoneyCare;
}

const AT_A_SWEEP = 50;

/** Carries on what a crash, a lost answer or a silent bank left undone. Every node may sweep: compare-and-set decides who does. */
export function paymentSweep({ deps, payments, outcome, deduction, late }: SweepDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const lastWaitMs = deps.limits.inquiryMs.at(-1) ?? 0;

  /** Opens the orders, if that was not done; where the bank had the instruction, looks for money that came late. */
  async function afterEnd(payment: StoredPayment): Promise<void> {
    if (payment.lateMoney !== undefined) {
      await late.carryOn(payment, payment.lateMoney);
      return;
    }
    if (!mayStillBeTaken(payment) || payment.needsReview === true) {
      await outcome.release(payment);
      return;
    }
    await outcome.openOrders(payment);
    const answer = await deduction.look(payment);
    if (answer.state === "succeeded") {
      await late.come(payment, answer);
      return;
    }
    const { lastSentAt = payment.createdAt } = deductionOf(payment, stamp());
    const lookedLongEnough = Date.parse(lastSentAt) + deps.limits.lockMs + lastWaitMs <= deps.now();
    // A bank that has it and has not decided may take the money yet, however late it is.
    const decided = answer.state === "failed" || answer.state === "not_found";
    const done = decided && lookedLongEnough;
    await outcome.save(payment, { dueAt: done ? null : stamp(lastWaitMs) });
  }

  async function carryOn(payment: StoredPayment): Promise<void> {
    switch (payment.state) {
      case "locking":
        // Its process died before anything was sent: nobody is charged by a process that wakes up later, so it ends here.
        await outcome.withdraw(payment, "expired");
        return;
      case "submitting":
        await deduction.inquire(await outcome.stayUnknown(payment, stamp(bankLeaseMs(deps))));
        return;
      case "unknown":
      case "requires_action":
        await deduction.inquire(payment);
        return;
      case "succeeded":
        await outcome.settle(payment);
        return;
      case "failed":
      case "expired":
      case "cancelled":
        return afterEnd(payment);
      case "rejected":
        await outcome.release(payment);
    }
  }

  async function sweepOne(payment: StoredPayment): Promise<void> {
    try {
      await carryOn(payment);
    } catch (thrown) {
      if (thrown instanceof Overtaken) return;
      const error = asMergepayError(thrown);
      deps.log.error(
        { paymentId: payment._id, state: payment.state, code: error.type, reason: error.message },
        "payment not carried on",
      );
    }
  }

  return {
    /** Carries on all payments whose time has come; resolves when each had its turn. */
    async sweep(): Promise<void> {
      const due = await findDue(payments, stamp(), AT_A_SWEEP);
      await Promise.all(due.map(sweepOne));
    },

    /** Makes due at once what an earlier process of this very store left under way; only when no other process can be at it. */
    async recover(): Promise<void> {
      await payments.updateMany({ state: { $in: ["locking", "submitting"] } }, { $set: { dueAt: stamp() } });
    },
  };
}
