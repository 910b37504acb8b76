import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import * as fc from "fast-check";
import { minorOf, moneyOf } from "../../../core/plugin/bank-contract.ts";
import { magicFault, parseScript } from "../../../plugins/bank-adapter/banks/sandbox/bank/faults.ts";
import { type Instruction, type Ledger, openLedger } from "../../../plugins/bank-adapter/banks/sandbox/bank/ledger.ts";

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
                kind: "debit" as const,
                bankRequestId: `id${id}`,
                accountToken: tokens[index] ?? "sbx_stranger",
                amount: moneyOf(minor, currency),
                reference,
              };
              const asked = JSON.stringify(request);
              const answer = ledger.decide(request, forced);
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
    const amount = { value: "1.00", currency: "CNY" };
    const request = { kind: "debit", bankRequestId: "one", accountToken, amount, reference: "r" } as const;
    ledger.decide(request);
    expect(ledger.decide({ ...request, accountToken: "sbx_other" })).to.deep.equal({ conflict: "/accountToken" });
    expect(ledger.decide({ ...request, amount: { value: "1.01", currency: "CNY" } })).to.deep.equal({
      conflict: "/amount",
    });
    expect(ledger.decide({ ...request, amount: { value: "1.00", currency: "USD" } })).to.deep.equal({
      conflict: "/amount",
    });
    expect(ledger.decide({ ...request, reference: "s" })).to.deep.equal({ conflict: "/reference" });
    ledger.close();
  });

  it("the bank's own accounts can't be debited or looked at", () => {
    const ledger = memoryLedger();
    ledger.openAccount({ value: "9.00", currency: "CNY" }, undefined);
    const request = {
      kind: "debit",
      bankRequestId: "one",
      accountToken: "house:opening:CNY",
      amount: { value: "1.00", currency: "CNY" },
      reference: "",
    } as const;
    expect(ledger.decide(request)).to.include({ state: "failed", code: "BANK_ACCOUNT_UNKNOWN" });
    expect(ledger.balance("house:opening:CNY")).to.equal(undefined);
    ledger.close();
  });

  it("keeps amounts up to the last minor unit: 999,999,999,999,999", () => {
    const ledger = memoryLedger();
    const all = { value: "9999999999999.99", currency: "CNY" };
    const { accountToken } = ledger.openAccount(all, undefined);
    const answer = ledger.decide({ kind: "debit", bankRequestId: "one", accountToken, amount: all, reference: "" });
    expect(answer).to.deep.include({ state: "succeeded", amount: all });
    expect(ledger.balance(accountToken)).to.deep.equal({ value: "0.00", currency: "CNY" });
    ledger.audit();
    ledger.close();
  });
});

describe("the sandbox bank's refunds and payouts", () => {
  const yuan = (minor: bigint) => moneyOf(minor, "CNY");
  const step = fc.record({
    kind: fc.constantFrom("debit", "refund", "refund", "payout"),
    id: fc.integer({ min: 1, max: 15 }),
    debit: fc.integer({ min: 1, max: 15 }),
    minor: fc.bigInt(1n, 900n),
  } as const);

  it("whatever is asked of it, no debit is given back beyond what it took, and payouts never pay what was not collected", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = memoryLedger();
        try {
          const payer = ledger.openAccount(yuan(2000n), undefined).accountToken;
          const merchant = ledger.openAccount(yuan(0n), undefined).accountToken;
          // A model without money logic of the ledger's own: what each id was first asked, and what was said then.
          const first = new Map<string, { asked: string; answer: unknown }>();
          const took = new Map<string, bigint>();
          const gave = new Map<string, bigint>();
          let [held, collected, paid] = [2000n, 0n, 0n];
          for (const { kind, id, debit, minor } of steps) {
            const bankRequestId = `id${id}`;
            const debitRequestId = `id${debit}`;
            const common = { bankRequestId, amount: yuan(minor), reference: "r" };
            const instruction: Instruction =
              kind === "refund"
                ? { ...common, kind, debitRequestId }
                : { ...common, kind, accountToken: kind === "debit" ? payer : merchant };
            const answer = ledger.decide(instruction);
            const asked = JSON.stringify(instruction);
            const before = first.get(bankRequestId);
            if (before !== undefined) {
              if (before.asked === asked) expect(answer).to.deep.equal(before.answer);
              else expect(answer).to.have.property("conflict");
              continue;
            }
            first.set(bankRequestId, { asked, answer });
            const back = (gave.get(debitRequestId) ?? 0n) + minor;
            const possible = {
              debit: held >= minor,
              refund: back <= (took.get(debitRequestId) ?? 0n),
              payout: collected >= minor,
            };
            expect(answer).to.have.property("state", possible[kind] ? "succeeded" : "failed");
            expect(ledger.find(bankRequestId)).to.deep.equal(answer);
            if (!possible[kind]) continue;
            if (kind === "debit") took.set(bankRequestId, minor);
            if (kind === "refund") gave.set(debitRequestId, back);
            if (kind === "payout") paid += minor;
            if (kind !== "payout") held += kind === "debit" ? -minor : minor;
            collected += kind === "debit" ? minor : -minor;
          }
          ledger.audit();
          expect(ledger.balance(payer)).to.deep.equal(yuan(held));
          expect(ledger.balance(merchant)).to.deep.equal(yuan(paid));
        } finally {
          ledger.close();
        }
      }),
      { numRuns: 200 },
    );
  });

  it("name the field that conflicts: kind, debit, account", () => {
    const ledger = memoryLedger();
    const { accountToken } = ledger.openAccount(yuan(900n), undefined);
    const common = { amount: yuan(100n), reference: "r" };
    ledger.decide({ ...common, kind: "debit", bankRequestId: "d", accountToken });
    const refund = { ...common, kind: "refund", bankRequestId: "r", debitRequestId: "d" } as const;
    expect(ledger.decide(refund)).to.include({ state: "succeeded" });
    expect(ledger.decide({ ...refund, debitRequestId: "e" })).to.deep.equal({ conflict: "/debitRequestId" });
    const payout = { ...common, kind: "payout", bankRequestId: "r", accountToken } as const;
    expect(ledger.decide(payout)).to.deep.equal({ conflict: "/bankRequestId" });
    ledger.decide({ ...payout, bankRequestId: "p" });
    expect(ledger.decide({ ...payout, bankRequestId: "p", accountToken: "sbx_o" })).to.deep.equal({
      conflict: "/accountToken",
    });
    ledger.close();
  });

  it("an audit finds a debit of which more was given back than it took", () => {
    const dir = mkdtempSync(join(tmpdir(), "ledger-"));
    try {
      const open = () => openLedger({ file: join(dir, "bank.sqlite"), now: () => NOW, newToken: () => "sbx_1" });
      const ledger = open();
      const { accountToken } = ledger.openAccount(yuan(900n), undefined);
      const common = { amount: yuan(100n), reference: "r" };
      ledger.decide({ ...common, kind: "debit", bankRequestId: "d", accountToken });
      ledger.decide({ ...common, kind: "refund", bankRequestId: "r", debitRequestId: "d" });
      ledger.audit();
      ledger.close();
      const db = new DatabaseSync(join(dir, "bank.sqlite"));
      db.exec("UPDATE requests SET value = '0.99' WHERE bankRequestId = 'd'");
      db.close();
      const again = open();
      expect(() => again.audit()).to.throw("More was given back");
      again.close();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("takes over books of a bank that knew debits only", () => {
    const dir = mkdtempSync(join(tmpdir(), "ledger-"));
    try {
      const file = join(dir, "bank.sqlite");
      const db = new DatabaseSync(file);
      db.exec(BOOKS_OF_0_1_0);
      db.close();
      const ledger = openLedger({ file, now: () => NOW, newToken: () => "sbx_2" });
      expect(ledger.find("d")).to.include({ state: "succeeded", bankReference: "SB-0000000002" });
      expect(ledger.lines(0n, 9).map(({ kind }) => kind)).to.deep.equal(["debit"]);
      const refund = { bankRequestId: "r", amount: yuan(100n), reference: "", debitRequestId: "d" };
      expect(ledger.decide({ ...refund, kind: "refund" })).to.include({ state: "succeeded" });
      expect(ledger.balance("sbx_1")).to.deep.equal(yuan(900n));
      ledger.audit();
      ledger.close();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

/** An account with 9.00, of which a debit took 1.00, as version 0.1.0 wrote them. */
const BOOKS_OF_0_1_0 = `
  CREATE TABLE accounts (
    token TEXT PRIMARY KEY, owner TEXT, currency TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('customer', 'house')),
    balance TEXT NOT NULL, CHECK (kind = 'house' OR balance NOT LIKE '-%')
  ) STRICT;
  CREATE TABLE requests (
    bankRequestId TEXT PRIMARY KEY, accountToken TEXT NOT NULL, value TEXT NOT NULL, currency TEXT NOT NULL, reference TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('succeeded', 'failed')), code TEXT, reason TEXT, bookedAt TEXT NOT NULL
  ) STRICT;
  CREATE TABLE bookings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('opening', 'debit')), bankRequestId TEXT UNIQUE
  ) STRICT;
  CREATE TABLE lines (
    seq INTEGER NOT NULL REFERENCES bookings (seq), accountToken TEXT NOT NULL REFERENCES accounts (token),
    currency TEXT NOT NULL, minor TEXT NOT NULL, PRIMARY KEY (seq, accountToken)
  ) STRICT;
  INSERT INTO accounts VALUES ('sbx_1', NULL, 'CNY', 'customer', '800'), ('house:opening:CNY', NULL, 'CNY', 'house', '-900'),
    ('house:collected:CNY', NULL, 'CNY', 'house', '100');
  INSERT INTO requests VALUES ('d', 'sbx_1', '1.00', 'CNY', 'r', 'succeeded', NULL, NULL, '2025-01-02T03:04:05.678Z');
  INSERT INTO bookings VALUES (1, 'opening', NULL), (2, 'debit', 'd');
  INSERT INTO lines VALUES (1, 'house:opening:CNY', 'CNY', '-900'), (1, 'sbx_1', 'CNY', '900'),
    (2, 'sbx_1', 'CNY', '-100'), (2, 'house:collected:CNY', 'CNY', '100');
`;

describe("the sandbox bank's faults", () => {
  const magic: readonly [string, string | undefined][] = [
    ["10.89", "challenge"],
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
    ["has an unknown call", [{ on: "transfer", fault: "html" }]],
    ["has times 0", [{ on: "debit", fault: "html", times: 0 }]],
    ["has times 1001", [{ on: "debit", fault: "html", times: 1001 }]],
    ["has an unknown property", [{ on: "debit", fault: "html", when: "now" }]],
    ["hides a debit from its own answer", [{ on: "debit", fault: "not_found" }]],
    ["hides a refund from its own answer", [{ on: "refund", fault: "not_found" }]],
    ["challenges an answer", [{ on: "confirm", fault: "challenge" }]],
    ["challenges a payout", [{ on: "payout", fault: "challenge" }]],
    ["hides a debit from its payer's answer", [{ on: "confirm", fault: "not_found" }]],
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
