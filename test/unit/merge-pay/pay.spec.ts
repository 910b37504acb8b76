import { expect } from "chai";
import type { PayRequest } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import type { Store } from "../../../core/store/contract.ts";
import { audit } from "../../support/audit.ts";
import { type Clock, type House, seedAccount, seedOrders } from "../../support/house.ts";
import type { TestBank } from "../../support/test-bank.ts";
import { ALL, openTill, refusal, type Till } from "../../support/till.ts";

const second = 1000;
const minute = 60 * second;

const typeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: unknown) => (error as MergepayError).type,
  );

describe("paying", () => {
  let till: Till;
  let house: House;
  let bank: TestBank;
  let store: Store;
  let clock: Clock;

  beforeEach(async () => {
    till = await openTill();
    ({ house, bank, store, clock } = till);
  });
  afterEach(() => till.close());

  const pay: Till["pay"] = (...given) => till.pay(...given);
  const seed: Till["seed"] = (...given) => till.seed(...given);
  const later: Till["later"] = (ms) => till.later(ms);
  const get: Till["get"] = (paymentId) => till.get(paymentId);
  const states = () => till.statesOf(known);
  const another = async () => (await seedOrders(house, "ann", [{ orderNo: "another" }]))[0] ?? "";
  let known: string[] = [];

  it("all that is owed in a currency is one deduction, 1,000 orders included, split to the last unit", async () => {
    await seed(1000);
    const payment = await pay("k1");
    expect(payment.state).to.equal("succeeded");
    expect([...bank.booked.values()].map(({ amount }) => amount)).to.deep.equal([payment.total]);
    const { items } = await house.core.services.settlement.list({ paymentId: payment.id });
    expect(items).to.have.length(200);
    await audit(store, [...bank.booked.values()], { atRest: true });
  });

  it("more orders than one payment takes are refused at 1,001", async () => {
    await seed(1001);
    expect(await typeOf(pay("k1"))).to.equal("SELECTION_TOO_LARGE");
    expect(bank.sends).to.have.length(0);
  });

  it("by quote takes just what was seen: another fingerprint, a changed order or a late payer is refused", async () => {
    const [first = ""] = await seed(3);
    const { quotes } = house.core.services;
    const quote = await quotes.create({ userId: "ann", selection: { orders: [first] } });
    expect(await typeOf(pay("k1", { quoteId: quote.id, fingerprint: "0".repeat(64) }))).to.equal("QUOTE_MISMATCH");
    expect(await typeOf(pay("k2", { quoteId: quote.id, fingerprint: quote.fingerprint }, "eve"))).to.equal(
      "ACCOUNT_MISSING",
    );
    clock.advance(15 * minute - 1);
    const payment = await pay("k3", { quoteId: quote.id, fingerprint: quote.fingerprint });
    expect(payment).to.deep.include({ state: "succeeded", total: quote.total });
    const other = await quotes.create({ userId: "ann", selection: ALL });
    clock.advance(15 * minute);
    expect(await typeOf(pay("k4", { quoteId: other.id, fingerprint: other.fingerprint }))).to.equal("QUOTE_EXPIRED");
  });

  it("an order that its platform revised after the quote is not paid at the old price", async () => {
    const [first = ""] = await seedOrders(house, "ann", [{ orderNo: "n0", value: "5.00" }]);
    const quote = await house.core.services.quotes.create({ userId: "ann", selection: { orders: [first] } });
    await seedOrders(house, "ann", [{ orderNo: "n0", value: "6.00" }]);
    const failed = await refusal(pay("k1", { quoteId: quote.id, fingerprint: quote.fingerprint }));
    expect(failed.type).to.equal("QUOTE_MISMATCH");
    expect(failed.data.changes).to.deep.equal([{ orderId: first, field: "amount", before: "5.00", after: "6.00" }]);
    expect(bank.sends).to.have.length(0);
  });

  describe("with a key", () => {
    it("used again with the same content gives the same answer, long after too", async () => {
      await seed(3);
      const first = await pay("k1");
      clock.advance(400 * 24 * 60 * minute);
      const again = await pay("k1");
      expect(again).to.deep.equal({ ...(await get(first.id)), existed: true });
      expect(bank.sends).to.have.length(1);
    });
    it("used with other content is refused", async () => {
      const [one = ""] = await seed(3);
      await pay("k1");
      expect(await typeOf(pay("k1", { orders: [one] }))).to.equal("IDEMPOTENCY_KEY_REUSED");
    });
    it("of another payer is another key", async () => {
      await seed(1);
      await pay("k1");
      await seedAccount(house, "ben");
      expect(await typeOf(pay("k1", ALL, "ben"))).to.equal("SELECTION_EMPTY");
    });
    for (const [name, key, result] of [
      ["empty", "", "IDEMPOTENCY_KEY_INVALID"],
      ["255 characters", "k".repeat(255), "done"],
      ["256 characters", "k".repeat(256), "IDEMPOTENCY_KEY_INVALID"],
      ["not ASCII", "schlüssel", "IDEMPOTENCY_KEY_INVALID"],
      ["control characters", "a\nb", "IDEMPOTENCY_KEY_INVALID"],
    ] as const)
      it(`${name}: ${result}`, async () => {
        await seed(1);
        expect(await typeOf(pay(key))).to.equal(result);
      });
  });

  it("100 at once with one key are one deduction", async () => {
    await seed(10);
    const answers = await Promise.all(Array.from({ length: 100 }, () => typeOf(pay("same"))));
    expect(bank.sends).to.have.length(1);
    expect(answers.every((answer) => answer === "done" || answer === "IDEMPOTENCY_IN_FLIGHT")).to.equal(true);
    expect(answers.filter((answer) => answer === "done").length).to.be.greaterThan(0);
  });

  for (const name of ["all that is owed", "orders by name"])
    it(`a twin of the same key that pays while the price of ${name} is looked up gives its answer to both`, async () => {
      const wanted: PayRequest = name === "orders by name" ? { orders: await seed(3) } : (await seed(3), ALL);
      const { accounts } = house.core.services;
      const { toPayFrom } = accounts;
      let twin: Awaited<ReturnType<typeof pay>> | undefined;
      accounts.toPayFrom = async (...of) => {
        accounts.toPayFrom = toPayFrom;
        twin = await pay("same", wanted);
        return toPayFrom(...of);
      };
      const payment = await pay("same", wanted);
      expect([payment.id, payment.state, payment.existed]).to.deep.equal([twin?.id, "succeeded", true]);
      expect(bank.sends).to.have.length(1);
    });

  it("100 at once with own keys over overlapping orders pay each order once, and name the orders to the losers", async () => {
    const orders = await seed(40);
    const attempts = Array.from({ length: 100 }, (_, i) => {
      const selected = Array.from({ length: 5 }, (_, j) => orders[(i * 7 + j * 3) % orders.length] ?? "");
      return pay(`k${i}`, { orders: selected }).then(
        (payment) => ({ payment, selected }),
        (error: unknown) => ({ error: error as MergepayError, selected }),
      );
    });
    const done = await Promise.all(attempts);
    const won = done.flatMap((one) => ("payment" in one ? [one] : []));
    expect(won.length).to.be.greaterThan(0);
    const paid = won.flatMap(({ selected }) => selected);
    expect(new Set(paid).size).to.equal(paid.length);
    for (const one of done) {
      if (!("error" in one)) continue;
      expect(one.error.type).to.equal("ORDERS_UNAVAILABLE");
      const named = one.error.data.orders?.map(({ orderId }) => orderId) ?? [];
      expect(named.length).to.be.greaterThan(0);
      expect(one.selected).to.include.members(named);
    }
    await audit(store, [...bank.booked.values()], { atRest: true });
  });

  it("declined by the bank releases the orders, which can be paid again", async () => {
    known = await seed(3);
    bank.behave(() => "decline");
    const payment = await pay("k1");
    expect(payment).to.deep.include({ state: "failed" });
    expect(payment.error?.code).to.equal("BANK_DECLINED");
    expect(await states()).to.deep.equal(["open", "open", "open"]);
    bank.behave(() => "succeed");
    expect((await pay("k2")).state).to.equal("succeeded");
  });

  it("when certainly nothing was sent, fails at once and releases the orders", async () => {
    known = await seed(2);
    bank.behave(() => "not-sent");
    const payment = await pay("k1");
    expect(payment.error?.code).to.equal("BANK_UNAVAILABLE");
    expect(await states()).to.deep.equal(["open", "open"]);
  });

  describe("when the bank's answer is lost", () => {
    it("and it had debited: unknown, orders locked, then succeeded by inquiry, one debit", async () => {
      known = await seed(3);
      bank.behave(() => "book-then-silence");
      const payment = await pay("k1");
      expect(payment.state).to.equal("unknown");
      expect(await states()).to.deep.equal(["locked", "locked", "locked"]);
      expect(await typeOf(pay("k2"))).to.equal("SELECTION_EMPTY");
      await later(5 * second);
      expect((await get(payment.id)).state).to.equal("succeeded");
      expect(bank.sends).to.have.length(1);
      await audit(store, [...bank.booked.values()], { atRest: true });
    });

    it("and nothing had arrived: asked until the bank's window is over, then sent again under the same id", async () => {
      await seed(2);
      bank.behave(() => "silence");
      const payment = await pay("k1");
      await later(5 * second);
      expect((await get(payment.id)).deduction).to.include({ sends: 1, inquiries: 1 });
      bank.behave(() => "succeed");
      await later(5 * second);
      const ended = await get(payment.id);
      expect(ended.state).to.equal("succeeded");
      expect(ended.deduction?.sends).to.equal(2);
      expect(new Set(bank.sends).size).to.equal(1);
      expect(bank.booked.size).to.equal(1);
    });

    it("and the payer has long gone: failed by the bank's word, nobody is charged by surprise", async () => {
      known = await seed(2);
      bank.behave(() => "silence");
      bank.answerInquiries(() => "silence");
      const payment = await pay("k1");
      for (let i = 0; i < 4; i += 1) await later(10 * minute);
      expect((await get(payment.id)).state, "no disconnect becomes failed").to.equal("unknown");
      expect(await states()).to.deep.equal(["locked", "locked"]);
      bank.answerInquiries(() => "truth");
      await later(60 * minute);
      const ended = await get(payment.id);
      expect(ended).to.deep.include({ state: "failed" });
      expect(ended.error?.code).to.equal("BANK_NEVER_RECEIVED");
      expect(bank.sends).to.have.length(1);
      expect(await states()).to.deep.equal(["open", "open"]);
    });

    it("and the money comes after the payment had failed: it is held in the journal for an operator", async () => {
      await seed(2);
      bank.behave(() => "arrives-late");
      bank.answerInquiries(() => "silence");
      const payment = await pay("k1");
      await later(20 * minute);
      bank.answerInquiries(() => "truth");
      await later(60 * minute);
      expect((await get(payment.id)).state).to.equal("failed");
      bank.deliverLate();
      await later(60 * minute);
      expect(await get(payment.id)).to.include({ state: "failed", needsReview: true });
      const { items } = await house.core.services.ledger.entries({ paymentId: payment.id });
      expect(items.map(({ kind }) => kind)).to.deep.equal(["late_money"]);
      await audit(store, [...bank.booked.values()], { atRest: true });
    });

    it("and the bank never says anything: an operator must look, the orders stay locked", async () => {
      known = await seed(1);
      bank.behave(() => "book-then-silence");
      bank.answerInquiries(() => "silence");
      const payment = await pay("k1");
      for (let i = 0; i < 7; i += 1) await later(60 * minute);
      expect(await get(payment.id)).to.include({ state: "unknown", needsReview: true });
      expect(await states()).to.deep.equal(["locked"]);
      expect(bank.sends).to.have.length(1);
    });

    it("and the bank then tells another amount: nothing moves by it, an operator must look", async () => {
      known = await seed(1);
      bank.behave(() => "book-then-silence");
      const payment = await pay("k1");
      bank.misreport({ value: "0.01", currency: "USD" });
      await later(5 * second);
      expect(await get(payment.id)).to.include({ state: "unknown", needsReview: true });
      expect(await states()).to.deep.equal(["locked"]);
    });

    it("and the second send does not leave us: the first may still count, so it stays unknown", async () => {
      known = await seed(1);
      bank.behave(() => "silence");
      const payment = await pay("k1");
      await later(5 * second);
      bank.behave(() => "not-sent");
      await later(5 * second);
      expect((await get(payment.id)).state).to.equal("unknown");
      expect(await states()).to.deep.equal(["locked"]);
    });

    it("asks on the published schedule: 5 s, 30 s, 2 m, 5 m, 15 m, 1 h, then every hour", async () => {
      await seed(1);
      bank.behave(() => "book-then-silence");
      bank.answerInquiries(() => "silence");
      const payment = await pay("k1");
      const asked = async () => (await get(payment.id)).deduction?.inquiries;
      let count = 0;
      for (const wait of [5, 30, 120, 300, 900, 3600, 3600, 3600]) {
        await later((wait - 1) * second);
        expect(await asked(), `before ${wait} s`).to.equal(count);
        await later(1 * second);
        count += 1;
        expect(await asked(), `after ${wait} s`).to.equal(count);
      }
    });
  });

  it("whose process died before anything was sent ends expired, its orders open again, nobody charged", async () => {
    const dying = await till.build((point) => {
      if (point === "payment.orders-locked") throw new Error("died");
    });
    known = await seed(2);
    const died = await typeOf(dying.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k1", request: ALL }));
    expect(died).to.equal(undefined);
    expect(await states()).to.deep.equal(["locked", "locked"]);
    expect(await typeOf(pay("k1"))).to.equal("IDEMPOTENCY_IN_FLIGHT");
    await later(59 * second);
    expect(await states()).to.deep.equal(["locked", "locked"]);
    await later(1 * second);
    expect(await states()).to.deep.equal(["open", "open"]);
    expect(await pay("k1")).to.include({ state: "expired", existed: true });
    expect(bank.sends).to.have.length(0);
    expect((await pay("k2")).state).to.equal("succeeded");
  });

  it("that the store fails before anything is sent ends expired at the next sweep, not when its lease is over", async () => {
    const failing = await till.build((point) => {
      if (point === "payment.orders-locked") throw new MergepayError("STORE_UNAVAILABLE");
    });
    known = await seed(2);
    const failed = failing.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k1", request: ALL });
    expect(await typeOf(failed)).to.equal("STORE_UNAVAILABLE");
    await later(0);
    expect(await states()).to.deep.equal(["open", "open"]);
    expect(await pay("k1")).to.include({ state: "expired", existed: true });
    expect([bank.sends.length, (await pay("k2")).state]).to.deep.equal([0, "succeeded"]);
  });

  describe("over a network that loses the store's answers", () => {
    /** A node whose store does one write, the first of its method, but does not get to say so: the driver repeats it, or gives up. */
    const lossy = (method: "insertOne" | "updateOne", then: "repeated" | "given up"): Promise<House> => {
      const collection: Store["collection"] = async (spec) => {
        const real = await store.collection(spec);
        if (spec.name !== "payments") return real as never;
        let lost = false;
        const write = (real[method] as (...args: unknown[]) => Promise<unknown>).bind(real);
        return Object.assign(Object.create(real) as object, {
          [method]: async (...args: unknown[]) => {
            const answer = await write(...args);
            if (lost) return answer;
            lost = true;
            if (then === "given up") throw new MergepayError("STORE_UNAVAILABLE");
            return write(...args);
          },
        }) as never;
      };
      return till.build(undefined, { ...store, collection });
    };
    const payOver = (node: House) =>
      node.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k1", request: ALL });

    for (const method of ["insertOne", "updateOne"] as const)
      it(`a payment whose ${method} was done and is repeated goes on at once: it is its own`, async () => {
        await seed(2);
        expect(await payOver(await lossy(method, "repeated"))).to.include({ state: "succeeded", existed: false });
        expect(bank.sends).to.have.length(1);
      });

    for (const method of ["insertOne", "updateOne"] as const)
      it(`a payment whose ${method} was done and then given up is ended by the next sweep, and nobody charged`, async () => {
        known = await seed(2);
        expect(await typeOf(payOver(await lossy(method, "given up")))).to.equal("STORE_UNAVAILABLE");
        await later(0);
        await later(11 * second);
        expect((await pay("k1")).state).to.equal(method === "insertOne" ? "expired" : "succeeded");
        expect(bank.sends).to.have.length(method === "insertOne" ? 0 : 1);
      });
  });

  it("tells each platform its own orders once, in its own words", async () => {
    await seed(6, ["alpha", "beta"]);
    const payment = await pay("k1");
    await house.core.services.notify.relay();
    for (const platform of ["alpha", "beta"]) {
      const { items } = await house.core.services.notify.events({ platform });
      expect(items).to.have.length(1);
      expect(items[0]).to.include({ type: "orders.paid", aggregate: payment.id, sequence: 1, platform });
      const { items: lines } = await house.core.services.settlement.list({ paymentId: payment.id, platform });
      const told = items[0]?.data.orders as { orderNo: string }[];
      expect(told.map(({ orderNo }) => orderNo)).to.deep.equal(lines.map(({ orderNo }) => orderNo));
      const text = JSON.stringify(items);
      expect(text).to.not.contain(platform === "alpha" ? "beta" : "alpha");
      expect(text).to.not.contain("ann");
      expect(text).to.not.contain(payment.total.value);
    }
    const { items: gamma } = await house.core.services.notify.events({ platform: "gamma" });
    expect(gamma).to.have.length(0);
  });

  it("shows nobody another's payments, quotes or orders", async () => {
    const [first = ""] = await seed(2);
    const payment = await pay("k1");
    const { mergePay, orders } = house.core.services;
    expect(await typeOf(mergePay.get({ paymentId: payment.id, userId: "eve" }))).to.equal("NOT_FOUND");
    expect(await typeOf(orders.get({ orderId: first, userId: "eve" }))).to.equal("NOT_FOUND");
    const quote = await house.core.services.quotes.create({ userId: "ann", selection: { orders: [await another()] } });
    expect(await typeOf(house.core.services.quotes.get({ userId: "eve", quoteId: quote.id }))).to.equal("NOT_FOUND");
    await seedAccount(house, "eve");
    const refused = await refusal(pay("k1", { orders: [first] }, "eve"));
    expect(refused.data.orders).to.deep.equal([{ orderId: first, reason: "There is no such order of yours." }]);
  });
});
