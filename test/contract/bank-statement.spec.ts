import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { BankDriver, StatementLine } from "../../core/plugin/bank-contract.ts";
import sandbox from "../../plugins/bank-adapter/banks/sandbox/driver.ts";

/** More than one page of the bank's ledger. */
const DEBITS = 101;

describe("the sandbox bank's statement", () => {
  let dataDir: string;
  let driver: BankDriver;
  const call = { signal: AbortSignal.timeout(60_000) };
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "mergepay-statement-"));
    driver = await sandbox.open({ dataDir, settings: {} });
  });
  after(async () => {
    await driver.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function whole(from: string, to: string): Promise<StatementLine[]> {
    const lines: StatementLine[] = [];
    let after: string | undefined;
    do {
      const page = await driver.statement?.({ from, to, ...(after === undefined ? {} : { after }) }, call);
      lines.push(...(page?.items ?? []));
      after = page?.next;
    } while (after !== undefined);
    return lines;
  }

  it("has each booking of its time once, in pages: deductions as credits, refunds and payouts as debits", async () => {
    const accountToken = (await driver.openTestAccount?.({ value: "1000.00", currency: "CNY" }))?.accountToken ?? "";
    const of = (kind: string, at: number, value: string) => ({
      bankRequestId: `${kind}_${at.toString().padStart(26, "0")}`,
      amount: { value, currency: "CNY" },
      reference: "Test",
    });
    for (let at = 0; at < DEBITS; at += 1)
      expect((await driver.debit({ ...of("ded", at, "1.25"), accountToken }, call)).state).to.equal("succeeded");
    const debitRequestId = of("ded", 0, "").bankRequestId;
    const refunded = await driver.refund?.({ ...of("rfd", 0, "0.25"), debitRequestId }, call);
    const paidOut = await driver.payout?.({ ...of("out", 0, "5.00"), accountToken }, call);
    const lines = await whole("2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z");
    expect(lines).to.have.length(DEBITS + 2);
    expect(new Set(lines.map(({ bankRequestId }) => bankRequestId)).size).to.equal(DEBITS + 2);
    expect(lines.slice(0, DEBITS).every(({ direction }) => direction === "credit")).to.equal(true);
    const told = [refunded, paidOut].map((outcome) =>
      outcome?.state === "succeeded" ? [outcome.bankReference, outcome.amount.value, "debit"] : [],
    );
    expect(lines.slice(DEBITS).map((line) => [line.bankReference, line.amount.value, line.direction])).to.deep.equal(
      told,
    );
  }).timeout(60_000);

  it("has nothing of another time", async () => {
    expect(await whole("2020-01-01T00:00:00.000Z", "2020-02-01T00:00:00.000Z")).to.deep.equal([]);
  });
});
