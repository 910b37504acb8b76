import { expect } from "chai";
import { openTill, refusal, type Till } from "../../support/till.ts";

describe("a platform that takes an order back", () => {
  let till: Till;
  let ids: string[];
  let first: string;
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(3);
    first = ids[0] ?? "";
  });
  afterEach(() => till.close());

  const orders = () => till.house.core.services.orders;
  const cancel = (orderId = first, platform = "alpha") => orders().cancel({ orderId, platform, reason: "Sold out." });
  const get = (orderId = first) => orders().get({ orderId });

  it("cancels it at once while it is open: it can't be paid any more", async () => {
    const order = await cancel();
    expect(order).to.deep.include({ state: "cancelled" });
    expect(order.cancellation).to.deep.equal({ reason: "Sold out.", at: "2026-03-01T12:00:00.000Z" });
    expect(order).not.to.have.property("userId");
    expect((await refusal(till.pay("k1", { orders: [first] }))).data.orders?.[0]?.reason).to.equal("It is cancelled.");
    expect(await cancel()).to.deep.equal(order);
  });

  it("names the operator who does it in its place", async () => {
    const order = await orders().cancel({ orderId: first, reason: "The shop asked.", by: "olga" });
    expect(order.cancellation).to.include({ by: "olga" });
  });

  it("does so with its own orders only", async () => {
    for (const platform of ["beta", "nobody"])
      expect((await refusal(cancel(first, platform))).type).to.equal("NOT_FOUND");
    expect((await get()).state).to.equal("open");
  });

  it("has it cancelled when the payment that holds it has failed, and never open in between", async () => {
    till.bank.behave(() => "silence");
    const payment = await till.pay("k1");
    const asked = await cancel();
    expect(asked).to.include({ state: "locked" });
    expect(asked.cancelRequest).to.include({ reason: "Sold out." });
    expect(await cancel()).to.deep.equal(asked);
    for (let i = 0; i < 3; i += 1) await till.later(600_000);
    expect((await till.get(payment.id)).state).to.equal("failed");
    expect(await till.statesOf(ids)).to.deep.equal(["cancelled", "open", "open"]);
    const order = await get();
    expect(order.cancellation).to.deep.equal(asked.cancelRequest);
    expect(order).not.to.have.any.keys("cancelRequest", "paymentId");
  });

  it("has it paid when the payment goes through; what was asked stays on it, to be refunded", async () => {
    till.bank.behave(() => "book-then-silence");
    await till.pay("k1");
    await cancel();
    await till.later(6_000);
    const order = await get();
    expect(order.state).to.equal("paid");
    expect(order.cancelRequest).to.include({ reason: "Sold out." });
    expect(await cancel()).to.deep.include({ state: "paid", cancelRequest: order.cancelRequest });
  });

  it("is answered that it is paid, and that it was asked for", async () => {
    await till.pay("k1");
    const asked = await cancel();
    expect(asked).to.include({ state: "paid" });
    expect(asked.cancelRequest).to.deep.equal({ reason: "Sold out.", at: "2026-03-01T12:00:00.000Z" });
    expect(await get()).to.deep.include({ state: "paid", cancelRequest: asked.cancelRequest });
  });

  it("while the order is being locked ends with one of the two: it is paid, or cancelled and in no payment", async () => {
    for (const [index, orderId] of ids.entries()) {
      const platform = (await get(orderId)).platform;
      const [paid, cancelled] = await Promise.allSettled([
        till.pay(`k-${index}`, { orders: [orderId] }),
        cancel(orderId, platform),
      ]);
      const { state, cancelRequest } = await get(orderId);
      expect(state).to.be.oneOf(["paid", "cancelled"]);
      expect(paid.status === "fulfilled", "the payer").to.equal(state === "paid");
      expect(cancelled.status, "the platform").to.equal("fulfilled");
      // Locked when it came: then it is on record, and refunded.
      expect(cancelRequest === undefined).to.equal(state === "cancelled");
    }
  });
});
