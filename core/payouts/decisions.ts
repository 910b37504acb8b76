import { changeDecided, type InstructedFacts } from "../audit/change.ts";
import type { Decision } from "../audit/outbox.ts";
import type { StoredPayout } from "./model.ts";

/** What the audit log says of a payout. */
function factsOf({ state, amount, needsReview, error, instruction }: StoredPayout): InstructedFacts {
  return {
    state,
    amount: `${amount.value} ${amount.currency}`,
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(error === undefined ? {} : { error: error.code }),
    ...(instruction === undefined ? {} : { sends: instruction.sends }),
    ...(instruction?.bankReference === undefined ? {} : { bankReference: instruction.bankReference }),
  };
}

export const begunWith = (payout: StoredPayout): Decision => ({
  what: "payout.begun",
  subject: payout._id,
  after: {
    ...factsOf(payout),
    platform: payout.platform,
    merchant: payout.merchant,
    lines: payout.planned.length,
    accountId: payout.accountId,
  },
});

/** The decision that a change of a payout is; undefined when nothing is decided by it. */
export const decisionOf = (payout: StoredPayout, change: Partial<StoredPayout>) =>
  changeDecided("payout", factsOf, payout, change);
