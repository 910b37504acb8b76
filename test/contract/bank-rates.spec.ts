import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { MergepayError } from "../../core/errors/errors.ts";
import { isRate } from "../../core/money/convert.ts";
import { type BankDriver, type BankRate, defineBankDriver } from "../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../plugins/bank-adapter/adapter.ts";
import { startBank } from "../../plugins/bank-adapter/banks/sandbox/bank/start.ts";
import sandbox from "../../plugins/bank-adapter/banks/sandbox/driver.ts";

const PAIR = { from: "EUR", to: "USD" } as const;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "answered",
    (error: unknown) => (error as MergepayError).type,
  );

/** The adapter over a driver, as the house asks it. */
function adapterOf(driver: BankDriver, bankCallMs = 5_000) {
  const plugin = defineBankDriver({ title: "Bank", finalityMs: 1_000, open: () => Promise.resolve(driver) });
  return createBankAdapter({ banks: new Map([["bank", { plugin, driver }]]), limits: { bankCallMs } });
}

describe("rates of the sandbox bank", () => {
  let dataDir: string;
  let bank: Awaited<ReturnType<typeof startBank>>;
  let driver: BankDriver;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "mergepay-rates-"));
    bank = await startBank({ dataDir, port: 0, magic: false });
    driver = await sandbox.open({ dataDir, settings: { URL: bank.url, KEY: bank.key } });
  });
  after(async () => {
    await driver.close();
    await bank.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const ask = (pair: { from: string; to: string } = PAIR, bankCallMs?: number) =>
    adapterOf(driver, bankCallMs).rate({ bank: "bank", ...pair });
  async function script(fault: string): Promise<number> {
    const { status } = await fetch(new URL("/faults", bank.url), {
      method: "POST",
      headers: { authorization: `Bearer ${bank.key}`, connection: "close" },
      body: JSON.stringify([{ on: "rate", fault }]),
    });
    return status;
  }

  it("are the same ones each time, each lock with an id and an expiry of its own", async () => {
    const [one, other] = [await ask(), await ask()];
    expect(one).to.deep.include({ ...PAIR, rate: "1.0834000000" });
    expect(other.rate).to.equal(one.rate);
    expect(other.rateId).to.not.equal(one.rateId);
    expect(Date.parse(one.expiresAt)).to.be.greaterThan(Date.now());
    expect((await ask({ from: "USD", to: "JPY" })).rate).to.equal("149.0312965722");
  });

  it("are of pairs that it changes only", async () => {
    expect(await codeOf(ask({ from: "EUR", to: "XAF" }))).to.equal("UNSUPPORTED");
    expect(await codeOf(ask({ from: "EUR", to: "EUR" }))).to.equal("UNSUPPORTED");
  });

  for (const [fault, code] of [
    ["zero_rate", "RATE_INVALID"],
    ["negative_rate", "RATE_INVALID"],
    ["text_rate", "RATE_INVALID"],
    ["other_pair", "RATE_INVALID"],
    ["error_before", "BANK_UNAVAILABLE"],
    ["error_after", "BANK_UNAVAILABLE"],
    ["half_answer", "BANK_UNAVAILABLE"],
    ["html", "BANK_UNAVAILABLE"],
    ["reset_before", "BANK_UNAVAILABLE"],
  ] as const)
    it(`that are ${fault} are ${code}, and the next one is good`, async () => {
      expect(await script(fault)).to.equal(200);
      expect(await codeOf(ask())).to.equal(code);
      expect(isRate((await ask()).rate)).to.equal(true);
    });

  it("that never come are BANK_UNAVAILABLE at the deadline", async () => {
    expect(await script("timeout_before_debit")).to.equal(200);
    expect(await codeOf(ask(PAIR, 50))).to.equal("BANK_UNAVAILABLE");
  });

  it("that are stale are told as they are: the house looks at the time", async () => {
    expect(await script("stale_rate")).to.equal(200);
    expect(Date.parse((await ask()).expiresAt)).to.be.lessThan(Date.now());
  });

  it("faults of rates are for rates only", async () => {
    const { status } = await fetch(new URL("/faults", bank.url), {
      method: "POST",
      headers: { authorization: `Bearer ${bank.key}`, connection: "close" },
      body: JSON.stringify([{ on: "debit", fault: "zero_rate" }]),
    });
    expect(status).to.equal(400);
  });
});

describe("rates of any bank", () => {
  const good: BankRate = { ...PAIR, rateId: "r-1", rate: "1.08", expiresAt: "2030-01-01T00:00:00.000Z" };
  const driverWith = (rate?: BankDriver["rate"]): BankDriver => ({
    debit: () => Promise.reject(new Error("not asked")),
    inquire: () => Promise.reject(new Error("not asked")),
    close: () => Promise.resolve(),
    ...(rate === undefined ? {} : { rate }),
  });
  const ask = (driver: BankDriver) => adapterOf(driver).rate({ bank: "bank", ...PAIR });

  it("that has none are UNSUPPORTED", async () => {
    expect(await codeOf(ask(driverWith()))).to.equal("UNSUPPORTED");
    expect(await codeOf(adapterOf(driverWith()).rate({ bank: "nowhere", ...PAIR }))).to.equal("UNSUPPORTED");
  });

  it("are given on as they came, and nothing beside", async () => {
    const more: BankRate & { note: string } = { ...good, note: "not named by the contract" };
    expect(await codeOf(ask(driverWith(() => Promise.resolve(more))))).to.equal("answered");
    expect(await ask(driverWith(() => Promise.resolve(more)))).to.deep.equal(good);
  });

  for (const [what, given] of [
    ["nothing", undefined],
    ["null", null],
    ["text", "1.08"],
    ["a rate that is a number", { ...good, rate: 1.08 }],
    ["a rate with a blank", { ...good, rate: "1.08 " }],
    ["a rate without an id", { ...good, rateId: "" }],
    ["an id with a line break", { ...good, rateId: "a\nb" }],
    ["an id that is too long", { ...good, rateId: "r".repeat(101) }],
    ["no expiry", { ...good, expiresAt: undefined }],
    ["an expiry that is no day", { ...good, expiresAt: "2030-13-01T00:00:00.000Z" }],
    ["an expiry without a zone", { ...good, expiresAt: "2030-01-01T00:00:00" }],
    ["another currency", { ...good, to: "GBP" }],
  ] as const)
    it(`that are ${what} are RATE_INVALID`, async () => {
      expect(await codeOf(ask(driverWith(() => Promise.resolve(given as BankRate))))).to.equal("RATE_INVALID");
    });

  it("that fail are BANK_UNAVAILABLE", async () => {
    expect(await codeOf(ask(driverWith(() => Promise.reject(new Error("boom")))))).to.equal("BANK_UNAVAILABLE");
  });
});
