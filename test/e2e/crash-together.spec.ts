import { expect } from "chai";
import type { Payment, Quote } from "../../schemas/types.generated.ts";
import { line } from "../support/plugins.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { BUYER, ended, fileOf, inbox, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

const OWN = 2;
const accounts = new WeakMap<World, { currency: string; accountId: string }[]>();

async function payBy(world: World, key: string, { id: quoteId, fingerprint }: Quote): Promise<readonly Payment[]> {
  const json = { quoteId, fingerprint, accounts: accounts.get(world) };
  const { body } = await world.insist<{ payments: readonly Payment[] }>("/v1/payments", {
    proof: world.payer,
    json,
    key,
  });
  return body.payments;
}

/** A payer pays in two currencies as a client that does not give up: nothing of the first try was sent, all of the second is taken once. */
crashes({
  while: "takes a confirmation over two currencies",
  kills: KILLS.together,
  async prepare(world) {
    const token = await world.bank.openAccount({ value: "1000000", currency: "JPY" });
    const json = { bank: "sandbox", token, label: "Yen" };
    const { body } = await world.insist<{ id: string }>("/v1/accounts", { proof: world.payer, json });
    accounts.set(world, [{ currency: "JPY", accountId: body.id }]);
  },
  async survive(world, _, index, die) {
    const [alpha = "", beta = ""] = world.platforms;
    await stock(world, alpha, fileOf(`T${index}a`, OWN) + line(`T${index}y`, "500", { currency: "JPY", buyer: BUYER }));
    await stock(world, beta, fileOf(`T${index}b`, OWN));
    expect(await inbox(world)).to.have.length(2 * OWN + 1);
    await atRest(world);
    const before = (await world.bank.ledger()).length;
    const json = { orders: "all" };
    const { body: quote } = await world.insist<Quote>("/v1/quotes", { proof: world.payer, json });
    await die();
    const first = await payBy(world, `first-${index}`, quote);
    expect(first.map(({ total }) => total.currency)).to.deep.equal(["EUR", "JPY"]);
    for (const payment of first) expect((await ended(world, payment)).state).to.equal("expired");
    expect((await world.bank.ledger()).length, "debits of what has expired").to.equal(before);
    const second = await payBy(world, `second-${index}`, quote);
    for (const payment of second) expect((await ended(world, payment)).state).to.equal("succeeded");
    await atRest(world);
    const debits = (await world.bank.ledger()).slice(before).map(({ amount }) => amount);
    expect(debits).to.have.deep.members(second.map(({ total }) => total));
    // The keys are good for the same answers.
    const again = await payBy(world, `first-${index}`, quote);
    expect(again.map(({ id }) => id)).to.deep.equal(first.map(({ id }) => id));
    expect(await inbox(world)).to.have.length(0);
  },
});
