import { expect } from "chai";
import type { ReviewClaim } from "../../../core/actions.ts";
import type { Payment, Review } from "../../../schemas/types.generated.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const hour = 3_600_000;
const evidence = { text: "The bank's desk looked it up.", reference: "ticket 4711" };
const notDebited: ReviewClaim = { decision: "not_debited", evidence };

describe("a payment that an operator must look at", () => {
  let till: Till;
  let ids: string[];
  let payment: Payment;

  /** The bank keeps silent, and its finality window is over. */
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(2);
    till.bank.behave(() => "book-then-silence");
    till.bank.answerInquiries(() => "silence");
    payment = await till.pay("k1");
    for (let i = 0; i < 8; i += 1) await till.later(hour);
    payment = await till.get(payment.id);
    expect(payment).to.include({ state: "unknown", needsReview: true });
  });
  afterEach(() => till.close());

  const reviews = () => till.house.core.services.mergePay;
  const debited = (more: Partial<Extract<ReviewClaim, { decision: "debited" }>> = {}): ReviewClaim => ({
    decision: "debited",
    bankReference: `ref-${payment.deduction?.bankRequestId ?? ""}`,
    amount: payment.total,
    bookedAt: "2026-03-01T12:00:01.000Z",
    evidence,
    ...more,
  });
  const propose = (claim: ReviewClaim, by = "olga") => reviews().propose({ paymentId: payment.id, by, claim });
  const judge = (verdict: "approve" | "reject", { proposal }: Review, by = "pavel") =>
    reviews()[verdict]({ paymentId: payment.id, proposalId: proposal?.id ?? "", by });
  const code = async (promise: Promise<unknown>) => (await refusal(promise)).type;

  it("is listed with why, and with nothing about payments that need nobody", async () => {
    till.bank.behave(() => "succeed");
    await till.pay("k2", { orders: await seedMore() });
    const { items } = await reviews().reviews({});
    expect(items).to.deep.equal([
      {
        paymentId: payment.id,
        userId: "ann",
        state: "unknown",
        reason: "silent",
        total: payment.total,
        bank: "test",
        bankRequestId: payment.deduction?.bankRequestId,
        decisions: [],
      },
    ]);
  });
  const seedMore = async () => (await till.seed(3)).slice(-1);

  it("moves no money by a proposal alone", async () => {
    const review = await propose(debited());
    expect(review.proposal).to.deep.include({ by: "olga", decision: "debited", evidence });
    expect((await till.get(payment.id)).state).to.equal("unknown");
    expect(await till.statesOf(ids)).to.deep.equal(["locked", "locked"]);
  });

  it("succeeds when a second operator approves that it was debited; both are on record", async () => {
    const proposed = await propose(debited());
    const review = await judge("approve", proposed);
    expect(review).not.to.have.any.keys("reason", "proposal");
    expect(review.decisions).to.have.length(1);
    expect(review.decisions[0]).to.deep.include({ verdict: "approved", by: "pavel", proposal: proposed.proposal });
    const after = await till.get(payment.id);
    expect(after).to.deep.include({ state: "succeeded", needsReview: false });
    expect(after.deduction?.bankReference).to.equal(proposed.proposal?.bankReference);
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
    expect((await reviews().reviews({})).items).to.have.length(0);
    expect(await reviews().review({ paymentId: payment.id })).to.deep.equal(review);
    expect(await code(judge("approve", proposed))).to.equal("NOT_FOUND");
  });

  it("fails when a second operator approves that nothing was debited; money that is found later is held", async () => {
    await judge("approve", await propose(notDebited));
    const failed = await till.get(payment.id);
    expect(failed).to.deep.include({ state: "failed", needsReview: false });
    expect(failed.error?.code).to.equal("REVIEW_NOT_DEBITED");
    expect(await till.statesOf(ids)).to.deep.equal(["open", "open"]);
    till.bank.answerInquiries(() => "truth");
    await till.later(hour);
    expect(await till.get(payment.id)).to.include({ state: "failed", needsReview: true });
    expect((await reviews().reviews({})).items[0]).to.include({ reason: "late_money" });
  });

  it("is not decided by one operator alone, whichever way", async () => {
    const proposed = await propose(debited());
    expect(await code(judge("approve", proposed, "olga"))).to.equal("SECOND_PERSON_REQUIRED");
    expect((await till.get(payment.id)).state).to.equal("unknown");
    await judge("reject", proposed, "olga");
    expect((await reviews().review({ paymentId: payment.id })).decisions[0]).to.include({ verdict: "rejected" });
    expect(await code(judge("approve", proposed))).to.equal("NOT_FOUND");
  });

  it("has one proposal at a time, and what is approved is what was seen", async () => {
    const first = await propose(debited());
    expect(await code(propose(notDebited))).to.equal("STATE_REFUSED");
    await judge("reject", first);
    const second = await propose(notDebited);
    expect(await code(judge("approve", first))).to.equal("NOT_FOUND");
    await judge("approve", second);
    expect((await till.get(payment.id)).state).to.equal("failed");
  });

  const ahead = (ms: number): string => new Date(till.clock.now() + ms).toISOString();

  it("takes a booking by a bank whose clock is 5 min ahead of ours", async () => {
    await judge("approve", await propose(debited({ bookedAt: ahead(300_000) })));
    expect((await till.get(payment.id)).state).to.equal("succeeded");
  });

  const wrong: readonly [string, () => ReviewClaim, string][] = [
    ["another amount", () => debited({ amount: { value: "0.01", currency: "USD" } }), "REVIEW_AMOUNT_DIFFERS"],
    ["another currency", () => debited({ amount: { ...payment.total, currency: "EUR" } }), "REVIEW_AMOUNT_DIFFERS"],
    ["a booking to come", () => debited({ bookedAt: "2027-01-01T00:00:00.000Z" }), "BODY_INVALID"],
    ["a booking more than 5 min ahead of our clock", () => debited({ bookedAt: ahead(300_001) }), "BODY_INVALID"],
    ["no time", () => debited({ bookedAt: "yesterday" }), "BODY_INVALID"],
  ];
  for (const [what, claim, expected] of wrong)
    it(`${what} is no evidence of its debit: ${expected}`, async () => {
      expect(await code(propose(claim()))).to.equal(expected);
    });

  it("is not settled by the booking of another payment", async () => {
    till.bank.behave(() => "succeed");
    const other = await till.pay("k2", { orders: await seedMore() });
    const taken = debited({ bankReference: other.deduction?.bankReference ?? "" });
    expect(await code(propose(taken))).to.equal("REVIEW_REFERENCE_TAKEN");
  });

  it("that the bank decides meanwhile leaves nothing to approve", async () => {
    const proposed = await propose(notDebited);
    till.bank.answerInquiries(() => "truth");
    await till.later(hour);
    expect(await till.get(payment.id)).to.include({ state: "succeeded", needsReview: false });
    expect(await code(judge("approve", proposed))).to.equal("STATE_REFUSED");
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
  });

  it("approved by two at once is decided once", async () => {
    const proposed = await propose(debited());
    const both = await Promise.allSettled([judge("approve", proposed, "pavel"), judge("approve", proposed, "quin")]);
    expect(both.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    expect((await reviews().review({ paymentId: payment.id })).decisions).to.have.length(1);
  });

  it("is not there for a payment that never needed one, nor before the bank's time is over", async () => {
    till.bank.behave(() => "book-then-silence");
    const young = await till.pay("k2", { orders: await seedMore() });
    expect(await code(reviews().review({ paymentId: young.id }))).to.equal("NOT_FOUND");
    expect(await code(reviews().propose({ paymentId: young.id, by: "olga", claim: notDebited }))).to.equal("NOT_FOUND");
  });

  it("takes no more than 20 proposals", async () => {
    for (let i = 0; i < 20; i += 1) await judge("reject", await propose(notDebited));
    expect(await code(propose(notDebited))).to.equal("STATE_REFUSED");
  });

  it("approved by a process that dies then is settled by the next sweep", async () => {
    const proposed = await propose(debited());
    const dying = await till.build((point) => {
      if (point === "payment.answer-written") throw new Error("died");
    });
    const approval = { paymentId: payment.id, proposalId: proposed.proposal?.id ?? "", by: "pavel" };
    const died = dying.core.services.mergePay.approve(approval);
    expect(await died.catch((error: Error) => error.message)).to.equal("died");
    await till.later(hour);
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
    expect((await reviews().review({ paymentId: payment.id })).decisions[0]).to.include({ by: "pavel" });
  });
});
