import type { Actions } from "../actions.ts";
import { bankLeaseMs } from "../bank/calls.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import { minorOfMoney, sumMoney } from "../money/money.ts";
import { fateOf, HOUR_MS, type InVain, isRefusal, keyAgain, lookAfter, retryAfter } from "../refunds/pursuit.ts";
import type { Refund } from "../../schemas/types.generated.ts";
import type { LateMoney, StoredPayment } from "./model.ts";
import type { PaymentOutcome } from "./outcome.ts";

/** What payments want of refunds. */
export interface RefundCalls {
  open(params: Actions["refunds.open"]["params"]): Promise<Refund>;
  get(params: Actions["refunds.get"]["params"]): Promise<Refund>;
  approve(params: Actions["refunds.approve"]["params"]): Promise<Refund>;
}

interface LateRefundDeps {
  readonly deps: Deps;
  readonly outcome: PaymentOutcome;
  readonly refunds: RefundCalls;
}

const REASON = "The money came after the payment had ended.";

const isBack = ({ returned = {}, total }: StoredPayment): boolean => {
  const back = Object.values(returned);
  return back.length > 0 && minorOfMoney(sumMoney(back)) >= minorOfMoney(total);
};

/** Gives money that came late back to the account that it was taken from, by ordinary refunds, until it is back or operators must decide anew. */
export function lateRefund({ deps, outcome, refunds }: LateRefundDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  function inVain(payment: StoredPayment, late: LateMoney, error: InVain): Promise<StoredPayment> {
    const tries = late.tries + 1;
    const wait = retryAfter(tries);
    const { refundId: _in, ...rest } = late;
    const next = { ...rest, tries, error };
    if (wait !== undefined) return outcome.save(payment, { lateMoney: next, dueAt: stamp(wait) });
    return outcome.save(payment, { lateMoney: { ...next, becomes: "held" }, needsReview: true, dueAt: null });
  }

  /** The refund as it is now: the one that is under way, or a new one; let go where two operators have decided on it. */
  async function refundOf({ _id: paymentId }: StoredPayment, late: LateMoney): Promise<Refund> {
    const { by = "house", approvedBy, refundId, opened } = late;
    const idempotencyKey = keyAgain(`late-${paymentId}`, opened);
    const refund =
      refundId === undefined
        ? await refunds.open({ request: { paymentId, amount: "all" }, reason: REASON, by, idempotencyKey })
        : await refunds.get({ refundId });
    if (refund.state !== "awaiting_approval" || approvedBy === undefined) return refund;
    return refunds.approve({ refundId: refund.id, by: approvedBy });
  }

  return async function giveBack(payment: StoredPayment, late: LateMoney): Promise<StoredPayment> {
    const settled = { needsReview: false, dueAt: null } as const;
    if (isBack(payment)) return outcome.save(payment, settled);
    const leased = await outcome.save(payment, { dueAt: stamp(bankLeaseMs(deps)) });
    let refund: Refund;
    try {
      refund = await refundOf(leased, late);
    } catch (thrown) {
      const { type: code, message: reason } = asMergepayError(thrown);
      if (!isRefusal(code)) throw thrown;
      // The key of the next one: this one's is used.
      return inVain(leased, { ...late, opened: late.opened + 1 }, { code, reason });
    }
    deps.reached("payment.late-refund-opened");
    const opened = late.refundId === undefined ? late.opened + 1 : late.opened;
    const next: LateMoney = { ...late, refundId: refund.id, opened };
    const fate = fateOf(refund);
    switch (fate.is) {
      case "back":
        // Of a part, another one has the rest: that is waited for.
        return refund.amount.value === leased.total.value
          ? outcome.save(leased, { ...settled, lateMoney: next })
          : outcome.save(leased, { lateMoney: next, dueAt: stamp(HOUR_MS) });
      case "refused": {
        const error = { code: "STATE_REFUSED", reason: fate.reason };
        return outcome.save(leased, { lateMoney: { ...next, becomes: "held", error }, needsReview: true, dueAt: null });
      }
      case "in_vain":
        return inVain(leased, next, fate.error);
      case "under_way":
        return outcome.save(leased, {
          lateMoney: next,
          dueAt: stamp(lookAfter(deps.now() - Date.parse(late.at))),
          ...(fate.forPerson ? { needsReview: true } : {}),
        });
    }
  };
}
