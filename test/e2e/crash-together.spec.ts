import { expect } from "chai";
import type { Point } from "../../core/deps.ts";
import type { Payment, Quote } from "../../schemas/types.generated.ts";
import { line } from "../support/plugins.ts";
import { inTurn } from "./support/in-turn.ts";
import { atRest, auditAll, auditNow } from "./support/rest.ts";
import { BUYER, ended, fileOf, inbox, openShop, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

/** Where the node dies in the midst of a confirmation over two currencies, at which time of reaching the point, and how both payments end. */
const ROWS: readonly { readonly at: Point; readonly count?: number; readonly what: string; readonly ends: string }[] = [
  { at: "payment.inserted", what: "the first payment is recorded, the other is not", ends: "expired" },
  { at: "payment.others-inserted", what: "all payments are recorded, nothing is locked", ends: "expired" },
  { at: "payment.orders-locked", what: "the orders of one currency are locked", ends: "expired" },
  { at: "payment.orders-locked", count: 2, what: "all orders are locked, nothing is durable", ends: "expired" },
];
const OWN = 2;

async function payBy(world: World, key: string, { id: quoteId, fingerprint }: Quote, accounts: readonly unknown[]) {
  const { body } = await world.insist<{ payments: readonly Payment[] }>("/v1/payments", {
    proof: world.payer,
    json: { quoteId, fingerprint, accounts },
    key,
  });
  return body.payments;
}

/** A payer pays in two currencies as a client that does not give up, over the death of the node at a point. */
async function dieAt(world: World, index: number, accounts: readonly unknown[]): Promise<void> {
  const { at, count = 1, ends } = ROWS[index] ?? expect.fail();
  const [alpha = "", beta = ""] = world.platforms;
  await stock(world, alpha, fileOf(`T${index}a`, OWN) + line(`T${index}y`, "500", { currency: "JPY", buyer: BUYER }));
  await stock(world, beta, fileOf(`T${index}b`, OWN));
  const orders = (await inbox(world)).map(({ id }) => id);
  expect(orders).to.have.length(2 * OWN + 1);
  await atRest(world);
  const before = { deaths: world.node.deaths().length, lines: (await world.bank.ledger()).length };
  const json = { orders: "all" };
  const { body: quote } = await world.insist<Quote>("/v1/quotes", { proof: world.payer, json });
  await world.node.die({ at, count });
  const first = await payBy(world, `first-${index}`, quote, accounts);
  expect(first.map(({ total }) => total.currency)).to.deep.equal(["EUR", "JPY"]);
  for (const payment of first) expect((await ended(world, payment)).state).to.equal(ends);
  expect(world.node.deaths().slice(before.deaths)).to.deep.equal([at]);
  expect((await world.bank.ledger()).length, "debits of what has expired").to.equal(before.lines);
  const second = await payBy(world, `second-${index}`, quote, accounts);
  for (const payment of second) expect((await ended(world, payment)).state).to.equal("succeeded");
  await atRest(world);
  const debits = (await world.bank.ledger()).slice(before.lines).map(({ amount }) => amount);
  expect(debits).to.have.deep.members(second.map(({ total }) => total));
  // The keys are good for the same answers.
  const again = await payBy(world, `first-${index}`, quote, accounts);
  expect(again.map(({ id }) => id)).to.deep.equal(first.map(({ id }) => id));
  expect(await inbox(world)).to.have.length(0);
}

describe("A node that is killed in the midst of a confirmation over two currencies and started again on the same data", () => {
  let world: World;
  let runs: readonly Promise<void>[];
  before(async function () {
    this.timeout(30_000);
    world = await openWorld({ buried: auditNow });
    await openShop(world);
    const token = await world.bank.openAccount({ value: "1000000", currency: "JPY" });
    const { body } = await world.insist<{ id: string }>("/v1/accounts", {
      proof: world.payer,
      json: { bank: "sandbox", token, label: "Yen" },
    });
    const accounts = [{ currency: "JPY", accountId: body.id }];
    const works = ROWS.map((_, index) => () => dieAt(world, index, accounts));
    runs = inTurn([...works, () => atRest(world).then(() => auditAll(world))]);
  });
  after(() => world.remove());

  for (const [index, { at, what }] of ROWS.entries())
    it(`loses no payment when ${what} (${at})`, () => runs[index]).timeout(60_000);

  it("leaves books that agree after all of it", () => runs.at(-1)).timeout(60_000);
});
