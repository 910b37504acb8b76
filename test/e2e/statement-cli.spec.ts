/** `mergepay statement import` as an operator runs it, against a running server. */
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

describe("mergepay statement import", function () {
  this.timeout(60_000);
  let world: World;
  let folder: string;
  let entry: CamtEntry;

  const give = async (files: Readonly<Record<string, string>>, ...args: readonly string[]) => {
    const key = "bearer" in world.operator ? world.operator.bearer : "";
    const env = { MERGEPAY_URL: await world.node.url(), MERGEPAY_OPERATOR_KEY: key };
    const paths: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, text);
      paths.push(path);
    }
    return mergepay(["statement", "import", ...paths, "--bank", "sandbox", ...args], env);
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

  it("leaves books that agree", async () => {
    await atRest(world);
    await auditAll(world);
  });
});
