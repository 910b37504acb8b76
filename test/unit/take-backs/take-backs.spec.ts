import { expect } from "chai";
import { TAKE_BACKS, type StoredTakeBack } from "../../../core/take-backs/model.ts";
import type { Point } from "../../../core/deps.ts";
import { cancelled, type House } from "../../support/house.ts";
import { refusal } from "../../support/till.ts";
import { type Counter, openCounter, usd } from "../refunds/counter.ts";

const minute = 60_000;
const hour = 60 * minute;

describe("an order that its platform takes back though it is paid", () => {
  let counter: Counter;
  beforeEach(async () => {
    counter = await openCounter();
  });
  afterEach(() => counter.till.close());

  const services = (house: House = counter.till.house) => house.core.services;
  const orderId = () => counter.orderOf(1);
  const cancel = (more: { platform?: string; by?: string } = { platform: "beta" }, house?: House) =>
    services(house).orders.cancel({ orderId: orderId(), reason: "Sold out.", ...more });
  const get = () => services().takeBacks.get({ orderId: orderId() });
  const sweep = async (ms = 0) => {
    counter.till.clock.advance(ms);
    await counter.till.house.core.services.refunds.sweep();
    await services().takeBacks.sweep();
  };
  const told = async (platform = "beta") => {
    await services().notify.relay();
    return (await services().notify.events({ platform })).items.filter(({ type }) => type !== "orders.paid");
  };

  it("is refunded: the platform is answered that it is on its way, and hears of it", async () => {
    const asked = await cancel();
    expect(asked).to.deep.include({ state: "paid" });
    expect(asked.cancelRequest).to.deep.include({ reason: "Sold out." });
    expect(await get()).to.deep.include({ state: "asked", tries: 0 });
    await sweep();
    const takeBack = await get();
    expect(takeBack).to.deep.include({ state: "refunded" });
    expect(counter.refunded()).to.deep.equal(["2.37"]);
    const refund = await counter.get(takeBack.refundId ?? "");
    expect(refund).to.deep.include({ requestedBy: "platform:beta", reason: "Sold out.", amount: usd("2.37") });
    expect((await services().orders.get({ orderId: orderId() })).refunded).to.deep.equal(usd("2.37"));
    expect((await told()).map(({ type }) => type)).to.deep.equal(["orders.refunded"]);
    for (const other of ["alpha", "gamma"]) expect(await told(other)).to.deep.equal([]);
    await counter.rest();
  });

  it("by an operator, is the operator's refund", async () => {
    await cancel({ by: "olga" });
    await sweep();
    expect(await counter.get((await get()).refundId ?? "")).to.include({ requestedBy: "operator:olga" });
  });

  it("by a record of a file, is refunded all the same", async () => {
    const records = [cancelled(0, "n1")];
    const origin = { fileId: "file_b", platform: "beta", pluginVersion: "1-000000000000" };
    for (let i = 0; i < 2; i += 1)
      expect(await services().orders.ingest(origin, records)).to.deep.include({ cancelled: 1, rejects: [] });
    await sweep();
    expect(await get()).to.deep.include({ state: "refunded" });
    expect((await get()).cancellation.source).to.deep.include({ fileId: "file_b", record: 0 });
    expect(counter.refunded()).to.deep.equal(["2.37"]);
  });

  it("twenty times at once on two nodes, swept by both, is refunded once", async () => {
    const other = await counter.till.build();
    await Promise.all(Array.from({ length: 20 }, (_, i) => cancel({ platform: "beta" }, i % 2 ? other : undefined)));
    await Promise.all([counter.till.house, other].map((house) => services(house).takeBacks.sweep()));
    for (let i = 0; i < 4; i += 1) await sweep(minute);
    await cancel();
    await sweep(hour);
    expect(counter.refunded()).to.deep.equal(["2.37"]);
    expect(await get()).to.deep.include({ state: "refunded" });
  });

  it("is not refunded beyond what is left of it, and not at all when all went back before", async () => {
    await counter.open({ orders: [orderId()], amount: usd("2.00") });
    await cancel();
    await sweep();
    expect(counter.refunded()).to.deep.equal(["2.00", "0.37"]);
    expect(await get()).to.deep.include({ state: "refunded" });
    await counter.open({ orders: [counter.orderOf(2)] });
    await services().orders.cancel({ orderId: counter.orderOf(2), reason: "Gone." });
    await sweep();
    expect(await services().takeBacks.get({ orderId: counter.orderOf(2) })).to.deep.include({ state: "refunded" });
    expect(counter.refunded()).to.deep.equal(["2.00", "0.37", "3.37"]);
  });

  it("waits while other refunds hold back what is left, and goes on when they fail", async () => {
    counter.till.bank.behave(() => "silence");
    await counter.open({ orders: [orderId()] });
    await cancel();
    await sweep();
    expect(await get()).to.deep.include({ state: "asked", tries: 1 });
    expect((await get()).error?.code).to.equal("REFUND_TOO_LARGE");
    counter.till.bank.behave(({ kind }) => (kind === "refund" ? "decline" : "succeed"));
    await sweep(11_000);
    await sweep(11_000);
    counter.till.bank.behave(() => "succeed");
    await sweep(hour);
    expect(await get()).to.deep.include({ state: "refunded" });
    expect(counter.refunded()).to.deep.equal(["2.37"]);
  });

  it("that the bank declines to refund is tried again, then lands with operators, and is found refunded otherwise", async () => {
    counter.till.bank.behave(() => "decline");
    await cancel();
    for (let i = 0; i < 6; i += 1) await sweep(7 * hour);
    expect(await get()).to.deep.include({ state: "asked", needsReview: true, tries: 5 });
    expect((await get()).error?.code).to.equal("BANK_DECLINED");
    const { items } = await services().takeBacks.list({ needsReview: true });
    expect(items.map((one) => one.orderId)).to.deep.equal([orderId()]);
    expect((await services().refunds.list({})).items).to.have.length(5);
    counter.till.bank.behave(() => "succeed");
    await sweep(7 * hour);
    expect(counter.refunded()).to.deep.equal([]);
    await counter.open({ orders: [orderId()] });
    await sweep(hour);
    expect(await get()).to.deep.include({ state: "refunded", needsReview: false });
    expect(counter.refunded()).to.deep.equal(["2.37"]);
  });

  it("that was tried in vain is tried anew when it is asked for once more", async () => {
    counter.till.bank.behave(() => "decline");
    await cancel();
    for (let i = 0; i < 6; i += 1) await sweep(7 * hour);
    counter.till.bank.behave(() => "succeed");
    await cancel({ by: "olga" });
    expect(await get()).to.deep.include({ state: "asked", needsReview: false, tries: 0 });
    await sweep();
    expect(await get()).to.deep.include({ state: "refunded" });
    expect(counter.refunded()).to.deep.equal(["2.37"]);
  });

  it("of a bank that gives nothing back lands with operators", async () => {
    const { call } = counter.till.house.deps;
    const poor: typeof call = async (name, params, options) => {
      const answer = await call(name, params, options);
      if (name !== "bank-adapter.banks") return answer;
      const { items } = answer as { items: object[] };
      return { items: items.map((one) => ({ ...one, refunds: false })) } as unknown as typeof answer;
    };
    Object.assign(counter.till.house.deps, { call: poor });
    await cancel();
    for (let i = 0; i < 6; i += 1) await sweep(7 * hour);
    expect(await get()).to.deep.include({ state: "asked", needsReview: true });
    expect((await get()).error?.code).to.equal("UNSUPPORTED");
  });

  it("is seen by its own platform only", async () => {
    await cancel();
    const { takeBacks } = services();
    expect(await takeBacks.get({ orderId: orderId(), platform: "beta" })).to.include({ orderNo: "n1" });
    expect((await refusal(takeBacks.get({ orderId: orderId(), platform: "alpha" }))).type).to.equal("NOT_FOUND");
    expect((await refusal(takeBacks.get({ orderId: counter.orderOf(0) }))).type).to.equal("NOT_FOUND");
    expect((await takeBacks.list({ platform: "alpha" })).items).to.deep.equal([]);
    expect((await takeBacks.list({ platform: "beta" })).items).to.have.length(1);
  });

  it("is decided in the audit log: asked by whoever asks, then what became of it", async () => {
    await cancel();
    await sweep();
    while ((await services().audit.run()) > 0);
    const { items } = await services().audit.entries({ subject: orderId() });
    expect(items.map(({ what }) => what)).to.deep.equal([
      "take-back.asked",
      "take-back.refunding",
      "take-back.refunded",
    ]);
  });

  describe("above the limit for one person", () => {
    beforeEach(async () => {
      await counter.till.close();
      counter = await openCounter({ refundFourEyes: 2 });
      await cancel();
      await sweep();
    });

    it("waits for an operator, whose approval sends it", async () => {
      const { refundId = "", ...takeBack } = await get();
      expect(takeBack).to.deep.include({ state: "refunding", needsReview: true });
      expect(counter.refunded()).to.deep.equal([]);
      const [event] = await told();
      expect(event).to.deep.include({ type: "orders.refunding", aggregate: orderId() });
      const orders = [{ orderId: orderId(), merchant: "shop", orderNo: "n1" }];
      expect(event?.data).to.deep.equal({ reason: "Sold out.", refundId, orders });
      await services().refunds.approve({ refundId, by: "operator:eve" });
      await sweep(hour);
      expect(await get()).to.deep.include({ state: "refunded", needsReview: false });
      expect(counter.refunded()).to.deep.equal(["2.37"]);
    });

    it("that an operator refuses stays visible, its platform hears why, and it may ask once more", async () => {
      const { refundId = "" } = await get();
      await services().refunds.reject({ refundId, by: "operator:eve", reason: "It was delivered." });
      await sweep(hour);
      expect(await get()).to.deep.include({ state: "refused", needsReview: false, refundId });
      const [last] = (await told()).filter(({ type }) => type === "orders.cancel_refused");
      expect(last?.data).to.deep.include({ reason: "It was delivered." });
      await sweep(hour);
      expect((await services().refunds.list({})).items).to.have.length(1);
      expect((await cancel()).state).to.equal("paid");
      await sweep();
      const again = (await get()).refundId ?? "";
      expect(again).to.not.equal(refundId);
      await services().refunds.approve({ refundId: again, by: "operator:eve" });
      await sweep(hour);
      expect(await get()).to.deep.include({ state: "refunded" });
      expect(counter.refunded()).to.deep.equal(["2.37"]);
    });
  });

  describe("on a node that dies", () => {
    it("is asked for again as the same refund, before anybody has gone on with that", async () => {
      const dying = await counter.till.build((point: Point) => {
        if (point === "refund.held") throw new Error("killed");
      });
      await cancel({ platform: "beta" }, dying);
      await dying.core.services.takeBacks.sweep();
      counter.till.clock.advance(10 * minute);
      await services().takeBacks.sweep();
      expect(await get()).to.deep.include({ tries: 0 });
      expect((await services().refunds.list({})).items).to.have.length(1);
    });

    it("is gone on with at once by the next process, where that has the store alone", async () => {
      const dying = await counter.till.build((point: Point) => {
        if (point === "take-back.refund-opened") throw new Error("killed");
      });
      await cancel({ platform: "beta" }, dying);
      await dying.core.services.takeBacks.sweep();
      await services().takeBacks.sweep();
      expect(await get(), "the lease of the dead one").to.deep.include({ state: "asked" });
      await counter.till.house.core.recover();
      await sweep();
      expect(await get()).to.deep.include({ state: "refunded", tries: 0 });
      expect(counter.refunded()).to.deep.equal(["2.37"]);
    });

    for (const at of ["take-back.noted", "take-back.refund-opened", "refund.held", "refund.sent"] as const)
      it(`at ${at}, another one refunds it once`, async () => {
        const dying = await counter.till.build((point: Point) => {
          if (point === at) throw new Error("killed");
        });
        await cancel({ platform: "beta" }, dying).catch(() => undefined);
        await dying.core.services.takeBacks.sweep();
        for (let i = 0; i < 4; i += 1) await sweep(10 * minute);
        expect(await get()).to.deep.include({ state: "refunded", tries: 0 });
        expect((await services().refunds.list({})).items, "one refund, by one key").to.have.length(1);
        expect((await services().orders.get({ orderId: orderId() })).cancelRequest).to.include({ reason: "Sold out." });
        expect(counter.refunded()).to.deep.equal(["2.37"]);
      });
  });
});

describe("an order that its platform takes back while a payment holds it", () => {
  let counter: Counter;
  let first: string;
  beforeEach(async () => {
    counter = await openCounter();
    const [id = ""] = await counter.till.seedMore(1, "held");
    first = id;
  });
  afterEach(() => counter.till.close());
  const services = () => counter.till.house.core.services;
  const cancel = () => services().orders.cancel({ orderId: first, platform: "alpha", reason: "Sold out." });
  const state = async () => (await services().takeBacks.get({ orderId: first })).state;
  const later = async (ms: number) => {
    await counter.till.later(ms);
    await services().takeBacks.sweep();
  };

  it("is refunded when that payment succeeds", async () => {
    counter.till.bank.behave(({ kind }) => (kind === "debit" ? "book-then-silence" : "succeed"));
    await counter.till.pay("k");
    expect(await cancel()).to.include({ state: "locked" });
    await services().takeBacks.sweep();
    expect(await state()).to.equal("asked");
    for (let i = 0; i < 4; i += 1) await later(11_000);
    expect(await state()).to.equal("refunded");
    expect(counter.refunded()).to.deep.equal(["1.37"]);
    await counter.rest();
  });

  it("is cancelled when it fails, and its platform hears of that", async () => {
    counter.till.bank.behave(() => "silence");
    await counter.till.pay("k");
    await cancel();
    for (let i = 0; i < 4; i += 1) await later(600_000);
    expect(await state()).to.equal("cancelled");
    expect((await services().orders.get({ orderId: first })).state).to.equal("cancelled");
    await services().notify.relay();
    const { items } = await services().notify.events({ platform: "alpha" });
    expect(items.at(-1)).to.deep.include({
      type: "orders.cancelled",
      aggregate: first,
      sequence: 1,
      data: { reason: "Sold out.", orders: [{ orderId: first, merchant: "shop", orderNo: "held-0" }] },
    });
    const stored = await (await counter.till.store.collection<StoredTakeBack>(TAKE_BACKS)).findOne({ _id: first });
    expect(stored).to.include({ dueAt: null });
  });
});
