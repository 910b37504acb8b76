import { expect } from "chai";
import * as fc from "fast-check";
import type { PayRequest } from "../../../core/actions.ts";
import { sumMoney } from "../../../core/money/money.ts";
import { seedAccount } from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const BEST = { atomicity: "best_effort" } as const;

describe("paying for what can be had", () => {
  let till: Till;
  let ids: string[];
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(4);
  });
  afterEach(() => till.close(true));

  const services = () => till.house.core.services;
  const cancel = (orderId = "") => services().orders.cancel({ orderId, reason: "Sold out." });
  const best = (more: Partial<PayRequest> = {}): PayRequest => ({ orders: ids, ...BEST, ...more });

  /** Does something the moment before the orders of the next payment are locked. */
  function beforeTheLock(act: () => Promise<unknown>): void {
    const { orders } = services();
    const { lockSome } = orders;
    orders.lockSome = async (...given) => {
      orders.lockSome = lockSome;
      await act();
      return lockSome(...given);
    };
  }

  it("says of every payment which way it was", async () => {
    expect(await till.pay("k1", { orders: ids.slice(0, 1) })).to.include({ atomicity: "all_or_nothing" });
    const payment = await till.pay("k2", best({ orders: ids.slice(1) }));
    expect(payment).to.include({ atomicity: "best_effort", state: "succeeded" });
    expect(payment).not.to.have.property("leftOut");
  });

  it("leaves out what was gone when it was priced, and deducts the rest", async () => {
    await cancel(ids[1]);
    const payment = await till.pay("k1", best());
    expect(payment.orders.map(({ orderId }) => orderId)).to.deep.equal([ids[0], ids[2], ids[3]]);
    expect(payment.leftOut).to.deep.equal([{ orderId: ids[1], reason: "It is cancelled." }]);
    expect(payment.total).to.deep.equal(sumMoney(payment.orders.map(({ amount }) => amount)));
    expect([...till.bank.booked.values()].map(({ amount }) => amount)).to.deep.equal([payment.total]);
    expect(await till.statesOf(ids)).to.deep.equal(["paid", "cancelled", "paid", "paid"]);
  });

  it("leaves out what was lost while it was being locked: deducted is what was locked", async () => {
    beforeTheLock(() => cancel(ids[2]));
    const payment = await till.pay("k1", best());
    expect(payment.leftOut).to.deep.equal([{ orderId: ids[2], reason: "It is cancelled." }]);
    expect(payment.deduction?.amount).to.deep.equal(payment.total);
    expect([...till.bank.booked.values()].map(({ amount }) => amount)).to.deep.equal([payment.total]);
    expect(await till.pay("k1", best())).to.deep.equal({ ...payment, existed: true });
  });

  it("without best effort refuses all of it for one", async () => {
    await cancel(ids[1]);
    expect((await refusal(till.pay("k1", { orders: ids }))).type).to.equal("ORDERS_UNAVAILABLE");
    expect(till.bank.sends).to.have.length(0);
  });

  it("pays nothing below what the payer wants at least, and opens what it locked", async () => {
    await cancel(ids[0]);
    const early = await refusal(till.pay("k1", best({ atLeast: 4 })));
    expect(early.data.orders?.map(({ orderId }) => orderId)).to.deep.equal([ids[0]]);
    beforeTheLock(() => cancel(ids[1]));
    const late = await refusal(till.pay("k2", best({ atLeast: 3 })));
    expect(late.data.orders?.map(({ orderId }) => orderId)).to.deep.equal([ids[0], ids[1]]);
    expect(await till.statesOf(ids)).to.deep.equal(["cancelled", "cancelled", "open", "open"]);
    expect(await till.pay("k3", best({ atLeast: 2 }))).to.include({ state: "succeeded" });
  });

  it("pays nothing when nothing is left, before or at the lock", async () => {
    beforeTheLock(() => Promise.all(ids.map(cancel)));
    expect((await refusal(till.pay("k1", best()))).data.orders).to.have.length(4);
    expect((await refusal(till.pay("k2", best()))).type).to.equal("ORDERS_UNAVAILABLE");
    expect(till.bank.sends).to.have.length(0);
  });

  it("is asked for in so many words: a least number alone is refused, and another effort is another request", async () => {
    expect((await refusal(till.pay("k1", { orders: ids, atLeast: 1 }))).data.field).to.equal("/atLeast");
    await till.pay("k1", best());
    expect((await refusal(till.pay("k1", { orders: ids }))).type).to.equal("IDEMPOTENCY_KEY_REUSED");
  });

  it("by quote pays those orders that are as they were seen", async () => {
    const quote = await services().quotes.create({ userId: "ann", selection: { orders: ids } });
    const byQuote = { quoteId: quote.id, fingerprint: quote.fingerprint };
    await cancel(ids[0]);
    await till.pay("other", { orders: [ids[3] ?? ""] });
    const refused = await refusal(till.pay("k1", byQuote));
    expect(refused.type).to.equal("QUOTE_MISMATCH");
    expect(refused.data.changes).to.deep.equal([
      { orderId: ids[0], field: "state", before: "open", after: "cancelled" },
      { orderId: ids[3], field: "state", before: "open", after: "paid" },
    ]);
    const payment = await till.pay("k2", { ...byQuote, ...BEST });
    expect(payment.orders.map(({ orderId }) => orderId)).to.deep.equal([ids[1], ids[2]]);
    expect(payment.leftOut).to.deep.equal([
      { orderId: ids[0], reason: "It is cancelled." },
      { orderId: ids[3], reason: "It is paid." },
    ]);
    expect((await refusal(till.pay("k3", { ...byQuote, ...BEST }))).type).to.equal("QUOTE_MISMATCH");
  });

  it("survives a process that dies between lock and decision: all that was locked is opened, nothing is sent", async () => {
    await cancel(ids[1]);
    const dying = await till.build((point) => {
      if (point === "payment.orders-locked") throw new Error("died");
    });
    const died = dying.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k1", request: best() });
    expect(await died.catch((error: Error) => error.message)).to.equal("died");
    expect(await till.statesOf(ids)).to.deep.equal(["locked", "cancelled", "locked", "locked"]);
    await till.later(60_000);
    expect(await till.statesOf(ids)).to.deep.equal(["open", "cancelled", "open", "open"]);
    expect(till.bank.sends).to.have.length(0);
  });

  it("of overlapping orders at once: each order is paid once, and what each deducts is what it got", async () => {
    await seedAccount(till.house, "ann");
    const picks = fc.array(fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), { minLength: 2, maxLength: 5 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(picks, async (all) => {
        run += 1;
        const fresh = await till.seedMore(8, `r${run}`);
        const answers = await Promise.allSettled(
          all.map((own, at) => till.pay(`${run}-${at}`, { orders: own.map((i) => fresh[i] ?? ""), ...BEST })),
        );
        const paid = answers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
        const got = paid.flatMap(({ orders }) => orders.map(({ orderId }) => orderId));
        expect(new Set(got).size).to.equal(got.length);
        expect(new Set(got)).to.deep.equal(new Set(all.flat().map((i) => fresh[i])));
        for (const { orders, total, deduction } of paid) {
          expect(total).to.deep.equal(sumMoney(orders.map(({ amount }) => amount)));
          expect(deduction?.amount).to.deep.equal(total);
        }
      }),
      { numRuns: 15 },
    );
  });
});
