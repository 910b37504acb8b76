import { expect } from "chai";
import {
  type BankDriver,
  type BankOutcome,
  defineBankDriver,
  type MergepayError,
} from "../../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../../plugins/bank-adapter/adapter.ts";

const TOKEN = "tok_canary/7+x";
const AMOUNT = { value: "12.30", currency: "CNY" };
const DEBIT = { bank: "stub", bankRequestId: "ded_1", accountToken: TOKEN, amount: AMOUNT, reference: "2 orders" };
const CHALLENGE = { id: "c-1", text: "Type the code.", expiresAt: "2025-01-02T03:09:05+02:00" };
const as = (answer: unknown): Promise<BankOutcome> => Promise.resolve(answer as BankOutcome);

function adapterOf(over: Partial<BankDriver>) {
  const logged: unknown[] = [];
  const driver: BankDriver = {
    debit: () => as({ state: "pending" }),
    inquire: () => as({ state: "not_found" }),
    close: () => Promise.resolve(),
    ...over,
  };
  const plugin = defineBankDriver({ title: "Stub", finalityMs: 1000, open: () => Promise.resolve(driver) });
  const banks = new Map([["stub", { plugin, driver }]]);
  const adapter = createBankAdapter({ banks, limits: { bankCallMs: 5000 }, log: (entry) => logged.push(entry) });
  return { adapter, logged };
}

const refusalOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: unknown) => (error as MergepayError).type,
  );

describe("bank-adapter: a bank's challenge", () => {
  const page = "https://bank.example/a";
  const cases: readonly [string, unknown, string][] = [
    ["by code", { ...CHALLENGE, kind: "code" }, "requires_action"],
    ["on the bank's page", { ...CHALLENGE, kind: "redirect", url: page }, "requires_action"],
    ["on a page without TLS", { ...CHALLENGE, kind: "redirect", url: "http://bank.example/a" }, "unknown"],
    ["on a script", { ...CHALLENGE, kind: "redirect", url: "javascript:alert(1)" }, "unknown"],
    [
      "on a page with a password in its address",
      { ...CHALLENGE, kind: "redirect", url: "https://a:b@x.example/" },
      "unknown",
    ],
    ["that leads nowhere", { ...CHALLENGE, kind: "redirect" }, "unknown"],
    ["of another kind", { ...CHALLENGE, kind: "riddle" }, "unknown"],
    ["without an end", { ...CHALLENGE, kind: "code", expiresAt: "soon" }, "unknown"],
    ["without an id", { ...CHALLENGE, kind: "code", id: "" }, "unknown"],
    ["without a text", { ...CHALLENGE, kind: "code", text: "" }, "unknown"],
    ["that is not there", undefined, "unknown"],
  ];
  for (const [what, challenge, state] of cases)
    it(`${what}: ${state}, at the debit and at an inquiry`, async () => {
      const said = () => as({ state: "requires_action", challenge });
      const { adapter } = adapterOf({ debit: said, inquire: said });
      expect(await adapter.debit(DEBIT)).to.include({ state });
      expect(await adapter.inquire({ bank: "stub", bankRequestId: "ded_1" })).to.include({ state });
    });

  it("is no answer to a refund or a payout", async () => {
    const said = () => as({ state: "requires_action", challenge: { ...CHALLENGE, kind: "code" } });
    const { adapter } = adapterOf({ refund: said, payout: said });
    const { accountToken: _token, ...refund } = { ...DEBIT, debitRequestId: "ded_0" };
    expect(await adapter.refund(refund)).to.include({ state: "unknown" });
    expect(await adapter.payout(DEBIT)).to.include({ state: "unknown" });
  });

  it("a challenge is handed on with its end in UTC, and without anything else that the driver put in", async () => {
    const challenge = { ...CHALLENGE, kind: "code", text: `Code for ${TOKEN}?`, secret: "x" };
    const { adapter } = adapterOf({ debit: () => as({ state: "requires_action", challenge }) });
    expect(await adapter.debit(DEBIT)).to.deep.equal({
      state: "requires_action",
      challenge: { id: "c-1", kind: "code", text: "Code for ***?", expiresAt: "2025-01-02T01:09:05.000Z" },
    });
  });

  describe("an answer to a challenge", () => {
    const said = { bank: "stub", bankRequestId: "ded_1", challengeId: "c-1", answer: "246810" };
    const cases: readonly [string, Partial<typeof said>, string][] = [
      ["to a bank that is not here", { bank: "nobody" }, "UNSUPPORTED"],
      ["of no characters", { answer: "" }, "BODY_INVALID"],
      ["of 513 characters", { answer: "1".repeat(513) }, "BODY_INVALID"],
      ["to a challenge without a name", { challengeId: "" }, "BODY_INVALID"],
    ];
    for (const [what, more, code] of cases)
      it(`${what} is refused, and nothing is sent: ${code}`, async () => {
        let sent = 0;
        const { adapter } = adapterOf({ confirm: () => as(((sent += 1), { state: "pending" })) });
        expect(await refusalOf(adapter.confirm({ ...said, ...more }))).to.equal(code);
        expect(sent).to.equal(0);
      });
    it("at a bank that takes none is UNSUPPORTED", async () => {
      expect(await refusalOf(adapterOf({}).adapter.confirm(said))).to.equal("UNSUPPORTED");
    });
    it("reaches the driver as it is, and is in no answer and no log", async () => {
      const { adapter, logged } = adapterOf({
        confirm: ({ answer }) => as({ state: "failed", code: "BANK_DECLINED", reason: `not ${answer}` }),
      });
      const outcome = await adapter.confirm(said);
      expect(outcome).to.deep.equal({ state: "failed", code: "BANK_DECLINED", reason: "not ***" });
      expect(JSON.stringify(logged)).not.to.include("246810");
    });
    it("that a driver loses may have been sent", async () => {
      const { adapter } = adapterOf({ confirm: () => Promise.reject(new TypeError("x")) });
      expect(await adapter.confirm(said)).to.include({ state: "unknown" });
    });
  });
});
