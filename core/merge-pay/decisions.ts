import type { Actor } from "../audit/origin.ts";
import type { Decision } from "../audit/outbox.ts";
import type { StoredPayment } from "./model.ts";
import type { PaymentState } from "./states.ts";

type Facts = NonNullable<Decision["after"]>;

/** What the audit log says of a payment: plain values, no account and no token. */
function factsOf({ state, needsReview, error, deduction, review }: StoredPayment): Facts {
  return {
    state,
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(review?.proposal === undefined ? {} : { proposal: review.proposal.id, proposed: review.proposal.decision }),
    ...(error === undefined ? {} : { error: error.code }),
    ...(deduction === undefined ? {} : { sends: deduction.sends }),
    ...(deduction?.bankReference === undefined ? {} : { bankReference: deduction.bankReference }),
  };
}

/** The states that are the bank's word. */
const BY_BANK: ReadonlySet<PaymentState> = new Set<PaymentState>(["succeeded", "failed"]);

export function askedFor(payment: StoredPayment): Decision {
  const { _id: subject, total, orders, accountId, quoteId } = payment;
  const after = {
    state: payment.state,
    total: `${total.value} ${total.currency}`,
    orders: orders.length,
    accountId,
    ...(quoteId === undefined ? {} : { quoteId }),
  };
  return { what: "payment.asked", subject, after };
}

/** The decision that a change of a payment is, and who decided unless it is who asks; undefined when nothing is decided by it. */
export function decisionOf(
  payment: StoredPayment,
  change: Partial<StoredPayment>,
): { decision: Decision; by?: Actor } | undefined {
  const changed = { ...payment, ...change };
  const decision = (what: Decision["what"]): Decision => ({
    what,
    subject: payment._id,
    before: factsOf(payment),
    after: factsOf(changed),
  });
  // Operators decide in the bank's place: who approves is who asks.
  const verdict = change.review?.decisions.length === (payment.review?.decisions.length ?? 0) ? "proposed" : "judged";
  if (change.review !== undefined && changed.state === payment.state)
    return { decision: decision(`payment.review-${verdict}`) };
  if (changed.state !== payment.state && change.review !== undefined)
    return { decision: decision(`payment.${changed.state}`) };
  if (changed.state !== payment.state) {
    const by: Actor | undefined = BY_BANK.has(changed.state) ? { kind: "bank", id: payment.bank } : undefined;
    return { decision: decision(`payment.${changed.state}`), ...(by === undefined ? {} : { by }) };
  }
  if (changed.needsReview !== payment.needsReview) return { decision: decision("payment.review-asked") };
  if ((changed.deduction?.sends ?? 0) > (payment.deduction?.sends ?? 0))
    return { decision: decision("payment.sent-again") };
  return undefined;
}
