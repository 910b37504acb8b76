import type { AccountsService } from "../accounts/service.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken } from "../versioned.ts";
import type { BankCalls } from "./bank.ts";
import { bankLeaseMs } from "./bank.ts";
import type { StoredPayment } from "./model.ts";
import { deductionOf, errorOf, type PaymentOutcome } from "./outcome.ts";

interface SweepDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly accounts: AccountsService;
  readonly outcome: PaymentOutcome;
  readonly bank: BankCalls;
}

const AT_A_SWEEP = 50;

/** Carries on what a crash, a lost answer or a silent bank left undone. Every node may sweep: compare-and-set decides who does. */
export function paymentSweep({ deps, payments, accounts, outcome, bank }: SweepDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const lastWaitMs = deps.limits.inquiryMs.at(-1) ?? 0;
  const lease = () => stamp(bankLeaseMs(deps));

  /** Asks the bank, and goes by its word. */
  async function inquire(payment: StoredPayment): Promise<void> {
    const deduction = deductionOf(payment, stamp());
    const asking = await outcome.save(payment, {
      deduction: { ...deduction, inquiries: (deduction.inquiries ?? 0) + 1 },
      dueAt: lease(),
    });
    const answer = await bank.inquire(asking);
    if (answer.state === "not_found") return neverReceived(asking);
    const silent = answer.state === "unknown" || answer.state === "pending";
    if (silent && (await outOfWaits(asking))) await outcome.stayUnknown(asking, { needsReview: true });
    else await outcome.apply(asking, answer);
  }

  /** The schedule is through and the bank's finality window over, and it still does not say: an operator must look. */
  async function outOfWaits(payment: StoredPayment): Promise<boolean> {
    const { inquiries = 0, lastSentAt = payment.createdAt } = deductionOf(payment, stamp());
    if (inquiries < deps.limits.inquiryMs.length) return false;
    return Date.parse(lastSentAt) + (await bank.finalityMs(payment.bank)) <= deps.now();
  }

  /**
   * The bank does not know the id. Within its finality window that means nothing yet. After it nothing can come of what was
   * sent: a payer who is still waiting is helped by sending the same instruction again, under the same id; later on the payment fails.
   */
  async function neverReceived(payment: StoredPayment): Promise<void> {
    const { lastSentAt = payment.createdAt, sends } = deductionOf(payment, stamp());
    const finalAt = Date.parse(lastSentAt) + (await bank.finalityMs(payment.bank));
    if (finalAt > deps.now()) {
      const next = await outcome.stayUnknown(payment, {});
      // Ask as soon as the window closes, if the schedule would wait longer.
      if (next.dueAt !== null && next.dueAt > instant(finalAt)) await outcome.save(next, { dueAt: instant(finalAt) });
      return;
    }
    if (Date.parse(payment.createdAt) + deps.limits.lockMs <= deps.now()) {
      await outcome.fail(payment, errorOf("BANK_NEVER_RECEIVED"));
      return;
    }
    const { token } = await accounts.toPayFrom(payment.userId, payment.accountId);
    const again = await outcome.save(payment, {
      deduction: { ...deductionOf(payment, stamp()), sends: sends + 1, lastSentAt: stamp() },
      dueAt: lease(),
    });
    await outcome.apply(again, await bank.debit(again, token));
  }

  /** Opens the orders, if that was not done; where the bank never got the instruction, looks for money that came late. */
  async function afterFailed(payment: StoredPayment): Promise<void> {
    if (payment.error?.code !== "BANK_NEVER_RECEIVED" || payment.needsReview === true) {
      await outcome.release(payment);
      return;
    }
    await outcome.openOrders(payment);
    const answer = await bank.inquire(payment);
    if (answer.state === "succeeded") {
      await outcome.holdLateMoney(payment, answer);
      return;
    }
    const { lastSentAt = payment.createdAt } = deductionOf(payment, stamp());
    const lookedLongEnough = Date.parse(lastSentAt) + deps.limits.lockMs + lastWaitMs <= deps.now();
    const done = answer.state !== "unknown" && lookedLongEnough;
    await outcome.save(payment, { dueAt: done ? null : stamp(lastWaitMs) });
  }

  async function carryOn(payment: StoredPayment): Promise<void> {
    switch (payment.state) {
      case "locking":
        // Its process died before anything was sent: nobody is charged by a process that wakes up later, so it ends here.
        await outcome.withdraw(payment, "expired");
        return;
      case "submitting":
        return inquire(await outcome.stayUnknown(payment, {}));
      case "unknown":
        return inquire(payment);
      case "succeeded":
        await outcome.settle(payment);
        return;
      case "failed":
        return afterFailed(payment);
      case "rejected":
      case "expired":
      case "cancelled":
      case "requires_action":
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
