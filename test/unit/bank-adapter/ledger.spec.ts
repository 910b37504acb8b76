import { expect } from "chai";
import * as fc from "fast-check";
import { minorOf, moneyOf } from "../../../core/plugin/bank-contract.ts";
import { magicFault, parseScript } from "../../../plugins/bank-adapter/banks/sandbox/bank/faults.ts";
import { type Ledger, openLedger } from "../../../plugins/bank-adapter/banks/sandbox/bank/ledger.ts";

const NOW = new Date("2025-01-02T03:04:05.678Z");

function memoryLedger(): Ledger {
  let tokens = 0;
  return openLedger({ file: ":memory:", now: () => NOW, newToken: () => `sbx_${(tokens += 1)}` });
}

describe("the sandbox bank's ledger", () => {
  const CURRENCIES = ["CNY", "JPY", "KWD"] as const;
  const account = fc.record({ currency: fc.constantFrom(...CURRENCIES), minor: fc.bigInt(0n, 5000n) });
  const debit = fc.record({
    id: fc.integer({ min: 1, max: 8 }),
    account: fc.nat({ max: 3 }),
    currency: fc.constantFrom(...CURRENCIES),
    minor: fc.bigInt(1n, 3000n),
    reference: fc.constantFrom("a", "b"),
    forced: fc.constantFrom(undefined, undefined, undefined, "BANK_DECLINED" as const),
  });

  it("whatever is asked of it, each id is decided once, nothing goes below zero and all lines sum to zero", () => {
    fc.assert(
      fc.property(
        fc.array(account, { minLength: 1, maxLength: 3 }),
        fc.array(debit, { maxLength: 30 }),
        (accounts, debits) => {
          const ledger = memoryLedger();
          try {
            const tokens = accounts.map(
              ({ minor, currency }) => ledger.openAccount(moneyOf(minor, currency), undefined).accountToken,
            );
            const left = accounts.map(({ minor }) => minor);
            // A model without money logic of the ledger's own: what each id was first asked, and what was said then.
            const first = new Map<string, { asked: string; answer: unknown }>();
            let booked = 0;
            for (const { id, account: index, currency, minor, reference, forced } of debits) {
              const request = {
                bankRequestId: `id${id}`,
                accountToken: tokens[index] ?? "sbx_stranger",
                amount: moneyOf(minor, currency),
                reference,
              };
              const asked = JSON.stringify(request);
              const answer = ledger.debit(request, forced);
              const before = first.get(request.bankRequestId);
              if (before !== undefined) {
                if (before.asked === asked) expect(answer).to.deep.equal(before.answer);
                else expect(answer).to.have.property("conflict");
                continue;
              }
              first.set(request.bankRequestId, { asked, answer });
              const holds = left[index];
              let state = "succeeded";
              if (forced !== undefined) state = forced;
              else if (holds === undefined) state = "BANK_ACCOUNT_UNKNOWN";
              else if (accounts[index]?.currency !== currency) state = "BANK_DECLINED";
              else if (holds < minor) state = "BANK_INSUFFICIENT_FUNDS";
              expect(answer).to.include(state === "succeeded" ? { state } : { state: "failed", code: state });
              expect(ledger.find(request.bankRequestId)).to.deep.equal(answer);
              if (state !== "succeeded" || holds === undefined) continue;
              left[index] = holds - minor;
              booked += 1;
            }
            ledger.audit();
            expect(ledger.lines(0n, 1000)).to.have.length(booked);
            for (const [index, token] of tokens.entries()) {
              const balance = ledger.balance(token);
              expect(balance && minorOf(balance.value, balance.currency)).to.equal(left[index]);
            }
          } finally {
            ledger.close();
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("names the field that conflicts: account, amount, reference", () => {
    const ledger = memoryLedger();
    const { accountToken } = ledger.openAccount({ value: "9.00", currency: "CNY" }, "somebody");
    const request = { bankRequestId: "one", accountToken, amount: { value: "1.00", currency: "CNY" }, reference: "r" };
    ledger.debit(request);
    expect(ledger.debit({ ...request, accountToken: "sbx_other" })).to.deep.equal({ conflict: "/accountToken" });
    expect(ledger.debit({ ...request, amount: { value: "1.01", currency: "CNY" } })).to.deep.equal({
      conflict: "/amount",
    });
    expect(ledger.debit({ ...request, amount: { value: "1.00", currency: "USD" } })).to.deep.equal({
      conflict: "/amount",
    });
    expect(ledger.debit({ ...request, reference: "s" })).to.deep.equal({ conflict: "/reference" });
    ledger.close();
  });

  it("the bank's own accounts can't be debited or looked at", () => {
    const ledger = memoryLedger();
    ledger.openAccount({ value: "9.00", currency: "CNY" }, undefined);
    const request = {
      bankRequestId: "one",
      accountToken: "house:opening:CNY",
      amount: { value: "1.00", currency: "CNY" },
      reference: "",
    };
    expect(ledger.debit(request)).to.include({ state: "failed", code: "BANK_ACCOUNT_UNKNOWN" });
    expect(ledger.balance("house:opening:CNY")).to.equal(undefined);
    ledger.close();
  });

  it("keeps amounts up to the last minor unit: 999,999,999,999,999", () => {
    const ledger = memoryLedger();
    const all = { value: "9999999999999.99", currency: "CNY" };
    const { accountToken } = ledger.openAccount(all, undefined);
    const answer = ledger.debit({ bankRequestId: "one", accountToken, amount: all, reference: "" });
    expect(answer).to.deep.include({ state: "succeeded", amount: all });
    expect(ledger.balance(accountToken)).to.deep.equal({ value: "0.00", currency: "CNY" });
    ledger.audit();
    ledger.close();
  });
});

describe("the sandbox bank's faults", () => {
  const magic: readonly [string, string | undefined][] = [
    ["10.91", "declined"],
    ["0.92", "timeout_after_debit"],
    ["10.93", "timeout_before_debit"],
    ["10.94", "error_before"],
    ["10.95", "error_after"],
    ["10.96", "half_answer"],
    ["10.97", "html"],
    ["10.98", "reset_before"],
    ["10.90", undefined],
    ["10.99", undefined],
    ["91", undefined],
    ["1.910", undefined],
  ];
  for (const [value, fault] of magic)
    it(`magic amount ${value}: ${fault ?? "nothing"}`, () => {
      expect(magicFault(value)).to.equal(fault);
    });

  const scripts: readonly [string, unknown][] = [
    ["is no list", { on: "debit", fault: "html" }],
    ["has an unknown fault", [{ on: "debit", fault: "explode" }]],
    ["has an unknown call", [{ on: "refund", fault: "html" }]],
    ["has times 0", [{ on: "debit", fault: "html", times: 0 }]],
    ["has times 1001", [{ on: "debit", fault: "html", times: 1001 }]],
    ["has an unknown property", [{ on: "debit", fault: "html", when: "now" }]],
    ["hides a debit from its own answer", [{ on: "debit", fault: "not_found" }]],
    ["holds null", [null]],
  ];
  for (const [what, script] of scripts)
    it(`a script that ${what} is refused`, () => {
      expect(parseScript(script)).to.be.a("string");
    });
  it("times is 1 when it is not said", () => {
    expect(parseScript([{ on: "inquiry", fault: "not_found" }])).to.deep.equal([
      { on: "inquiry", fault: "not_found", times: 1 },
    ]);
  });
});
