import { expect } from "chai";
import type { Payment } from "../../../schemas/types.generated.ts";
import { openTill, type Till } from "../../support/till.ts";

const minute = 60_000;
const hour = 60 * minute;

describe("money that comes after its payment has ended", () => {
  let till: Till;
  let ids: string[];
  let rules: Record<string, "hold" | "reopen">;

  beforeEach(async () => {
    till = await openTill();
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
  });
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
});
