import { expect } from "chai";
import type { Event, Payment, Refund, RefundPreview } from "../../schemas/types.generated.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, pay, stock } from "./support/shop.ts";

const OWN = 3;
/** 3 orders of 12.30 on each of two platforms. */
const HALF = { value: "36.90", currency: "EUR" };

/** A payment, and a half of it given back by a client that does not give up. */
crashes({
  while: "gives money back",
  kills: KILLS.refunds,
  async survive(world, _, index, die) {
    const [alpha = "", beta = ""] = world.platforms;
    const { operator: proof } = world;
    await stock(world, alpha, fileOf(`F${index}a`, OWN));
    await stock(world, beta, fileOf(`F${index}b`, OWN));
    const orders = (await inbox(world)).map(({ id }) => id);
    const payment = await ended(world, (await pay(world, `pay-${index}`, { orders })).body);
    expect(payment.state).to.equal("succeeded");
    await atRest(world);
    const before = (await world.bank.ledger()).length;

    const asked = { paymentId: payment.id, amount: HALF };
    const preview = await world.insist<RefundPreview>("/v1/refunds/preview", { proof, json: asked });
    expect(preview.status, JSON.stringify(preview.body)).to.equal(200);
    const json = { ...asked, reason: "cold tea", fingerprint: preview.body.fingerprint };
    await die();
    const opened = await world.insist<Refund>("/v1/refunds", { proof, json, key: `refund-${index}` });
    expect(opened.status, JSON.stringify(opened.body)).to.be.oneOf([200, 201, 202]);
    await atRest(world);

    const { body } = await world.insist<Refund>(`/v1/refunds/${opened.body.id}`, { proof });
    expect(body).to.deep.include({ state: "succeeded", amount: HALF });
    const lines = (await world.bank.ledger()).slice(before);
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
  },
});
