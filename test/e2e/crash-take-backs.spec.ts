import { expect } from "chai";
import type { Order, TakeBack } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, pay, stock } from "./support/shop.ts";

/** A paid order is taken back by somebody who does not give up: its money goes back once. */
crashes({
  while: "takes an order back",
  kills: KILLS.takeBacks,
  async survive(world, _, index, die) {
    const [alpha = ""] = world.platforms;
    const { operator: proof } = world;
    await stock(world, alpha, fileOf(`T${index}`, 2));
    const orders = (await inbox(world)).map(({ id }) => id);
    const [orderId = ""] = orders;
    const payment = await ended(world, (await pay(world, `pay-${index}`, { orders })).body);
    expect(payment.state).to.equal("succeeded");
    await atRest(world);
    const before = (await world.bank.ledger()).length;

    await die();
    const asked = await world.insist<Order>(`/v1/orders/${orderId}/cancel`, { proof, json: { reason: "Sold out." } });
    expect(asked.status, JSON.stringify(asked.body)).to.equal(202);
    const look = async () => {
      const { body } = await world.insist<TakeBack>(`/v1/take-backs/${orderId}`, { proof });
      return body.state === "refunded" ? body : undefined;
    };
    await until("the money to go back", look, 40_000);
    await atRest(world);

    const lines = (await world.bank.ledger()).slice(before);
    const { body: order } = await world.insist<Order>(`/v1/orders/${orderId}`, { proof });
    expect(lines.map(({ kind, amount }) => ({ kind, amount }))).to.deep.equal([
      { kind: "refund", amount: order.amount },
    ]);
    expect(order).to.deep.include({ refunded: order.amount });
    expect(order.cancelRequest).to.include({ reason: "Sold out." });
  },
});
