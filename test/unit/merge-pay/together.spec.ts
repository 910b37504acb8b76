import { expect } from "chai";
import * as fc from "fast-check";
import type { PayRequest } from "../../../core/actions.ts";
import type { Point } from "../../../core/deps.ts";
import type { MergepayError } from "../../../core/errors/errors.ts";
import { inParts } from "../../../core/merge-pay/parts.ts";
import { moneyOf, sumMoney } from "../../../core/money/money.ts";
import type { House } from "../../support/house.ts";
import { seedAccount, seedOrders } from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";
import type { Payment } from "../../../schemas/types.generated.ts";

const BEST = { atomicity: "best_effort" } as const;

/** One confirmation over several currencies: a payment for each. */
describe("paying in several currencies at once", () => {
  let till: Till;
  let ids: string[];
  beforeEach(async () => {
    till = await openTill();
    ids = [...(await seedIn("USD", 2)), ...(await seedIn("EUR", 3)), ...(await seedIn("JPY", 1))];
  });
  afterEach(() => till.close());

  const services = (house: House = till.house) => house.core.services;
  const seedIn = (currency: string, count: number) =>
    seedOrders(
      till.house,
      "ann",
      Array.from({ length: count }, (_, i) => ({
        orderNo: `${currency}-${i}`,
        currency,
        value: currency === "JPY" ? `${i + 1}00` : `${i + 1}.37`,
      })),
    );
  const quoted = async (selection: Parameters<ReturnType<typeof services>["quotes"]["create"]>[0]["selection"]) => {
    const quote = await services().quotes.create({ userId: "ann", selection });
    return { quote, request: { quoteId: quote.id, fingerprint: quote.fingerprint } };
  };
  const pay = (idempotencyKey: string, request: PayRequest, house?: House) =>
    services(house).mergePay.payTogether({ userId: "ann", idempotencyKey, request });
  const paymentsOf = (paid: Awaited<ReturnType<typeof pay>>): readonly Payment[] =>
    "payments" in paid ? paid.payments : expect.fail("It is one payment.");
  const payAll = async (key: string, house?: House, more: Partial<PayRequest> = {}) =>
    paymentsOf(await pay(key, { ...(await quoted({ orders: "all" })).request, ...more }, house));
  const present = async () => {
    const { items } = await services().mergePay.list({ userId: "ann" });
    return items.map(({ state }) => state);
  };
  const dyingAt = (at: Point, count = 1) => {
    let left = count;
    return till.build((point) => {
      if (point === at && (left -= 1) === 0) throw new Error("died");
    });
  };

  it("is quoted with a total for each currency, and one fingerprint", async () => {
    const { quote } = await quoted({ orders: "all" });
    expect(quote).not.to.have.property("total");
    expect(quote.totals).to.deep.equal([
      { value: "7.11", currency: "EUR" },
      { value: "100", currency: "JPY" },
      { value: "3.74", currency: "USD" },
    ]);
    expect(quote.orders).to.have.length(6);
    const same = await quoted({ orders: ids });
    expect(same.quote.fingerprint).to.equal(quote.fingerprint);
    expect(await services().quotes.get({ userId: "ann", quoteId: quote.id })).to.deep.equal(quote);
  });

  it("of one currency is quoted as ever", async () => {
    const { quote } = await quoted({ orders: ids.slice(0, 2) });
    expect(quote.total).to.deep.equal({ value: "3.74", currency: "USD" });
    expect(quote).not.to.have.property("totals");
    const paid = await pay("k1", { quoteId: quote.id, fingerprint: quote.fingerprint });
    expect(paid).to.include({ state: "succeeded", existed: false }).and.not.to.have.property("together");
  });

  it("makes one payment and one deduction for each, which name each other", async () => {
    const payments = await payAll("k1");
    expect(payments.map(({ state, total }) => [state, total.currency, total.value])).to.deep.equal([
      ["succeeded", "EUR", "7.11"],
      ["succeeded", "JPY", "100"],
      ["succeeded", "USD", "3.74"],
    ]);
    for (const payment of payments) {
      expect(payment.together).to.deep.equal(payments.map(({ id }) => id));
      expect(payment.deduction?.amount).to.deep.equal(payment.total);
      expect(sumMoney(payment.orders.map(({ amount }) => amount))).to.deep.equal(payment.total);
      expect(payment).not.to.have.property("unmade");
    }
    expect(new Set(payments.map(({ deduction }) => deduction?.bankRequestId)).size).to.equal(3);
    expect(till.bank.sends).to.have.length(3);
    expect(new Set(await till.statesOf(ids))).to.deep.equal(new Set(["paid"]));
  });

  it("takes each deduction from the account that is named for its currency, the others from the usual one", async () => {
    const { id: forYen } = await services().accounts.create({
      userId: "ann",
      bank: "test",
      token: "yen",
      label: "Yen",
    });
    await seedAccount(till.house, "eve");
    const [foreign] = (await services().accounts.list({ userId: "eve" })).items;
    const { request } = await quoted({ orders: "all" });
    const accounts = [{ currency: "JPY", accountId: forYen }];
    const twice = await refusal(pay("k2", { ...request, accounts: [...accounts, ...accounts] }));
    expect(twice).to.deep.include({ type: "BODY_INVALID", data: { field: "/accounts" } });
    const other = await refusal(
      pay("k3", { ...request, accounts: [{ currency: "JPY", accountId: foreign?.id ?? "" }] }),
    );
    expect(other.type).to.equal("ACCOUNT_MISSING");
    const [eur, jpy, usd] = paymentsOf(await pay("k1", { ...request, accounts }));
    expect(jpy?.accountId).to.equal(forYen);
    expect(eur?.accountId).to.equal(usd?.accountId).and.not.to.equal(forYen);
  });

  it("is the same answer for the same key and content, and refused for another", async () => {
    const { request } = await quoted({ orders: "all" });
    const first = paymentsOf(await pay("k1", request));
    expect(await pay("k1", request)).to.deep.equal({ payments: first, existed: true });
    expect((await refusal(pay("k1", { ...request, ...BEST }))).type).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect((await refusal(till.pay("k1", { orders: ids.slice(0, 1) }))).type).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect(till.bank.sends).to.have.length(3);
  });

  it("asked a hundred times at once with one key is paid once", async () => {
    const { request } = await quoted({ orders: "all" });
    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => pay("k1", request)));
    const told = answers.flatMap((one) => (one.status === "fulfilled" ? [paymentsOf(one.value)] : []));
    const refused = answers.flatMap((one) => (one.status === "rejected" ? [(one.reason as MergepayError).type] : []));
    expect(new Set(told.flat().map(({ id }) => id)).size).to.equal(3);
    expect(new Set(refused)).to.deep.equal(new Set(refused.length === 0 ? [] : ["IDEMPOTENCY_IN_FLIGHT"]));
    expect(till.bank.sends).to.have.length(3);
    expect(await present()).to.have.length(3);
  });

  it("and for part of it alone under the same key at once: one of the two is made", async () => {
    const { request } = await quoted({ orders: "all" });
    const alone = { orders: ids.slice(0, 1) };
    const answers = await Promise.allSettled([pay("k1", request), pay("k1", alone)]);
    expect(answers.map(({ status }) => status).toSorted()).to.deep.equal(["fulfilled", "rejected"]);
    expect([1, 3]).to.include(till.bank.sends.length);
    expect(await present()).to.have.length(till.bank.sends.length);
  });

  it("without a quote is refused: what is paid in each currency must be seen before", async () => {
    expect((await refusal(pay("k1", { orders: ids }))).type).to.equal("CURRENCIES_MIXED");
    expect((await refusal(pay("k1", { orders: "all" }))).data.field).to.equal("/currency");
    const { request } = await quoted({ orders: "all" });
    expect((await refusal(pay("k1", { ...request, fingerprint: "0".repeat(64) }))).type).to.equal("QUOTE_MISMATCH");
    expect(await present()).to.have.length(0);
  });

  it("is all or nothing over all currencies: one order that can't be had, and nothing is sent", async () => {
    const { request } = await quoted({ orders: "all" });
    const { orders } = services();
    const { lock } = orders;
    orders.lock = async (...given) => {
      orders.lock = lock;
      await orders.cancel({ orderId: ids[0] ?? "", reason: "Sold out." });
      return lock(...given);
    };
    const refused = await refusal(pay("k1", request));
    expect(refused.type).to.equal("ORDERS_UNAVAILABLE");
    expect(refused.data.orders).to.deep.equal([{ orderId: ids[0], reason: "It is cancelled." }]);
    expect(till.bank.sends).to.have.length(0);
    expect(await present()).to.deep.equal(["rejected", "rejected", "rejected"]);
    expect(await till.statesOf(ids)).to.deep.equal(["cancelled", "open", "open", "open", "open", "open"]);
    expect((await refusal(pay("k1", request))).data).to.deep.equal(refused.data);
  });

  it("names what changed since the quote, and with best effort pays the rest in each currency", async () => {
    const { request } = await quoted({ orders: "all" });
    await services().orders.cancel({ orderId: ids[0] ?? "", reason: "Sold out." });
    await services().orders.cancel({ orderId: ids[5] ?? "", reason: "Sold out." });
    const changed = await refusal(pay("k1", request));
    expect(changed.type).to.equal("QUOTE_MISMATCH");
    expect(changed.data.changes?.map(({ orderId }) => orderId)).to.have.members([ids[0], ids[5]]);
    expect((await refusal(pay("k2", { ...request, ...BEST, atLeast: 5 }))).type).to.equal("ORDERS_UNAVAILABLE");
    const payments = paymentsOf(await pay("k3", { ...request, ...BEST, atLeast: 4 }));
    expect(payments.map(({ total }) => total)).to.deep.equal([
      { value: "7.11", currency: "EUR" },
      { value: "2.37", currency: "USD" },
    ]);
    expect(payments.flatMap(({ leftOut = [] }) => leftOut.map(({ orderId }) => orderId))).to.have.members([
      ids[0],
      ids[5],
    ]);
  });

  it("shows what the bank said of each: one may fail where another succeeds", async () => {
    till.bank.behave(({ amount }) => (amount.currency === "JPY" ? "decline" : "succeed"));
    const payments = await payAll("k1");
    expect(payments.map(({ state }) => state)).to.deep.equal(["succeeded", "failed", "succeeded"]);
    expect(payments[1]?.error?.code).to.equal("BANK_DECLINED");
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid", "paid", "paid", "paid", "open"]);
    expect(await till.pay("k2", { orders: [ids[5] ?? ""] })).to.include({ state: "failed" });
  });

  it("follows each to its own end when answers are lost", async () => {
    till.bank.behave(({ amount }) => (amount.currency === "EUR" ? "book-then-silence" : "succeed"));
    const payments = await payAll("k1");
    expect(payments.map(({ state }) => state)).to.deep.equal(["unknown", "succeeded", "succeeded"]);
    await till.later(6_000);
    expect(await present()).to.deep.equal(["succeeded", "succeeded", "succeeded"]);
    expect(till.bank.sends).to.have.length(3);
  });

  it("takes a currency per payment, at most ten in a quote", async () => {
    const codes = ["AUD", "CAD", "CHF", "CNY", "DKK", "GBP", "HKD"];
    for (const code of codes) await seedIn(code, 1);
    expect((await quoted({ orders: "all" })).quote.totals).to.have.length(10);
    await seedIn("NOK", 1);
    expect((await refusal(quoted({ orders: "all" }))).type).to.equal("SELECTION_TOO_LARGE");
  });

  const DEATHS: readonly { readonly at: Point; readonly count: number }[] = [
    { at: "payment.inserted", count: 1 },
    { at: "payment.others-inserted", count: 1 },
    { at: "payment.orders-locked", count: 1 },
    { at: "payment.orders-locked", count: 3 },
  ];
  for (const { at, count } of DEATHS)
    it(`whose process dies at ${at} (${count}) loses none of its payments: each ends by itself, its orders open`, async () => {
      const dying = await dyingAt(at, count);
      const { request } = await quoted({ orders: "all" });
      const died = await pay("k1", request, dying).catch((error: Error) => error.message);
      expect(died).to.equal("died");
      expect((await refusal(pay("k1", request))).type).to.equal("IDEMPOTENCY_IN_FLIGHT");
      await till.later(60_001);
      await till.later(1);
      const payments = paymentsOf(await pay("k1", request));
      expect(payments.map(({ state }) => state)).to.deep.equal(["expired", "expired", "expired"]);
      expect(till.bank.sends).to.have.length(0);
      expect(new Set(await till.statesOf(ids))).to.deep.equal(new Set(["open"]));
    });

  it("cancelled by its payer in one currency before anything was sent goes on in the others", async () => {
    const dying = await dyingAt("payment.inserted");
    const { request } = await quoted({ orders: "all" });
    await pay("k1", request, dying).catch(() => undefined);
    const { items } = await services().mergePay.list({ userId: "ann" });
    expect(items).to.have.length(1);
    await services().mergePay.cancel({ userId: "ann", paymentId: items[0]?.id ?? "" });
    expect(await present()).to.have.members(["cancelled", "locking", "locking"]);
    await till.later(60_001);
    expect(await present()).to.have.members(["cancelled", "expired", "expired"]);
  });
});

describe("a selection by currencies", () => {
  const order = fc.record({ minor: fc.bigInt(1n, 10n ** 9n), currency: fc.constantFrom("USD", "EUR", "JPY", "KWD") });

  it("has each order once, in the part of its currency, and totals that are the sums of their parts", () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 50 }), (given) => {
        const orders = given.map(({ minor, currency }, i) => ({
          orderId: `o${i}`,
          platform: "alpha",
          merchant: "m",
          orderNo: `${i}`,
          amount: moneyOf(minor, currency),
          revision: 1,
        }));
        const parts = inParts(orders);
        expect(parts.flatMap((part) => part.orders)).to.have.members(orders);
        const currencies = parts.map(({ total }) => total.currency);
        expect(currencies).to.deep.equal([...new Set(currencies)].toSorted());
        for (const { orders: own, total } of parts) {
          const sum = given
            .filter(({ currency }) => currency === total.currency)
            .reduce((all, { minor }) => all + minor, 0n);
          expect(total).to.deep.equal(moneyOf(sum, total.currency));
          expect(new Set(own.map(({ amount }) => amount.currency))).to.deep.equal(new Set([total.currency]));
        }
      }),
    );
  });
});
