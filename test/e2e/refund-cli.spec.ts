/** `mergepay refund` as an operator runs it, against a running server. */
import { expect } from "chai";
import type { Payment } from "../../schemas/types.generated.ts";
import { mergepay } from "../support/cluster.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { ended, fileOf, openShop, pay, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

describe("mergepay refund", function () {
  this.timeout(60_000);
  let world: World;
  let payment: Payment;

  const refund = async (...args: readonly string[]) => {
    const key = "bearer" in world.operator ? world.operator.bearer : "";
    const env = { MERGEPAY_URL: await world.node.url(), MERGEPAY_OPERATOR_KEY: key };
    return mergepay(["refund", payment.id, "--reason", "cold tea", ...args], env);
  };

  before(async () => {
    world = await openWorld();
    await openShop(world);
    const [alpha = ""] = world.platforms;
    await stock(world, alpha, fileOf("C", 2));
    payment = await ended(world, (await pay(world, "cli")).body);
    await atRest(world);
  });
  after(() => world.remove());

  it("shows who would give back what and moves nothing, then does just that, once", async () => {
    const shown = await refund("--amount", "10.00 EUR");
    expect(shown.code, shown.stderr).to.equal(0);
    expect(shown.stdout).to.match(/C-0 +alpha-shop/);
    expect(shown.stdout).to.include("10.00 EUR of 2 orders would go back; 14.60 EUR would be left.");
    const [, fingerprint = ""] = /--confirm ([0-9a-f]{64})\n$/.exec(shown.stdout) ?? [];
    const refunds = async () => (await world.bank.ledger()).filter(({ kind }) => kind === "refund");
    expect(await refunds()).to.have.length(0);

    const done = await refund("--amount", "10.00 EUR", "--confirm", fingerprint);
    expect(done.stdout, done.stderr).to.match(/^rfd_[0-9a-z]{26} succeeded\n$/);
    const again = await refund("--amount", "10.00 EUR", "--confirm", fingerprint);
    expect(again.stdout).to.equal(done.stdout);
    expect((await refunds()).map(({ amount }) => amount.value)).to.deep.equal(["10.00"]);
  });

  it("refuses what is no amount, more than is left, and what has changed since the preview", async () => {
    const wrong = await refund("--amount", "ten");
    expect([wrong.code, wrong.stderr.includes('such as "12.30 USD"')]).to.deep.equal([1, true]);
    const tooMuch = await refund("--amount", "14.61 EUR");
    expect([tooMuch.code, tooMuch.stderr.includes("[REFUND_TOO_LARGE]")]).to.deep.equal([1, true]);
    const stale = await refund("--amount", "1.00 EUR", "--confirm", "0".repeat(64));
    expect([stale.code, stale.stderr.includes("[PREVIEW_STALE]")]).to.deep.equal([1, true]);
  });

  it("leaves books that agree", async () => {
    await atRest(world);
    await auditAll(world);
  });
});
