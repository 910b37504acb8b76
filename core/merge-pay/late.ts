import { bankLeaseMs } from "../bank/calls.ts";
import type { Succeeded } from "../bank/instruction.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import { lateMoneyEntry } from "../ledger/model.ts";
import type { LedgerService } from "../ledger/service.ts";
import type { OrdersService } from "../orders/service.ts";
import type { PaymentReturns } from "../refunds/returns.ts";
import type { StoreCollection } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import { HELD, type LateMoney, type StoredPayment } from "./model.ts";
import { errorOf, type PaymentOutcome } from "./outcome.ts";
import { lateRefund, type RefundCalls } from "./late-refund.ts";

interface LateDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly orders: OrdersService;
  readonly ledger: LedgerService;
  readonly outcome: PaymentOutcome;
  readonly returns: PaymentReturns;
  readonly refunds: RefundCalls;
}

/** What becomes of money that the bank took after its payment had ended: by the strictest rule of the platforms in it, or as operators decide. */
export function lateMoney({ deps, payments, orders, ledger, outcome, returns, refunds }: LateDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const giveBack = lateRefund({ deps, outcome, refunds });

  /** What all platforms of the payment say now: one that is not running, or says nothing, holds; one that wants it given back has no order paid by it. */
  async function ruleOf(payment: StoredPayment): Promise<"reopen" | "refund" | "hold"> {
    try {
      const { items } = await deps.call("bank-adapter.platforms", {});
      const saying = new Map(items.map(({ platform, lateMoney: rule }) => [platform, rule ?? "hold"]));
      const said = new Set(payment.orders.map(({ platform }) => saying.get(platform) ?? "hold"));
      if (said.has("hold")) return "hold";
      return said.has("refund") ? "refund" : "reopen";
    } catch (error) {
      deps.log.warn({ paymentId: payment._id, code: asMergepayError(error).type }, "rules for late money not known");
      return "hold";
    }
  }

  /** The orders are open to be paid otherwise, and the money to be refunded. */
  async function letGo(payment: StoredPayment): Promise<StoredPayment> {
    await outcome.openOrders(payment);
    await returns.openLate(payment._id);
    return outcome.save(payment, { dueAt: null });
  }

  /** Pays the orders with it if all of them are still to be had, and nothing of it has gone back; else an operator decides. */
  async function payOrders(payment: StoredPayment, answer: Succeeded): Promise<StoredPayment> {
    // One at a time: who is overtaken here leaves the orders to whoever was quicker.
    const leased = await outcome.save(payment, { dueAt: stamp(bankLeaseMs(deps)) });
    try {
      const whole = await returns.closeLate(leased._id);
      const losers = whole ? await orders.lockSome(leased._id, leased.userId, leased.orders) : [];
      if (whole && losers.length === 0) return await outcome.takeLateMoney(leased, answer);
      const error = errorOf(whole ? "ORDERS_UNAVAILABLE" : "STATE_REFUSED");
      const held: LateMoney = { ...(leased.lateMoney ?? HELD), becomes: "held", error, at: stamp() };
      // Written first: nobody may pay the orders with this money once they are opened again.
      return await letGo(await outcome.holdLateMoney(leased, answer, stamp(), { lateMoney: held }));
    } catch (error) {
      if (error instanceof Overtaken)
        // What it locked is looked at again, by what the payment is then.
        await payments.updateOne({ _id: leased._id, dueAt: null }, { $set: { dueAt: stamp() } });
      throw error;
    }
  }

  return {
    /** Journals the money, then does with it what its platforms want. */
    async come(payment: StoredPayment, answer: Succeeded): Promise<StoredPayment> {
      const { amount, bookedAt } = answer;
      const whole = amount.value === payment.total.value && amount.currency === payment.total.currency;
      if (!whole) return outcome.holdLateMoney(payment, answer, null, { lateAmount: amount });
      const rule = await ruleOf(payment);
      if (rule === "hold") return outcome.holdLateMoney(payment, answer);
      // It is on the books before anything is done with it.
      await ledger.write(lateMoneyEntry(payment._id, payment.bank, amount, bookedAt));
      if (rule === "reopen") return payOrders(payment, answer);
      const late: LateMoney = { ...HELD, becomes: "refund", at: stamp() };
      const written = await outcome.holdLateMoney(payment, answer, stamp(), { needsReview: false, lateMoney: late });
      deps.reached("payment.late-decided");
      return giveBack(written, late);
    },

    /**
     * A chargeback of it was given up: it is there again, and operators decide whose it is. What is under way for it goes on to its own end.
     * @param by under which the payment notes it afterwards: of one that has, nothing is left to do
     */
    async again(paymentId: string, by: string): Promise<void> {
      for (;;) {
        const payment = await payments.findOne({ _id: paymentId });
        if (payment === null || payment.state === "succeeded" || payment.returned?.[by] !== undefined) return;
        const lateMoney: LateMoney = { ...HELD, opened: payment.lateMoney?.opened ?? 0, at: stamp() };
        try {
          // Due: what is locked to be paid by it is opened.
          await outcome.save(payment, { lateMoney, needsReview: true, dueAt: stamp() });
          return;
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
        }
      }
    },

    /** Goes on with what was decided about money that has come. */
    async carryOn(payment: StoredPayment, late: LateMoney): Promise<StoredPayment> {
      if (late.becomes === "refund") return giveBack(payment, late);
      const { deduction, total } = payment;
      const { bankReference, bookedAt } = deduction ?? {};
      if (late.becomes === "held" || bankReference === undefined || bookedAt === undefined) return letGo(payment);
      return payOrders(payment, { state: "succeeded", amount: total, bankReference, bookedAt });
    },
  };
}

export type LateMoneyCare = ReturnType<typeof lateMoney>;
