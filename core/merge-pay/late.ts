import { bankLeaseMs } from "../bank/calls.ts";
import type { Succeeded } from "../bank/instruction.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import { lateMoneyEntry } from "../ledger/model.ts";
import type { LedgerService } from "../ledger/service.ts";
import type { OrdersService } from "../orders/service.ts";
import type { StoredPayment } from "./model.ts";
import type { PaymentOutcome } from "./outcome.ts";

interface LateDeps {
  readonly deps: Deps;
  readonly orders: OrdersService;
  readonly ledger: LedgerService;
  readonly outcome: PaymentOutcome;
}

/** What becomes of money that the bank took after its payment had ended: the strictest rule of the platforms in it. */
export function lateMoney({ deps, orders, ledger, outcome }: LateDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** `reopen` only when every platform of the payment says so now; one that is not running, or says nothing, holds. */
  async function ruleOf(payment: StoredPayment): Promise<"reopen" | "hold"> {
    try {
      const { items } = await deps.call("bank-adapter.platforms", {});
      const reopening = new Set(items.filter((one) => one.lateMoney === "reopen").map(({ platform }) => platform));
      return payment.orders.every(({ platform }) => reopening.has(platform)) ? "reopen" : "hold";
    } catch (error) {
      deps.log.warn({ paymentId: payment._id, code: asMergepayError(error).type }, "rules for late money not known");
      return "hold";
    }
  }

  return {
    /** Journals the money, then pays the orders with it if all of them are still to be had, or holds it for an operator. */
    async come(payment: StoredPayment, answer: Succeeded): Promise<StoredPayment> {
      const { amount, bookedAt } = answer;
      const whole = amount.value === payment.total.value && amount.currency === payment.total.currency;
      if (!whole || (await ruleOf(payment)) === "hold") return outcome.holdLateMoney(payment, answer);
      // It is on the books before anything is done with it.
      await ledger.write(lateMoneyEntry(payment._id, payment.bank, amount, bookedAt));
      // One at a time: who is overtaken here leaves the orders alone.
      const leased = await outcome.save(payment, { dueAt: stamp(bankLeaseMs(deps)) });
      const losers = await orders.lockSome(leased._id, leased.userId, leased.orders);
      if (losers.length === 0) return outcome.takeLateMoney(leased, answer);
      // Written first: nobody may pay the orders with this money once they are opened again.
      return outcome.release(await outcome.holdLateMoney(leased, answer, stamp()));
    },
  };
}

export type LateMoney = ReturnType<typeof lateMoney>;
