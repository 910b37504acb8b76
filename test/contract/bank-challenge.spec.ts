/** What every bank driver does with a debit that its bank challenges; see bank.spec.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import type { BankAdapter, BankOutcome, Money } from "../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../plugins/bank-adapter/adapter.ts";
import { driverNames, loadDriver } from "../../plugins/bank-adapter/drivers.ts";
import type { BankHarness, OpenHarness } from "../../plugins/bank-adapter/harness.ts";

const BANKS = fileURLToPath(new URL("../../plugins/bank-adapter/banks", import.meta.url));
const yuan = (value: string): Money => ({ value, currency: "CNY" });

for (const name of await driverNames(BANKS))
  describe(`bank driver ${name}`, () => {
    let dir: string;
    let harness: BankHarness;
    let patient: BankAdapter;
    let short: BankAdapter;
    let accountToken: string;
    let ids = 0;
    const newId = (): string => `ded_${(ids += 1).toString().padStart(26, "0")}`;
    const debit = (over: Partial<Parameters<BankAdapter["debit"]>[0]>): Promise<BankOutcome> =>
      patient.debit({
        bank: name,
        bankRequestId: newId(),
        accountToken,
        amount: yuan("12.30"),
        reference: "r",
        ...over,
      });
    const inquire = (bankRequestId: string): Promise<BankOutcome> => patient.inquire({ bank: name, bankRequestId });
    const bookedOf = async (id: string) => (await harness.booked()).filter(({ bankRequestId }) => bankRequestId === id);

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "bank-"));
      const plugin = await loadDriver(BANKS, name);
      const file = pathToFileURL(join(BANKS, name, "harness.ts")).href;
      const { default: openHarness } = (await import(file)) as { default: OpenHarness };
      harness = await openHarness(join(dir, "bank"));
      const driver = await plugin.open({ dataDir: join(dir, "driver"), settings: harness.settings });
      const banks = new Map([[name, { plugin, driver }]]);
      patient = createBankAdapter({ banks, limits: { bankCallMs: 15_000 } });
      short = createBankAdapter({ banks, limits: { bankCallMs: 700 } });
      accountToken = await harness.openAccount(yuan("100000.00"));
    });
    afterEach(() => harness.audit());
    after(async () => {
      await patient.close();
      await harness.close();
      await rm(dir, { recursive: true });
    });

    describe("that challenges a debit", () => {
      let bankRequestId: string;
      let challengeId: string;
      let right: string;

      beforeEach(async function () {
        // Not every bank challenges.
        if (harness.challengeAnswer === undefined) return this.skip();
        right = harness.challengeAnswer;
        bankRequestId = newId();
        await harness.script([{ on: "debit", fault: "challenge" }]);
        const outcome = await debit({ bankRequestId });
        if (outcome.state !== "requires_action") return expect.fail(`It is ${outcome.state}.`);
        challengeId = outcome.challenge.id;
      });
      const confirm = (answer: string, adapter = patient, id = challengeId): Promise<BankOutcome> =>
        adapter.confirm({ bank: name, bankRequestId, challengeId: id, answer });

      it("books nothing until it has the right answer, then once, and keeps its word", async () => {
        expect(await inquire(bankRequestId)).to.deep.include({ state: "requires_action" });
        expect(await debit({ bankRequestId })).to.include({ state: "requires_action" });
        expect(await bookedOf(bankRequestId)).to.have.length(0);
        expect(await confirm(`${right}0`)).to.include({ state: "requires_action" });
        expect(await bookedOf(bankRequestId)).to.have.length(0);
        const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(right)));
        expect(new Set(answers.map((answer) => JSON.stringify(answer)))).to.have.property("size", 1);
        expect(answers[0]).to.include({ state: "succeeded" });
        expect(await bookedOf(bankRequestId)).to.have.length(1);
        expect(await inquire(bankRequestId)).to.deep.equal(answers[0]);
        expect(await confirm("wrong")).to.deep.equal(answers[0]);
      });

      it("declines after three wrong answers, and takes no right one any more", async () => {
        for (const state of ["requires_action", "requires_action", "failed"])
          expect(await confirm("wrong")).to.include({ state });
        expect(await confirm(right)).to.include({ state: "failed", code: "BANK_DECLINED" });
        expect(await bookedOf(bankRequestId)).to.have.length(0);
      });

      it("books nothing by an answer to another challenge, of another debit, or for another amount", async () => {
        expect(await confirm(right, patient, "another")).to.include({ code: "BANK_ANSWER_DIFFERS" });
        const stranger = { bank: name, bankRequestId: newId(), challengeId, answer: right };
        expect(await patient.confirm(stranger)).to.include({ state: "unknown" });
        expect(await debit({ bankRequestId, amount: yuan("12.31") })).to.include({ code: "BANK_ANSWER_DIFFERS" });
        expect(await bookedOf(bankRequestId)).to.have.length(0);
      });

      for (const [fault, booked] of [
        ["timeout_after_debit", 1],
        ["timeout_before_debit", 0],
        ["half_answer", 1],
        ["reset_before", 0],
      ] as const)
        it(`${fault} on the answer: unknown, and the inquiry tells`, async () => {
          await harness.script([{ on: "confirm", fault }]);
          expect(await confirm(right, short)).to.include({ state: "unknown" });
          expect(await bookedOf(bankRequestId)).to.have.length(booked);
          expect(await inquire(bankRequestId)).to.include({ state: booked === 1 ? "succeeded" : "requires_action" });
        });
    });
  });
