import { expect } from "chai";
import fc from "fast-check";
import type { Point } from "../../../core/deps.ts";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import type { House } from "../../support/house.ts";
import { refusal } from "../../support/till.ts";
import { type Counter, openCounter, usd } from "../refunds/counter.ts";

const evidence = { text: "The bank wrote.", reference: "letter 7" };
const BOOKED = "2026-03-01T11:30:00.000Z";

describe("money that the bank takes back", () => {
  let counter: Counter;
  beforeEach(async () => {
    counter = await openCounter();
  });
  afterEach(() => counter.till.close());

  const services = (house: House = counter.till.house) => house.core.services;
  const propose = (value: string, more: object = {}, house?: House) =>
    services(house).chargebacks.propose({
      paymentId: counter.payment.id,
      bankReference: "B-7",
      amount: usd(value),
      bookedAt: BOOKED,
      reason: "Never ordered.",
      evidence,
      by: "olga",
      ...more,
    });
  const take = async (value: string, bankReference = "B-7") => {
    const { id } = await propose(value, { bankReference });
    return services().chargebacks.approve({ chargebackId: id, by: "pavel" });
  };
  const grossBy = (parts: readonly { orderNo: string; gross: { value: string } }[] = []) =>
    Object.fromEntries(parts.map(({ orderNo, gross }) => [orderNo, gross.value]));
  const suspense = async (id: string) =>
    (await services().ledger.entries({ paymentId: id })).items
      .flatMap(({ lines }) => lines)
      .filter(({ account }) => account.startsWith("suspense:"));

  it("is given back by its orders, by the rule of refunds, once a second operator has approved", async () => {
    const proposed = await propose("11.48");
    expect(proposed).to.deep.include({ state: "proposed", existed: false, enteredBy: "olga" });
    expect((await counter.till.get(counter.payment.id)).refundedTotal).to.equal(undefined);
    const approve = (by: string) => services().chargebacks.approve({ chargebackId: proposed.id, by });
    expect((await refusal(approve("olga"))).type).to.equal("SECOND_PERSON_REQUIRED");
    const booked = await approve("pavel");
    expect(booked).to.deep.include({ state: "booked", approvedBy: "pavel" });
    expect(grossBy(booked.parts)).to.deep.equal({ n0: "1.37", n1: "2.37", n2: "3.37", n3: "4.37" });
    expect(booked).to.not.have.any.keys("excess", "needsReview");
    expect((await counter.till.get(counter.payment.id)).refundedTotal).to.deep.equal(usd("11.48"));
    expect((await services().orders.get({ orderId: counter.orderOf(1) })).refunded).to.deep.equal(usd("2.37"));
    const { items } = await services().settlement.list({ paymentId: counter.payment.id });
    const lines = items.filter(({ kind }) => kind === "chargeback");
    expect(lines.map(({ gross }) => gross.value)).to.have.members(["-1.37", "-2.37", "-3.37", "-4.37"]);
    expect(lines.every(({ reference, of }) => reference === booked.id && of !== undefined)).to.equal(true);
    expect((await refusal(approve("eve"))).type).to.equal("STATE_REFUSED");
    await counter.rest();
  });

  it("of a part is split in proportion to what is left of each order", async () => {
    await counter.open({ orders: [counter.orderOf(3)] });
    expect(grossBy((await take("3.00")).parts)).to.deep.equal({ n0: "0.58", n1: "1.00", n2: "1.42" });
    await counter.rest();
  });

  it("is told to each platform, of its own orders only", async () => {
    const { id } = await take("11.48");
    await services().notify.relay();
    for (const [platform, orders] of [
      ["alpha", ["n0", "n3"]],
      ["beta", ["n1"]],
    ] as const) {
      const events = (await services().notify.events({ platform })).items.filter(({ aggregate }) => aggregate === id);
      expect(events.map(({ type }) => type)).to.deep.equal(["orders.charged_back"]);
      const data = events[0]?.data as { orders: { orderNo: string }[]; chargebackId: string };
      expect(data.chargebackId).to.equal(id);
      expect(data.orders.map(({ orderNo }) => orderNo)).to.deep.equal(orders);
      expect(JSON.stringify(data)).to.not.match(/ann|11\.48|B-7|letter/);
    }
  });

  it("leaves nothing to refund, and what was refunded before is not taken twice: the rest is explained on suspense, for review", async () => {
    await counter.open({ amount: usd("10.00") });
    const booked = await take("11.48");
    expect(booked).to.deep.include({ excess: usd("10.00"), needsReview: true });
    expect(await refusal(counter.open())).to.include({ type: "REFUND_TOO_LARGE" });
    const [line, ...others] = await suspense(booked.id);
    expect(others).to.deep.equal([]);
    expect(line).to.deep.include({ account: "suspense:chargeback", amount: usd("10.00") });
    expect(line?.explanation).to.include(booked.id);
    expect((await services().chargebacks.list({ needsReview: true })).items.map(({ id }) => id)).to.deep.equal([
      booked.id,
    ]);
    await counter.rest();
  });

  it("of which nothing is left is all on suspense", async () => {
    await counter.open();
    const booked = await take("2.00");
    expect(booked).to.deep.include({ excess: usd("2.00"), parts: [] });
    await counter.rest();
  });

  it("however refunds and chargebacks follow each other, never goes back beyond what was paid, and is on the books whole", async () => {
    const step = fc.record({ refund: fc.boolean(), cents: fc.integer({ min: 1, max: 600 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
        const own = await openCounter();
        try {
          const { chargebacks } = own.till.house.core.services;
          for (const [index, { refund, cents }] of steps.entries()) {
            const amount = usd(`${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`);
            if (refund) await own.open({ amount }).catch(() => undefined);
            else {
              const entry = { paymentId: own.payment.id, bankReference: `B-${index}`, amount, bookedAt: BOOKED };
              const { id } = await chargebacks.propose({ ...entry, reason: "No.", evidence, by: "olga" });
              await chargebacks.approve({ chargebackId: id, by: "pavel" });
            }
          }
          await own.rest();
        } finally {
          await own.till.close();
        }
      }),
      { numRuns: 12 },
    );
  });

  it("races refunds on two nodes: together they take what was paid, and nothing is lost", async () => {
    const other = await counter.till.build();
    const { id } = await propose("11.48");
    const refunds = Array.from({ length: 20 }, () => counter.open({ amount: usd("0.50") }, {}, other));
    await Promise.allSettled([services().chargebacks.approve({ chargebackId: id, by: "pavel" }), ...refunds]);
    await counter.till.later(7_200_000);
    const booked = await services().chargebacks.get({ chargebackId: id });
    const back = counter.refunded().length * 50;
    expect(booked.excess ?? usd("0.00")).to.deep.equal(usd((back / 100).toFixed(2)));
    await counter.rest();
  });

  describe("bad input", () => {
    const bad: readonly [string, object, string, string?][] = [
      ["more than was paid", { amount: usd("11.49") }, "REFUND_TOO_LARGE", "/amount/value"],
      ["zero", { amount: usd("0.00") }, "AMOUNT_INVALID", "/amount/value"],
      ["a negative amount", { amount: usd("-1.00") }, "AMOUNT_INVALID", "/amount/value"],
      [
        "another currency",
        { amount: { value: "1.00", currency: "EUR" } },
        "REFUND_CURRENCY_DIFFERS",
        "/amount/currency",
      ],
      ["a booking to come", { bookedAt: "2026-03-01T12:00:01.000Z" }, "BODY_INVALID", "/bookedAt"],
      ["a payment that is not there", { paymentId: `pay_${"0".repeat(26)}` }, "NOT_FOUND", "/paymentId"],
    ];
    for (const [what, more, type, field] of bad)
      it(`${what}: ${type}, and nothing is kept`, async () => {
        const error = await refusal(propose("1.00", more));
        expect([error.type, error.data.field]).to.deep.equal([type, field]);
        expect((await services().chargebacks.list({})).items).to.deep.equal([]);
      });

    it("a payment for which nothing was taken: STATE_REFUSED", async () => {
      await counter.till.seed(6);
      counter.till.bank.behave(() => "decline");
      const failed = await counter.till.pay("declined");
      expect((await refusal(propose("1.00", { paymentId: failed.id }))).type).to.equal("STATE_REFUSED");
    });

    it("the same booking once more is the same chargeback, with other content it is refused", async () => {
      const first = await propose("1.00");
      const again = await propose("1.00", { by: "eve" });
      expect([again.existed, again.id]).to.deep.equal([true, first.id]);
      expect((await refusal(propose("2.00"))).type).to.equal("REVIEW_REFERENCE_TAKEN");
    });

    it("one that was rejected does nothing", async () => {
      const { id } = await propose("1.00");
      const rejected = await services().chargebacks.reject({ chargebackId: id, by: "olga", reason: "A mistake." });
      expect(rejected).to.deep.include({ state: "rejected", rejection: { by: "olga", reason: "A mistake." } });
      await counter.rest();
    });
  });

  describe("by the bank's statement", () => {
    const line = (value: string, more: Partial<StatementLine> = {}): StatementLine => ({
      bankReference: "B-7",
      bankRequestId: counter.payment.deduction?.bankRequestId ?? "",
      amount: usd(value),
      direction: "debit",
      bookedAt: BOOKED,
      reversal: true,
      ...more,
    });
    const hold = (lines: readonly StatementLine[]) =>
      services().reconciliation.reconcile({
        bank: "test",
        from: "2026-03-01T11:00:00Z",
        to: "2026-03-01T11:45:00Z",
        lines,
      });

    it("is booked at once, by nobody's approval, once however often the statement is given", async () => {
      for (let i = 0; i < 2; i += 1) {
        const came = await hold([line("11.48")]);
        expect(came).to.deep.include({ agreed: 1, breaks: 0 });
      }
      const { items } = await services().chargebacks.list({});
      expect(items).to.have.length(1);
      expect(items[0]).to.deep.include({ state: "booked", amount: usd("11.48"), bankReference: "B-7" });
      expect(items[0]).to.not.have.any.keys("enteredBy", "evidence");
      await counter.rest();
    });

    it("confirms what an operator entered, and is right where operators said no", async () => {
      const { id } = await propose("1.00");
      const other = await propose("2.00", { bankReference: "B-8" });
      await services().chargebacks.reject({ chargebackId: other.id, by: "pavel", reason: "Not so." });
      await hold([line("1.00"), line("2.00", { bankReference: "B-8" })]);
      for (const chargebackId of [id, other.id])
        expect(await services().chargebacks.get({ chargebackId })).to.deep.include({ state: "booked" });
      await counter.rest();
    });

    const breaks: readonly [string, () => StatementLine][] = [
      ["of another instruction", () => line("1.00", { bankRequestId: "ded_none" })],
      ["of more than was paid", () => line("11.49")],
      ["in another currency", () => line("1.00", { amount: { value: "1.00", currency: "EUR" } })],
    ];
    for (const [what, given] of breaks)
      it(`${what} is a break, and nothing is booked`, async () => {
        expect(await hold([given()])).to.deep.include({ breaks: 1, agreed: 0 });
        expect((await services().chargebacks.list({})).items).to.deep.equal([]);
      });
  });

  for (const at of [
    "chargeback.booked",
    "chargeback.held",
    "chargeback.payment-noted",
    "chargeback.orders-noted",
    "chargeback.lines-written",
    "chargeback.journal-written",
  ] as const)
    it(`is on the books once though a node dies at ${at}`, async () => {
      const dying = await counter.till.build((point: Point) => {
        if (point === at) throw new Error("killed");
      });
      const { id } = await propose("5.00");
      await services(dying)
        .chargebacks.approve({ chargebackId: id, by: "pavel" })
        .catch(() => undefined);
      for (let i = 0; i < 2; i += 1) {
        counter.till.clock.advance(60_000);
        await services().chargebacks.sweep();
      }
      expect(await services().chargebacks.get({ chargebackId: id })).to.deep.include({ state: "booked" });
      await counter.rest();
    });

  it("that a dead process left undone is settled at once by the next one that has the store alone", async () => {
    const dying = await counter.till.build((point: Point) => {
      if (point === "chargeback.booked") throw new Error("killed");
    });
    const { id } = await propose("5.00");
    const approving = services(dying).chargebacks.approve({ chargebackId: id, by: "pavel" });
    await approving.catch(() => undefined);
    await services().chargebacks.sweep();
    expect(await services().chargebacks.get({ chargebackId: id })).to.not.have.property("parts");
    await counter.till.house.core.recover();
    await services().chargebacks.sweep();
    expect(await services().chargebacks.get({ chargebackId: id })).to.have.property("parts");
    await counter.rest();
  });
});
