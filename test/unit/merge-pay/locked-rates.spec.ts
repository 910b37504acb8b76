import { Readable } from "node:stream";
import { expect } from "chai";
import type { Call, PayRequest, QuoteRequest } from "../../../core/actions.ts";
import { ACCOUNTS, type StoredAccount } from "../../../core/accounts/model.ts";
import { evidencePack } from "../../../core/evidence/collect.ts";
import { verifyPack } from "../../../core/evidence/verify.ts";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney, type Money, sumMoney } from "../../../core/money/money.ts";
import type { BankRate } from "../../../core/plugin/bank-contract.ts";
import { seedOrders } from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const minute = 60_000;
const usd = (value: string): Money => ({ value, currency: "USD" });

/** Orders in several currencies, paid by one total in one of them. */
describe("paying in one currency at locked rates", () => {
  let till: Till;
  let ids: string[];
  beforeEach(async () => {
    till = await openTill();
    ids = [
      ...(await seedIn("USD", ["1.37", "2.37"])),
      ...(await seedIn("EUR", ["1.01", "2.02", "3.03"])),
      ...(await seedIn("JPY", ["3"])),
    ];
    till.bank.lockRates(({ from }) => ({ rate: from === "JPY" ? "0.0015" : "1.25" }));
  });
  afterEach(async () => {
    const faults: string[] = [];
    await checkLedger({ store: till.store, keys: [], complain: (where, what) => void faults.push(`${where} ${what}`) });
    await till.close();
    expect(faults, "what the doctor says of the books").to.deep.equal([]);
  });

  const services = () => till.house.core.services;
  const seedIn = (currency: string, values: readonly string[]) =>
    seedOrders(
      till.house,
      "ann",
      values.map((value, i) => ({
        orderNo: `${currency}-${i}`,
        currency,
        value,
        platform: i % 2 === 0 ? "alpha" : "beta",
      })),
    );
  const quoteOf = (selection: QuoteRequest = { orders: "all", payIn: "USD" }) =>
    services().quotes.create({ userId: "ann", selection });
  const quoted = async (selection?: QuoteRequest): Promise<PayRequest> => {
    const { id, fingerprint } = await quoteOf(selection);
    return { quoteId: id, fingerprint };
  };
  const paid = async (key = "k1") => till.pay(key, await quoted());
  const journalOf = async (paymentId: string, kind: string) => {
    const { items } = await services().ledger.entries({ paymentId });
    return items.filter((entry) => entry.kind === kind).flatMap(({ lines }) => lines);
  };

  it("is quoted with each order's part of the total, the rates, and the earliest expiry of them", async () => {
    till.bank.lockRates(({ from }) => ({
      rate: from === "JPY" ? "0.0015" : "1.25",
      expiresAt: new Date(till.clock.now() + (from === "JPY" ? 2 : 7) * minute).toISOString(),
    }));
    const quote = await quoteOf();
    // 1.01 x 1.25 = 1.2625; 2.02 x 1.25 = 2.525, half to even; 3.03 x 1.25 = 3.7875; 3 x 0.0015 = 0.0045, at least a cent.
    expect(quote.orders.flatMap(({ charged }) => charged?.value ?? [])).to.have.members([
      "1.26",
      "2.52",
      "3.79",
      "0.01",
    ]);
    expect(quote.total).to.deep.equal(usd("11.32"));
    expect(sumMoney(quote.orders.map(({ amount, charged = amount }) => charged))).to.deep.equal(quote.total);
    expect(quote.rates?.map(({ from, to, rate }) => [from, to, rate])).to.deep.equal([
      ["EUR", "USD", "1.25"],
      ["JPY", "USD", "0.0015"],
    ]);
    expect(quote.bank).to.equal("test");
    expect(quote.expiresAt).to.equal(new Date(till.clock.now() + 2 * minute).toISOString());
    const again = await quoteOf();
    expect(again.fingerprint, "another lock is another fingerprint").to.not.equal(quote.fingerprint);
  });

  it("of orders that are all in that currency locks nothing", async () => {
    let asked = 0;
    till.bank.lockRates(() => ({ rate: String((asked += 1)) }));
    const quote = await quoteOf({ orders: ids.slice(0, 2), payIn: "USD" });
    expect(quote)
      .to.deep.include({ total: usd("3.74") })
      .and.not.to.have.property("rates");
    expect(asked).to.equal(0);
  });

  it("debits the total once, and owes every merchant in the currency of its order", async () => {
    const payment = await paid();
    expect(payment).to.deep.include({ state: "succeeded", total: usd("11.32") });
    expect([...till.bank.booked.values()].map(({ amount }) => amount)).to.deep.equal([usd("11.32")]);
    expect(payment.deduction?.rateIds)
      .to.deep.equal(payment.rates?.map(({ id }) => id))
      .and.to.have.length(2);
    const { items } = await services().settlement.list({ paymentId: payment.id });
    expect(items.map(({ gross }) => gross)).to.have.deep.members(payment.orders.map(({ amount }) => amount));
    const changed = (await journalOf(payment.id, "payment")).filter(({ account }) => account.startsWith("fx:"));
    expect(changed).to.have.deep.members([
      { account: "fx:USD", amount: usd("-7.58") },
      { account: "fx:EUR", amount: { value: "6.06", currency: "EUR" } },
      { account: "fx:JPY", amount: { value: "3", currency: "JPY" } },
    ]);
  });

  const BAD: readonly [what: string, rate: Partial<BankRate> | ((now: number) => Partial<BankRate>), code: string][] = [
    ["zero", { rate: "0" }, "RATE_INVALID"],
    ["zero with decimals", { rate: "0.0000" }, "RATE_INVALID"],
    ["negative", { rate: "-1.25" }, "RATE_INVALID"],
    ["not a number", { rate: "NaN" }, "RATE_INVALID"],
    ["infinite", { rate: "Infinity" }, "RATE_INVALID"],
    ["words", { rate: "about one" }, "RATE_INVALID"],
    ["empty", { rate: "" }, "RATE_INVALID"],
    ["an exponent", { rate: "1e3" }, "RATE_INVALID"],
    ["hexadecimal", { rate: "0x1F" }, "RATE_INVALID"],
    ["a comma", { rate: "1,25" }, "RATE_INVALID"],
    ["a blank before it", { rate: " 1.25" }, "RATE_INVALID"],
    ["13 decimals", { rate: "1.2500000000001" }, "RATE_INVALID"],
    ["13 digits", { rate: "1000000000000" }, "RATE_INVALID"],
    ["a JavaScript number", { rate: 1.25 as unknown as string }, "RATE_INVALID"],
    ["missing", { rate: undefined as unknown as string }, "RATE_INVALID"],
    ["of the other way round", { from: "USD", to: "EUR" }, "RATE_INVALID"],
    ["over when it comes", (now) => ({ expiresAt: new Date(now).toISOString() }), "RATE_INVALID"],
    ["stale", (now) => ({ expiresAt: new Date(now - 1).toISOString() }), "RATE_INVALID"],
    ["without an expiry that can be read", { expiresAt: "soon" }, "RATE_INVALID"],
    ["so high that the total is too large", { rate: "999999999999" }, "TOTAL_TOO_LARGE"],
  ];
  for (const [what, rate, code] of BAD)
    it(`refuses a rate that is ${what}`, async () => {
      if (code === "TOTAL_TOO_LARGE") await seedIn("EUR", ["100.00"]);
      till.bank.lockRates(() => (typeof rate === "function" ? rate(till.clock.now()) : rate));
      expect((await refusal(quoteOf())).type).to.equal(code);
    });

  it("refuses a currency that is none", async () => {
    expect((await refusal(quoteOf({ orders: "all", payIn: "XYZ" }))).data.field).to.equal("/payIn");
  });

  it("refuses a rate that has expired since the quote, with what to do", async () => {
    const request = await quoted();
    till.clock.advance(10 * minute);
    const refused = await refusal(till.pay("k1", request));
    expect(refused.type).to.equal("RATE_EXPIRED");
    expect(refused.message).to.include("take a new quote");
    expect(till.bank.sends).to.have.length(0);
  });

  it("sends nothing when the rate expires while the orders are being locked", async () => {
    const request = await quoted();
    till.clock.advance(10 * minute - 1);
    const { orders } = services();
    const { lock } = orders;
    orders.lock = async (...given) => {
      orders.lock = lock;
      const losers = await lock(...given);
      till.clock.advance(1);
      return losers;
    };
    const refused = await refusal(till.pay("k1", request));
    expect(refused.type).to.equal("RATE_EXPIRED");
    expect(till.bank.sends).to.have.length(0);
    expect(new Set(await till.statesOf(ids))).to.deep.equal(new Set(["open"]));
    expect((await refusal(till.pay("k1", request))).type, "the same answer to the key").to.equal("RATE_EXPIRED");
    expect(await paid("k2")).to.include({ state: "succeeded" });
  });

  it("pays from an account at the bank that gave the rates only", async () => {
    const { id } = await services().accounts.create({ userId: "ann", bank: "test", token: "other", label: "Other" });
    const request = await quoted();
    const collection = await till.store.collection<StoredAccount>(ACCOUNTS);
    await collection.updateOne({ _id: id }, { $set: { bank: "elsewhere" } });
    const refused = await refusal(till.pay("k1", { ...request, accountId: id }));
    expect(refused).to.deep.include({ type: "BODY_INVALID", data: { field: "/accountId" } });
  });

  it("refuses by name what changed since the quote, and with best effort pays the rest at the same rates", async () => {
    const request = await quoted();
    await services().orders.cancel({ orderId: ids[2] ?? "", reason: "Sold out." });
    const refused = await refusal(till.pay("k1", request));
    expect(refused.data.changes).to.deep.equal([
      { orderId: ids[2], field: "state", before: "open", after: "cancelled" },
    ]);
    const payment = await till.pay("k2", { ...request, atomicity: "best_effort" });
    expect(payment).to.deep.include({ state: "succeeded", total: usd("10.06") });
  });

  it("ends by the bank's word when the answer is lost, at the rates of then", async () => {
    till.bank.behave(() => "book-then-silence");
    const payment = await paid();
    expect(payment.state).to.equal("unknown");
    await till.later(6_000);
    expect(await till.get(payment.id)).to.include({ state: "succeeded" });
  });

  describe("gives back", () => {
    async function refund(paymentId: string, amount: Money | "all", orders?: readonly string[]) {
      const request = { paymentId, amount, ...(orders === undefined ? {} : { orders }) };
      const { fingerprint } = await services().refunds.preview(request);
      return services().refunds.open({
        request,
        fingerprint,
        reason: "cold tea",
        by: "olga",
        idempotencyKey: `${JSON.stringify([amount, orders])} ${till.bank.sends.length}`,
      });
    }

    it("all of it in the currency that was debited, and takes each order's own amount from its merchant", async () => {
      const payment = await paid();
      const done = await refund(payment.id, "all");
      expect(done).to.deep.include({ state: "succeeded", amount: payment.total });
      expect([...till.bank.refunded.values()].map(({ amount }) => amount)).to.deep.equal([payment.total]);
      expect(done.parts.map(({ gross }) => gross)).to.deep.equal(payment.orders.map(({ amount }) => amount));
      const { items } = await services().ledger.balances({});
      for (const { account, balance } of items)
        if (account.startsWith("fx:")) expect(minorOfMoney(balance), account).to.equal(0n);
    });

    it("part after part, never beyond what was paid in either currency, and exactly all in the end", async () => {
      const payment = await paid();
      const [, , eur = ""] = ids;
      await refund(payment.id, usd("0.63"), [eur]);
      await refund(payment.id, usd("0.31"), [eur]);
      const tooMuch = await refusal(refund(payment.id, usd("0.33"), [eur]));
      expect(tooMuch.type).to.equal("REFUND_TOO_LARGE");
      expect(tooMuch.message).to.include("0.32 USD");
      await refund(payment.id, usd("0.32"), [eur]);
      const order = await services().orders.get({ orderId: eur });
      expect(order.refunded).to.deep.equal(order.amount).and.to.deep.equal({ value: "1.01", currency: "EUR" });
      expect((await refusal(refund(payment.id, { value: "1.00", currency: "EUR" }))).type).to.equal(
        "REFUND_CURRENCY_DIFFERS",
      );
      const rest = await refund(payment.id, "all");
      expect(rest.amount).to.deep.equal(usd("10.06"));
      expect((await till.get(payment.id)).refundedTotal).to.deep.equal(payment.total);
    });
  });

  it("is taken back by the bank in the currency debited, and by merchants in their own", async () => {
    const payment = await paid();
    const { chargebacks } = services();
    const proposed = await chargebacks.propose({
      paymentId: payment.id,
      bankReference: "cb-1",
      amount: payment.total,
      bookedAt: new Date(till.clock.now()).toISOString(),
      reason: "The payer disputes it.",
      evidence: { text: "The bank's letter.", reference: "letter 7" },
      by: "olga",
    });
    const done = await chargebacks.approve({ chargebackId: proposed.id, by: "pavel" });
    expect(done).to.deep.include({ state: "booked", amount: payment.total });
    expect(done.parts?.map(({ gross }) => gross)).to.deep.equal(payment.orders.map(({ amount }) => amount));
    const { items } = await services().settlement.list({ paymentId: payment.id });
    const left = Map.groupBy(items, ({ gross }) => gross.currency);
    for (const lines of left.values()) expect(minorOfMoney(sumMoney(lines.map(({ gross }) => gross)))).to.equal(0n);

    // And given up again, in the same currencies.
    const bookedAt = new Date(till.clock.now()).toISOString();
    const { bankRequestId = "" } = payment.deduction ?? {};
    const again = {
      bankReference: "cb-2",
      bankRequestId,
      amount: payment.total,
      direction: "credit",
      bookedAt,
    } as const;
    expect(await chargebacks.byStatement("test", { ...again, reversal: true })).to.equal(true);
    const after = (await services().settlement.list({ paymentId: payment.id })).items;
    expect(after.flatMap(({ kind, gross }) => (kind === "chargeback_reversal" ? gross : []))).to.have.deep.members(
      payment.orders.map(({ amount }) => amount),
    );
  });

  it("is told by an evidence pack that verifies", async () => {
    const call = ((_name: string, params: never) => services().evidence.read(params)) as Call;
    const payment = await paid();
    const pieces = await evidencePack({ call, blobs: till.store.blobs, now: till.clock.now }, payment.id);
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    const bytes = Buffer.concat(all);
    const faults: string[] = [];
    const read = (from: number, to: number) => Readable.from([bytes.subarray(from, to)]);
    await verifyPack({ bytes: bytes.length, read }, [], (member, what) => void faults.push(`${member}: ${what}`));
    // Files of orders that were put straight into the store have no bytes.
    expect(faults.filter((fault) => /payment|journal/.test(fault))).to.deep.equal([]);
  });

  it("keeps the rate that was locked: nothing that the bank says later changes it", async () => {
    const payment = await paid();
    till.bank.lockRates(() => ({ rate: "9.99" }));
    const stored = await (await till.store.collection<StoredPayment>(PAYMENTS)).findOne({ _id: payment.id });
    expect(stored?.rates).to.deep.equal(payment.rates);
    expect(
      (await till.pay("k1", { quoteId: payment.quoteId ?? "", fingerprint: await fingerprintOf(payment.quoteId) }))
        .total,
    ).to.deep.equal(payment.total);
  });
  const fingerprintOf = async (quoteId = "") => (await services().quotes.get({ userId: "ann", quoteId })).fingerprint;
});
