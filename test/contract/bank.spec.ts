/** One suite for every bank driver: each folder of plugins/bank-adapter/banks, against the bank of its own harness.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import type { BankAdapter, BankDriver, BankOutcome, Money } from "../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../plugins/bank-adapter/adapter.ts";
import { driverNames, loadDriver } from "../../plugins/bank-adapter/drivers.ts";
import type { BankHarness, OpenHarness } from "../../plugins/bank-adapter/harness.ts";

const BANKS = fileURLToPath(new URL("../../plugins/bank-adapter/banks", import.meta.url));
const PATIENT_MS = 15_000;
const SHORT_MS = 700;
const yuan = (value: string): Money => ({ value, currency: "CNY" });

interface FaultCase {
  readonly fault: string;
  readonly outcome: Partial<Record<"state" | "code", string>>;
  readonly booked: boolean;
  readonly inquiry: BankOutcome["state"];
  /** The bank never answers: the call's deadline must end it. */
  readonly hangs?: true;
}

const UNKNOWN = { state: "unknown" };
const CASES: readonly FaultCase[] = [
  { fault: "declined", outcome: { state: "failed", code: "BANK_DECLINED" }, booked: false, inquiry: "failed" },
  {
    fault: "insufficient",
    outcome: { state: "failed", code: "BANK_INSUFFICIENT_FUNDS" },
    booked: false,
    inquiry: "failed",
  },
  { fault: "timeout_after_debit", outcome: UNKNOWN, booked: true, inquiry: "succeeded", hangs: true },
  { fault: "timeout_before_debit", outcome: UNKNOWN, booked: false, inquiry: "not_found", hangs: true },
  { fault: "error_before", outcome: UNKNOWN, booked: false, inquiry: "not_found" },
  { fault: "error_after", outcome: UNKNOWN, booked: true, inquiry: "succeeded" },
  { fault: "half_answer", outcome: UNKNOWN, booked: true, inquiry: "succeeded" },
  { fault: "html", outcome: UNKNOWN, booked: true, inquiry: "succeeded" },
  { fault: "reset_before", outcome: UNKNOWN, booked: false, inquiry: "not_found" },
  { fault: "slow_bytes", outcome: UNKNOWN, booked: true, inquiry: "succeeded", hangs: true },
  {
    fault: "other_amount",
    outcome: { state: "unknown", code: "BANK_ANSWER_DIFFERS" },
    booked: true,
    inquiry: "succeeded",
  },
];

/** Faults of an inquiry itself: none of them says anything about the debit. */
const INQUIRY_FAULTS = ["error_before", "error_after", "half_answer", "html", "reset_before"];

const names = await driverNames(BANKS);

describe("bank drivers", () => {
  it("there is at least one", () => {
    expect(names).to.include("sandbox");
  });
});

for (const name of names) {
  describe(`bank driver ${name}`, () => {
    let dir: string;
    let harness: BankHarness;
    let driver: BankDriver;
    let nowhere: BankDriver;
    let patient: BankAdapter;
    let short: BankAdapter;
    let accountToken: string;
    let ids = 0;
    const newId = (): string => `ded_${(ids += 1).toString().padStart(26, "0")}`;
    const tokens: string[] = [];

    /** Debits through the adapter and checks what every outcome must keep: no token in it. */
    async function debit(
      over: Partial<Parameters<BankAdapter["debit"]>[0]> = {},
      adapter: BankAdapter = patient,
    ): Promise<BankOutcome> {
      const outcome = await adapter.debit({
        bank: name,
        bankRequestId: newId(),
        accountToken,
        amount: yuan("12.30"),
        reference: "2 orders",
        ...over,
      });
      for (const token of tokens) expect(JSON.stringify(outcome)).not.to.include(token);
      return outcome;
    }
    const inquire = (bankRequestId: string): Promise<BankOutcome> => patient.inquire({ bank: name, bankRequestId });
    const bookedOf = async (bankRequestId: string): Promise<readonly { amount: Money }[]> =>
      (await harness.booked()).filter((line) => line.bankRequestId === bankRequestId);

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "bank-"));
      const plugin = await loadDriver(BANKS, name);
      const file = pathToFileURL(join(BANKS, name, "harness.ts")).href;
      const { default: openHarness } = (await import(file)) as { default: OpenHarness };
      harness = await openHarness(join(dir, "bank"));
      driver = await plugin.open({ dataDir: join(dir, "driver"), settings: harness.settings });
      nowhere = await plugin.open({ dataDir: join(dir, "nowhere"), settings: harness.unreachable });
      const banks = new Map([
        [name, { plugin, driver }],
        ["nowhere", { plugin, driver: nowhere }],
      ]);
      patient = createBankAdapter({ banks, limits: { bankCallMs: PATIENT_MS } });
      short = createBankAdapter({ banks, limits: { bankCallMs: SHORT_MS } });
    });
    beforeEach(async () => {
      accountToken = await harness.openAccount(yuan("100000.00"));
      tokens.push(accountToken);
    });
    afterEach(() => harness.audit());
    after(async () => {
      await patient.close();
      await harness.close();
      await rm(dir, { recursive: true });
    });

    it("debits once and tells amount, reference and time", async () => {
      const bankRequestId = newId();
      const outcome = await debit({ bankRequestId });
      expect(outcome).to.include({ state: "succeeded" });
      expect(outcome).to.have.deep.property("amount", yuan("12.30"));
      expect(await harness.balance(accountToken)).to.deep.equal(yuan("99987.70"));
      expect(await inquire(bankRequestId)).to.deep.equal(outcome);
    });

    it("the same instruction sent twice is booked once and answered alike", async () => {
      const bankRequestId = newId();
      const first = await debit({ bankRequestId });
      expect(await debit({ bankRequestId })).to.deep.equal(first);
      expect(await bookedOf(bankRequestId)).to.have.length(1);
    });

    it("100 concurrent debits with one id are booked once", async () => {
      const bankRequestId = newId();
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => debit({ bankRequestId })));
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).to.have.property("size", 1);
      expect(outcomes[0]).to.include({ state: "succeeded" });
      expect(await bookedOf(bankRequestId)).to.have.length(1);
    });

    const others: readonly [string, Parameters<typeof debit>[0]][] = [
      ["amount", { amount: yuan("12.31") }],
      ["currency", { amount: { value: "12.30", currency: "USD" } }],
      ["reference", { reference: "3 orders" }],
    ];
    for (const [what, over] of others)
      it(`the same id with another ${what} is no success and books nothing`, async () => {
        const bankRequestId = newId();
        await debit({ bankRequestId });
        expect(await debit({ bankRequestId, ...over })).to.include({ state: "unknown", code: "BANK_ANSWER_DIFFERS" });
        expect((await bookedOf(bankRequestId)).map(({ amount }) => amount)).to.deep.equal([yuan("12.30")]);
      });

    it("the same id for another account is no success and books nothing", async () => {
      const bankRequestId = newId();
      await debit({ bankRequestId });
      const other = await harness.openAccount(yuan("50.00"));
      tokens.push(other);
      const outcome = await debit({ bankRequestId, accountToken: other });
      expect(outcome).to.include({ state: "unknown", code: "BANK_ANSWER_DIFFERS" });
      expect(await harness.balance(other)).to.deep.equal(yuan("50.00"));
    });

    it("more than the account holds fails, and stays failed under that id", async () => {
      const bankRequestId = newId();
      const failure = { state: "failed", code: "BANK_INSUFFICIENT_FUNDS" };
      expect(await debit({ bankRequestId, amount: yuan("100000.01") })).to.include(failure);
      expect(await inquire(bankRequestId)).to.include(failure);
      expect(await debit({ bankRequestId, amount: yuan("100000.01") })).to.include(failure);
      expect(await harness.balance(accountToken)).to.deep.equal(yuan("100000.00"));
    });

    it("exactly what the account holds can be debited", async () => {
      expect(await debit({ amount: yuan("100000.00") })).to.include({ state: "succeeded" });
      expect(await harness.balance(accountToken)).to.deep.equal(yuan("0.00"));
    });

    it("an account that the bank does not know fails", async () => {
      const stranger = "sbx_nobodyhasthistoken0000";
      tokens.push(stranger);
      const outcome = await debit({ accountToken: stranger });
      expect(outcome).to.include({ state: "failed", code: "BANK_ACCOUNT_UNKNOWN" });
    });

    it("an instruction that was never sent is not found", async () => {
      expect(await inquire(newId())).to.deep.equal({ state: "not_found" });
    });

    it("a bank that can't be reached means not sent, and an inquiry there says nothing", async () => {
      expect(await debit({ bank: "nowhere" })).to.include({ state: "not_sent" });
      expect(await patient.inquire({ bank: "nowhere", bankRequestId: newId() })).to.include({ state: "unknown" });
    });

    it("a call that is over before it begins sends nothing", async () => {
      const bankRequestId = newId();
      const instruction = { bankRequestId, accountToken, amount: yuan("1.00"), reference: "" };
      const outcome = await driver.debit(instruction, { signal: AbortSignal.abort() });
      expect(outcome).to.include({ state: "not_sent" });
      expect(await inquire(bankRequestId)).to.deep.equal({ state: "not_found" });
    });

    for (const { fault, outcome, booked, inquiry, hangs } of CASES)
      it(`${fault}: the debit is ${outcome.state} ${outcome.code ?? ""}, inquiry tells ${inquiry}`, async () => {
        const bankRequestId = newId();
        await harness.script([{ on: "debit", fault }]);
        const result = await debit({ bankRequestId }, hangs ? short : patient);
        expect(result).to.include(outcome);
        expect(await bookedOf(bankRequestId)).to.have.length(booked ? 1 : 0);
        expect(await inquire(bankRequestId)).to.have.property("state", inquiry);
        // Sent again with the same id and content it is booked once at most, and a decision stays what it was.
        const again = await debit({ bankRequestId });
        expect(again).to.have.property("state", inquiry === "failed" ? "failed" : "succeeded");
        expect(await bookedOf(bankRequestId)).to.have.length(inquiry === "failed" ? 0 : 1);
      });

    for (const fault of INQUIRY_FAULTS)
      it(`${fault} on the inquiry: unknown, and the next one tells`, async () => {
        const bankRequestId = newId();
        await debit({ bankRequestId });
        await harness.script([{ on: "inquiry", fault }]);
        expect(await inquire(bankRequestId)).to.include({ state: "unknown" });
        expect(await inquire(bankRequestId)).to.include({ state: "succeeded" });
      });

    it("an inquiry that is never answered ends at its deadline as unknown", async () => {
      const bankRequestId = newId();
      await debit({ bankRequestId });
      await harness.script([{ on: "inquiry", fault: "timeout_after_debit" }]);
      expect(await short.inquire({ bank: name, bankRequestId })).to.include({ state: "unknown" });
    });

    it("a debit that shows up late: not found, not found, succeeded", async () => {
      const bankRequestId = newId();
      await debit({ bankRequestId });
      await harness.script([{ on: "inquiry", fault: "not_found", times: 2 }]);
      const states = [await inquire(bankRequestId), await inquire(bankRequestId), await inquire(bankRequestId)];
      expect(states.map(({ state }) => state)).to.deep.equal(["not_found", "not_found", "succeeded"]);
    });

    describe("gives back and pays out", () => {
      let debitRequestId: string;
      let merchantToken: string;
      beforeEach(async () => {
        debitRequestId = newId();
        await debit({ bankRequestId: debitRequestId, amount: yuan("100.00") });
        merchantToken = await harness.openAccount(yuan("0.00"));
        tokens.push(merchantToken);
      });

      type Way = "refund" | "payout";
      async function send(way: Way, over: object = {}, adapter: BankAdapter = patient): Promise<BankOutcome> {
        const common = { bank: name, bankRequestId: newId(), amount: yuan("12.30"), reference: "1 order" };
        const outcome =
          way === "refund"
            ? await adapter.refund({ ...common, debitRequestId, ...over })
            : await adapter.payout({ ...common, accountToken: merchantToken, ...over });
        for (const token of tokens) expect(JSON.stringify(outcome)).not.to.include(token);
        return outcome;
      }
      const toldTo = (way: Way): Promise<Money> => harness.balance(way === "refund" ? accountToken : merchantToken);
      const before = { refund: yuan("99900.00"), payout: yuan("0.00") };
      const after = { refund: yuan("99912.30"), payout: yuan("12.30") };
      const DIFFERS = { state: "unknown", code: "BANK_ANSWER_DIFFERS" };

      for (const way of ["refund", "payout"] as const) {
        it(`a ${way} is booked once, however often it is sent, and an inquiry tells the same`, async () => {
          const bankRequestId = newId();
          const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(way, { bankRequestId })));
          expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).to.have.property("size", 1);
          expect(outcomes[0]).to.deep.include({ state: "succeeded", amount: yuan("12.30") });
          expect(await toldTo(way)).to.deep.equal(after[way]);
          expect(await bookedOf(bankRequestId)).to.have.length(1);
          expect(await inquire(bankRequestId)).to.deep.equal(outcomes[0]);
        });

        it(`the same id with other content, or of a debit, is no ${way} and moves nothing`, async () => {
          const bankRequestId = newId();
          await send(way, { bankRequestId });
          const stranger = await harness.openAccount(yuan("0.00"));
          const whose = way === "refund" ? { debitRequestId: newId() } : { accountToken: stranger };
          for (const over of [{ amount: yuan("12.31") }, { reference: "2 orders" }, whose])
            expect(await send(way, { bankRequestId, ...over })).to.include(DIFFERS);
          expect(await send(way, { bankRequestId: debitRequestId })).to.include(DIFFERS);
          expect(await debit({ bankRequestId })).to.include(DIFFERS);
          expect(await toldTo(way)).to.deep.equal(after[way]);
          expect(await harness.balance(stranger)).to.deep.equal(yuan("0.00"));
        });

        for (const { fault, outcome, booked, inquiry, hangs } of CASES)
          it(`${fault}: the ${way} is ${outcome.state}, inquiry tells ${inquiry}`, async () => {
            const bankRequestId = newId();
            await harness.script([{ on: way, fault }]);
            expect(await send(way, { bankRequestId }, hangs ? short : patient)).to.include(outcome);
            expect(await toldTo(way)).to.deep.equal((booked ? after : before)[way]);
            expect(await inquire(bankRequestId)).to.have.property("state", inquiry);
            const state = inquiry === "failed" ? "failed" : "succeeded";
            expect(await send(way, { bankRequestId })).to.have.property("state", state);
            expect(await toldTo(way)).to.deep.equal((state === "failed" ? before : after)[way]);
          });

        it(`a ${way} to a bank that can't be reached is not sent`, async () => {
          expect(await send(way, { bank: "nowhere" })).to.include({ state: "not_sent" });
        });
      }

      it("never more than the debit took is given back, however many refunds come at once", async () => {
        const outcomes = await Promise.all(Array.from({ length: 12 }, () => send("refund", { amount: yuan("10.00") })));
        const states = outcomes.map(({ state }) => state).toSorted();
        expect(states).to.deep.equal([...Array<string>(2).fill("failed"), ...Array<string>(10).fill("succeeded")]);
        expect(await toldTo("refund")).to.deep.equal(yuan("100000.00"));
      });

      it("nothing is given back of what is no debit, has failed or is of another currency", async () => {
        const poor = newId();
        await debit({ bankRequestId: poor, amount: yuan("200000.00") });
        const refund = newId();
        await send("refund", { bankRequestId: refund });
        for (const over of [
          { debitRequestId: newId() },
          { debitRequestId: poor },
          { debitRequestId: refund },
          { amount: { value: "1.00", currency: "USD" } },
        ])
          expect(await send("refund", over)).to.include({ state: "failed", code: "BANK_DECLINED" });
        expect(await toldTo("refund")).to.deep.equal(after.refund);
      });

      it("a payout to an account that the bank does not know, or of another currency, fails", async () => {
        const stranger = "sbx_nobodyhasthistoken0000";
        tokens.push(stranger);
        const unknown = await send("payout", { accountToken: stranger });
        expect(unknown).to.include({ state: "failed", code: "BANK_ACCOUNT_UNKNOWN" });
        const foreign = await send("payout", { amount: { value: "1.00", currency: "USD" } });
        expect(foreign).to.include({ state: "failed", code: "BANK_DECLINED" });
      });
    });

    it("opens a test account with money on it", async () => {
      const opened = await patient.openTestAccount({ bank: name, opening: yuan("5.00") });
      tokens.push(opened.accountToken);
      expect(await harness.balance(opened.accountToken)).to.deep.equal(yuan("5.00"));
    });

    it("opens a merchant's test account with nothing on it", async () => {
      const opened = await patient.openTestAccount({ bank: name, opening: yuan("0.00") });
      tokens.push(opened.accountToken);
      expect(await harness.balance(opened.accountToken)).to.deep.equal(yuan("0.00"));
    });

    it("a test account can't be opened at a bank that can't be reached, and the error says so", async () => {
      const error = await patient.openTestAccount({ bank: "nowhere", opening: yuan("5.00") }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(error).to.have.property("type", "BANK_UNAVAILABLE");
    });
  });
}
