import { expect } from "chai";
import type { Point } from "../../../core/deps.ts";
import type { Payout, SettlementRule } from "../../../schemas/types.generated.ts";
import { JOURNAL, type StoredEntry } from "../../../core/ledger/model.ts";
import { type KeptLine, LINES } from "../../../core/settlement/model.ts";
import { PAYOUTS, type StoredPayout } from "../../../core/payouts/model.ts";
import type { House } from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const hour = 3_600_000;
const usd = (value: string) => ({ value, currency: "USD" });

describe("paying merchants out", () => {
  let till: Till;
  let house: House;
  beforeEach(async () => {
    till = await openTill();
    ({ house } = till);
  });
  afterEach(() => till.close(true));

  const payouts = (of = house) => of.core.services.payouts;
  /** Pays orders of 1.37, 2.37 ... of alpha's merchant: after fees 1.03, 2.00, 2.97 ... */
  async function paid(count = 2): Promise<string[]> {
    const ids = await till.seed(count, ["alpha"]);
    await till.pay(`k${ids.join("")}`);
    return ids;
  }
  const account = (token = "shop-1") => till.payTo({ platform: "alpha", merchant: "shop", currency: "USD", token });
  const begin = async (of = house) => {
    const { confirmation } = await payouts(of).preview({});
    return (await payouts(of).run({ confirmation, by: "ops" })).items;
  };
  const sweep = async (inMs = 0, of = house) => {
    till.clock.advance(inMs);
    await payouts(of).sweep();
  };
  const all = async () => (await payouts().list({})).items;
  const linesOf = async () => (await till.store.collection<KeptLine>(LINES)).find({}).sort({ _id: 1 }).toArray();
  const lineStates = async () => (await linesOf()).map(({ state }) => state);
  const atBank = () => [...till.bank.paidOut.values()].map(({ amount, accountToken }) => [amount.value, accountToken]);

  it("shows what would be paid, and pays just that: one instruction, lines, journal, orders, event", async () => {
    const ids = await paid();
    await account();
    const preview = await payouts().preview({});
    expect(preview.items).to.deep.equal([
      { platform: "alpha", merchant: "shop", payable: usd("3.03"), lines: 2, held: usd("0.00") },
    ]);
    const [begun] = await begin();
    expect(begun).to.deep.include({ state: "collecting", lines: 2, by: "ops", amount: preview.items[0]?.payable });
    await sweep();
    const payout = await payouts().get({ payoutId: begun?.id ?? "" });
    expect(payout.state).to.equal("succeeded");
    expect(payout.instruction).to.include({ sends: 1, bank: "test" });
    expect(atBank()).to.deep.equal([[payout.amount.value, "shop-1"]]);
    expect(await lineStates()).to.deep.equal(["paid_out", "paid_out"]);
    expect((await house.core.services.settlement.list({ payoutId: payout.id })).items).to.have.length(2);
    expect(await till.statesOf(ids)).to.deep.equal(["settled", "settled"]);
    const journal = await till.store.collection<StoredEntry>(JOURNAL);
    expect((await journal.findOne({ reference: payout.id }))?.lines).to.deep.equal([
      { account: "merchant:alpha/shop", amount: payout.amount },
      { account: "bank:test", amount: usd(`-${payout.amount.value}`) },
    ]);
    await house.core.services.notify.relay();
    const { items } = await house.core.services.notify.events({ platform: "alpha" });
    expect(items.filter(({ aggregate }) => aggregate === payout.id).map(({ type }) => type)).to.deep.equal([
      "payout.succeeded",
    ]);
    expect((await payouts().preview({})).items).to.deep.equal([]);
  });

  for (const [name, prepare, waits] of [
    ["no account of the merchant", () => Promise.resolve(), "MERCHANT_ACCOUNT_MISSING"],
    [
      "an account that nobody has verified",
      () => till.payTo({ platform: "alpha", merchant: "shop", currency: "USD", token: "t", verified: false }),
      "MERCHANT_ACCOUNT_UNVERIFIED",
    ],
    [
      "less than the least payout",
      () => account().then(() => set({ minimumPayout: { USD: "1000.00" } })),
      "BELOW_MINIMUM",
    ],
  ] as const)
    it(`waits for want of more: ${name}`, async () => {
      await paid();
      await prepare();
      expect((await payouts().preview({})).items[0]).to.include({ waits, lines: 2 });
      expect(await begin()).to.deep.equal([]);
      await payouts().daily();
      expect(await all()).to.deep.equal([]);
    });
  const set = (rule: SettlementRule) =>
    house.core.services.settlement.setSettlementRule({ platform: "alpha", rule, by: "ops" });

  it("pays at exactly the least payout, and says what is held and until when", async () => {
    await account();
    await paid();
    const { payable } = (await payouts().preview({})).items[0] ?? {};
    await set({ minimumPayout: { USD: payable?.value ?? "" }, hold: { after: "payment", days: 1 } });
    await till.pay("more", { orders: await till.seed(3, ["beta"]) });
    await till.seed(4, ["alpha"]);
    await till.pay("held");
    const [item] = (await payouts().preview({ platform: "alpha" })).items;
    expect(item).to.deep.include({ payable, lines: 2, nextAt: "2026-03-02T00:00:00.000Z" });
    expect(item).not.to.have.property("waits");
    expect(item?.held.value).not.to.equal("0.00");
  });

  it("nets what the merchant owes; what is below zero is owed and not paid", async () => {
    await account();
    await paid(1);
    const [line] = await linesOf();
    const net = usd("-5.00");
    const { settlement } = house.core.services;
    const { payee: _payee, claims: _claims, rule: _rule, ...own } = line as KeptLine;
    const taking = {
      ...own,
      _id: `stl_${"1".repeat(26)}_0001`,
      kind: "refund" as const,
      of: own._id,
      gross: net,
      net,
      fee: usd("0.00"),
    };
    await settlement.takeBack([taking]);
    await house.core.services.ledger.write({
      _id: `jrn_${"1".repeat(26)}`,
      kind: "payment",
      reference: "a refund of this test",
      lines: [
        { account: "merchant:alpha/shop", amount: usd("5.00") },
        { account: "bank:test", amount: net },
      ],
      at: own.createdAt,
    });
    expect((await payouts().preview({})).items[0]).to.deep.include({ waits: "OWED_BY_MERCHANT", lines: 2 });
    await paid(5);
    const [begun] = await begin();
    await sweep();
    const lines = await linesOf();
    expect(lines.every(({ state, payoutId }) => state === "paid_out" && payoutId === begun?.id)).to.equal(true);
    expect(atBank()).to.have.length(1);
  });

  it("refuses a run of a preview that is not what would be paid now", async () => {
    await account();
    await paid(1);
    const { confirmation } = await payouts().preview({});
    await paid(3);
    expect((await refusal(payouts().run({ confirmation, by: "ops" }))).type).to.equal("PREVIEW_STALE");
    expect(await all()).to.deep.equal([]);
  });

  it("begun by many at once is one payout", async () => {
    await account();
    await paid();
    const other = await till.build();
    const { confirmation } = await payouts().preview({});
    const runs = [house, other, house, other].map((of) =>
      payouts(of)
        .run({ confirmation, by: "ops" })
        .catch(() => ({ items: [] })),
    );
    const begun = (await Promise.all(runs)).flatMap(({ items }) => items);
    await Promise.all([payouts().daily(), payouts(other).daily()]);
    expect(begun).to.have.length(1);
    await Promise.all([sweep(), sweep(0, other), sweep()]);
    expect(till.bank.sends.filter((id) => id.startsWith("out_"))).to.have.length(1);
    expect((await all()).map(({ state }) => state)).to.deep.equal(["succeeded"]);
  });

  it("fails by the bank's word: the lines go into the next payout, under another id, and to the account of then", async () => {
    await account();
    await paid();
    till.bank.behave(({ kind }) => (kind === "payout" ? "decline" : "succeed"));
    await begin();
    await sweep();
    const [failed] = await all();
    expect(failed).to.deep.include({ state: "failed" });
    expect(failed?.error?.code).to.equal("BANK_DECLINED");
    expect(await lineStates()).to.deep.equal(["payable", "payable"]);
    till.bank.behave(() => "succeed");
    till.clock.advance(hour);
    await payouts().daily();
    expect(await all(), "the schedule waits before it tries again").to.have.length(1);
    await account("shop-2");
    till.clock.advance(24 * hour);
    await payouts().daily();
    await sweep();
    const [, next] = await all();
    expect(next?.state).to.equal("succeeded");
    expect(next?.instruction?.bankRequestId).not.to.equal(failed?.instruction?.bankRequestId);
    expect(atBank()).to.deep.equal([[next?.amount.value, "shop-2"]]);
  });

  for (const how of ["book-then-silence", "pending", "arrives-late", "silence"] as const)
    it(`whose answer is lost (${how}) is unknown, and ends by the bank's word as one payment`, async () => {
      await account();
      await paid();
      till.bank.behave(({ kind }) => (kind === "payout" ? how : "succeed"));
      await begin();
      await sweep();
      expect((await all())[0]?.state).to.equal("unknown");
      expect(await lineStates()).to.deep.equal(["in_payout", "in_payout"]);
      await paid(3);
      expect((await payouts().preview({})).items[0]?.waits).to.equal("PAYOUT_UNDER_WAY");
      till.bank.behave(() => "succeed");
      till.bank.deliverLate();
      for (let i = 0; i < 6; i += 1) await sweep(hour);
      const [payout] = await all();
      expect(payout?.state).to.equal("succeeded");
      expect(atBank()).to.have.length(1);
      expect(new Set(till.bank.sends.filter((id) => id.startsWith("out_"))).size).to.equal(1);
    });

  it("told of another amount is looked at by a person, and pays nothing more", async () => {
    await account();
    await paid();
    till.bank.misreport(usd("9.99"));
    await begin();
    await sweep();
    expect((await all())[0]).to.deep.include({ state: "unknown", needsReview: true });
    expect(await lineStates()).to.deep.equal(["in_payout", "in_payout"]);
    till.bank.misreport(undefined);
    await sweep(hour);
    expect((await all())[0]?.state).to.equal("succeeded");
  });

  it("keeps the account that it began with", async () => {
    await account();
    await paid();
    await begin();
    await account("shop-2");
    await sweep();
    expect(atBank().map(([, token]) => token)).to.deep.equal(["shop-1"]);
  });

  const points: readonly Point[] = [
    "payout.inserted",
    "payout.lines-claimed",
    "payout.attempt-durable",
    "payout.sent",
    "payout.answer-written",
    "payout.lines-paid",
    "payout.journal-written",
    "payout.orders-settled",
  ];
  for (const at of points)
    it(`whose process dies at ${at} is paid once by the next one`, async () => {
      await account();
      await paid();
      let died = 0;
      const dying = await till.build((point) => {
        if (point !== at) return;
        died += 1;
        throw new Error("died");
      });
      await begin(dying).catch(() => undefined);
      await sweep(0, dying);
      expect(died).to.equal(1);
      for (let i = 0; i < 4; i += 1) await sweep(hour);
      expect((await all()).map(({ state }) => state)).to.deep.equal(["succeeded"]);
      expect(atBank()).to.have.length(1);
      expect(await lineStates()).to.deep.equal(["paid_out", "paid_out"]);
      const journal = await till.store.collection<StoredEntry>(JOURNAL);
      expect(await journal.countDocuments({ kind: "payout" })).to.equal(1);
    });

  it("declined, whose process dies before its lines are given back: the next one does", async () => {
    await account();
    await paid();
    till.bank.behave(({ kind }) => (kind === "payout" ? "decline" : "succeed"));
    const dying = await till.build((point) => {
      if (point === "payout.answer-written") throw new Error("died");
    });
    await begin(dying);
    await sweep(0, dying);
    expect(await lineStates()).to.deep.equal(["in_payout", "in_payout"]);
    const dyingLater = await till.build((point) => {
      if (point === "payout.lines-released") throw new Error("died");
    });
    await sweep(0, dyingLater);
    await sweep();
    expect(await lineStates()).to.deep.equal(["payable", "payable"]);
  });

  it("held up before it claims its lines takes none when it wakes up after its payout failed and another one began", async () => {
    await account();
    await paid();
    let wakeUp: (() => Promise<unknown>) | undefined;
    const heldUp = await till.build();
    const { settlement } = heldUp.core.services;
    const { claim } = settlement;
    settlement.claim = (...given) => {
      wakeUp = () => claim(...given);
      return Promise.reject(new Error("held up"));
    };
    await begin(heldUp);
    await sweep(0, heldUp);
    till.bank.behave(({ kind }) => (kind === "payout" ? "decline" : "succeed"));
    await sweep(hour);
    expect((await all()).map(({ state }) => state)).to.deep.equal(["failed"]);
    expect(await wakeUp?.()).to.deep.equal([]);
    till.bank.behave(() => "succeed");
    await begin();
    await wakeUp?.();
    await sweep();
    await wakeUp?.();
    const [failed, next] = await all();
    expect([failed?.state, next?.state]).to.deep.equal(["failed", "succeeded"]);
    expect((await linesOf()).map(({ payoutId }) => payoutId)).to.deep.equal([next?.id, next?.id]);
    expect(atBank()).to.have.length(1);
  });

  it("planned with a line that another payout took is cancelled, and gives back what it has", async () => {
    await account();
    await paid();
    const [begun] = await begin();
    const stored = await till.store.collection<StoredPayout>(PAYOUTS);
    const [first] = await linesOf();
    await (await till.store.collection<KeptLine>(LINES)).updateOne({ _id: first?._id ?? "" }, { $set: { claims: 7 } });
    await sweep();
    expect(await stored.findOne({ _id: begun?.id ?? "" })).to.deep.include({ state: "cancelled", slot: begun?.id });
    expect(await lineStates()).to.deep.equal(["payable", "payable"]);
    expect(atBank()).to.deep.equal([]);
  });

  it("of the day is begun once; when its node dies in the midst another goes on", async () => {
    await account();
    await till.payTo({ platform: "beta", merchant: "shop", currency: "USD", token: "beta-1" });
    await till.seed(2, ["alpha", "beta"]);
    await till.pay("k1");
    let died = false;
    const dying = await till.build((point) => {
      if (point !== "payout.inserted" || died) return;
      died = true;
      throw new Error("died");
    });
    await payouts(dying)
      .daily()
      .catch(() => undefined);
    expect(await all()).to.have.length(1);
    await payouts().daily();
    expect(await all(), "its lease is not over").to.have.length(1);
    till.clock.advance(hour);
    await payouts().daily();
    expect((await all()).map(({ platform }) => platform)).to.deep.equal(["alpha", "beta"]);
    await sweep();
    expect(atBank()).to.have.length(2);
  });

  it("is seen by its own platform only", async () => {
    await account();
    await paid();
    const [{ id: payoutId } = {} as Payout] = await begin();
    expect((await payouts().get({ payoutId, platform: "alpha" })).id).to.equal(payoutId);
    expect((await refusal(payouts().get({ payoutId, platform: "beta" }))).type).to.equal("NOT_FOUND");
    expect((await payouts().list({ platform: "beta" })).items).to.deep.equal([]);
  });
});
