import { expect } from "chai";
import type { Reconciliation } from "../../../core/settlement/actions.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney, moneyOf } from "../../../core/money/money.ts";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import type { ReconciliationBreak } from "../../../schemas/types.generated.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const DAY = { from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z" };

describe("a bank's statement against the books", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
    await till.payTo({ platform: "alpha", merchant: "shop", currency: "USD", token: "shop-1" });
  });
  afterEach(() => till.close(true));

  const services = () => till.house.core.services;
  async function payAndPayOut(): Promise<void> {
    await till.seed(2, ["alpha"]);
    await till.pay("k1");
    const { confirmation } = await services().payouts.preview({});
    await services().payouts.run({ confirmation, by: "ops" });
    await services().payouts.sweep();
  }
  async function refundAll(): Promise<void> {
    const [payment] = (await services().mergePay.list({ userId: "ann" })).items;
    await services().refunds.open({
      request: { paymentId: payment?.id ?? "", amount: "all" },
      reason: "cold tea",
      by: "operator:ops",
      idempotencyKey: "r1",
    });
  }
  /** What the bank has booked, as its statement says it. */
  const statement = (): StatementLine[] =>
    [
      ...[...till.bank.booked.values()].map((debit) => ({ ...debit, direction: "credit" as const })),
      ...[...till.bank.paidOut.values(), ...till.bank.refunded.values()].map((out) => ({
        ...out,
        direction: "debit" as const,
      })),
    ].map(({ bankRequestId, amount, direction }) => ({
      bankReference: `ref-${bankRequestId}`,
      bankRequestId,
      amount,
      direction,
      bookedAt: "2026-03-01T12:00:00.000Z",
    }));
  const hold = (lines: readonly StatementLine[]): Promise<Reconciliation> =>
    services().reconciliation.reconcile({ bank: "test", ...DAY, lines });
  const breaks = async (): Promise<readonly ReconciliationBreak[]> =>
    (await services().reconciliation.breaks({})).items;
  const changed = (at: number, over: Partial<StatementLine>): StatementLine[] =>
    statement().map((line, index) => (index === at ? { ...line, ...over } : line));

  it("that agrees breaks nothing", async () => {
    await payAndPayOut();
    expect(await hold(statement())).to.include({ lines: 2, agreed: 2, asked: 0, breaks: 0 });
    expect(await breaks()).to.deep.equal([]);
    await refundAll();
    expect(await hold(statement())).to.include({ lines: 3, agreed: 3, breaks: 0 });
    expect(await hold(statement().slice(0, 2))).to.include({ breaks: 1 });
    expect((await breaks())[0]).to.deep.include({ kind: "missing", expected: { value: "3.74", currency: "USD" } });
  });

  const differing: readonly [
    name: string,
    kind: ReconciliationBreak["kind"],
    lines: (given: StatementLine[]) => readonly StatementLine[],
  ][] = [
    ["lacks a deduction", "missing", (given) => given.slice(1)],
    ["lacks a payout", "missing", (given) => given.slice(0, 1)],
    [
      "has what nobody asked for",
      "extra",
      (given) => [...given, { ...given[0]!, bankRequestId: "ded_other", bankReference: "x" }],
    ],
    [
      "has a line without an id",
      "extra",
      ([first, ...rest]) => [
        { bankReference: "fee-1", amount: first!.amount, direction: "debit", bookedAt: first!.bookedAt },
        first!,
        ...rest,
      ],
    ],
    [
      "is short of a unit",
      "amount_differs",
      ([first, ...rest]) => [{ ...first!, amount: moneyOf(minorOfMoney(first!.amount) - 1n, "USD") }, ...rest],
    ],
    [
      "is in another currency",
      "amount_differs",
      ([first, ...rest]) => [{ ...first!, amount: { ...first!.amount, currency: "EUR" } }, ...rest],
    ],
    [
      "has it the other way round",
      "direction_differs",
      ([first, ...rest]) => [{ ...first!, direction: "debit" }, ...rest],
    ],
    [
      "names another booking",
      "reference_differs",
      ([first, ...rest]) => [{ ...first!, bankReference: "ref-other" }, ...rest],
    ],
    ["has it twice", "booked_twice", (given) => [...given, { ...given[0]!, bankReference: "ref-again" }]],
  ];
  for (const [name, kind, lines] of differing)
    it(`that ${name} is a break, told once, and changes nothing`, async () => {
      await payAndPayOut();
      const before = JSON.stringify([
        await till.get((await services().mergePay.list({ userId: "ann" })).items[0]?.id ?? ""),
        (await services().payouts.list({})).items,
      ]);
      expect(await hold(lines(statement()))).to.include({ breaks: 1, fresh: 1 });
      expect((await breaks()).map((one) => [one.kind, one.state])).to.deep.equal([[kind, "open"]]);
      expect(await hold(lines(statement()))).to.include({ breaks: 1, fresh: 0 });
      expect(await breaks()).to.have.length(1);
      const after = JSON.stringify([
        await till.get((await services().mergePay.list({ userId: "ann" })).items[0]?.id ?? ""),
        (await services().payouts.list({})).items,
      ]);
      expect(after).to.equal(before);
    });

  it("that agrees later ends the break, and one that differs again opens it again", async () => {
    await payAndPayOut();
    await hold(statement().slice(1));
    till.clock.advance(1000);
    expect(await hold(statement())).to.include({ breaks: 0, resolved: 1 });
    expect((await breaks())[0]).to.include({ state: "resolved", resolvedAt: "2026-03-01T12:00:01.000Z" });
    await hold(statement().slice(1));
    const [again] = await breaks();
    expect(again).to.include({ state: "open" });
    expect(again).not.to.have.property("resolvedAt");
  });

  describe("about what is unknown here", () => {
    /** A payment that was booked, and whose answer was lost. */
    async function unknownPayment(key = "k1"): Promise<string> {
      till.bank.behave(() => "book-then-silence");
      const { id, state } = await till.pay(key);
      expect(state).to.equal("unknown");
      return id;
    }
    const audits = async (subject: string): Promise<string[]> => {
      await services().audit.run();
      return (await services().audit.entries({ subject })).items.map(({ what, by }) => `${what} by ${by.kind}`);
    };

    it("ends it as the bank's word, once, and asks the bank nothing", async () => {
      await till.seed(1, ["alpha"]);
      const id = await unknownPayment();
      till.bank.answerInquiries(() => "silence");
      expect(await hold(statement())).to.include({ agreed: 0, ended: 1, asked: 0, breaks: 0 });
      const ended = await till.get(id);
      expect(ended).to.include({ state: "succeeded" });
      expect(ended.deduction).to.include({
        bankReference: `ref-${ended.deduction?.bankRequestId ?? ""}`,
        bookedAt: "2026-03-01T12:00:00.000Z",
        inquiries: 0,
      });
      expect(await hold(statement())).to.include({ agreed: 1, ended: 0, asked: 0, breaks: 0 });
      expect(await till.get(id)).to.deep.equal(ended);
      expect((await audits(id)).at(-1)).to.equal("payment.succeeded by bank");
    });

    it("ends payouts and refunds alike", async () => {
      await till.seed(2, ["alpha"]);
      const { id } = await till.pay("k1");
      till.bank.behave(() => "book-then-silence");
      const { confirmation } = await services().payouts.preview({});
      await services().payouts.run({ confirmation, by: "ops" });
      await services().payouts.sweep();
      await refundAll();
      const states = async () => [
        ...(await services().payouts.list({})).items.map(({ state }) => state),
        ...(await services().refunds.list({ paymentId: id })).items.map(({ state }) => state),
      ];
      expect(await states()).to.deep.equal(["unknown", "unknown"]);
      expect(await hold(statement())).to.include({ agreed: 1, ended: 2, asked: 0, breaks: 0 });
      expect(await states()).to.deep.equal(["succeeded", "succeeded"]);
    });

    it("ends one that waits for its payer: what is booked waits for nobody", async () => {
      await till.seed(1, ["alpha"]);
      till.bank.behave(() => "redirect");
      const { id, state } = await till.pay("k1");
      expect(state).to.equal("requires_action");
      till.bank.allow(till.bank.sends[0] ?? "");
      expect(await hold(statement())).to.include({ ended: 1 });
      expect((await till.get(id)).state).to.equal("succeeded");
    });

    it("that differs in anything breaks, and moves nothing", async () => {
      await till.seed(1, ["alpha"]);
      const id = await unknownPayment();
      const before = await till.get(id);
      const [line] = statement();
      const wrong: readonly Partial<StatementLine>[] = [
        { amount: { value: "1.36", currency: "USD" } },
        { amount: { value: "1.37", currency: "EUR" } },
        { direction: "debit" },
        { bankRequestId: `${line?.bankRequestId ?? ""}x` },
      ];
      for (const over of wrong) {
        expect(await hold(changed(0, over))).to.include({ ended: 0, asked: 0, breaks: 1 });
        expect(await till.get(id)).to.deep.equal(before);
      }
      expect(await hold([])).to.include({ ended: 0, breaks: 0 });
      expect((await till.get(id)).state, "that a line lacks says nothing").to.equal("unknown");
      expect(before.state).to.equal("unknown");
    });

    it("that names the booking of another deduction breaks, and the bank is asked", async () => {
      await till.seed(1, ["alpha"]);
      const { deduction } = await till.pay("k0");
      await till.seedMore(1, "more");
      const id = await unknownPayment();
      const lines = changed(1, { bankReference: deduction?.bankReference ?? "" });
      expect(await hold(lines.slice(1))).to.include({ ended: 0, asked: 1, breaks: 2 });
      expect((await till.get(id)).state).to.equal("unknown");
      expect((await breaks()).map(({ kind, subject }) => [kind, subject === id])).to.have.deep.members([
        ["reference_differs", true],
        ["missing", false],
      ]);
      expect(await hold(lines), "both on one statement").to.include({ ended: 0, asked: 1 });
      await services().mergePay.sweep();
      expect((await till.get(id)).state).to.equal("succeeded");
    });

    it("on two lines is a break, and ends by neither", async () => {
      await till.seed(1, ["alpha"]);
      const id = await unknownPayment();
      const [line] = statement();
      expect(await hold([line!, { ...line!, bankReference: "again" }])).to.include({ ended: 0, asked: 1, breaks: 1 });
      expect((await breaks()).map(({ kind }) => kind)).to.deep.equal(["booked_twice"]);
      expect((await till.get(id)).state).to.equal("unknown");
    });

    it("leaves one alone that a call is under way of", async () => {
      await till.seed(1, ["alpha"]);
      const id = await unknownPayment();
      const payments = await till.store.collection<StoredPayment>(PAYMENTS);
      await payments.updateOne({ _id: id }, { $set: { state: "submitting" } });
      expect(await hold(statement())).to.include({ ended: 0, asked: 1, breaks: 0 });
      expect((await till.get(id)).state).to.equal("submitting");
      await payments.updateOne({ _id: id }, { $set: { state: "unknown" } });
      expect(await hold(statement())).to.include({ ended: 1 });
    });

    it("is itself written to the audit log before anything ends by it", async () => {
      await till.seed(1, ["alpha"]);
      await unknownPayment();
      await hold(statement());
      await services().audit.run();
      const { items } = await services().audit.entries({});
      const told = items.filter(({ what }) => ["statement.given", "payment.succeeded"].includes(what));
      expect(told.map(({ what, after }) => [what, after?.["lines"]])).to.deep.equal([
        ["statement.given", 1],
        ["payment.succeeded", undefined],
      ]);
    });
  });

  it("that has what ended without money here is a break", async () => {
    await till.seed(1, ["alpha"]);
    till.bank.behave(() => "decline");
    await till.pay("k1");
    const [sent = ""] = till.bank.sends;
    const line = {
      bankReference: "r",
      bankRequestId: sent,
      amount: { value: "1.37", currency: "USD" },
      direction: "credit",
      bookedAt: "2026-03-01T12:00:00.000Z",
    } as const;
    await hold([line]);
    expect((await breaks()).map(({ kind }) => kind)).to.deep.equal(["state_differs"]);
  });

  it("of another time or another bank is not missed, and a line outside of its time refuses the whole", async () => {
    await payAndPayOut();
    const other = { from: "2026-02-01T00:00:00Z", to: "2026-02-02T00:00:00Z" };
    expect(await services().reconciliation.reconcile({ bank: "test", ...other, lines: [] })).to.include({ breaks: 0 });
    expect(await services().reconciliation.reconcile({ bank: "other", ...DAY, lines: [] })).to.include({ breaks: 0 });
    const refused = await refusal(hold(changed(1, { bookedAt: "2026-03-02T00:00:00.000Z" })));
    expect([refused.type, refused.data.field]).to.deep.equal(["BODY_INVALID", "/lines/1/bookedAt"]);
    expect(await breaks()).to.deep.equal([]);
  });

  it("is asked of the bank page by page", async () => {
    await payAndPayOut();
    const [first, second] = statement();
    const pages: (string | undefined)[] = [];
    const house = await till.build();
    const { call } = house.deps;
    Object.assign(house.deps, {
      call: ((name: string, params: { after?: string }) => {
        if (name !== "bank-adapter.statement") return call(name as never, params as never);
        pages.push(params.after);
        return Promise.resolve(params.after === undefined ? { items: [first], next: "p2" } : { items: [second] });
      }) as unknown as typeof call,
    });
    expect(await house.core.services.reconciliation.reconcile({ bank: "test", ...DAY })).to.include({
      lines: 2,
      agreed: 2,
    });
    expect(pages).to.deep.equal([undefined, "p2"]);
  });

  for (const [name, range, field] of [
    ["a time without a zone", { ...DAY, from: "2026-03-01T00:00:00" }, "/from"],
    ["a day that is not", { ...DAY, to: "2026-02-30T00:00:00Z" }, "/to"],
    ["an end before the beginning", { from: DAY.to, to: DAY.from }, "/from"],
  ] as const)
    it(`is refused for ${name}`, async () => {
      const refused = await refusal(services().reconciliation.reconcile({ bank: "test", ...range, lines: [] }));
      expect([refused.type, refused.data.field]).to.deep.equal(["BODY_INVALID", field]);
    });
});
