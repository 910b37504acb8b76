import { changeDecided, type InstructedFacts } from "../audit/change.ts";
import type { Decision } from "../audit/outbox.ts";
import type { StoredPayment } from "./model.ts";

/** What the audit log says of a payment: plain values, no account and no token. */
function factsOf({ state, needsReview, error, deduction, review }: StoredPayment): InstructedFacts {
  return {
    state,
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(review?.proposal === undefined ? {} : { proposal: review.proposal.id, proposed: review.proposal.decision }),
    ...(error === undefined ? {} : { error: error.code }),
    ...(deduction === undefined ? {} : { sends: deduction.sends }),
    ...(deduction?.bankReference === undefined ? {} : { bankReference: deduction.bankReference }),
  };
}

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

const lateFactsOf = ({ lateMoney }: StoredPayment): NonNullable<Decision["after"]> =>
  lateMoney === undefined
    ? {}
    : { becomes: lateMoney.becomes, ...(lateMoney.refundId === undefined ? {} : { refundId: lateMoney.refundId }) };

/** What becomes of money that came late is decided anew. */
function aboutLateMoney(payment: StoredPayment, change: Partial<StoredPayment>): ReturnType<typeof changeDecided> {
  if (change.lateMoney?.becomes === payment.lateMoney?.becomes) return undefined;
  const [before, after] = [lateFactsOf(payment), lateFactsOf({ ...payment, ...change })];
  return { decision: { what: "payment.late-money-decided", subject: payment._id, before, after } };
}

/** The decision that a change of a payment is, and who decided unless it is who asks; undefined when nothing is decided by it. */
export function decisionOf(payment: StoredPayment, change: Partial<StoredPayment>): ReturnType<typeof changeDecided> {
  const decided = changeDecided("payment", factsOf, payment, change);
  const { review, lateMoney, state = payment.state } = change;
  if (decided === undefined && review === undefined && lateMoney !== undefined) return aboutLateMoney(payment, change);
  if (review === undefined) return decided;
  // Operators decide in the bank's place: who approves is who asks.
  if (decided !== undefined && state !== payment.state) return { decision: decided.decision };
  const verdict = review.decisions.length === (payment.review?.decisions.length ?? 0) ? "proposed" : "judged";
  const [before, after] = [factsOf(payment), factsOf({ ...payment, ...change })];
  return { decision: { what: `payment.review-${verdict}`, subject: payment._id, before, after } };
}
