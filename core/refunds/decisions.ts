import type { Actor } from "../audit/origin.ts";
import type { Decision } from "../audit/outbox.ts";
import type { StoredRefund } from "./model.ts";
import type { RefundState } from "./states.ts";

type Facts = NonNullable<Decision["after"]>;

/** What the audit log says of a refund. */
function factsOf({ state, amount, needsReview, error, instruction, approvedBy }: StoredRefund): Facts {
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

/** The states that are the bank's word. */
const BY_BANK: ReadonlySet<RefundState> = new Set<RefundState>(["succeeded", "failed"]);

export const askedFor = (refund: StoredRefund): Decision => ({
  what: "refund.asked",
  subject: refund._id,
  after: { ...factsOf(refund), paymentId: refund.paymentId, requestedBy: refund.requestedBy, reason: refund.reason },
});

/** The decision that a change of a refund is, and who decided unless it is who asks; undefined when nothing is decided by it. */
export function decisionOf(
  refund: StoredRefund,
  change: Partial<StoredRefund>,
): { decision: Decision; by?: Actor } | undefined {
  const changed = { ...refund, ...change };
  const decision = (what: Decision["what"]): Decision => ({
    what,
    subject: refund._id,
    before: factsOf(refund),
    after: factsOf(changed),
  });
  if (changed.state !== refund.state) {
    const by: Actor | undefined = BY_BANK.has(changed.state) ? { kind: "bank", id: refund.bank } : undefined;
    return { decision: decision(`refund.${changed.state}`), ...(by === undefined ? {} : { by }) };
  }
  if (changed.needsReview !== refund.needsReview) return { decision: decision("refund.review-asked") };
  if ((changed.instruction?.sends ?? 0) > (refund.instruction?.sends ?? 0))
    return { decision: decision("refund.sent-again") };
  return undefined;
}
