import { expect } from "chai";
import { checkLedger } from "../../../core/ledger/doctor.ts";
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

  describe("and is claimed", () => {
    const evidence = { text: "The register says so.", reference: "register 7" };
    const close = (how: { how: "settled" | "written_off"; bank?: string }, by = "olga") =>
      services().claims.close({ claimId: id, ...how, evidence, by });
    let id: string;
    async function claim(): Promise<void> {
      await giveBack();
      await look();
      await look(31 * day);
      id = (await all())[0]?.id ?? "";
      expect((await all())[0]).to.include({ state: "claimed" });
    }
    const books = async () => {
      const { items } = await services().ledger.entries({ paymentId: id });
      const faults: string[] = [];
      await checkLedger({
        store: counter.till.store,
        keys: [],
        complain: (where, what) => void faults.push(`${where} ${what}`),
      });
      expect(faults).to.deep.equal([]);
      return items.flatMap(({ lines }) => lines.map(({ account, amount }) => `${account} ${amount.value}`));
    };

    it("ends when an operator says that the merchant paid it: so much is credited, once, and the next order is paid out whole", async () => {
      await claim();
      expect(await close({ how: "settled", bank: "test" })).to.deep.include({ state: "settled" });
      expect(await books()).to.deep.equal(["bank:test 2.34", "merchant:beta/shop -2.34"]);
      expect((await told()).at(-1)?.data).to.deep.include({ state: "settled", claimId: id });
      await look();
      expect((await all()).map(({ state }) => state)).to.deep.equal(["settled"]);
      const { items } = await services().settlement.list({ platform: "beta" });
      const [line] = items.filter(({ kind }) => kind === "claim");
      expect(line).to.deep.include({ reference: id, net: usd("2.34"), state: "payable" });
      await sell("5.00", "later");
      const { items: planned } = await services().payouts.preview({ platform: "beta" });
      expect(planned[0]).to.deep.include({ payable: usd("4.94") });
      expect((await refusal(close({ how: "settled", bank: "test" }))).type).to.equal("STATE_REFUSED");
    });

    it("ends when it is written off: what is lost is on its own account", async () => {
      await claim();
      await close({ how: "written_off" });
      expect(await books()).to.deep.equal(["losses 2.34", "merchant:beta/shop -2.34"]);
      const shown = await services().claims.get({ claimId: id, platform: "beta" });
      expect(shown).to.include({ state: "written_off" });
      expect(shown).to.not.have.property("closing");
    });

    it("is not closed before it is claimed", async () => {
      await giveBack();
      await look();
      id = (await all())[0]?.id ?? "";
      expect((await refusal(close({ how: "written_off" }))).type).to.equal("STATE_REFUSED");
      expect((await refusal(services().claims.approve({ claimId: id, by: "olga" }))).type).to.equal("STATE_REFUSED");
    });

    for (const at of ["claim.closed", "claim.line-written", "claim.journal-written"] as const)
      it(`is credited once though a node dies at ${at}`, async () => {
        await claim();
        const dying = await counter.till.build((point) => {
          if (point === at) throw new Error("killed");
        });
        await dying.core.services.claims
          .close({ claimId: id, how: "written_off", evidence, by: "olga" })
          .catch(() => undefined);
        await look();
        await look();
        expect(await books()).to.deep.equal(["losses 2.34", "merchant:beta/shop -2.34"]);
        const { items } = await services().settlement.list({ platform: "beta" });
        expect(items.filter(({ kind }) => kind === "claim")).to.have.length(1);
        expect((await all()).map(({ state }) => state)).to.deep.equal(["written_off"]);
      });

    it("that a dead process left undone is credited at once by the next one that has the store alone", async () => {
      await claim();
      const dying = await counter.till.build((point) => {
        if (point === "claim.closed") throw new Error("killed");
      });
      const closing = dying.core.services.claims.close({ claimId: id, how: "written_off", evidence, by: "olga" });
      await closing.catch(() => undefined);
      await services().claims.sweep();
      expect(await books()).to.deep.equal([]);
      await counter.till.house.core.recover();
      await services().claims.sweep();
      expect(await books()).to.deep.equal(["losses 2.34", "merchant:beta/shop -2.34"]);
    });

    it("above the limit for one person wants a second one", async () => {
      await counter.till.close();
      counter = await openCounter({ refundFourEyes: 2 });
      await counter.till.payTo({ platform: "beta", merchant: "shop", currency: "USD", token: "beta-account" });
      await payOut();
      const { id: refundId } = await giveBack();
      await services().refunds.approve({ refundId, by: "operator:eve" });
      await look();
      await look(31 * day);
      id = (await all())[0]?.id ?? "";
      const { claims } = services();
      expect(await close({ how: "written_off" })).to.deep.include({ state: "claimed" });
      expect((await refusal(close({ how: "written_off" }))).type).to.equal("STATE_REFUSED");
      expect((await refusal(claims.approve({ claimId: id, by: "olga" }))).type).to.equal("SECOND_PERSON_REQUIRED");
      expect(await claims.reject({ claimId: id, by: "pavel" })).to.not.have.property("closing");
      await close({ how: "written_off" });
      expect(await claims.approve({ claimId: id, by: "pavel" })).to.deep.include({ state: "written_off" });
      expect(await books()).to.deep.equal(["losses 2.34", "merchant:beta/shop -2.34"]);
    });
  });
});
