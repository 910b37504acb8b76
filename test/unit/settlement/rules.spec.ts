import { expect } from "chai";
import type { FeeRule } from "../../../schemas/types.generated.ts";
import type { SettlementService } from "../../../core/settlement/service.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { NOON } from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const at = (ms: number): string => new Date(NOON + ms).toISOString();
const hour = 3_600_000;

describe("fee rules that operators set", () => {
  let till: Till;
  let settlement: SettlementService;
  beforeEach(async () => {
    till = await openTill();
    settlement = till.house.core.services.settlement;
  });
  afterEach(() => till.close(true));

  const set = (rule: FeeRule | null, more: { from?: string; merchant?: string; platform?: string } = {}) =>
    settlement.setFeeRule({ platform: "alpha", rule, by: "ops", ...more });
  const feesOf = async (paymentId: string) =>
    (await settlement.list({ paymentId })).items.map(({ fee, rule }) => [fee.value, rule?.id, rule?.says]);
  const alpha = [["0.32", "plugin:1-000000000000", "2.9 % + 0.30 USD"]];

  it("charge payments from then on; a payment keeps those that were in force when it was made", async () => {
    await till.seed(1, ["alpha"]);
    till.bank.behave(() => "book-then-silence");
    const before = await till.pay("k1");
    const version = await set({ percent: "10" });
    expect(version).to.include({ platform: "alpha", version: 1, from: at(0), by: "ops", existed: false });
    till.clock.advance(1000);
    till.bank.behave(() => "succeed");
    await till.seed(2, ["alpha"]);
    const after = await till.pay("k2");
    await till.later(10_000);
    expect(await feesOf(before.id)).to.deep.equal([["0.34", ...(alpha[0] ?? []).slice(1)]]);
    expect(await feesOf(after.id)).to.deep.equal([["0.24", version.id, "10 %"]]);
  });

  it("count for a merchant before those of its platform, and these before the plugin's", async () => {
    const of = await set({ percent: "1" });
    const own = await set({ percent: "2" }, { merchant: "shop" });
    const orders = ["shop", "other"].map((merchant, index) => ({
      orderId: `ord_${index}`,
      platform: "alpha",
      merchant,
      orderNo: "1",
      amount: { value: "1.00", currency: "USD" },
      revision: 1,
    }));
    const beta = { ...orders[0]!, orderId: "ord_3", platform: "beta" };
    expect((await settlement.rulesFor([...orders, beta])).feeRules).to.have.deep.members([
      { platform: "alpha", id: of.id, rule: { percent: "1" } },
      { platform: "alpha", merchant: "shop", id: own.id, rule: { percent: "2" } },
      { platform: "beta", id: "plugin:1-000000000000", rule: { percent: "1.25" } },
    ]);
    await set(null, { merchant: "shop" });
    await set(null);
    expect((await settlement.rulesFor(orders)).feeRules.map(({ id }) => id)).to.deep.equal(["plugin:1-000000000000"]);
  });

  it("begin at their time: the latest begun counts, the higher version of two at the same time", async () => {
    await set({ percent: "3" }, { from: at(3 * hour) });
    await set({ percent: "1" }, { from: at(hour) });
    await set({ percent: "2" }, { from: at(hour) });
    const [order] = [
      {
        orderId: "ord_1",
        platform: "alpha",
        merchant: "shop",
        orderNo: "1",
        amount: { value: "1.00", currency: "USD" },
        revision: 1,
      },
    ];
    const percents: unknown[] = [];
    for (let passed = 0; passed < 4; passed += 1) {
      percents.push((await settlement.rulesFor([order])).feeRules.map(({ rule }) => rule.percent));
      till.clock.advance(hour);
    }
    expect(percents).to.deep.equal([["2.9"], ["2"], ["2"], ["3"]]);
  });

  it("set twice are one version; its time may be over by then", async () => {
    const first = await set({ percent: "3" }, { from: at(hour) });
    till.clock.advance(2 * hour);
    const { existed, ...same } = await set({ percent: "3" }, { from: at(hour) });
    expect([existed, same.id]).to.deep.equal([true, first.id]);
    expect(await set({ percent: "3" })).to.include({ id: first.id, existed: true });
    expect((await settlement.feeRules({ platform: "alpha" })).items).to.have.length(1);
  });

  it("set by many at once are each a version of their own", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => set({ percent: `${index}` }, { from: at(hour) })));
    const { items } = await settlement.feeRules({ platform: "alpha" });
    expect(items.map(({ version }) => version)).to.have.members([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  for (const [name, from, message] of [
    ["is over", at(-1), "from is over"],
    ["has no zone", "2026-04-01T00:00:00", "must be an ISO 8601"],
    ["is a day that is not", "2026-06-31T00:00:00Z", "must be an ISO 8601"],
  ] as const)
    it(`are refused when their time ${name}`, async () => {
      const refused = await refusal(set({ percent: "3" }, { from }));
      expect(refused).to.include({ type: "BODY_INVALID" });
      expect(refused.data.field).to.equal("/from");
      expect(refused.message).to.include(message);
    });

  it("are refused with the place of what is wrong, and for a platform that is none", async () => {
    const refused = await refusal(set({ fixed: { KWD: "1" } }));
    expect([refused.type, refused.data.field]).to.deep.equal(["BODY_INVALID", "/rule/fixed/KWD"]);
    expect((await refusal(set({}, { platform: "omega" }))).type).to.equal("PLATFORM_UNKNOWN");
  });

  it("of a payment that an earlier version made are read as that one wrote them", async () => {
    await till.seed(1, ["alpha"]);
    till.bank.behave(() => "book-then-silence");
    const { id } = await till.pay("k1");
    const payments = await till.store.collection<StoredPayment>(PAYMENTS);
    await payments.updateOne({ _id: id }, { $set: { fees: { alpha: { percent: "50" } } }, $unset: { feeRules: true } });
    await till.later(10_000);
    expect(await feesOf(id)).to.deep.equal([["0.68", "plugin", "50 %"]]);
  });
});
