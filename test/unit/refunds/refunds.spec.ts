import { expect } from "chai";
import type { RefundRequest } from "../../../core/refunds/model.ts";
import { RETURNS_PER_PAYMENT } from "../../../core/refunds/returns.ts";
import { refusal } from "../../support/till.ts";
import { type Counter, openCounter, usd } from "./counter.ts";

describe("refunds", () => {
  let counter: Counter;

  beforeEach(async () => {
    counter = await openCounter();
  });
  afterEach(() => counter.till.close());

  describe("at any level", () => {
    const levels: readonly [string, () => Partial<RefundRequest>, string, number][] = [
      ["the payment", () => ({}), "11.48", 4],
      ["a platform", () => ({ platform: "alpha" }), "5.74", 2],
      ["a merchant", () => ({ platform: "alpha", merchant: "shop" }), "5.74", 2],
      ["an order", () => ({ orders: [counter.orderOf(1)] }), "2.37", 1],
      ["orders", () => ({ orders: [counter.orderOf(1), counter.orderOf(2)] }), "5.74", 2],
      ["an amount of the payment", () => ({ amount: usd("1.00") }), "1.00", 4],
      ["an amount of a platform", () => ({ platform: "alpha", amount: usd("0.01") }), "0.01", 1],
      ["an amount of an order", () => ({ orders: [counter.orderOf(0)], amount: usd("1.37") }), "1.37", 1],
    ];
    for (const [what, request, amount, parts] of levels)
      it(`${what}: ${amount} goes back, shown as it was previewed`, async () => {
        const preview = await counter.service().preview(counter.ask(request()));
        expect(preview.amount).to.deep.equal(usd(amount));
        expect(preview.parts).to.have.length(parts);
        expect(counter.refunded()).to.deep.equal([]);
        const refund = await counter.open(request(), { fingerprint: preview.fingerprint });
        expect(refund).to.deep.include({ state: "succeeded", amount: usd(amount), requestedBy: "operator:ops" });
        expect(refund.parts).to.deep.equal(preview.parts.map(({ from: _from, feeRule: _rule, ...part }) => part));
        expect(counter.refunded()).to.deep.equal([amount]);
        expect(await counter.till.get(counter.payment.id)).to.deep.include({ refundedTotal: usd(amount) });
        await counter.rest();
      });

    it("a preview shows what a merchant owes: gross less the fee that goes back", async () => {
      const { parts, left, needsApproval } = await counter
        .service()
        .preview(counter.ask({ orders: [counter.orderOf(0)] }));
      // 2.9 % of 1.37 and 4.37 together is 0.17, of which 0.04 is the first one's, and 0.30.
      expect(parts).to.have.length(1);
      expect(parts[0]).to.deep.include({
        gross: usd("1.37"),
        fee: usd("0.34"),
        net: usd("1.03"),
        from: "payable",
        feeRule: "returned",
      });
      expect({ left, needsApproval }).to.deep.equal({ left: usd("10.11"), needsApproval: false });
    });

    it("an order shows what of it went back, to its payer and its platform", async () => {
      await counter.open({ orders: [counter.orderOf(1)], amount: usd("1.00") });
      await counter.open({ orders: [counter.orderOf(1)], amount: usd("0.37") });
      const { orders } = counter.till.house.core.services;
      const own = await orders.get({ orderId: counter.orderOf(1), userId: "ann" });
      expect(own).to.deep.include({ state: "paid", refunded: usd("1.37") });
      expect(await orders.get({ orderId: counter.orderOf(1), platform: "beta" })).to.deep.include({
        refunded: usd("1.37"),
      });
      expect(await orders.get({ orderId: counter.orderOf(0) })).to.not.have.property("refunded");
    });

    it("the journal of the payment has the entries of its refunds, each by its own name", async () => {
      const one = await counter.open({ amount: usd("1.00") });
      const two = await counter.open({ amount: usd("2.00") });
      const { ledger } = counter.till.house.core.services;
      const of = async (paymentId: string) =>
        (await ledger.entries({ paymentId })).items.map(({ kind, reference }) => `${kind} ${reference}`);
      const { id } = counter.payment;
      expect(await of(id)).to.have.members([`payment ${id}`, `refund ${one.id}`, `refund ${two.id}`]);
      expect(await of(one.id)).to.deep.equal([`refund ${one.id}`]);
    });

    it("partial refunds go up to what was paid and not a cent beyond", async () => {
      for (const value of ["4.00", "4.00", "3.47"]) await counter.open({ amount: usd(value) });
      expect(await refusal(counter.open({ amount: usd("0.02") }))).to.include({ type: "REFUND_TOO_LARGE" });
      await counter.open({ amount: usd("0.01") });
      expect(await refusal(counter.open())).to.include({ type: "REFUND_TOO_LARGE" });
      expect(await counter.till.get(counter.payment.id)).to.deep.include({ refundedTotal: counter.payment.total });
      await counter.rest();
    });
  });

  describe("who is told", () => {
    it("the payer of all, each platform of its own part only, with the reason", async () => {
      const { id } = await counter.open();
      await counter.till.house.core.services.notify.relay();
      const { events } = counter.till.house.core.services.notify;
      const [mine] = (await events({ userId: "ann" })).items.filter(({ aggregate }) => aggregate === id);
      expect(mine).to.deep.include({ type: "refund.succeeded" });
      expect(mine?.data).to.deep.include({ amount: counter.payment.total, reason: "cold tea" });
      expect(JSON.stringify(mine)).to.not.match(/operator|"fee"|"net"/);
      const told = (await events({ platform: "alpha" })).items.filter(({ aggregate }) => aggregate === id);
      expect(told.map(({ type }) => type)).to.deep.equal(["orders.refunded"]);
      expect(JSON.stringify(told)).to.not.match(/ann|beta|gamma|11\.48|operator/);
    });

    it("whoever asks for the evidence of the payment", async () => {
      const { id } = await counter.open({ amount: usd("1.00") });
      const { evidence, notify, audit } = counter.till.house.core.services;
      await notify.relay();
      while ((await audit.run()) > 0);
      const members: Record<string, readonly unknown[]> = {};
      for (let after: string | undefined = "0"; after !== undefined;) {
        const {
          member = "",
          items,
          next,
        }: Awaited<ReturnType<typeof evidence.read>> = await evidence.read({
          paymentId: counter.payment.id,
          after,
        });
        members[member] = [...(members[member] ?? []), ...items];
        after = next;
      }
      const told = (member: string) => JSON.stringify(members[`${member}.ndjson`]);
      expect(members["refunds.ndjson"]).to.have.length(1);
      for (const member of ["refunds", "journal", "audit", "events", "settlement-lines"])
        expect(told(member), member).to.include(id);
    });

    it("a platform sees its part as if there were no other, a payer nothing of fees, strangers nothing", async () => {
      const { id } = await counter.open();
      const own = await counter.service().get({ refundId: id, platform: "alpha" });
      expect(own).to.deep.include({ amount: usd("5.74"), platform: "alpha" });
      expect(JSON.stringify(own)).to.not.match(/ann|beta|gamma|11\.48|operator/);
      const mine = await counter.service().get({ refundId: id, userId: "ann" });
      expect(mine.amount).to.deep.equal(counter.payment.total);
      expect(JSON.stringify(mine)).to.not.match(/operator|"fee"|"net"/);
      for (const who of [{ platform: "delta" }, { userId: "ben" }]) {
        expect(await refusal(counter.service().get({ refundId: id, ...who }))).to.include({ type: "NOT_FOUND" });
        expect((await counter.service().list(who)).items).to.deep.equal([]);
      }
      expect((await counter.service().list({ platform: "beta", paymentId: counter.payment.id })).items).to.have.length(
        1,
      );
    });
  });

  describe("bad input", () => {
    const bad: readonly [string, () => Partial<RefundRequest>, string, string?][] = [
      ["more than is left", () => ({ amount: usd("11.49") }), "REFUND_TOO_LARGE"],
      [
        "more than is left of an order",
        () => ({ orders: [counter.orderOf(0)], amount: usd("1.38") }),
        "REFUND_TOO_LARGE",
      ],
      ["zero", () => ({ amount: usd("0.00") }), "AMOUNT_INVALID", "/amount/value"],
      ["a negative amount", () => ({ amount: usd("-1.00") }), "AMOUNT_INVALID", "/amount/value"],
      ["a tenth of a cent", () => ({ amount: usd("1.001") }), "AMOUNT_INVALID", "/amount/value"],
      [
        "another currency",
        () => ({ amount: { value: "1.00", currency: "EUR" } }),
        "REFUND_CURRENCY_DIFFERS",
        "/amount/currency",
      ],
      ["a payment that is not there", () => ({ paymentId: `pay_${"0".repeat(26)}` }), "NOT_FOUND", "/paymentId"],
      [
        "an order of another payment",
        () => ({ orders: [counter.orderOf(0), `ord_${"0".repeat(26)}`] }),
        "NOT_FOUND",
        "/orders/1",
      ],
      ["a platform that is not in it", () => ({ platform: "delta" }), "NOT_FOUND", "/platform"],
      ["a merchant that is not in it", () => ({ platform: "alpha", merchant: "other" }), "NOT_FOUND", "/merchant"],
      [
        "an item that the order has not",
        () => ({ orders: [counter.orderOf(0)], item: 0, amount: usd("1.00") }),
        "NOT_FOUND",
        "/item",
      ],
    ];
    for (const [what, request, type, field] of bad)
      it(`${what}: ${type}, also in a preview, and nothing moves`, async () => {
        const errors = [
          await refusal(counter.open(request())),
          await refusal(counter.service().preview(counter.ask(request()))),
        ];
        for (const error of errors) {
          expect(error.type).to.equal(type);
          if (field !== undefined) expect(error.data.field).to.equal(field);
        }
        expect(counter.refunded()).to.deep.equal([]);
        expect((await counter.service().list({})).items).to.deep.equal([]);
      });

    it("a payment for which nothing was taken: STATE_REFUSED with its state", async () => {
      await counter.till.seed(6);
      counter.till.bank.behave(() => "decline");
      const failed = await counter.till.pay("declined");
      const error = await refusal(counter.open({ paymentId: failed.id }));
      expect(error.type).to.equal("STATE_REFUSED");
      expect(error.data.state).to.equal("failed");
    });

    it("a payment has at most so many refunds", async () => {
      const collection = await counter.till.store.collection<{ _id: string }>({ name: "payment-returns", indexes: [] });
      const by = Object.fromEntries(
        Array.from({ length: RETURNS_PER_PAYMENT - 1 }, (_, i) => [`rfd_${i}`, { shares: [] }]),
      );
      await collection.insertOne({ _id: counter.payment.id, version: 1, by } as { _id: string });
      await counter.open({ amount: usd("0.01") });
      expect(await refusal(counter.open({ amount: usd("0.01") }))).to.include({ type: "STATE_REFUSED" });
    });
  });

  describe("with a key and a fingerprint", () => {
    it("the same key and content is the same refund, other content is refused, another requester's key is another", async () => {
      const first = await counter.open({ amount: usd("1.00") }, { idempotencyKey: "k" });
      const again = await counter.open({ amount: usd("1.00") }, { idempotencyKey: "k" });
      expect([first.existed, again.existed, again.id]).to.deep.equal([false, true, first.id]);
      expect(await refusal(counter.open({ amount: usd("2.00") }, { idempotencyKey: "k" }))).to.include({
        type: "IDEMPOTENCY_KEY_REUSED",
      });
      const other = await counter.open({ amount: usd("1.00") }, { idempotencyKey: "k", by: "operator:eve" });
      expect(other.id).to.not.equal(first.id);
      expect(counter.refunded()).to.deep.equal(["1.00", "1.00"]);
    });

    it("100 at once with one key, on two nodes, are one refund", async () => {
      const other = await counter.till.build();
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          counter.open({ amount: usd("1.00") }, { idempotencyKey: "k" }, i % 2 ? other : undefined),
        ),
      );
      expect(new Set(all.map(({ id }) => id)).size).to.equal(1);
      expect(counter.refunded()).to.deep.equal(["1.00"]);
      await counter.rest();
    });

    it("100 at once with keys of their own, on two nodes, give back what was paid and nothing beyond", async () => {
      const other = await counter.till.build();
      const all = await Promise.allSettled(
        Array.from({ length: 100 }, (_, i) => counter.open({ amount: usd("0.50") }, {}, i % 2 ? other : undefined)),
      );
      // 11.48 is 22 times 0.50 and something.
      expect(all.filter(({ status }) => status === "fulfilled")).to.have.length(22);
      for (const one of all)
        if (one.status === "rejected") expect(one.reason).to.have.property("type", "REFUND_TOO_LARGE");
      expect(counter.refunded()).to.have.length(22);
      await counter.till.later(7_200_000);
      await counter.rest();
    });

    it("what has changed since the preview is refused and nothing moves", async () => {
      const { fingerprint } = await counter.service().preview(counter.ask({ amount: usd("1.00") }));
      await counter.open({ orders: [counter.orderOf(0)], amount: "all" });
      expect(await refusal(counter.open({ amount: usd("1.00") }, { fingerprint }))).to.include({
        type: "PREVIEW_STALE",
      });
      expect(await refusal(counter.open({ amount: usd("1.00") }, { fingerprint: "0".repeat(64) }))).to.include({
        type: "PREVIEW_STALE",
      });
      expect(counter.refunded()).to.deep.equal(["1.37"]);
    });
  });

  describe("that a second operator must approve", () => {
    beforeEach(async () => {
      await counter.till.close();
      counter = await openCounter({ refundFourEyes: 5 });
    });
    const approve = (refundId: string, by = "operator:eve") => counter.service().approve({ refundId, by });

    it("exactly the limit goes at once, a cent more waits", async () => {
      expect((await counter.service().preview(counter.ask({ amount: usd("5.00") }))).needsApproval).to.equal(false);
      expect((await counter.service().preview(counter.ask({ amount: usd("5.01") }))).needsApproval).to.equal(true);
      expect(await counter.open({ amount: usd("5.00") })).to.include({ state: "succeeded" });
    });

    it("many small ones count together", async () => {
      expect(await counter.open({ amount: usd("3.00") })).to.include({ state: "succeeded" });
      expect(await counter.open({ amount: usd("3.00") })).to.include({ state: "awaiting_approval" });
      expect(counter.refunded()).to.deep.equal(["3.00"]);
    });

    it("is held back and not sent until somebody else than who asked lets it go; both are recorded", async () => {
      const { id, state } = await counter.open();
      expect(state).to.equal("awaiting_approval");
      await counter.till.later(7_200_000);
      expect(counter.till.bank.refunded.size).to.equal(0);
      expect(await refusal(counter.open({ amount: usd("0.01") }))).to.include({ type: "REFUND_TOO_LARGE" });
      expect(await refusal(approve(id, "operator:ops"))).to.include({ type: "SECOND_PERSON_REQUIRED" });
      expect(counter.till.bank.refunded.size).to.equal(0);
      const done = await approve(id);
      expect(done).to.include({ state: "succeeded", requestedBy: "operator:ops", approvedBy: "operator:eve" });
      const again = await refusal(approve(id));
      expect([again.type, again.data.state]).to.deep.equal(["STATE_REFUSED", "succeeded"]);
      await counter.rest();
    });

    it("approved 20 times at once, it is sent once", async () => {
      const { id } = await counter.open();
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => approve(id)));
      expect(all.filter(({ status }) => status === "fulfilled")).to.have.length(1);
      expect(counter.till.bank.sends.filter((sent) => sent === id)).to.have.length(1);
      await counter.rest();
    });

    it("rejected, what it held back is free again, and it is sent by nobody", async () => {
      const { id } = await counter.open();
      const rejection = { by: "operator:eve", reason: "not so" };
      const rejected = await counter.service().reject({ refundId: id, ...rejection });
      expect(rejected).to.deep.include({ state: "rejected", rejection });
      expect(await refusal(approve(id))).to.include({ type: "STATE_REFUSED" });
      expect((await counter.open()).state).to.equal("awaiting_approval");
      await counter.rest();
    });
  });
});
