import { expect } from "chai";
import fc from "fast-check";
import { POINTS, type Point } from "../../../core/deps.ts";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import { JOURNAL, type StoredEntry } from "../../../core/ledger/model.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import type { House } from "../../support/house.ts";
import { refusal } from "../../support/till.ts";
import { type Counter, openCounter, usd } from "../refunds/counter.ts";

const BANK = "test";
const minute = 60_000;
const at = (time: string) => `2026-03-01T${time}:00.000Z`;
const TIMES = { from: at("11:00"), to: at("11:45") };

/** A line by which the bank took money of a debit back. */
const taken = (bankRequestId: string, value: string, more: Partial<StatementLine> = {}): StatementLine => ({
  bankReference: "B-1",
  bankRequestId,
  amount: usd(value),
  direction: "debit",
  bookedAt: at("11:10"),
  reversal: true,
  ...more,
});
/** And one by which it came again. */
const again = (bankRequestId: string, value: string, more: Partial<StatementLine> = {}): StatementLine =>
  taken(bankRequestId, value, { bankReference: "R-1", direction: "credit", bookedAt: at("11:20"), ...more });

describe("a chargeback that the bank gives up", () => {
  let counter: Counter;
  let debit: string;
  beforeEach(async () => {
    counter = await openCounter();
    debit = counter.payment.deduction?.bankRequestId ?? "";
  });
  afterEach(() => counter.till.close());

  const services = (house: House = counter.till.house) => house.core.services;
  const hold = (lines: readonly StatementLine[], house?: House) =>
    services(house).reconciliation.reconcile({ bank: BANK, ...TIMES, lines });
  const all = async () => (await services().chargebacks.list({})).items;
  const states = async () => (await all()).map(({ bankReference, state }) => `${bankReference} ${state}`).toSorted();
  /** The sweeper twice, with time for every lease. */
  const later = async () => {
    for (let i = 0; i < 2; i += 1) {
      counter.till.clock.advance(minute + 1);
      await services().chargebacks.sweep();
    }
  };
  const lines = async () => (await services().settlement.list({ paymentId: counter.payment.id })).items;
  const kinds = async () =>
    (await services().ledger.entries({ paymentId: counter.payment.id })).items.map(({ kind }) => kind).toSorted();

  it("is given again to whom it was taken from, by lines and an entry that mirror its own", async () => {
    await hold([taken(debit, "5.00")]);
    const before = await lines();
    expect(await hold([again(debit, "5.00")])).to.deep.include({ agreed: 1, breaks: 0 });
    const [reversed] = await all();
    expect(reversed).to.deep.include({ state: "reversed", reversal: { bankReference: "R-1", bookedAt: at("11:20") } });
    const after = await lines();
    expect(after.filter(({ kind }) => kind !== "chargeback_reversal")).to.have.deep.members(before);
    const mirror = after.filter(({ kind }) => kind === "chargeback_reversal");
    const own = before.filter(({ kind }) => kind === "chargeback");
    expect(mirror).to.have.length(4);
    for (const [index, line] of own.toSorted((a, b) => (a.id < b.id ? -1 : 1)).entries()) {
      const { gross, fee, net, of, reference, orderId, state } = mirror[index] ?? line;
      expect({ of, reference, orderId, state }).to.deep.equal({
        of: line.of,
        reference: reversed?.id,
        orderId: line.orderId,
        state: "payable",
      });
      for (const [one, other] of [
        [gross, line.gross],
        [fee, line.fee],
        [net, line.net],
      ] as const)
        expect(minorOfMoney(one) + minorOfMoney(other)).to.equal(0n);
    }
    expect(await kinds()).to.deep.equal(["chargeback", "chargeback_reversal", "payment"]);
    expect((await counter.till.get(counter.payment.id)).refundedTotal).to.deep.equal(usd("0.00"));
    expect((await services().orders.get({ orderId: counter.orderOf(1) })).refunded).to.deep.equal(usd("0.00"));
    await counter.rest();
  });

  it("is told to each platform, of its own orders only, and to the payer", async () => {
    await hold([taken(debit, "11.48"), again(debit, "11.48")]);
    await services().notify.relay();
    const [reversed] = await all();
    for (const [platform, orders] of [
      ["alpha", ["n0", "n3"]],
      ["gamma", ["n2"]],
    ] as const) {
      const { items } = await services().notify.events({ platform });
      const [first, second, ...more] = items.filter(({ aggregate }) => aggregate === reversed?.id);
      expect([first?.type, second?.type, more]).to.deep.equal([
        "orders.charged_back",
        "orders.chargeback_reversed",
        [],
      ]);
      const data = second?.data as { orders: { orderNo: string }[]; chargebackId: string };
      expect([data.chargebackId, data.orders.map(({ orderNo }) => orderNo)]).to.deep.equal([reversed?.id, orders]);
      expect(JSON.stringify(data)).to.not.match(/ann|11\.48|R-1|ded_/);
    }
    const { items } = await services().notify.events({ userId: "ann" });
    const own = items.filter(({ aggregate }) => aggregate === reversed?.id);
    expect(own.map(({ type, data }) => ({ type, data }))).to.deep.equal([
      {
        type: "payment.chargeback_reversed",
        data: { paymentId: counter.payment.id, amount: usd("11.48") },
      },
    ]);
  });

  it("is reversed once, however often the statement is given and on how many nodes at once", async () => {
    const other = await counter.till.build();
    await hold([taken(debit, "5.00")]);
    const statement = [taken(debit, "5.00"), again(debit, "5.00")];
    await Promise.all([hold(statement), hold(statement, other), hold(statement), hold(statement, other)]);
    expect(await hold(statement)).to.deep.include({ agreed: 2 });
    await later();
    expect(await states()).to.deep.equal(["B-1 reversed"]);
    expect((await lines()).filter(({ kind }) => kind === "chargeback_reversal")).to.have.length(4);
    await counter.rest();
  });

  const NOT: readonly (readonly [string, (debit: string) => StatementLine])[] = [
    ["a part of it", () => again(debit, "4.99")],
    ["more than it", () => again(debit, "5.01")],
    ["more than was paid", () => again(debit, "11.49")],
    ["another currency", () => again(debit, "5.00", { amount: { value: "5.00", currency: "EUR" } })],
    ["another instruction", () => again("ded_none", "5.00")],
    ["a booking before it was taken", () => again(debit, "5.00", { bookedAt: at("11:09") })],
  ];
  for (const [what, line] of NOT)
    it(`is not ended by ${what}: a break says so, and nothing is changed`, async () => {
      await hold([taken(debit, "5.00")]);
      const before = [await states(), await lines(), await kinds()];
      const { agreed, fresh } = await hold([taken(debit, "5.00"), line(debit)]);
      expect([agreed, fresh]).to.deep.equal([1, 1]);
      await later();
      expect([await states(), await lines(), await kinds()]).to.deep.equal(before);
      await counter.rest();
    });

  it("in part is a break that says what to do", async () => {
    await hold([taken(debit, "5.00"), again(debit, "4.99")]);
    const { items } = await services().reconciliation.breaks({ bank: BANK });
    const [found] = items.filter(({ kind }) => kind === "reversed");
    expect(found).to.deep.include({ bankReference: "R-1", found: usd("4.99"), state: "open" });
    expect(found?.reason).to.include("no chargeback of just that amount").and.include("a part of one");
  });

  describe("before it was heard of", () => {
    it("waits for it, and ends it when the bank's statement has it", async () => {
      expect(await hold([again(debit, "5.00")])).to.deep.include({ agreed: 0, fresh: 1 });
      await later();
      expect(await states()).to.deep.equal([]);
      expect(await kinds()).to.deep.equal(["payment"]);
      await hold([taken(debit, "5.00")]);
      await later();
      expect(await states()).to.deep.equal(["B-1 reversed"]);
      const { resolved } = await hold([again(debit, "5.00")]);
      expect(resolved).to.equal(1);
      await counter.rest();
    });

    it("waits for the second operator too", async () => {
      const entry = { bankReference: "B-1", amount: usd("5.00"), bookedAt: at("11:10"), reason: "No.", by: "olga" };
      const evidence = { text: "The bank wrote.", reference: "letter 7" };
      const { id } = await services().chargebacks.propose({ paymentId: counter.payment.id, ...entry, evidence });
      await hold([again(debit, "5.00")]);
      await later();
      expect(await states()).to.deep.equal(["B-1 proposed"]);
      await services().chargebacks.approve({ chargebackId: id, by: "pavel" });
      await later();
      expect(await states()).to.deep.equal(["B-1 reversed"]);
      await counter.rest();
    });

    it("on the same statement, whatever its order, ends it at once; a dry run says so and writes nothing", async () => {
      const statement = [again(debit, "5.00"), taken(debit, "5.00")];
      const { byStatement } = services().chargebacks;
      expect(await byStatement(BANK, again(debit, "5.00"), true)).to.equal(false);
      expect(await states()).to.deep.equal([]);
      expect(await hold(statement)).to.deep.include({ agreed: 2 });
      expect(await states()).to.deep.equal(["B-1 reversed"]);
      expect(await byStatement(BANK, again(debit, "5.00"), true)).to.equal(true);
      await counter.rest();
    });
  });

  it("beside others of the same amount is one of them for each booking, the oldest first", async () => {
    const second = taken(debit, "2.00", { bankReference: "B-2", bookedAt: at("11:05") });
    await hold([taken(debit, "2.00"), second]);
    await hold([again(debit, "2.00")]);
    await hold([again(debit, "2.00")]);
    expect(await states()).to.deep.equal(["B-1 booked", "B-2 reversed"]);
    await hold([again(debit, "2.00", { bankReference: "R-2" })]);
    expect(await states()).to.deep.equal(["B-1 reversed", "B-2 reversed"]);
    await hold([again(debit, "2.00", { bankReference: "R-3" })]);
    expect(await kinds()).to.deep.equal([
      "chargeback",
      "chargeback",
      "chargeback_reversal",
      "chargeback_reversal",
      "payment",
    ]);
    await counter.rest();
  });

  it("by two bookings on two nodes at once is ended by one of them: the other waits", async () => {
    const other = await counter.till.build();
    await hold([taken(debit, "2.00")]);
    await Promise.all([
      hold([again(debit, "2.00")]),
      hold([again(debit, "2.00", { bankReference: "R-2" })], other),
      hold([again(debit, "2.00", { bankReference: "R-2" })]),
    ]);
    await later();
    expect(await kinds()).to.deep.equal(["chargeback", "chargeback_reversal", "payment"]);
    await counter.rest();
    // The bank takes it once more: that is another chargeback, which the other booking does not end, as it was before.
    await hold([taken(debit, "2.00", { bankReference: "B-2", bookedAt: at("11:30") })]);
    await later();
    expect(await states()).to.deep.equal(["B-1 reversed", "B-2 booked"]);
    await counter.rest();
  });

  it("leaves its money to be refunded, and no more than that", async () => {
    await hold([taken(debit, "11.48")]);
    expect((await refusal(counter.open())).type).to.equal("REFUND_TOO_LARGE");
    await hold([again(debit, "11.48")]);
    await counter.open({ amount: usd("11.00") });
    expect((await refusal(counter.open({ amount: usd("0.49") }))).type).to.equal("REFUND_TOO_LARGE");
    await counter.open();
    expect(counter.refunded()).to.deep.equal(["11.00", "0.48"]);
    await counter.rest();
  });

  it("of which nothing or not all was left wants no review any more, and leaves nothing on suspense", async () => {
    await counter.open({ amount: usd("10.00") });
    await hold([taken(debit, "11.48")]);
    expect((await all())[0]).to.deep.include({ excess: usd("10.00"), needsReview: true });
    await hold([again(debit, "11.48")]);
    expect((await all())[0]).to.deep.include({ state: "reversed", needsReview: false });
    const { items } = await services().ledger.entries({ paymentId: counter.payment.id });
    const suspense = items.flatMap((entry) => entry.lines).filter(({ account }) => account.startsWith("suspense:"));
    expect(suspense.map(({ amount }) => amount.value)).to.have.members(["10.00", "-10.00"]);
    expect(suspense.every(({ explanation = "" }) => explanation !== "")).to.equal(true);
    await counter.rest();
  });

  it("of an order that its platform took back is refunded anew, as its platform wants", async () => {
    await hold([taken(debit, "11.48")]);
    const orderId = counter.orderOf(1);
    const { orders, takeBacks } = services();
    await orders.cancel({ orderId, platform: "beta", reason: "Sold out." });
    await takeBacks.sweep();
    expect((await takeBacks.get({ orderId })).state).to.equal("refunded");
    await hold([again(debit, "11.48")]);
    expect((await takeBacks.get({ orderId })).state).to.equal("asked");
    await takeBacks.sweep();
    expect(counter.refunded()).to.deep.equal(["2.37"]);
    counter.till.clock.advance(minute);
    await takeBacks.sweep();
    expect((await takeBacks.get({ orderId })).state).to.equal("refunded");
    expect((await orders.get({ orderId })).refunded).to.deep.equal(usd("2.37"));
    await counter.rest();
  });

  it("is held as long as the line of its order is", async () => {
    const rule = { hold: { after: "payment", days: 9 } } as const;
    await services().settlement.setSettlementRule({ platform: "alpha", rule, by: "ops" });
    await counter.till.seedMore(1, "held");
    const paid = await counter.till.pay("held");
    const own = paid.deduction?.bankRequestId ?? "";
    await hold([taken(own, "1.37"), again(own, "1.37")]);
    const { items } = await services().settlement.list({ paymentId: paid.id });
    expect(new Set(items.map(({ state, payableAt }) => `${state} ${payableAt}`)).size).to.equal(1);
    expect(items.map(({ state }) => state)).to.deep.equal(["held", "held", "held"]);
  });

  it("however refunds, chargebacks and their reversals follow each other, leaves the books whole and nothing back beyond what was paid", async () => {
    const step = fc.record({
      what: fc.constantFrom("refund", "take", "take", "give up", "give up"),
      cents: fc.integer({ min: 1, max: 600 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
        const own = await openCounter();
        const id = own.payment.deduction?.bankRequestId ?? "";
        const { reconciliation } = own.till.house.core.services;
        const said: StatementLine[] = [];
        try {
          for (const [index, { what, cents }] of steps.entries()) {
            const value = (cents / 100).toFixed(2);
            const bookedAt = at(`11:${10 + index}`);
            const open = said.filter(
              ({ direction, bankReference }) =>
                direction === "debit" && !said.some((line) => line.bankReference === `of ${bankReference}`),
            );
            const [one] = open;
            if (what === "refund") await own.open({ amount: usd(value) }).catch(() => undefined);
            else if (what === "take") said.push(taken(id, value, { bankReference: `B-${index}`, bookedAt }));
            else if (one !== undefined)
              said.push(again(id, one.amount.value, { bankReference: `of ${one.bankReference}`, bookedAt }));
            await reconciliation.reconcile({ bank: BANK, ...TIMES, lines: said });
          }
          await own.rest();
        } finally {
          await own.till.close();
        }
      }),
      { numRuns: 15 },
    );
  });

  for (const point of POINTS.filter((one) => one.startsWith("chargeback-reversal.")))
    it(`is on the books once though a node dies at ${point}`, async () => {
      await hold([taken(debit, "5.00")]);
      let died = false;
      const dying = await counter.till.build((reached: Point) => {
        if (reached !== point) return;
        died = true;
        throw new Error("killed");
      });
      await hold([again(debit, "5.00")], dying).catch(() => undefined);
      expect(died).to.equal(true);
      await later();
      expect(await states()).to.deep.equal(["B-1 reversed"]);
      await counter.rest();
    });

  it("that a dead process left undone is settled at once by the next one that has the store alone", async () => {
    for (const [point, reference] of [
      ["chargeback-reversal.told", "1"],
      ["chargeback-reversal.written", "2"],
    ] as const) {
      await hold([taken(debit, "2.00", { bankReference: `B-${reference}` })]);
      const dying = await counter.till.build((reached: Point) => {
        if (reached === point) throw new Error("killed");
      });
      await hold([again(debit, "2.00", { bankReference: `R-${reference}` })], dying).catch(() => undefined);
      await counter.till.house.core.recover();
      await services().chargebacks.sweep();
      await services().chargebacks.sweep();
    }
    expect(await states()).to.deep.equal(["B-1 reversed", "B-2 reversed"]);
    await counter.rest();
  });

  it("is noticed by the doctor when its entry is missing or another one", async () => {
    await hold([taken(debit, "5.00"), again(debit, "5.00")]);
    const [reversed] = await all();
    const journal = await counter.till.store.collection<StoredEntry>(JOURNAL);
    const entry = { reference: reversed?.id ?? "", kind: "chargeback_reversal" as const };
    const faults = async () => {
      const found: string[] = [];
      await checkLedger({
        store: counter.till.store,
        keys: [],
        complain: (where, what) => void found.push(where + what),
      });
      return found.join("; ");
    };
    const [kept] = await journal.find(entry).toArray();
    if (kept === undefined) throw new Error("It has no entry.");
    await journal.deleteOne({ _id: kept._id });
    expect(await faults()).to.include(kept._id);
    const [first, ...others] = kept.lines;
    if (first === undefined) throw new Error("It has no lines.");
    await journal.insertOne({ ...kept, lines: [{ ...first, account: "fees:beta" }, ...others] });
    expect(await faults()).to.include("is not what");
    await journal.deleteOne({ _id: kept._id });
    await journal.insertOne(kept);
    expect(await faults()).to.equal("");
  });
});
