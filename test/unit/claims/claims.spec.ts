import { expect } from "chai";
import { mapped } from "../../support/house.ts";
import { refusal } from "../../support/till.ts";
import { type Counter, openCounter, usd } from "../refunds/counter.ts";

const day = 86_400_000;
const hour = 3_600_000;

describe("what a merchant owes", () => {
  let counter: Counter;
  beforeEach(async () => {
    counter = await openCounter();
    // Beta is paid out 2.37 less its fee of 0.03, and gives all of it back then.
    await counter.till.payTo({ platform: "beta", merchant: "shop", currency: "USD", token: "beta-account" });
    await payOut();
  });
  afterEach(() => counter.till.close());

  const services = () => counter.till.house.core.services;
  const look = async (ms = hour) => {
    counter.till.clock.advance(ms);
    await services().settlement.sweep();
    await services().claims.sweep();
  };
  async function payOut(): Promise<void> {
    const { payouts } = services();
    const { confirmation } = await payouts.preview({ platform: "beta" });
    await payouts.run({ platform: "beta", confirmation, by: "ops" });
    await payouts.sweep();
  }
  const giveBack = () => counter.open({ orders: [counter.orderOf(1)] });
  const all = async () => (await services().claims.list({})).items;
  const told = async (platform = "beta") => {
    await services().notify.relay();
    return (await services().notify.events({ platform })).items.filter(({ type }) => type.startsWith("claim."));
  };
  /** An order of beta that brings this much before its fee. */
  async function sell(value: string, orderNo: string) {
    const { orders } = services();
    const origin = { fileId: `file_${orderNo}`, platform: "beta", pluginVersion: "1-000000000000" };
    await orders.ingest(origin, [mapped(0, { orderNo, buyerId: "of-ann", value })]);
    await counter.till.pay(orderNo);
  }

  it("is nothing as long as lines bring more than was taken back", async () => {
    await counter.open({ orders: [counter.orderOf(0)] });
    await look();
    expect(await all()).to.deep.equal([]);
  });

  it("is seen, and claimed when it has not been netted for 30 days: its platform hears of it, and no other", async () => {
    await giveBack();
    await look();
    const [seen] = await all();
    expect(seen).to.deep.include({ platform: "beta", merchant: "shop", state: "owing", owed: usd("2.34") });
    await look(29 * day - hour);
    expect(await all()).to.have.length(1);
    expect((await all())[0]).to.include({ state: "owing", claimAt: "2026-03-31T00:00:00.000Z" });
    expect(await told()).to.deep.equal([]);
    await look(day);
    expect((await all())[0]).to.deep.include({ state: "claimed", owed: usd("2.34") });
    const [event, ...more] = await told();
    expect(more).to.deep.equal([]);
    expect(event).to.deep.include({ type: "claim.opened", aggregate: seen?.id, sequence: 1 });
    expect(event?.data).to.deep.include({ merchant: "shop", owed: usd("2.34"), since: seen?.since });
    expect(await told("alpha")).to.deep.equal([]);
  });

  it("is claimed after the days that operators have set", async () => {
    await services().settlement.setSettlementRule({ platform: "beta", rule: { claimAfterDays: 2 }, by: "ops" });
    await giveBack();
    await look();
    await look(day);
    expect((await all())[0]).to.include({ state: "owing" });
    await look(day);
    expect((await all())[0]).to.include({ state: "claimed" });
  });

  it("is less when later orders bring some, and ends when they bring as much, also after it was claimed", async () => {
    await giveBack();
    await look();
    await sell("1.00", "later-1");
    await look();
    expect((await all())[0]).to.deep.include({ state: "owing", owed: usd("1.35") });
    await look(31 * day);
    expect((await all())[0]).to.deep.include({ state: "claimed" });
    await sell("2.00", "later-2");
    await look();
    expect((await all())[0]).to.deep.include({ state: "netted" });
    expect((await all())[0]?.endedAt).to.be.a("string");
    expect((await told()).map(({ type }) => type)).to.deep.equal(["claim.opened", "claim.ended"]);
  });

  it("that ends before it was claimed nobody hears of, and what is owed after that is another claim", async () => {
    await giveBack();
    await look();
    await sell("5.00", "later");
    await look();
    expect((await all()).map(({ state }) => state)).to.deep.equal(["netted"]);
    expect(await told()).to.deep.equal([]);
    const { items } = await services().mergePay.list({ userId: "ann" });
    const later = items.find(({ orders }) => orders.some(({ orderNo }) => orderNo === "later"));
    await payOut();
    await counter.open({ paymentId: later?.id ?? "" });
    await look();
    expect((await all()).map(({ state }) => state)).to.deep.equal(["netted", "owing"]);
  });

  it("is noted once, however many nodes look, and no more often than every hour", async () => {
    await giveBack();
    const other = await counter.till.build();
    await Promise.all([look(), other.core.services.claims.sweep()]);
    expect(await all()).to.have.length(1);
    await sell("1.00", "later");
    await services().claims.sweep();
    expect((await all())[0]).to.deep.include({ owed: usd("2.34") });
    await look();
    expect((await all())[0]).to.deep.include({ owed: usd("1.35") });
  });

  it("is shown to its platform only", async () => {
    await giveBack();
    await look();
    const { claims } = services();
    const id = (await all())[0]?.id ?? "";
    expect(await claims.get({ claimId: id, platform: "beta" })).to.include({ id });
    expect((await refusal(claims.get({ claimId: id, platform: "alpha" }))).type).to.equal("NOT_FOUND");
    expect((await claims.list({ platform: "alpha" })).items).to.deep.equal([]);
    expect((await claims.list({ platform: "beta", state: "owing" })).items).to.have.length(1);
    expect((await claims.list({ platform: "beta", state: "claimed" })).items).to.deep.equal([]);
  });
});
