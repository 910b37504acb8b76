/** Refunds made wrong. */
import type { Patch } from "../contract.ts";

const REFUNDS = "test/unit/refunds/refunds.spec.ts";
const BANK = "test/unit/refunds/bank.spec.ts";
const TAKE_BACKS = "test/unit/take-backs/take-backs.spec.ts";
const ALLOCATION = "test/unit/refunds/allocation.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "a refund is written over what another one took",
    file: "core/refunds/returns.ts",
    from: "const filter = { _id: paymentId, version: present.version };",
    to: "const filter = { _id: paymentId };",
    red: [REFUNDS],
  },
  {
    name: "a refund takes whatever is asked for",
    file: "core/refunds/allocation.ts",
    from: "if (total <= 0n || total > most)",
    to: "if (total <= 0n)",
    red: [ALLOCATION, REFUNDS],
  },
  {
    name: "the last refund of an order keeps the rest of the fee",
    file: "core/refunds/allocation.ts",
    from: "const due = halfToEven(whole * part, of) - taken;",
    to: "const due = halfToEven(whole * part, of + 1n) - taken;",
    red: [ALLOCATION],
  },
  {
    name: "who asked for a refund may approve it",
    file: "core/refunds/service.ts",
    from: "if (refund.requestedBy === by)",
    to: "if (refund.requestedBy === `${by} `)",
    red: [REFUNDS],
  },
  {
    name: "a refund that the bank never got is free at once",
    file: "core/refunds/outcome.ts",
    from: "return never ? failed : afterFailed(failed);",
    to: "return never ? giveFree(failed) : afterFailed(failed);",
    red: [BANK],
  },
  {
    name: "a refund is not bound to its preview",
    file: "core/refunds/service.ts",
    from: "if (fingerprint !== undefined && fingerprint !== preview.fingerprint)",
    to: "if (fingerprint !== undefined && preview.fingerprint === '')",
    red: [REFUNDS],
  },
  {
    name: "what a merchant owes is claimed at once",
    file: "core/claims/service.ts",
    from: 'if (claim.state === "owing" && claimAt <= stamp())',
    to: 'if (claim.state === "owing" && claimAt !== "")',
    red: ["test/unit/claims/claims.spec.ts"],
  },
  {
    name: "who says that a claim is closed may approve it",
    file: "core/claims/closing.ts",
    from: "if (said.by === by)",
    to: "if (said.by === `${by} `)",
    red: ["test/unit/claims/claims.spec.ts"],
  },
  {
    name: "a chargeback takes from orders what was refunded already",
    file: "core/chargebacks/service.ts",
    from: "const gone = taken.get(one.orderId);",
    to: "const gone = taken.get(`${one.orderId} `);",
    red: ["test/unit/chargebacks/chargebacks.spec.ts"],
  },
  {
    name: "what a chargeback had taken is not free when the bank gives it up",
    file: "core/chargebacks/reversal.ts",
    from: "await returns.free(paymentId, id);",
    to: "await returns.free(paymentId, by);",
    red: ["test/unit/chargebacks/reversal.spec.ts"],
  },
  {
    name: "a booking that gives a chargeback up ends another one each time it is told",
    file: "core/chargebacks/reversal.ts",
    from: "const own = (await ownOf(told)) ?? (await candidates(told))[0];",
    to: "const own = (await candidates(told))[0];",
    red: ["test/unit/chargebacks/reversal.spec.ts"],
  },
  {
    name: "a part of a chargeback ends all of it",
    file: "core/chargebacks/reversal.ts",
    from: "minorOfMoney(one.amount) === minorOfMoney(amount)",
    to: "minorOfMoney(one.amount) >= minorOfMoney(amount)",
    red: ["test/unit/chargebacks/reversal.spec.ts"],
  },
  {
    name: "late money pays orders that was given back before",
    file: "core/refunds/returns.ts",
    from: "        if (takenOf(present).size > 0) return false;",
    to: "        if (takenOf(present).size > 1_000_000) return false;",
    red: ["test/unit/merge-pay/late.spec.ts"],
  },
  {
    name: "two operators decide about late money, and a third is waited for",
    file: "core/merge-pay/late-refund.ts",
    from: 'if (refund.state !== "awaiting_approval" || approvedBy === undefined)',
    to: 'if (refund.state !== "awaiting_approval" || approvedBy !== "nobody")',
    red: ["test/unit/merge-pay/late.spec.ts"],
  },
  {
    name: "an order that is taken back is noted after it says so",
    file: "core/orders/cancel.ts",
    from: "await takeBacks.noteAll([{ ...now, cancellation }]);",
    to: "if (now.cancelRequest !== undefined) await takeBacks.noteAll([{ ...now, cancellation }]);",
    red: [TAKE_BACKS],
  },
  {
    name: "a refund of an order that is taken back fails, and nobody tries again",
    file: "core/take-backs/service.ts",
    from: "      dueAt: stamp(wait ?? HOUR_MS),",
    to: "      dueAt: null,",
    red: [TAKE_BACKS],
  },
  {
    name: "each sweep refunds an order that is taken back anew",
    file: "core/take-backs/model.ts",
    from: "keyAgain(`cancel-${_id}`, opened);",
    to: "keyAgain(`cancel-${process.hrtime.bigint()}`, opened);",
    red: [TAKE_BACKS],
  },
];
