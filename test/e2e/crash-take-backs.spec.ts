import { expect } from "chai";
import type { Point } from "../../core/deps.ts";
import type { Order, TakeBack } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { onEachEngine } from "./support/engines.ts";
import { inTurn } from "./support/in-turn.ts";
import { atRest, auditAll, auditNow } from "./support/rest.ts";
import { ended, fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

type TakeBackPoint = Extract<Point, `take-back.${string}`>;

/** All points of the way of a take-back that core names: a new one without a row does not compile. */
const POINTS: Readonly<Record<TakeBackPoint, string>> = {
  "take-back.noted": "an order is to be taken back, and does not say so",
  "take-back.refund-opened": "its refund is opened, and the take-back does not know it",
};
const ROWS = Object.entries(POINTS) as [TakeBackPoint, string][];

/** A paid order is taken back by somebody who does not give up, over the death of the node at a point: its money goes back once. */
async function dieAt(world: World, at: TakeBackPoint, index: number): Promise<void> {
  const [alpha = ""] = world.platforms;
  const { operator: proof } = world;
  await stock(world, alpha, fileOf(`T${index}`, 2));
  const orders = (await inbox(world)).map(({ id }) => id);
  const [orderId = ""] = orders;
  const payment = await ended(world, (await pay(world, `pay-${index}`, { orders })).body);
  expect(payment.state).to.equal("succeeded");
  await atRest(world);
  const before = { deaths: world.node.deaths().length, lines: (await world.bank.ledger()).length };

  await world.node.die({ at });
  const asked = await world.insist<Order>(`/v1/orders/${orderId}/cancel`, { proof, json: { reason: "Sold out." } });
  expect(asked.status, JSON.stringify(asked.body)).to.equal(202);
  const look = async () => {
    const { body } = await world.insist<TakeBack>(`/v1/take-backs/${orderId}`, { proof });
    return body.state === "refunded" ? body : undefined;
  };
  await until("the money to go back", look, 40_000);
  await atRest(world);

  expect(world.node.deaths().slice(before.deaths)).to.deep.equal([at]);
  const lines = (await world.bank.ledger()).slice(before.lines);
  const { body: order } = await world.insist<Order>(`/v1/orders/${orderId}`, { proof });
  expect(lines.map(({ kind, amount }) => ({ kind, amount }))).to.deep.equal([{ kind: "refund", amount: order.amount }]);
  expect(order).to.deep.include({ refunded: order.amount });
  expect(order.cancelRequest).to.include({ reason: "Sold out." });
}

/** Each row is the death of one node, which then goes on with the next row; audited after every death and at the end. */
onEachEngine("A node that is killed while an order is taken back and started again on the same data", (open) => {
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
