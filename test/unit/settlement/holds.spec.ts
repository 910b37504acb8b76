import { expect } from "chai";
import type { SettlementLine, SettlementRule } from "../../../schemas/types.generated.ts";
import { type KeptLine, LINES, type StoredLine } from "../../../core/settlement/model.ts";
import { faultOfSettlementRule } from "../../../core/settlement/settlement-rule.ts";
import type { SettlementService } from "../../../core/settlement/service.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const hour = 3_600_000;
const usd = (value: string) => ({ value, currency: "USD" });

describe("what is owed to merchants", () => {
  let till: Till;
  let settlement: SettlementService;
  beforeEach(async () => {
    till = await openTill();
    settlement = till.house.core.services.settlement;
  });
  afterEach(() => till.close(true));

  const set = (rule: SettlementRule | null, more: { merchant?: string } = {}) =>
    settlement.setSettlementRule({ platform: "alpha", rule, by: "ops", ...more });
  /** Pays one order of 1.37, of which 0.34 is the fee. */
  async function paid(): Promise<{ orderId: string; paymentId: string }> {
    const [orderId = ""] = await till.seed(1, ["alpha"]);
    const { id } = await till.pay(`k${orderId}`);
    return { orderId, paymentId: id };
  }
  const linesOf = async (paymentId: string): Promise<SettlementLine[]> => [
    ...(await settlement.list({ paymentId })).items,
  ];
  const statesAt = async (paymentId: string, inMs: number): Promise<string[]> => {
    till.clock.advance(inMs);
    await settlement.sweep();
    return (await linesOf(paymentId)).map(({ state }) => state);
  };

  it("is payable at once where operators have set nothing", async () => {
    const { paymentId } = await paid();
    const [line] = await linesOf(paymentId);
    expect(line).to.include({ kind: "order", state: "payable", payableAt: line?.createdAt });
    expect(line).not.to.have.any.keys("payee", "claims");
  });

  it("is held for days of the zone after the payment", async () => {
    await set({ hold: { after: "payment", days: 2 }, zone: "Asia/Shanghai" });
    const { paymentId } = await paid();
    expect((await linesOf(paymentId))[0]).to.include({ state: "held", payableAt: "2026-03-02T16:00:00.000Z" });
    expect(await statesAt(paymentId, 28 * hour - 1)).to.deep.equal(["held"]);
    expect(await statesAt(paymentId, 1)).to.deep.equal(["payable"]);
  });

  it("waits for the delivery, and for days after it", async () => {
    await set({ hold: { after: "delivery", days: 1 } });
    const { orderId, paymentId } = await paid();
    const [line] = await linesOf(paymentId);
    expect(line).to.deep.include({ state: "due", awaits: { days: [1], zone: "UTC" } });
    expect(line).not.to.have.property("payableAt");
    expect(await statesAt(paymentId, 1000 * hour)).to.deep.equal(["due"]);
    const note = await settlement.deliver({ orderId, platform: "alpha", at: "2026-04-01T08:00:00+09:00" });
    expect(note).to.deep.equal({ orderId, deliveredAt: "2026-03-31T23:00:00.000Z" });
    const [after] = await linesOf(paymentId);
    expect(after).to.include({ state: "payable", payableAt: "2026-04-01T00:00:00.000Z" });
    expect(after).not.to.have.property("awaits");
    expect(await settlement.deliver({ orderId, at: "2026-04-02T00:00:00Z" })).to.deep.equal(note);
  });

  it("is held from the delivery on, also when that was told before the order was paid", async () => {
    await set({ hold: { after: "delivery", days: 3 } });
    const [orderId = ""] = await till.seed(1, ["alpha"]);
    await settlement.deliver({ orderId, by: "ops" });
    const { id } = await till.pay("k1");
    expect((await linesOf(id))[0]).to.include({ state: "held", payableAt: "2026-03-04T00:00:00.000Z" });
  });

  it("goes by the rule that was in force when the payment was made", async () => {
    await set({ hold: { after: "payment", days: 9 } });
    await till.seed(1, ["alpha"]);
    till.bank.behave(() => "book-then-silence");
    const { id } = await till.pay("k1");
    await set(null);
    await till.later(10_000);
    expect((await linesOf(id))[0]).to.include({ state: "held", payableAt: "2026-03-10T00:00:00.000Z" });
  });

  it("goes by the merchant's rule before the platform's", async () => {
    await set({ hold: { after: "payment", days: 9 } });
    await set({ hold: { after: "payment", days: 1 } }, { merchant: "shop" });
    const { paymentId } = await paid();
    expect((await linesOf(paymentId))[0]).to.include({ payableAt: "2026-03-02T00:00:00.000Z" });
    expect(await settlement.settlementRuleOf("alpha", "other")).to.deep.equal({ hold: { after: "payment", days: 9 } });
  });

  it("is kept back in part by a reserve, and given back later: the two lines sum to zero", async () => {
    await set({ hold: { after: "delivery", days: 1 }, reserve: { percent: "10", days: 30 } });
    const { orderId, paymentId } = await paid();
    const [line, reserve, release] = await linesOf(paymentId);
    expect(line).to.deep.include({ net: usd("1.03") });
    expect(reserve).to.deep.include({
      kind: "reserve",
      of: line?.id,
      net: usd("-0.10"),
      fee: usd("0.00"),
      state: "due",
    });
    expect(release).to.deep.include({
      kind: "release",
      of: line?.id,
      net: usd("0.10"),
      awaits: { days: [1, 30], zone: "UTC" },
    });
    await settlement.deliver({ orderId });
    expect((await linesOf(paymentId)).map(({ payableAt }) => payableAt?.slice(0, 10))).to.deep.equal([
      "2026-03-02",
      "2026-03-02",
      "2026-04-01",
    ]);
    expect(await statesAt(paymentId, 13 * hour)).to.deep.equal(["payable", "payable", "held"]);
    expect(await statesAt(paymentId, 30 * 24 * hour)).to.deep.equal(["payable", "payable", "payable"]);
  });

  it("is taken back no earlier than it would have been paid out", async () => {
    await set({ hold: { after: "payment", days: 2 } });
    const held = await paid();
    const [line] = await linesOf(held.paymentId);
    const back = (no: number): StoredLine => {
      const { id, rule: _rule, payableAt: _at, ...own } = line as SettlementLine;
      const net = usd("-0.50");
      return {
        ...own,
        _id: `stl_${"0".repeat(26)}_000${no}`,
        kind: "refund",
        of: id,
        gross: net,
        net,
        fee: usd("0.00"),
        state: "payable",
      };
    };
    await settlement.takeBack([back(1)]);
    await settlement.takeBack([back(1)]);
    const [, first] = await linesOf(held.paymentId).then((all) => all.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)));
    expect(first).to.include({ kind: "refund", state: "held", payableAt: line?.payableAt });
    await statesAt(held.paymentId, 72 * hour);
    await settlement.takeBack([back(2)]);
    expect((await linesOf(held.paymentId)).map(({ kind, state }) => `${kind} ${state}`)).to.have.members([
      "order payable",
      "refund payable",
      "refund payable",
    ]);
    const lines = await till.store.collection<KeptLine>(LINES);
    await lines.deleteMany({ kind: "refund" });
  });

  it("of an earlier version is taken over as payable", async () => {
    const { paymentId } = await paid();
    const lines = await till.store.collection<KeptLine>(LINES);
    await lines.updateOne(
      { paymentId },
      { $set: { state: "due" }, $unset: { kind: true, payee: true, claims: true, payableAt: true } },
    );
    expect((await linesOf(paymentId))[0]).to.include({ kind: "order", state: "due" });
    await settlement.sweep();
    expect(await lines.findOne({ paymentId })).to.include({
      kind: "order",
      state: "payable",
      payee: "alpha/shop/USD",
      claims: 0,
    });
  });

  it("hears of deliveries of the platform's own orders only, and of none that are to come", async () => {
    const { orderId } = await paid();
    expect((await refusal(settlement.deliver({ orderId, platform: "beta" }))).type).to.equal("NOT_FOUND");
    for (const at of ["2026-03-01T12:00:00.001Z", "2026-03-01", "2026-02-30T00:00:00Z"]) {
      const refused = await refusal(settlement.deliver({ orderId, at }));
      expect([at, refused.type, refused.data.field]).to.deep.equal([at, "BODY_INVALID", "/deliveredAt"]);
    }
  });
});

describe("a settlement rule", () => {
  for (const [name, rule, field] of [
    ["empty", {}, undefined],
    [
      "with all that it may have",
      {
        hold: { after: "delivery", days: 365 },
        reserve: { percent: "5", days: 1 },
        minimumPayout: { USD: "10.00" },
        claimAfterDays: 1,
        zone: "Etc/GMT+8",
      },
      undefined,
    ],
    ["none", null, ""],
    ["with another name in it", { holds: 1 }, "/holds"],
    ["a hold of 366 days", { hold: { after: "payment", days: 366 } }, "/hold/days"],
    ["a hold of -1 days", { hold: { after: "payment", days: -1 } }, "/hold/days"],
    ["a hold of half a day", { hold: { after: "payment", days: 0.5 } }, "/hold/days"],
    ["a hold after dispatch", { hold: { after: "dispatch", days: 1 } }, "/hold/after"],
    ["a reserve of 101 %", { reserve: { percent: "101", days: 1 } }, "/reserve/percent"],
    ["a reserve for no day", { reserve: { percent: "1", days: 0 } }, "/reserve/days"],
    ["a least payout with too many decimals", { minimumPayout: { USD: "1.001" } }, "/minimumPayout/USD"],
    ["a least payout in a currency that is not its platform's", { minimumPayout: { KWD: "1" } }, "/minimumPayout/KWD"],
    ["a claim after no day", { claimAfterDays: 0 }, "/claimAfterDays"],
    ["a setting that it does not know", { claimsAfter: 30 }, "/claimsAfter"],
    ["a zone that is none", { zone: "Mars/Olympus" }, "/zone"],
    ["a zone as an offset", { zone: "+08:00" }, "/zone"],
  ] as const)
    it(`${name} is ${field === undefined ? "taken" : `refused at ${field === "" ? "its whole" : field}`}`, () => {
      expect(faultOfSettlementRule(rule, ["USD"])?.field).to.equal(field);
    });
});
