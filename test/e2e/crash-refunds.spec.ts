import { expect } from "chai";
import type { Point } from "../../core/deps.ts";
import type { Event, Payment, Refund, RefundPreview } from "../../schemas/types.generated.ts";
import { onEachEngine } from "./support/engines.ts";
import { inTurn } from "./support/in-turn.ts";
import { atRest, auditAll, auditNow } from "./support/rest.ts";
import { ended, fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

type RefundPoint = Extract<Point, `refund.${string}`>;

/** All points of the way of a refund that core names: a new one without a row does not compile. */
const POINTS: Readonly<Record<RefundPoint, string>> = {
  "refund.inserted": "a refund is recorded, nothing is held back for it",
  "refund.held": "what it takes is held back, the instruction is not durable",
  "refund.attempt-durable": "the instruction is durable, nothing is sent",
  "refund.sent": "the bank's answer is read, not written",
  "refund.answer-written": "the bank's answer is written, nothing follows yet",
  "refund.payment-noted": "the payment shows it, orders, lines and journal may be missing",
  "refund.orders-noted": "the orders show it, lines and journal may be missing",
  "refund.lines-written": "its settlement lines are there, the journal may be missing",
  "refund.journal-written": "the journal is written, platforms are not told",
};
const ROWS = Object.entries(POINTS) as [RefundPoint, string][];
const OWN = 3;
/** 3 orders of 12.30 on each of two platforms. */
const HALF = { value: "36.90", currency: "EUR" };

/** A payment, and a half of it given back by a client that does not give up, over the death of the node at a point. */
async function dieAt(world: World, at: RefundPoint, index: number): Promise<void> {
  const [alpha = "", beta = ""] = world.platforms;
  const { operator: proof } = world;
  await stock(world, alpha, fileOf(`F${index}a`, OWN));
  await stock(world, beta, fileOf(`F${index}b`, OWN));
  const orders = (await inbox(world)).map(({ id }) => id);
  const payment = await ended(world, (await pay(world, `pay-${index}`, { orders })).body);
  expect(payment.state).to.equal("succeeded");
  await atRest(world);
  const before = { deaths: world.node.deaths().length, lines: (await world.bank.ledger()).length };

  const asked = { paymentId: payment.id, amount: HALF };
  const preview = await world.insist<RefundPreview>("/v1/refunds/preview", { proof, json: asked });
  expect(preview.status, JSON.stringify(preview.body)).to.equal(200);
  const json = { ...asked, reason: "cold tea", fingerprint: preview.body.fingerprint };
  await world.node.die({ at });
  const opened = await world.insist<Refund>("/v1/refunds", { proof, json, key: `refund-${index}` });
  expect(opened.status, JSON.stringify(opened.body)).to.be.oneOf([200, 201, 202]);
  await atRest(world);

  expect(world.node.deaths().slice(before.deaths)).to.deep.equal([at]);
  const { body } = await world.insist<Refund>(`/v1/refunds/${opened.body.id}`, { proof });
  expect(body).to.deep.include({ state: "succeeded", amount: HALF });
  const lines = (await world.bank.ledger()).slice(before.lines);
  expect(lines.map(({ kind, amount }) => ({ kind, amount }))).to.deep.equal([{ kind: "refund", amount: HALF }]);
  const { body: shown } = await world.insist<Payment>(`/v1/payments/${payment.id}`, { proof });
  expect(shown.refundedTotal).to.deep.equal(HALF);
  // The key is good for the same answer.
  const again = await world.insist<Refund>("/v1/refunds", { proof, json, key: `refund-${index}` });
  expect([again.status, again.body.id]).to.deep.equal([200, body.id]);
  const told = (await world.list<Event>("/v1/events")).filter(({ aggregate }) => aggregate === body.id);
  // Where the answer was lost, the payer heard of that too.
  const ends = told.map(({ type }) => type).filter((type) => type !== "refund.unknown");
  expect(ends.toSorted()).to.deep.equal(["orders.refunded", "orders.refunded", "refund.succeeded"]);
}

/** Each row is the death of one node, which then goes on with the next row; audited after every death and at the end. */
onEachEngine("A node that is killed in the midst of a refund and started again on the same data", (open) => {
  let world: World;
  let runs: readonly Promise<void>[];
  before(async function () {
    this.timeout(240_000);
    world = await open({ buried: auditNow });
    await openShop(world);
    const works = ROWS.map(
      ([at], index) =>
        () =>
          dieAt(world, at, index),
    );
    runs = inTurn([...works, () => atRest(world).then(() => auditAll(world))]);
  });

  for (const [index, [at, what]] of ROWS.entries())
    it(`goes on when ${what} (${at})`, () => runs[index]).timeout(240_000);

  it("leaves books that agree after all of it", () => runs.at(-1)).timeout(240_000);
});
