import { setTimeout as pause } from "node:timers/promises";
import { LINES, type StoredLine } from "../core/settlement/model.ts";
import { PAYOUTS, type StoredPayout } from "../core/payouts/model.ts";
import type { Node } from "../gateway/node.ts";

export interface PaidOut {
  readonly lines: number;
  readonly ms: number;
}

/** Gives a payment back whole. @throws unless that succeeds */
export async function giveBack({ call }: Node, paymentId: string): Promise<void> {
  const { state } = await call("refunds.open", {
    request: { paymentId, amount: "all" },
    reason: "Bench",
    by: "operator:bench",
    idempotencyKey: paymentId,
  });
  if (state !== "succeeded") throw new Error(`The refund of ${paymentId} is ${state}.`);
}

/** Pays out what is payable to the merchant that has the first line, from the call until nothing is left to do for it. */
export async function payOut({ call, store }: Node): Promise<PaidOut> {
  const line = await (await store.collection<StoredLine>(LINES)).findOne({});
  if (line === null) throw new Error("Nothing was paid, so that no merchant is owed anything.");
  const { platform, merchant } = line;
  const { currency } = line.net;
  const { items } = await call("bank-adapter.banks", {});
  const [{ bank } = { bank: "" }] = items;
  const { accountToken } = await call("bank-adapter.openTestAccount", { bank, opening: { value: "0.00", currency } });
  const account = { platform, merchant, currency, bank, token: accountToken, label: "Bench" };
  const { id: accountId } = await call("accounts.addForMerchant", { ...account, operatorId: "bench" });
  await call("accounts.verifyForMerchant", { accountId, operatorId: "second" });

  const payouts = await store.collection<StoredPayout>(PAYOUTS);
  const began = performance.now();
  const { confirmation } = await call("payouts.preview", { platform, merchant });
  const [begun] = (await call("payouts.run", { platform, merchant, confirmation, by: "bench" })).items;
  if (begun === undefined) throw new Error("No payout was begun.");
  for (;;) {
    const payout = await payouts.findOne({ _id: begun.id });
    if (payout?.state === "failed" || payout?.state === "cancelled") throw new Error(`The payout is ${payout.state}.`);
    if (payout?.state === "succeeded" && payout.dueAt === null)
      return { lines: payout.planned.length, ms: performance.now() - began };
    await pause(2);
  }
}
