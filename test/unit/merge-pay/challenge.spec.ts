import { expect } from "chai";
import type { Point } from "../../../core/deps.ts";
import type { Payment } from "../../../schemas/types.generated.ts";
import { ANSWER, CHALLENGE_MS } from "../../support/test-bank.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const second = 1000;
const minute = 60 * second;
const locked = ["locked", "locked", "locked"];
const open = ["open", "open", "open"];
const paid = ["paid", "paid", "paid"];

describe("a payment that the bank challenges", () => {
  let till: Till;
  let ids: string[];
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(3);
    till.bank.behave(() => "challenge");
  });
  afterEach(() => till.close(true));

  const services = () => till.house.core.services;
  const confirm = (payment: Payment, answer = ANSWER, more: { userId?: string; challengeId?: string } = {}) => {
    const { userId = "ann", challengeId = payment.challenge?.id ?? "" } = more;
    return services().mergePay.confirm({ paymentId: payment.id, userId, challengeId, answer });
  };
  const cancel = ({ id }: Payment) => services().mergePay.cancel({ paymentId: id, userId: "ann" });
  const requestOf = ({ deduction }: Payment) => deduction?.bankRequestId ?? "";
  async function told(): Promise<string[]> {
    await services().notify.relay();
    const { items } = await services().notify.events({ userId: "ann" });
    return items.map(({ type }) => type);
  }

  it("waits for the payer, who is told what the bank asks, and succeeds by the right answer", async () => {
    const payment = await till.pay("k1");
    expect(payment.state).to.equal("requires_action");
    expect(payment.challenge).to.include({ kind: "code", text: "Type the code." });
    expect(await till.statesOf(ids)).to.deep.equal(locked);
    expect(await till.pay("k1")).to.deep.equal({ ...payment, existed: true });
    const done = await confirm(payment);
    expect(done.state).to.equal("succeeded");
    expect(done).not.to.have.property("challenge");
    expect(await till.statesOf(ids)).to.deep.equal(paid);
    expect(await told()).to.deep.equal(["payment.requires_action", "payment.succeeded"]);
    expect(till.bank.sends).to.have.length(1);
  });

  it("a wrong answer is counted and can be mended", async () => {
    const payment = await till.pay("k1");
    expect((await confirm(payment, "wrong")).challenge?.wrongAnswers).to.equal(1);
    const twice = await confirm(payment, "wrong");
    expect(twice).to.deep.include({ state: "requires_action" });
    expect(twice.challenge?.wrongAnswers).to.equal(2);
    await till.later(6 * second);
    expect((await till.get(payment.id)).challenge?.wrongAnswers).to.equal(2);
    expect((await confirm(payment)).state).to.equal("succeeded");
  });

  it("is confirmed by its payer only, and only with what the bank asks now", async () => {
    const payment = await till.pay("k1");
    expect((await refusal(confirm(payment, ANSWER, { userId: "eve" }))).type).to.equal("NOT_FOUND");
    expect((await refusal(confirm(payment, ANSWER, { challengeId: "another" }))).type).to.equal("CHALLENGE_MISMATCH");
    expect(till.bank.booked.size).to.equal(0);
    await confirm(payment);
    expect((await refusal(confirm(payment))).data).to.deep.equal({ state: "succeeded" });
  });

  it("two answers at once are one send: the other is refused with the state", async () => {
    const payment = await till.pay("k1");
    const answers = await Promise.allSettled([confirm(payment), confirm(payment)]);
    expect(answers.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    expect((await till.get(payment.id)).state).to.equal("succeeded");
  });

  it("expires when nobody answers in time and the bank says so: the orders open", async () => {
    const payment = await till.pay("k1");
    till.clock.advance(CHALLENGE_MS);
    expect((await refusal(confirm(payment))).type).to.equal("CHALLENGE_EXPIRED");
    await till.later(0);
    const ended = await till.get(payment.id);
    expect(ended).to.deep.include({ state: "expired" });
    expect(ended.error?.code).to.equal("BANK_CHALLENGE_EXPIRED");
    expect(await till.statesOf(ids)).to.deep.equal(open);
    expect(await told()).to.deep.equal(["payment.requires_action", "payment.expired"]);
  });

  it("whose time is over stays unknown, orders locked, for as long as the bank does not say what became of it", async () => {
    const payment = await till.pay("k1");
    till.bank.answerInquiries(() => "silence");
    await till.later(CHALLENGE_MS);
    expect((await till.get(payment.id)).state).to.equal("unknown");
    expect(await till.statesOf(ids)).to.deep.equal(locked);
    till.bank.answerInquiries(() => "truth");
    await till.later(60 * minute);
    expect((await till.get(payment.id)).state).to.be.oneOf(["failed", "expired"]);
    expect(await till.statesOf(ids)).to.deep.equal(open);
  });

  for (const [heard, ends] of [
    ["hear-then-silence", "succeeded"],
    ["silence", "requires_action"],
  ] as const)
    it(`whose answer was sent and is not answered (${heard}) is unknown, then what the bank says: ${ends}`, async () => {
      const payment = await till.pay("k1");
      till.bank.hearAnswers(() => heard);
      expect((await confirm(payment)).state).to.equal("unknown");
      expect((await refusal(cancel(payment))).data).to.deep.equal({ state: "unknown" });
      await till.later(6 * second);
      expect((await till.get(payment.id)).state).to.equal(ends);
    });

  it("whose answer may be under way still is not cancelled, and is paid when the answer arrives", async () => {
    const payment = await till.pay("k1");
    till.bank.hearAnswers(() => "arrives-late");
    await confirm(payment);
    await till.later(6 * second);
    expect((await till.get(payment.id)).state).to.equal("requires_action");
    expect((await refusal(cancel(payment))).type).to.equal("STATE_REFUSED");
    till.bank.deliverLate();
    await till.later(minute);
    expect((await till.get(payment.id)).state).to.equal("succeeded");
  });

  it("waits as before when the answer could not be sent", async () => {
    const payment = await till.pay("k1");
    till.bank.hearAnswers(() => "not-sent");
    expect((await refusal(confirm(payment))).type).to.equal("BANK_UNAVAILABLE");
    expect((await till.get(payment.id)).state).to.equal("requires_action");
    expect((await cancel(payment)).state).to.equal("cancelled");
  });

  it("is cancelled by its payer as long as the bank waits for an answer that nobody sent", async () => {
    const payment = await till.pay("k1");
    expect((await cancel(payment)).state).to.equal("cancelled");
    expect(await till.statesOf(ids)).to.deep.equal(open);
    expect((await refusal(confirm(payment))).data).to.deep.equal({ state: "cancelled" });
    till.bank.behave(() => "succeed");
    expect((await till.pay("k2")).state).to.equal("succeeded");
  });

  it("cancelled, and executed by the bank all the same: the money is held and somebody must look", async () => {
    const payment = await till.pay("k1");
    await cancel(payment);
    till.bank.allow(requestOf(payment));
    await till.later(60 * minute);
    expect(await till.get(payment.id)).to.include({ state: "cancelled", needsReview: true });
    const { items } = await services().ledger.entries({ paymentId: payment.id });
    expect(items.map(({ kind }) => kind)).to.deep.equal(["late_money"]);
    expect(await till.statesOf(ids)).to.deep.equal(open);
  });

  it("cancelled, of which the bank says days later that it has not decided yet, is looked at until it has", async () => {
    const payment = await till.pay("k1");
    await cancel(payment);
    till.bank.allow(requestOf(payment));
    till.clock.advance(48 * 60 * minute);
    const pending = { "bank-adapter.inquire": () => Promise.resolve({ state: "pending" } as const) };
    await (await till.build(undefined, till.store, pending)).core.services.mergePay.sweep();
    expect((await till.get(payment.id)).needsReview).to.equal(undefined);
    await till.later(60 * minute);
    expect(await till.get(payment.id)).to.include({ state: "cancelled", needsReview: true });
  });

  describe("on a page of its own", () => {
    beforeEach(() => till.bank.behave(() => "redirect"));

    it("is not cancelled, as the payer may be allowing it just now, and is seen to be allowed", async () => {
      const payment = await till.pay("k1");
      expect(payment.challenge?.url).to.equal("https://bank.example/allow");
      expect((await refusal(cancel(payment))).data).to.deep.equal({ state: "requires_action" });
      till.bank.allow(requestOf(payment));
      await till.later(6 * second);
      expect((await till.get(payment.id)).state).to.equal("succeeded");
    });
  });

  it("after its debit's answer was lost is found by asking", async () => {
    till.bank.behave(() => "challenge-then-silence");
    const payment = await till.pay("k1");
    expect(payment.state).to.equal("unknown");
    await till.later(6 * second);
    const found = await till.get(payment.id);
    expect(found.state).to.equal("requires_action");
    expect((await confirm(found)).state).to.equal("succeeded");
  });

  it("and that says another amount in the end is looked at by a person, its orders locked", async () => {
    const payment = await till.pay("k1");
    till.bank.misreport({ value: "0.01", currency: "USD" });
    expect(await confirm(payment)).to.include({ state: "unknown", needsReview: true });
    expect(await till.statesOf(ids)).to.deep.equal(locked);
  });

  for (const at of ["payment.confirmation-durable", "payment.sent"] as const satisfies readonly Point[])
    it(`survives a process that dies at ${at}: the bank is asked`, async () => {
      const payment = await till.pay("k1");
      const dying = await till.build((point) => {
        if (point === at) throw new Error("died");
      });
      const said = { paymentId: payment.id, userId: "ann", challengeId: payment.challenge?.id ?? "", answer: ANSWER };
      const died = dying.core.services.mergePay.confirm(said);
      expect(await died.catch((error: Error) => error.message)).to.equal("died");
      await till.later(minute);
      const after = await till.get(payment.id);
      expect(after.state).to.equal(at === "payment.sent" ? "succeeded" : "requires_action");
      if (after.state === "requires_action") expect((await confirm(after)).state).to.equal("succeeded");
      expect(till.bank.booked.size).to.equal(1);
    });
});
