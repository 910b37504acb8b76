import { expect } from "chai";
import { ANSWER } from "../../plugins/bank-adapter/banks/sandbox/bank/challenges.ts";
import type { Payment, Refund, Review } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { fileOf, inbox, pay, stock } from "./support/shop.ts";
import { PATIENCE_MS, type World } from "./support/world.ts";

/** A payment that its payer cancels at Mergepay, and then allows at the bank all the same: money that is held for operators. */
async function payLate(world: World, key: string): Promise<Payment> {
  const { payer, operator } = world;
  for (const platform of world.platforms) await stock(world, platform, fileOf(key, 1));
  await world.bank.script({ on: "debit", fault: "challenge" });
  const orders = (await inbox(world)).map(({ id }) => id);
  const { body: asked } = await pay(world, key, { orders });
  expect(asked, JSON.stringify(asked)).to.include({ state: "requires_action" });
  const { id, deduction, challenge } = asked;
  const cancelled = await world.insist<Payment>(`/v1/payments/${id}/cancel`, { proof: payer, method: "POST" });
  expect(cancelled.body, JSON.stringify(cancelled.body)).to.include({ state: "cancelled" });
  await world.bank.confirm(deduction?.bankRequestId ?? "", challenge?.id ?? "", ANSWER);
  const held = async () => {
    const { body } = await world.insist<Payment>(`/v1/payments/${id}`, { proof: operator });
    return body.needsReview === true && body;
  };
  return until("the late money to be found", held, PATIENCE_MS);
}

crashes({
  while: "gives late money back",
  kills: KILLS.late,
  async survive(world, _, index, die) {
    const { operator: proof, reviewer } = world;
    const before = (await world.bank.ledger()).length;
    const { id, total } = await payLate(world, `L${index}`);
    const evidence = { text: "The payer wants it back.", reference: `call ${index}` };
    const json = { decision: "refund", evidence };
    const { body: review } = await world.insist<Review>(`/v1/reviews/${id}/proposals`, { proof, json });
    await die();
    const approval = `/v1/reviews/${id}/proposals/${review.proposal?.id}/approve`;
    await world.insist(approval, { proof: reviewer, method: "POST" });
    const isBack = async () => {
      const { body } = await world.insist<Payment>(`/v1/payments/${id}`, { proof });
      return body.refundedTotal?.value === total.value && body.needsReview !== true;
    };
    await until("the money to go back", isBack, PATIENCE_MS);
    await atRest(world);

    const lines = (await world.bank.ledger()).slice(before);
    expect(lines.map(({ kind, amount }) => ({ kind, amount }))).to.deep.equal([
      { kind: "debit", amount: total },
      { kind: "refund", amount: total },
    ]);
    const refunds = (await world.list<Refund>("/v1/refunds")).filter(({ paymentId }) => paymentId === id);
    expect(refunds.map(({ state, amount }) => ({ state, amount }))).to.deep.equal([
      { state: "succeeded", amount: total },
    ]);
    // Its orders are open: they are paid by another payment.
    const { body: other } = await pay(world, `again-${index}`, {
      orders: (await inbox(world)).map((order) => order.id),
    });
    expect(other).to.deep.include({ state: "succeeded", total });
  },
});
