/** `mergepay statement import` and `mergepay ledger close` as an operator runs them, against a running server. */
import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Payment } from "../../schemas/types.generated.ts";
import { camt, type CamtEntry } from "../support/camt.ts";
import { mergepay } from "../support/cluster.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { ended, fileOf, openShop, pay, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

describe("the books on the command line", function () {
  this.timeout(60_000);
  let world: World;
  let folder: string;
  let entry: CamtEntry;

  const run = async (...args: readonly string[]) => {
    const key = "bearer" in world.operator ? world.operator.bearer : "";
    return mergepay(args, { MERGEPAY_URL: await world.node.url(), MERGEPAY_OPERATOR_KEY: key });
  };
  const give = async (files: Readonly<Record<string, string>>, ...args: readonly string[]) => {
    const paths: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, text);
      paths.push(path);
    }
    return run("statement", "import", ...paths, "--bank", "sandbox", ...args);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "mergepay-statement-"));
    world = await openWorld();
    await openShop(world);
    const [alpha = ""] = world.platforms;
    await stock(world, alpha, fileOf("S", 2));
    const { deduction }: Payment = await ended(world, (await pay(world, "cli")).body);
    const {
      amount,
      bankRequestId: endToEndId = "",
      bankReference: reference = "",
      bookedAt: booked = "",
    } = deduction ?? {};
    entry = {
      amount: [amount?.value ?? "", amount?.currency ?? ""],
      direction: "CRDT",
      booked,
      reference,
      parts: [{ endToEndId }],
    };
    await atRest(world);
  });
  after(async () => {
    await world.remove();
    await rm(folder, { recursive: true });
  });

  it("says that the statement agrees, and keeps it, unless it is a dry run", async () => {
    const files = { "agrees.xml": camt({ currency: "EUR", entries: [entry] }) };
    const tried = await give(files, "--dry-run");
    expect([tried.code, tried.stdout], tried.stderr).to.deep.equal([
      0,
      "agrees.xml: 1 statement, 1 entry: 1 agree, 0 would end what was unknown, 0 breaks\n  a dry run: nothing was kept, and nothing ended by it\n",
    ]);
    const done = await give(files);
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stdout).to.match(/: 1 agree, 0 ended what was unknown, 0 breaks\n {2}kept as stm_[0-9a-f]{26}\n$/);
  });

  it("ends with 1 when something differs, and when one of the files is none", async () => {
    const other = { ...entry, amount: ["1.00", "EUR"] as const };
    const differs = await give({ "differs.xml": camt({ currency: "EUR", entries: [other] }) });
    expect(differs.code, differs.stderr).to.equal(1);
    expect(differs.stdout).to.include("1 break (1 new)").and.include("GET /v1/breaks?state=open");
    const mixed = await give({ "none.xml": "<Document/>", "good.xml": camt({ currency: "EUR", entries: [entry] }) });
    expect(mixed.code).to.equal(1);
    expect(mixed.stderr).to.match(/none\.xml: It is no camt\.053 .*\[STATEMENT_INVALID\]/);
    expect(mixed.stdout).to.include("good.xml: 1 statement, 1 entry: 1 agree");
    const missing = await give({}, join(folder, "not-there.xml"));
    expect([missing.code, missing.stderr.includes("does not exist")]).to.deep.equal([1, true]);
  });

  it("closes days that are over, each after the one before it, and says so again", async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    const closed = (date: string) =>
      new RegExp(`^${date}: closed, 0 entries on 0 accounts, to block \\d+:[0-9a-f]{12}; suspense is zero$`);
    const first = await run("ledger", "close", daysAgo(3));
    expect(first.code, first.stderr).to.equal(0);
    expect(first.stdout.trim()).to.match(closed(daysAgo(3)));
    const rest = await run("ledger", "close", daysAgo(1));
    const lines = rest.stdout.trim().split("\n");
    expect(lines, rest.stderr).to.have.length(2);
    for (const [index, line] of lines.entries()) expect(line).to.match(closed(daysAgo(2 - index)));
    expect((await run("ledger", "close", daysAgo(1))).stdout.trim()).to.equal(lines[1]);
    const early = await run("ledger", "close", daysAgo(-1));
    expect([early.code, early.stderr.includes("is not over"), early.stderr.includes("[STATE_REFUSED]")]).to.deep.equal([
      1,
      true,
      true,
    ]);
    const none = await run("ledger", "close", "yesterday");
    expect([none.code, none.stderr.includes("such as 2026-03-01")]).to.deep.equal([1, true]);
  });

  it("leaves books that agree", async () => {
    await atRest(world);
    await auditAll(world);
  });
});
