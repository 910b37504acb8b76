import { expect } from "chai";
import { RETURNS, type StoredReturns } from "../../../core/refunds/model.ts";
import { paymentReturns } from "../../../core/refunds/returns.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import type { Payment } from "../../../schemas/types.generated.ts";
import type { Limits } from "../../../core/limits.ts";
import { CHALLENGE_MS } from "../../support/test-bank.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const minute = 60_000;
const hour = 60 * minute;

describe("money that comes after its payment has ended", () => {
  let till: Till;
  let ids: string[];
  let rules: Record<string, "hold" | "reopen" | "refund">;

  beforeEach(() => open());
  async function open(limits: Partial<Limits> = {}): Promise<void> {
    till = await openTill(limits);
    rules = { alpha: "reopen", beta: "reopen" };
    const { call } = till.house.deps;
    const said: typeof call = async (name, params, options) => {
      const answer = await call(name, params, options);
      if (name !== "bank-adapter.platforms") return answer;
      const { items } = answer as { items: { platform: string }[] };
      return { items: items.map((one) => ({ ...one, lateMoney: rules[one.platform] })) } as unknown as typeof answer;
    };
    Object.assign(till.house.deps, { call: said });
    ids = await till.seed(2, ["alpha", "beta"]);
  }
  afterEach(() => till.close(true));

  const services = () => till.house.core.services;
  const requestOf = ({ deduction }: Payment) => deduction?.bankRequestId ?? "";
  const kinds = async ({ id }: Payment) =>
    (await services().ledger.entries({ paymentId: id })).items.map(({ kind }) => kind).sort();

  /** A payment that failed as the bank never got its instruction, which then arrives all the same. */
  async function failed(): Promise<Payment> {
    till.bank.behave(() => "arrives-late");
    const payment = await till.pay("k1");
    till.bank.behave(() => "silence");
    for (let i = 0; i < 3; i += 1) await till.later(10 * minute);
    till.bank.behave(() => "succeed");
    const now = await till.get(payment.id);
    expect(now.state).to.equal("failed");
    till.bank.deliverLate();
    return now;
  }
  async function after(payment: Payment): Promise<Payment> {
    for (let i = 0; i < 3; i += 1) await till.later(hour);
    return till.get(payment.id);
  }

  it("pays the orders where all platforms say reopen and all of them are still open", async () => {
    const payment = await after(await failed());
    expect(payment).to.deep.include({ state: "succeeded" });
    expect(payment).not.to.have.any.keys("error", "needsReview");
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
    expect(await kinds(payment)).to.deep.equal(["late_money", "late_money_taken", "payment"]);
    const { items } = await services().ledger.entries({ paymentId: payment.id });
    const lines = items.flatMap((entry) => entry.lines).filter(({ account }) => account === "suspense:late-money");
    expect(lines.map(({ amount }) => amount.value).sort()).to.deep.equal([
      `-${payment.total.value}`,
      payment.total.value,
    ]);
    expect(till.bank.booked.size).to.equal(1);
  });

  it("of a payment that its payer cancelled does so as well, and the payer hears of it", async () => {
    till.bank.behave(() => "challenge");
    const payment = await till.pay("k1");
    await services().mergePay.cancel({ paymentId: payment.id, userId: "ann" });
    till.bank.allow(requestOf(payment));
    expect((await after(payment)).state).to.equal("succeeded");
    await services().notify.relay();
    const { items } = await services().notify.events({ userId: "ann" });
    expect(items.map(({ type }) => type)).to.deep.equal([
      "payment.requires_action",
      "payment.cancelled",
      "payment.succeeded",
    ]);
  });

  it("of a payment that was unknown when the bank called its challenge over does so as well", async () => {
    till.bank.behave(() => "challenge");
    const payment = await till.pay("k1");
    till.bank.answerInquiries(() => "silence");
    await till.later(CHALLENGE_MS);
    expect((await till.get(payment.id)).state).to.equal("unknown");
    till.bank.answerInquiries(() => "truth");
    await till.later(hour);
    const failed = await till.get(payment.id);
    expect([failed.state, failed.error?.code]).to.deep.equal(["failed", "BANK_CHALLENGE_EXPIRED"]);
    till.bank.bookAfterAll(requestOf(payment));
    expect((await after(payment)).state).to.equal("succeeded");
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
  });

  const held: readonly [string, () => unknown][] = [
    ["one platform holds it", () => (rules.beta = "hold")],
    ["one platform says nothing", () => delete rules.beta],
    ["an order was paid otherwise", () => till.pay("k2", { orders: [ids[1] ?? ""] })],
    ["an order was taken back", () => services().orders.cancel({ orderId: ids[1] ?? "", reason: "Sold out." })],
  ];
  for (const [why, act] of held)
    it(`is held, on the books with its reason, when ${why}: nothing is paid with it, and no order is kept`, async () => {
      const payment = await failed();
      await act();
      const now = await after(payment);
      expect(now).to.deep.include({ state: "failed", needsReview: true });
      expect(await kinds(now)).to.deep.equal(["late_money"]);
      expect((await till.statesOf(ids))[0]).to.equal("open");
      expect(now.deduction?.bankReference).to.equal(`ref-${requestOf(payment)}`);
      expect((await services().mergePay.reviews({})).items[0]).to.include({ reason: "late_money" });
    });

  it("survives a process that dies while it pays the orders", async () => {
    const payment = await failed();
    for (const at of ["payment.answer-written", "payment.orders-paid"] as const) {
      const dying = await till.build((point) => {
        if (point === at) throw new Error("died");
      });
      Object.assign(dying.deps, { call: till.house.deps.call });
      till.clock.advance(hour);
      await dying.core.services.mergePay.sweep();
    }
    const now = await after(payment);
    expect(now.state).to.equal("succeeded");
    expect(await kinds(now)).to.deep.equal(["late_money", "late_money_taken", "payment"]);
  });

  it("seen by two nodes at once pays once", async () => {
    const payment = await failed();
    const other = await till.build();
    Object.assign(other.deps, { call: till.house.deps.call });
    till.clock.advance(hour);
    await Promise.all([services().mergePay.sweep(), other.core.services.mergePay.sweep()]);
    const now = await after(payment);
    expect(now.state).to.equal("succeeded");
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
  });

  const sumsOf = async ({ id }: Payment) => {
    // Those of its refunds are among them.
    const { items } = await services().ledger.entries({ paymentId: id });
    return items
      .flatMap((entry) => entry.lines)
      .filter(({ account }) => account === "suspense:late-money")
      .reduce((sum, { amount }) => sum + minorOfMoney(amount), 0n);
  };

  const givenBack: readonly [string, () => unknown][] = [
    ["all platforms say so", () => Object.assign(rules, { alpha: "refund", beta: "refund" })],
    ["one says so and the other would reopen", () => (rules.beta = "refund")],
  ];
  for (const [why, act] of givenBack)
    it(`goes back to where it was taken from when ${why}, once, and no order is paid`, async () => {
      const payment = await failed();
      act();
      const now = await after(payment);
      expect(now).to.deep.include({ state: "failed", needsReview: false, refundedTotal: payment.total });
      expect([...till.bank.refunded.values()].map(({ amount }) => amount)).to.deep.equal([payment.total]);
      const [refund] = (await services().refunds.list({ paymentId: payment.id })).items;
      expect(refund).to.deep.include({ state: "succeeded", late: true, requestedBy: "house" });
      expect(await till.statesOf(ids)).to.deep.equal(["open", "open"]);
      expect(await sumsOf(payment)).to.equal(0n);
      expect((await services().mergePay.reviews({})).items).to.deep.equal([]);
    });

  describe("above the limit for one person", () => {
    let payment: Payment;
    beforeEach(async () => {
      await till.close(true);
      await open({ refundFourEyes: 1 });
      payment = await failed();
      Object.assign(rules, { alpha: "refund", beta: "refund" });
    });

    it("goes back when an operator approves the refund, and meanwhile is no question", async () => {
      expect(await after(payment)).to.deep.include({ state: "failed", needsReview: true });
      expect((await refusal(propose(payment, "pay_orders"))).type).to.equal("STATE_REFUSED");
      const [refund] = (await services().refunds.list({ paymentId: payment.id })).items;
      await services().refunds.approve({ refundId: refund?.id ?? "", by: "operator:eve" });
      expect(await after(payment)).to.deep.include({ needsReview: false, refundedTotal: payment.total });
    });

    it("is held for two operators when the refund is refused, and their word is enough then", async () => {
      await after(payment);
      const [refund] = (await services().refunds.list({ paymentId: payment.id })).items;
      await services().refunds.reject({ refundId: refund?.id ?? "", by: "operator:eve", reason: "It is theirs." });
      await after(payment);
      const { lateMoney } = await services().mergePay.review({ paymentId: payment.id });
      expect(lateMoney).to.deep.include({ becomes: "held" });
      expect(lateMoney?.error?.reason).to.equal("It is theirs.");
      await decide(payment, "refund");
      expect(await after(payment)).to.deep.include({ needsReview: false, refundedTotal: payment.total });
      const last = (await services().refunds.list({ paymentId: payment.id })).items.at(-1);
      expect(last).to.deep.include({ requestedBy: "operator:olga", approvedBy: "operator:pavel" });
    });
  });

  it("is held when one platform holds it and another would give it back", async () => {
    const payment = await failed();
    Object.assign(rules, { alpha: "refund", beta: "hold" });
    expect(await after(payment)).to.deep.include({ state: "failed", needsReview: true });
    expect(till.bank.refunded.size).to.equal(0);
  });

  it("that the bank declines to give back is tried again, then held for operators with the reason", async () => {
    const payment = await failed();
    Object.assign(rules, { alpha: "refund", beta: "refund" });
    till.bank.behave(() => "decline");
    for (let i = 0; i < 8; i += 1) await till.later(7 * hour);
    const [review] = (await services().mergePay.reviews({})).items;
    expect(review?.lateMoney).to.deep.include({ becomes: "held", tries: 5 });
    expect(review?.lateMoney?.error?.code).to.equal("BANK_DECLINED");
    till.bank.behave(() => "succeed");
    await decide(payment, "refund");
    expect(await after(payment)).to.deep.include({ needsReview: false, refundedTotal: payment.total });
  });

  for (const at of ["payment.late-decided", "payment.late-refund-opened", "refund.held", "refund.sent"] as const)
    it(`goes back once though a node dies at ${at}`, async () => {
      const payment = await failed();
      Object.assign(rules, { alpha: "refund", beta: "refund" });
      const dying = await till.build((point) => {
        if (point === at) throw new Error("died");
      });
      Object.assign(dying.deps, { call: till.house.deps.call });
      till.clock.advance(hour);
      await dying.core.services.mergePay.sweep();
      for (let i = 0; i < 3; i += 1) expect(await after(payment)).to.include({ state: "failed" });
      expect(await till.get(payment.id)).to.deep.include({ refundedTotal: payment.total });
      expect(till.bank.refunded.size).to.equal(1);
    });

  const evidence = { text: "The payer wants it so.", reference: "ticket 7" };
  async function propose({ id: paymentId }: Payment, decision: "refund" | "pay_orders"): Promise<string> {
    const { proposal } = await services().mergePay.propose({ paymentId, by: "olga", claim: { decision, evidence } });
    return proposal?.id ?? "";
  }
  async function decide(payment: Payment, decision: "refund" | "pay_orders") {
    const proposalId = await propose(payment, decision);
    return services().mergePay.approve({ paymentId: payment.id, proposalId, by: "pavel" });
  }

  describe("and is held, is decided by two operators:", () => {
    let payment: Payment;
    beforeEach(async () => {
      payment = await failed();
      rules.beta = "hold";
      payment = await after(payment);
      expect(payment.needsReview).to.equal(true);
    });

    it("it goes back", async () => {
      const { id: paymentId } = payment;
      const proposalId = await propose(payment, "refund");
      expect((await refusal(services().mergePay.approve({ paymentId, proposalId, by: "olga" }))).type).to.equal(
        "SECOND_PERSON_REQUIRED",
      );
      expect(till.bank.refunded.size).to.equal(0);
      const { decisions, reason } = await services().mergePay.approve({ paymentId, proposalId, by: "pavel" });
      expect(decisions[0]).to.deep.include({ verdict: "approved", by: "pavel" });
      expect(reason).to.equal(undefined);
      expect(await after(payment)).to.deep.include({ state: "failed", refundedTotal: payment.total });
      const [refund] = (await services().refunds.list({ paymentId })).items;
      expect(refund).to.deep.include({ requestedBy: "operator:olga", state: "succeeded" });
      expect(await sumsOf(payment)).to.equal(0n);
      expect((await refusal(propose(payment, "refund"))).type).to.equal("STATE_REFUSED");
    });

    it("it pays the orders, when all of them are still open", async () => {
      await decide(payment, "pay_orders");
      expect(await after(payment)).to.deep.include({ state: "succeeded", needsReview: false });
      expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
      expect(await sumsOf(payment)).to.equal(0n);
      // From now on it is a payment as any other.
      await services().refunds.open({
        request: { paymentId: payment.id, amount: "all" },
        reason: "cold tea",
        by: "operator:olga",
        idempotencyKey: "k",
      });
      expect(await till.get(payment.id)).to.deep.include({ refundedTotal: payment.total });
    });

    it("it stays held when an order is not to be had, and can be decided anew", async () => {
      await till.pay("k2", { orders: [ids[1] ?? ""] });
      const { lateMoney } = await decide(payment, "pay_orders");
      expect(lateMoney).to.deep.include({ becomes: "held" });
      expect(lateMoney?.error?.code).to.equal("ORDERS_UNAVAILABLE");
      expect(await after(payment)).to.deep.include({ state: "failed", needsReview: true });
      expect(await till.statesOf(ids)).to.deep.equal(["open", "paid"]);
      await decide(payment, "refund");
      expect(await after(payment)).to.deep.include({ refundedTotal: payment.total, needsReview: false });
    });

    it("it does not pay orders with what has gone back, whoever is quicker", async () => {
      const proposalId = await propose(payment, "pay_orders");
      const other = await till.build();
      const open = other.core.services.refunds.open({
        request: { paymentId: payment.id, amount: "all" },
        reason: "cold tea",
        by: "operator:eve",
        idempotencyKey: "k",
      });
      const approve = services().mergePay.approve({ paymentId: payment.id, proposalId, by: "pavel" });
      await Promise.allSettled([open, approve]);
      const now = await after(payment);
      const back = [...till.bank.refunded.values()].length;
      const paid = (await till.statesOf(ids)).filter((state) => state === "paid").length;
      expect([back, paid]).to.be.deep.oneOf([
        [1, 0],
        [0, 2],
      ]);
      expect(now.state).to.equal(paid === 2 ? "succeeded" : "failed");
    });

    it("it is not closed to refunds once some of it is held back for one", async () => {
      const dying = await till.build((point) => {
        if (point === "refund.held") throw new Error("killed");
      });
      const request = { paymentId: payment.id, amount: "all" } as const;
      const open = { request, reason: "cold tea", by: "operator:eve", idempotencyKey: "k" };
      await dying.core.services.refunds.open(open).catch(() => undefined);
      const returns = paymentReturns(await till.store.collection<StoredReturns>(RETURNS));
      expect(await returns.closeLate(payment.id)).to.equal(false);
      // Somebody goes on with the refund, and the money goes back.
      await after(payment);
      expect(till.bank.refunded.size).to.equal(1);
    });

    it("what became of its deduction is no question any more", async () => {
      const { id: paymentId } = payment;
      const claim = { decision: "not_debited", evidence } as const;
      expect((await refusal(services().mergePay.propose({ paymentId, by: "olga", claim }))).type).to.equal(
        "STATE_REFUSED",
      );
    });
  });
});
