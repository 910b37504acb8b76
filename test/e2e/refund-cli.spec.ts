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

  const as = async (who: "operator" | "reviewer", ...args: readonly string[]) => {
    const proof = world[who];
    const key = "bearer" in proof ? proof.bearer : "";
    return mergepay(["refund", ...args], { MERGEPAY_URL: await world.node.url(), MERGEPAY_OPERATOR_KEY: key });
  };
  const refund = (...args: readonly string[]) => as("operator", payment.id, "--reason", "cold tea", ...args);
  /** A refund that waits for a second operator. */
  async function waiting(amount: string): Promise<string> {
    const [, fingerprint = ""] = /--confirm ([0-9a-f]{64})\n$/.exec((await refund("--amount", amount)).stdout) ?? [];
    const asked = await refund("--amount", amount, "--confirm", fingerprint);
    const [, id = ""] = /^(rfd_[0-9a-z]{26}) awaiting_approval\n/.exec(asked.stdout) ?? [];
    expect(id, asked.stderr + asked.stdout).not.to.equal("");
    return id;
  }

  before(async () => {
    world = await openWorld({ limits: { refundFourEyes: 20 } });
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

  it("lets what waits for a second operator go by another one only, once", async () => {
    const id = await waiting("14.00 EUR");
    const own = await as("operator", "approve", id);
    expect([own.code, own.stderr.includes("[SECOND_PERSON_REQUIRED]")]).to.deep.equal([1, true]);
    const done = await as("reviewer", "approve", id);
    expect([done.code, done.stdout], done.stderr).to.deep.equal([0, `${id} succeeded\n`]);
    const again = await as("reviewer", "approve", id);
    expect([again.code, again.stderr.includes("[STATE_REFUSED]")]).to.deep.equal([1, true]);
  });

  it("refuses what waits, with a reason, and it can be asked for again", async () => {
    const id = await waiting("0.60 EUR");
    const silent = await as("reviewer", "reject", id);
    expect([silent.code, silent.stderr.includes("--reason")]).to.deep.equal([1, true]);
    const done = await as("reviewer", "reject", id, "--reason", "it was warm");
    expect([done.code, done.stdout], done.stderr).to.deep.equal([0, `${id} rejected\n`]);
    const gone = await as("reviewer", "reject", `rfd_${"0".repeat(26)}`, "--reason", "none");
    expect([gone.code, gone.stderr.includes("[NOT_FOUND]")]).to.deep.equal([1, true]);
    expect((await refund("--amount", "0.60 EUR")).stdout).to.include("0.60 EUR of");
  });

  it("leaves books that agree", async () => {
    await atRest(world);
    await auditAll(world);
  });
});
