import { expect } from "chai";
import { openLedger } from "../../../plugins/bank-adapter/banks/sandbox/bank/ledger.ts";

const NOW = new Date("2025-01-02T03:04:05.678Z");

describe("a debit that the sandbox bank challenges", () => {
  const amount = { value: "3.00", currency: "CNY" };
  function challenged(opening = "5.00") {
    let now = NOW.getTime();
    let tokens = 0;
    const ledger = openLedger({
      file: ":memory:",
      now: () => new Date(now),
      newToken: () => `sbx_${(tokens += 1)}`,
    });
    const { accountToken } = ledger.openAccount({ value: opening, currency: "CNY" }, undefined);
    const request = { kind: "debit" as const, bankRequestId: "ded_1", accountToken, amount, reference: "r" };
    const asked = ledger.decide(request, "challenge");
    const id = "challenge" in asked ? asked.challenge.id : "";
    return { ledger, accountToken, request, asked, id, wait: (ms: number) => void (now += ms) };
  }

  it("is booked in the last millisecond in which it may be, and is failed for good in the next one", () => {
    const inTime = challenged();
    inTime.wait(5 * 60_000 - 1);
    expect(inTime.ledger.confirm("ded_1", inTime.id, "246810")).to.include({ state: "succeeded" });
    inTime.ledger.audit();
    const late = challenged();
    late.wait(5 * 60_000);
    const failed = { state: "failed", code: "BANK_CHALLENGE_EXPIRED" };
    expect(late.ledger.confirm("ded_1", late.id, "246810")).to.include(failed);
    expect(late.ledger.find("ded_1")).to.include(failed);
    expect(late.ledger.decide(late.request)).to.include(failed);
    expect(late.ledger.balance(late.accountToken)).to.deep.equal({ value: "5.00", currency: "CNY" });
  });

  it("fails at once when the account does not hold enough, and when it no longer does at the answer", () => {
    expect(challenged("2.99").asked).to.include({ code: "BANK_INSUFFICIENT_FUNDS" });
    const { ledger, request, id } = challenged();
    ledger.decide({ ...request, bankRequestId: "ded_2" });
    expect(ledger.confirm("ded_1", id, "246810")).to.include({ code: "BANK_INSUFFICIENT_FUNDS" });
    ledger.audit();
  });
});
