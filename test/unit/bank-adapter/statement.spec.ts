import { expect } from "chai";
import { type BankDriver, defineBankDriver, MergepayError } from "../../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../../plugins/bank-adapter/adapter.ts";

const LINE = {
  bankReference: "b-1",
  bankRequestId: "ded_1",
  amount: { value: "1.00", currency: "USD" },
  direction: "credit",
  bookedAt: "2026-03-01T12:00:00.000Z",
} as const;
const RANGE = { bank: "test", from: "2026-03-01T00:00:00.000Z", to: "2026-03-02T00:00:00.000Z" };

function adapterOf(statement: BankDriver["statement"]) {
  const silent = () => Promise.reject(new Error("not used"));
  const driver: BankDriver = {
    debit: silent,
    inquire: silent,
    close: () => Promise.resolve(),
    ...(statement === undefined ? {} : { statement }),
  };
  const plugin = defineBankDriver({ title: "Test", finalityMs: 1, open: () => Promise.resolve(driver) });
  return createBankAdapter({ banks: new Map([["test", { plugin, driver }]]), limits: { bankCallMs: 20 } });
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "answered",
    (error: unknown) => (error instanceof MergepayError ? error.type : String(error)),
  );

describe("a bank's statement through bank-adapter", () => {
  it("is passed on page by page, and nothing but what the contract names", async () => {
    const asked: unknown[] = [];
    const bank = adapterOf((range) => {
      asked.push(range);
      return Promise.resolve({ items: [{ ...LINE, account: "canary" } as typeof LINE], next: "2" });
    });
    expect(await bank.statement({ ...RANGE, after: "1" })).to.deep.equal({ items: [LINE], next: "2" });
    expect(asked).to.deep.equal([{ from: RANGE.from, to: RANGE.to, after: "1" }]);
  });

  for (const [name, page] of [
    ["no page", undefined],
    ["a list", []],
    ["a line without a reference", { items: [{ ...LINE, bankReference: "" }] }],
    ["an amount below zero", { items: [{ ...LINE, amount: { value: "-1.00", currency: "USD" } }] }],
    ["an amount as a number", { items: [{ ...LINE, amount: { value: 1, currency: "USD" } }] }],
    ["an amount that is not canonical", { items: [{ ...LINE, amount: { value: "1", currency: "USD" } }] }],
    ["a currency that is none", { items: [{ ...LINE, amount: { value: "1.00", currency: "XQX" } }] }],
    ["another direction", { items: [{ ...LINE, direction: "in" }] }],
    ["a time that is none", { items: [{ ...LINE, bookedAt: "today" }] }],
    ["too many lines", { items: Array.from({ length: 1001 }, () => LINE) }],
    ["a next that is a number", { items: [LINE], next: 2 }],
  ] as const)
    it(`that is ${name} is none: BANK_UNAVAILABLE`, async () => {
      const bank = adapterOf(() => Promise.resolve(page as never));
      expect(await codeOf(bank.statement(RANGE))).to.equal("BANK_UNAVAILABLE");
    });

  it("that does not come in time, or fails, is not there; a bank without statements is told apart", async () => {
    const late = adapterOf(() => new Promise(() => undefined));
    expect(await codeOf(late.statement(RANGE))).to.equal("BANK_UNAVAILABLE");
    const failing = adapterOf(() => Promise.reject(new Error("secret")));
    expect(await codeOf(failing.statement(RANGE))).to.equal("BANK_UNAVAILABLE");
    expect(await codeOf(adapterOf(undefined).statement(RANGE))).to.equal("UNSUPPORTED");
    expect(await codeOf(failing.statement({ ...RANGE, bank: "other" }))).to.equal("UNSUPPORTED");
  });
});
