import { bankLeaseMs } from "../bank/calls.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken } from "../versioned.ts";
import type { StoredRefund } from "./model.ts";
import type { RefundOutcome } from "./outcome.ts";

interface SweepDeps {
  readonly deps: Deps;
  readonly refunds: StoreCollection<StoredRefund>;
  readonly outcome: RefundOutcome;
  /** Holds back what was asked for, and goes on from there. */
  readonly begin: (refund: StoredRefund) => Promise<unknown>;
}

const AT_A_SWEEP = 50;

/** Carries on what a crash, a lost answer or a silent bank left undone. Every node may sweep: compare-and-set decides who does. */
export function refundSweep({ deps, refunds, outcome, begin }: SweepDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  function carryOn(refund: StoredRefund): Promise<unknown> {
    switch (refund.state) {
      case "requested":
        return begin(refund);
      case "submitting":
        return outcome.stayUnknown(refund, stamp(bankLeaseMs(deps))).then(outcome.inquire);
      case "unknown":
        return outcome.inquire(refund);
      case "succeeded":
        return outcome.settle(refund);
      case "failed":
        return outcome.afterFailed(refund);
      case "rejected":
        return outcome.giveFree(refund);
      case "awaiting_approval":
        // It waits for a person and not for us.
        return outcome.save(refund, { dueAt: null });
    }
  }

  async function sweepOne(refund: StoredRefund): Promise<void> {
    try {
      await carryOn(refund);
    } catch (thrown) {
      if (thrown instanceof Overtaken) return;
      const { type: code, message: reason } = asMergepayError(thrown);
      const { paymentId, state } = refund;
      deps.log.error({ paymentId, state, code, reason }, "refund not carried on");
    }
  }

  return {
    /** Carries on all refunds whose time has come; resolves when each had its turn. */
    async sweep(): Promise<void> {
      const due = await findDue(refunds, stamp(), AT_A_SWEEP);
      await Promise.all(due.map(sweepOne));
    },

    /** Makes due at once what an earlier process of this very store left under way; only when no other process can be at it. */
    async recover(): Promise<void> {
      await refunds.updateMany({ state: { $in: ["requested", "submitting"] } }, { $set: { dueAt: stamp() } });
    },
  };
}
