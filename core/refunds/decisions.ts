import { changeDecided, type InstructedFacts } from "../audit/change.ts";
import type { Decision } from "../audit/outbox.ts";
import type { StoredRefund } from "./model.ts";

/** What the audit log says of a refund. */
function factsOf({ state, amount, needsReview, error, instruction, approvedBy }: StoredRefund): InstructedFacts {
  return {
    state,
    amount: `${amount.value} ${amount.currency}`,
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(error === undefined ? {} : { error: error.code }),
    ...(instruction === undefined ? {} : { sends: instruction.sends }),
    ...(instruction?.bankReference === undefined ? {} : { bankReference: instruction.bankReference }),
  };
}

export const askedFor = (refund: StoredRefund): Decision => ({
  what: "refund.asked",
  subject: refund._id,
  after: { ...factsOf(refund), paymentId: refund.paymentId, requestedBy: refund.requestedBy, reason: refund.reason },
});

/** The decision that a change of a refund is; undefined when nothing is decided by it. */
export const decisionOf = (refund: StoredRefund, change: Partial<StoredRefund>) =>
  changeDecided("refund", factsOf, refund, change);
