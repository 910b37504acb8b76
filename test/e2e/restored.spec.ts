import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Reconciliation } from "../../core/settlement/actions.ts";
import type { ReconciliationBreak } from "../../schemas/types.generated.ts";
import { mergepay } from "../support/cluster.ts";
import { atRest } from "./support/rest.ts";
import { ended, everything, fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

describe("A store that is put back from a backup", function () {
  this.timeout(120_000);
  let world: World;
  let backup: string;
  let began: string;
  before(async () => {
    began = new Date().toISOString();
    backup = await mkdtemp(join(tmpdir(), "mergepay-backup-"));
    world = await openWorld();
    await openShop(world);
    await stock(world, world.platforms[0] ?? "", fileOf("B", 2));
    await payAll("known");
    await stock(world, world.platforms[1] ?? "", fileOf("L", 2));
    await atRest(world);
    await world.node.stop();
    await cp(world.dataDir, backup, { recursive: true });
    await world.node.start();
    // The hour that the backup does not have.
    await payAll("lost");
    await atRest(world);
  });
  after(async () => {
    await world.remove();
    await rm(backup, { recursive: true, force: true });
  });

  async function payAll(key: string): Promise<void> {
    const { body } = await pay(world, key);
    expect((await ended(world, body)).state).to.equal("succeeded");
  }
  async function putBack(): Promise<void> {
    await world.node.stop();
    await rm(world.dataDir, { recursive: true });
    await cp(backup, world.dataDir, { recursive: true });
  }
  const doctor = (...args: readonly string[]) => mergepay(["doctor", ...args], { MERGEPAY_DATA: world.dataDir });
  const tryToPay = async (key: string) => {
    const asked = { proof: world.payer, json: everything(), key };
    const { status, problem } = await world.ask("/v1/payments", asked);
    return [status, problem.code];
  };
  async function reconcile(): Promise<Reconciliation> {
    const json = { bank: "sandbox", from: began, to: new Date(Date.now() + 60_000).toISOString() };
    const { status, body } = await world.insist<Reconciliation>("/v1/reconciliations", { proof: world.operator, json });
    expect(status, JSON.stringify(body)).to.equal(200);
    return body;
  }

  it("moves no money once it is said to be that, goes on with all else, and pays again when it is reconciled", async () => {
    await putBack();
    const said = await doctor("--restored");
    expect(said.code, said.stderr).to.equal(0);
    expect(said.stdout).to.match(/the last booking that it knows is of 2/);
    await world.node.start();

    // What was paid in the lost hour is open again, and would be taken a second time.
    expect(await inbox(world)).to.have.length(2);
    const booked = await world.bank.ledger();
    expect(await tryToPay("lost")).to.deep.equal([503, "STORE_RESTORED"]);
    expect(await world.bank.ledger()).to.deep.equal(booked);
    expect((await stock(world, world.platforms[0] ?? "", fileOf("N", 1))).created).to.equal(1);

    await world.node.stop();
    const early = await doctor("--reconciled", "nobody, nothing");
    expect([early.code, early.stderr.includes("First hold the statement")]).to.deep.equal([1, true]);
    await world.node.start();
    expect(await reconcile()).to.include({ lines: 2, agreed: 1, breaks: 1 });
    const [lost] = await world.list<ReconciliationBreak>("/v1/breaks");
    expect(lost).to.deep.include({ kind: "extra", found: { value: "24.60", currency: "EUR" } });
    expect(booked.map(({ bankRequestId }) => bankRequestId)).to.include(lost?.bankRequestId);
    expect(await tryToPay("lost")).to.deep.equal([503, "STORE_RESTORED"]);

    await world.node.stop();
    const freed = await doctor("--reconciled", "Ada: gave the payer the 24.60 back at the bank");
    expect([freed.code, freed.stdout.includes("1 booking of the bank")], freed.stderr).to.deep.equal([0, true]);
    await world.node.start();
    await payAll("lost");
    const ids = (await world.bank.ledger()).map(({ bankRequestId }) => bankRequestId);
    expect(ids).to.have.length(booked.length + 1);
    expect(new Set(ids).size, "ids that were used once").to.equal(ids.length);
    await atRest(world);
    const decided = (await world.list<{ what: string }>("/v1/audit")).map(({ what }) => what);
    expect(decided.filter((what) => what.startsWith("store."))).to.deep.equal(["store.held", "store.released"]);
    // The break that was answered for does not hold the store again.
    await reconcile();
    await stock(world, world.platforms[1] ?? "", fileOf("M", 1));
    await payAll("after");
  });

  it("is noticed by the first statement, when nobody said so", async () => {
    await putBack();
    await world.node.start();
    expect(await reconcile()).to.include({ agreed: 1 });
    expect(await tryToPay("unsaid")).to.deep.equal([503, "STORE_RESTORED"]);
  });
});
