import { expect } from "chai";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import { openTill } from "../../support/till.ts";
import { usd } from "../refunds/counter.ts";

const BANK = "test";
const minute = 60_000;
const hour = 60 * minute;
const NOON = Date.parse("2026-03-01T12:00:00.000Z");
const time = (hours: number) => new Date(NOON + hours * hour).toISOString();

describe("money that came late, was taken back and came again", () => {
  it("is held for operators to decide on, and what they decide is done", async () => {
    const till = await openTill();
    try {
      const ids = await till.seed(2, ["alpha", "beta"]);
      const { mergePay, reconciliation, refunds } = till.house.core.services;
      till.bank.behave(() => "arrives-late");
      const { id: paymentId, deduction } = await till.pay("late");
      till.bank.behave(() => "silence");
      for (let i = 0; i < 3; i += 1) await till.later(10 * minute);
      till.bank.behave(() => "succeed");
      till.bank.deliverLate();
      for (let i = 0; i < 3; i += 1) await till.later(hour);
      const debit = deduction?.bankRequestId ?? "";
      /** The bank's statement of an hour has this alone: all of it was taken back, or came again. */
      const hold = (direction: StatementLine["direction"], hours: number) => {
        const line = { bankReference: direction, bankRequestId: debit, amount: usd("3.74"), direction };
        const lines = [{ ...line, bookedAt: time(hours), reversal: true as const }];
        return reconciliation.reconcile({ bank: BANK, from: time(hours), to: time(hours + 1), lines });
      };
      await hold("debit", 5);
      expect(await till.get(paymentId)).to.deep.include({ state: "failed", refundedTotal: usd("3.74") });
      await hold("credit", 6);
      const held = await till.get(paymentId);
      expect(held).to.deep.include({ state: "failed", needsReview: true, refundedTotal: usd("0.00") });
      const evidence = { text: "The payer rang.", reference: "call 7" };
      const { proposal } = await mergePay.propose({
        paymentId,
        by: "olga",
        claim: { decision: "pay_orders", evidence },
      });
      await mergePay.approve({ paymentId, proposalId: proposal?.id ?? "", by: "pavel" });
      expect(await till.get(paymentId)).to.deep.include({ state: "succeeded", needsReview: false });
      expect(await till.statesOf(ids)).to.deep.equal(["paid", "paid"]);
      const request = { paymentId, amount: "all" } as const;
      await refunds.open({ request, reason: "cold tea", by: "operator:olga", idempotencyKey: "k" });
      expect((await till.get(paymentId)).refundedTotal).to.deep.equal(usd("3.74"));
    } finally {
      await till.close(true);
    }
  });
});
