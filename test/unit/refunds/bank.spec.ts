import { expect } from "chai";
import type { Point } from "../../../core/deps.ts";
import { refusal } from "../../support/till.ts";
import { type Counter, openCounter, usd } from "./counter.ts";

const HOUR = 3_600_000;

describe("refunds and a bank that loses answers", () => {
  let counter: Counter;

  beforeEach(async () => {
    counter = await openCounter();
  });
  afterEach(() => counter.till.close());

  describe("when the bank's answer is lost", () => {
    it("booked and silent: unknown, then succeeded by inquiry, and sent once", async () => {
      counter.till.bank.behave(({ kind }) => (kind === "refund" ? "book-then-silence" : "succeed"));
      const { id, state } = await counter.open();
      expect(state).to.equal("unknown");
      expect(await refusal(counter.open({ amount: usd("0.01") }))).to.include({ type: "REFUND_TOO_LARGE" });
      await counter.till.later(6_000);
      expect(await counter.get(id)).to.deep.include({ state: "succeeded" });
      expect(counter.till.bank.sends.filter((sent) => sent === id)).to.have.length(1);
      await counter.rest();
    });

    it("never received: the same id again after the finality window only, then it arrives", async () => {
      counter.till.bank.behave(({ kind }) => (kind === "refund" ? "silence" : "succeed"));
      const { id } = await counter.open();
      await counter.till.later(6_000);
      const sends = () => counter.till.bank.sends.filter((sent) => sent === id).length;
      expect(sends(), "within the window").to.equal(1);
      counter.till.bank.behave(() => "succeed");
      await counter.till.later(40_000);
      expect(sends()).to.equal(2);
      expect(await counter.get(id)).to.include({ state: "succeeded" });
      await counter.rest();
    });

    it("a bank that is away: it is tried on and arrives", async () => {
      counter.till.bank.behave(({ kind }) => (kind === "refund" ? "not-sent" : "succeed"));
      const { id, state } = await counter.open();
      expect(state).to.equal("unknown");
      counter.till.bank.behave(() => "succeed");
      for (let i = 0; i < 5; i += 1) await counter.till.later(40_000);
      expect(await counter.get(id)).to.include({ state: "succeeded" });
      await counter.rest();
    });

    it("never received however often: failed, held back until the last look, then free", async () => {
      counter.till.bank.behave(({ kind }) => (kind === "refund" ? "silence" : "succeed"));
      const { id } = await counter.open();
      for (let i = 0; i < 12 && (await counter.get(id)).state !== "failed"; i += 1) await counter.till.later(HOUR + 1);
      expect(await counter.get(id)).to.deep.nested.include({
        state: "failed",
        "error.code": "BANK_NEVER_RECEIVED",
        "instruction.sends": 5,
      });
      expect(await refusal(counter.open({ amount: usd("0.01") }))).to.include({ type: "REFUND_TOO_LARGE" });
      await counter.till.later(HOUR + 1);
      counter.till.bank.behave(() => "succeed");
      expect(await counter.open()).to.include({ state: "succeeded" });
      await counter.rest();
    });

    it("leaves all the same after it failed as never received: held back for ever, on suspense, for review", async () => {
      counter.till.bank.behave(({ kind }) => (kind === "refund" ? "arrives-late" : "succeed"));
      const { id } = await counter.open();
      for (let i = 0; i < 12 && (await counter.get(id)).state !== "failed"; i += 1) await counter.till.later(HOUR + 1);
      counter.till.bank.deliverLate();
      await counter.till.later(HOUR + 1);
      expect(await counter.get(id)).to.include({ state: "failed", needsReview: true });
      counter.till.bank.behave(() => "succeed");
      expect(await refusal(counter.open({ amount: usd("0.01") }))).to.include({ type: "REFUND_TOO_LARGE" });
      expect(counter.refunded()).to.deep.equal(["11.48"]);
      await counter.rest();
    });

    it("declined: failed, and what it held back is free again", async () => {
      counter.till.bank.behave(({ kind }) => (kind === "refund" ? "decline" : "succeed"));
      expect(await counter.open()).to.deep.nested.include({ state: "failed", "error.code": "BANK_DECLINED" });
      counter.till.bank.behave(() => "succeed");
      expect(await counter.open()).to.include({ state: "succeeded" });
      await counter.rest();
    });

    it("another amount than was asked: unknown, for review, and nothing is booked by it", async () => {
      counter.till.bank.misreport(usd("0.01"));
      const { id, state, needsReview } = await counter.open();
      expect({ state, needsReview }).to.deep.equal({ state: "unknown", needsReview: true });
      await counter.till.later(6_000);
      expect(await counter.get(id)).to.include({ state: "unknown", needsReview: true });
      counter.till.bank.misreport(undefined);
      await counter.till.later(HOUR);
      expect(await counter.get(id)).to.include({ state: "succeeded", needsReview: true });
      await counter.rest();
    });

    it("silence for so long that a person must look, then no: failed and free, and nobody need look any more", async () => {
      const { bank } = counter.till;
      bank.behave(({ kind }) => (kind === "refund" ? "silence" : "succeed"));
      bank.answerInquiries(() => "silence");
      const { id } = await counter.open();
      for (let i = 0; i < 60 && (await counter.get(id)).needsReview !== true; i += 1)
        await counter.till.later(HOUR + 1);
      expect(await counter.get(id)).to.include({ state: "unknown", needsReview: true });
      bank.answerInquiries(() => "truth");
      bank.behave(({ kind }) => (kind === "refund" ? "decline" : "succeed"));
      for (let i = 0; i < 4; i += 1) await counter.till.later(HOUR + 1);
      expect(await counter.get(id)).to.deep.nested.include({
        state: "failed",
        needsReview: false,
        "error.code": "BANK_DECLINED",
      });
      bank.behave(() => "succeed");
      expect(await counter.open()).to.include({ state: "succeeded" });
      await counter.rest();
    });
  });

  describe("after a crash", () => {
    const points: readonly Point[] = [
      "refund.inserted",
      "refund.held",
      "refund.attempt-durable",
      "refund.sent",
      "refund.answer-written",
      "refund.payment-noted",
      "refund.orders-noted",
      "refund.lines-written",
      "refund.journal-written",
    ];
    for (const point of points)
      it(`at ${point}: another node carries it to its end, once`, async () => {
        let dead = false;
        const dying = await counter.till.build((reached) => {
          dead ||= reached === point;
          if (dead) throw new Error("The process ended here.");
        });
        await counter.open({}, { idempotencyKey: "k" }, dying).then(
          () => expect.fail("It did not die."),
          (error: Error) => expect(error.message).to.equal("The process ended here."),
        );
        for (let i = 0; i < 4; i += 1) await counter.till.later(61_000);
        const [refund] = (await counter.service().list({})).items;
        expect(refund).to.deep.include({ state: "succeeded", amount: counter.payment.total });
        expect(counter.refunded()).to.deep.equal(["11.48"]);
        expect((await counter.open({}, { idempotencyKey: "k" })).id).to.equal(refund?.id);
        await counter.rest();
      });
  });
});
