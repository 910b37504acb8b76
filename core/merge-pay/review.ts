import type { Actions, Page, ReviewClaim } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { byId, page } from "../pages.ts";
import type { StoreCollection } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import type { Review, ReviewDecision, ReviewedLateMoney, ReviewProposal } from "../../schemas/types.generated.ts";
import { HELD, type LateMoney, type StoredPayment } from "./model.ts";
import type { LateMoneyCare } from "./late.ts";
import { errorOf, type PaymentOutcome } from "./outcome.ts";

interface ReviewDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly outcome: PaymentOutcome;
  readonly late: LateMoneyCare;
}

const BY_PAYMENT = byId(idPattern("pay"));
/** More than anybody proposes about one payment; a limit all the same, as they are kept in its document. */
const MOST_DECISIONS = 20;
/** How far the clocks of a bank's desk and of a node may be apart. */
const SKEW_MS = 300_000;

/**
 * What became of a deduction when the bank does not say, or contradicts itself: one operator proposes it with evidence, another one approves. The
 * approval is written in the one update that moves the payment, so that there is none without its consequence.
 */
export function paymentReviews({ deps, payments, outcome, late }: ReviewDeps) {
  const stamp = () => instant(deps.now());

  async function find(paymentId: string): Promise<StoredPayment> {
    const payment = await payments.findOne({ _id: paymentId });
    if (payment === null || (payment.needsReview === undefined && payment.review === undefined))
      throw new MergepayError("NOT_FOUND");
    return payment;
  }

  /** Reads the payment, checks and writes; anew when somebody else wrote it meanwhile. */
  async function change(
    paymentId: string,
    write: (payment: StoredPayment) => Promise<StoredPayment>,
  ): Promise<StoredPayment> {
    for (;;) {
      try {
        return await write(await find(paymentId));
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  /** @throws STATE_REFUSED unless operators decide what became of its deduction, or of its late money */
  function assertOpen({ state, needsReview, lateMoney }: StoredPayment, decision: ReviewClaim["decision"]): void {
    const isOpen = isAboutLate(decision)
      ? state !== "unknown" && (lateMoney ?? HELD).becomes === "held"
      : state === "unknown";
    if (isOpen && needsReview === true) return;
    throw new MergepayError("STATE_REFUSED", `There is nothing of this to decide about a payment that is ${state}.`, {
      state,
    });
  }

  /** Two operators have decided what becomes of money that came late. It is carried out now, or by a sweeper. */
  async function settleLate(
    payment: StoredPayment,
    { decision, by }: ReviewProposal,
    approver: string,
    more: Partial<StoredPayment>,
  ): Promise<StoredPayment> {
    const lateMoney: LateMoney = {
      ...HELD,
      opened: payment.lateMoney?.opened ?? 0,
      becomes: decision === "refund" ? "refund" : "orders",
      by: `operator:${by}`,
      approvedBy: `operator:${approver}`,
      at: stamp(),
    };
    const saved = await outcome.save(payment, { ...more, lateMoney, needsReview: false, dueAt: stamp() });
    deps.reached("payment.late-decided");
    try {
      return await late.carryOn(saved, lateMoney);
    } catch (thrown) {
      const { type: code, message: reason } = asMergepayError(thrown);
      if (!(thrown instanceof Overtaken)) deps.log.error({ paymentId: saved._id, code, reason }, "late money waits");
      return find(saved._id);
    }
  }

  /** @throws NOT_FOUND unless it is the proposal that waits for a decision */
  function pending({ review }: StoredPayment, proposalId: string): ReviewProposal {
    if (review?.proposal?.id !== proposalId)
      throw new MergepayError("NOT_FOUND", "This proposal does not wait for a decision.");
    return review.proposal;
  }

  /** @throws REVIEW_AMOUNT_DIFFERS, REVIEW_REFERENCE_TAKEN, BODY_INVALID */
  async function assertPlausible(payment: StoredPayment, claim: ReviewClaim): Promise<void> {
    if (isAboutLate(claim.decision) && payment.lateAmount !== undefined)
      throw new MergepayError("REVIEW_AMOUNT_DIFFERS", undefined, { field: "/decision" });
    if (claim.decision !== "debited") return;
    const { amount, bankReference, bookedAt } = claim;
    if (amount.value !== payment.total.value || amount.currency !== payment.total.currency)
      throw new MergepayError("REVIEW_AMOUNT_DIFFERS", undefined, { field: "/amount" });
    if (!(Date.parse(bookedAt) <= deps.now() + SKEW_MS))
      throw new MergepayError("BODY_INVALID", "The booking must have happened by now.", { field: "/bookedAt" });
    const other = await payments.findOne({ bank: payment.bank, "deduction.bankReference": bankReference });
    if (other !== null && other._id !== payment._id)
      throw new MergepayError("REVIEW_REFERENCE_TAKEN", undefined, { field: "/bankReference" });
  }

  const decided = (
    payment: StoredPayment,
    verdict: ReviewDecision["verdict"],
    proposal: ReviewProposal,
    by: string,
  ) => ({
    review: { decisions: [...(payment.review?.decisions ?? []), { proposal, verdict, by, at: stamp() }] },
  });

  return {
    /** Payments that an operator must look at. */
    reviews: (query: Actions["merge-pay.reviews"]["params"]): Promise<Page<Review>> =>
      page(payments, { needsReview: true }, BY_PAYMENT, query, deps.limits.ordersPerPage, showReview),

    /** @throws NOT_FOUND when nobody ever had to look at it */
    review: async ({ paymentId }: Actions["merge-pay.review"]["params"]): Promise<Review> =>
      showReview(await find(paymentId)),

    /**
     * Says with evidence what became of a deduction. Nothing follows from it yet.
     * @throws NOT_FOUND, STATE_REFUSED (nothing to decide, or another proposal waits), REVIEW_AMOUNT_DIFFERS, REVIEW_REFERENCE_TAKEN
     */
    async propose({ paymentId, by, claim }: Actions["merge-pay.propose"]["params"]): Promise<Review> {
      const written = await change(paymentId, async (payment) => {
        assertOpen(payment, claim.decision);
        const { proposal: before, decisions = [] } = payment.review ?? {};
        if (before !== undefined)
          throw new MergepayError("STATE_REFUSED", `The proposal ${before.id} waits for a decision first.`);
        if (decisions.length >= MOST_DECISIONS)
          throw new MergepayError("STATE_REFUSED", `${MOST_DECISIONS} proposals about it were rejected already.`);
        await assertPlausible(payment, claim);
        const proposal = { id: deps.newId("prp"), ...claim, by, at: stamp() };
        return outcome.save(payment, { review: { decisions, proposal } });
      });
      return showReview(written);
    },

    /**
     * Carries out what another operator proposed: the payment has succeeded, or has failed.
     * @throws NOT_FOUND, STATE_REFUSED (the bank has said it meanwhile), SECOND_PERSON_REQUIRED, REVIEW_REFERENCE_TAKEN
     */
    async approve({ paymentId, proposalId, by }: Actions["merge-pay.approve"]["params"]): Promise<Review> {
      const written = await change(paymentId, async (payment) => {
        const proposal = pending(payment, proposalId);
        assertOpen(payment, proposal.decision);
        if (proposal.by === by)
          throw new MergepayError("SECOND_PERSON_REQUIRED", "Who proposed it can't approve it; another operator must.");
        const more = decided(payment, "approved", proposal, by);
        const { decision, bankReference, amount, bookedAt } = proposal;
        if (isAboutLate(decision)) return settleLate(payment, proposal, by, more);
        if (decision === "not_debited") return outcome.fail(payment, errorOf("REVIEW_NOT_DEBITED"), more);
        if (bankReference === undefined || amount === undefined || bookedAt === undefined)
          throw new MergepayError("INTERNAL", `The proposal ${proposalId} does not say what was debited.`);
        await assertPlausible(payment, { decision, bankReference, amount, bookedAt, evidence: proposal.evidence });
        return outcome.succeed(payment, { state: "succeeded", bankReference, amount, bookedAt }, more);
      });
      return showReview(written);
    },

    /** Takes a proposal off the table; its proposer may, too. @throws NOT_FOUND */
    async reject({ paymentId, proposalId, by }: Actions["merge-pay.reject"]["params"]): Promise<Review> {
      const written = await change(paymentId, (payment) =>
        outcome.save(payment, decided(payment, "rejected", pending(payment, proposalId), by)),
      );
      return showReview(written);
    },
  };
}

const isAboutLate = (decision: ReviewClaim["decision"]): boolean => decision === "refund" || decision === "pay_orders";

const showLate = ({ becomes, refundId, tries, error }: LateMoney): ReviewedLateMoney => ({
  becomes,
  ...(refundId === undefined ? {} : { refundId }),
  tries,
  ...(error === undefined ? {} : { error }),
});

/** The review of a payment as operators see it. */
export function showReview(payment: StoredPayment): Review {
  const { _id, userId, state, total, bank, bankRequestId, needsReview, error, review, lateMoney, lateAmount } = payment;
  const ofUnknown = error?.code === "BANK_ANSWER_DIFFERS" ? "differs" : "silent";
  return {
    paymentId: _id,
    userId,
    state,
    ...(lateAmount === undefined ? {} : { lateAmount }),
    ...(lateMoney === undefined ? {} : { lateMoney: showLate(lateMoney) }),
    ...(needsReview === true ? { reason: state === "unknown" ? ofUnknown : "late_money" } : {}),
    total,
    bank,
    bankRequestId,
    ...(review?.proposal === undefined ? {} : { proposal: review.proposal }),
    decisions: review?.decisions ?? [],
  };
}
