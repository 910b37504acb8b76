/** Holds the store, the bank's ledger and what the platforms were told against each other, once nothing is under way. */
import { expect } from "chai";
import { MergepayError } from "../../../core/errors/errors.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { DELIVERIES, EVENTS, type StoredDelivery, type StoredEvent } from "../../../core/notify/model.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import { PAYOUTS, type StoredPayout } from "../../../core/payouts/model.ts";
import { auditPayouts } from "../../support/audit-payouts.ts";
import { audit } from "../../support/audit.ts";
import { until } from "../../support/process.ts";
import { PATIENCE_MS } from "./clients.ts";
import type { Pair } from "./pair.ts";

/** How much is under way, by what it is. */
async function underWay({ store }: Pair): Promise<Readonly<Record<string, number>>> {
  const payments = await store.collection<StoredPayment>(PAYMENTS);
  const orders = await store.collection<StoredOrder>(ORDERS);
  const payouts = await store.collection<StoredPayout>(PAYOUTS);
  const deliveries = await store.collection<StoredDelivery>(DELIVERIES);
  return {
    payments: await payments.countDocuments({ state: { $in: ["locking", "submitting", "unknown"] } }),
    unsettled: await payments.countDocuments({ state: "succeeded", dueAt: { $ne: null } }),
    untold: await payments.countDocuments({ eventsPending: true }),
    locked: await orders.countDocuments({ state: "locked" }),
    payouts: await payouts.countDocuments({ dueAt: { $ne: null } }),
    deliveries: await deliveries.countDocuments({ state: "pending" }),
  };
}

/** Each event is told at least once, always under its id, and of one aggregate none before the one ahead of it. */
async function auditTold({ store, receiver }: Pair): Promise<void> {
  const feed = await (await store.collection<StoredEvent>(EVENTS)).find({}).toArray();
  expect(receiver.refused, "deliveries with a wrong signature").to.deep.equal([]);
  for (const { webhookId, event } of receiver.told) expect(event.id).to.equal(webhookId);
  const toTell = feed.filter(({ platform }) => platform !== undefined);
  const firsts = [...new Map(receiver.told.map(({ event }) => [event.id, event])).values()];
  expect(firsts.map(({ id }) => id)).to.have.members(toTell.map(({ _id }) => _id));
  for (const [about, events] of Map.groupBy(firsts, ({ aggregate, platform }) => `${aggregate} for ${platform}`)) {
    const sequences = events.map(({ sequence }) => sequence);
    expect(sequences, about).to.deep.equal(sequences.map((_, index) => index + 1));
  }
}

async function auditAll(pair: Pair): Promise<void> {
  const ledger = await pair.bank.ledger();
  const [debits, payouts] = (["debit", "payout"] as const).map((kind) => ledger.filter((each) => each.kind === kind));
  await audit(pair.store, debits ?? [], { atRest: true });
  await auditPayouts(pair.store, payouts ?? [], { atRest: true });
  await auditTold(pair);
}

/** A store that the test's own connection can't reach is not at rest: of a new primary it may hear later than the nodes do. */
function away(error: unknown): Readonly<Record<string, number>> {
  if (error instanceof MergepayError && error.type === "STORE_UNAVAILABLE") return { unreachable: 1 };
  throw error;
}

/** Waits until nothing is under way, and then for books that agree: what a node did in its sleep may come to light a moment later. */
export async function atRest(pair: Pair): Promise<void> {
  let left = "";
  await until(
    "everything to come to rest",
    async () => {
      const counts = await underWay(pair).catch(away);
      left = JSON.stringify(counts);
      return Object.values(counts).every((count) => count === 0);
    },
    PATIENCE_MS,
  ).catch((error: unknown) => {
    throw new Error(`Not at rest: ${left}`, { cause: error });
  });
  let last: unknown;
  await until("books that agree", () =>
    auditAll(pair).then(
      () => true,
      (error: unknown) => {
        last = error;
        return false;
      },
    ),
  ).catch(() => {
    throw last;
  });
}
