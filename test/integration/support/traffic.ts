/** What goes on while a link between two nodes and the rest is broken. */
import { expect } from "chai";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { PAYOUTS, RUNS, type StoredPayout, type StoredRun } from "../../../core/payouts/model.ts";
import { LINES, type StoredLine } from "../../../core/settlement/model.ts";
import type { Payment, PayoutPreview } from "../../../schemas/types.generated.ts";
import { until } from "../../support/process.ts";
import { type Client, PATIENCE_MS } from "./clients.ts";
import { NODES, type NodeName, PAYER, type Pair } from "./pair.ts";

export interface Scene {
  readonly pair: Pair;
  readonly client: Client;
  /** Begins the keys of the scene. */
  readonly name: string;
}

export interface Act {
  /** What clients ask first. Resolves when each has had an answer of some kind. */
  begin(): Promise<unknown>;
  /** Whether the nodes are in the midst of it. */
  begun(): Promise<boolean>;
  /** Once all links are whole again: until each client has its last word. */
  finish(): Promise<void>;
}

/** Makes ready what must be there before a link breaks. */
export type Traffic = (scene: Scene) => Promise<Act>;

const paymentOf = async ({ pair: { store } }: Scene, idempotencyKey: string): Promise<StoredPayment | null> =>
  (await store.collection<StoredPayment>(PAYMENTS)).findOne({ userId: PAYER, idempotencyKey });

/** Why a payment may not succeed at once after a fault: its node has only just heard of the bank again, or is overtaken; a late lock is about to be opened. */
const NOT_YET: readonly unknown[] = ["failed", "expired", "ORDERS_UNAVAILABLE"];

/** What was not paid is free to be paid anew, under other keys. */
async function payAnew({ client }: Scene, key: string, orders: readonly string[]): Promise<void> {
  let tries = 0;
  await until(
    `${key} to be paid anew`,
    async () => {
      tries += 1;
      const { body } = await client.pay("B", `${key}-anew-${tries}`, orders);
      if (body.state !== "succeeded") expect(NOT_YET, JSON.stringify(body)).to.include(body.code ?? body.state);
      return body.state === "succeeded";
    },
    PATIENCE_MS,
  );
}

/** Six clients at both nodes pay the same with one key. */
export const oneKey: Traffic = async (scene) => {
  const { pair, client, name } = scene;
  const orders = pair.take(2);
  const key = `${name}-one-key`;
  return {
    begin: () => Promise.all([...NODES, ...NODES, ...NODES].map((node) => client.payOnce(node, key, orders))),
    begun: async () => (await paymentOf(scene, key)) !== null,
    async finish() {
      const words = await Promise.all(NODES.map((node) => client.pay(node, key, orders)));
      expect(new Set(words.map(({ body }) => body.id)).size, "payments of one key").to.equal(1);
      if (words[0]?.body.state !== "succeeded") await payAnew(scene, key, orders);
    },
  };
};

/** Six clients pay with keys of their own, each three orders in a row, two of which the next client wants too. */
export const overlapping: Traffic = async (scene) => {
  const { pair, client, name } = scene;
  const orders = pair.take(8);
  const pays = Array.from({ length: 6 }, (_, index) => ({
    node: NODES[index % 2] ?? "A",
    key: `${name}-overlapping-${index}`,
    own: orders.slice(index, index + 3),
  }));
  return {
    begin: () => Promise.all(pays.map(({ node, key, own }) => client.payOnce(node, key, own))),
    begun: async () =>
      (await Promise.all(pays.map(({ key }) => paymentOf(scene, key)))).some((found) => found !== null),
    async finish() {
      const words = await Promise.all(pays.map(({ node, key, own }) => client.pay(node, key, own)));
      const paid = words.flatMap(({ body }, index) => (body.state === "succeeded" ? (pays[index]?.own ?? []) : []));
      expect(new Set(paid).size, "orders that are paid once").to.equal(paid.length);
      const left = orders.filter((order) => !paid.includes(order));
      if (left.length > 0) await payAnew(scene, name, left);
    },
  };
};

/** Payments at both nodes, each cancelled at the other one as soon as it is there. */
export const cancelRace: Traffic = async (scene) => {
  const { pair, client, name } = scene;
  const pays = pair.take(4).map((order, index): { node: NodeName; at: NodeName; key: string; own: string[] } => ({
    node: index % 2 === 0 ? "A" : "B",
    at: index % 2 === 0 ? "B" : "A",
    key: `${name}-cancelled-${index}`,
    own: [order],
  }));
  /** Keys that a node has said are cancelled. */
  const cancelled = new Set<string>();
  let over = false;
  let cancels: Promise<void>[] = [];
  async function cancel({ at, key }: (typeof pays)[number]): Promise<void> {
    const found = await until(key, async () => (await paymentOf(scene, key)) ?? (over && "none"), PATIENCE_MS);
    if (found === "none") return;
    const { status, body } = await client.once<Payment>(at, `/v1/payments/${found._id}/cancel`, pair.payer, {});
    if (status === 200) cancelled.add(key);
    else expect(body.code).to.be.oneOf(["STATE_REFUSED", "STORE_UNAVAILABLE", "OVERLOADED"]);
  }
  return {
    async begin() {
      cancels = pays.map(cancel);
      // Who cancels may have to wait until the links are whole again.
      for (const each of cancels) each.catch(() => undefined);
      await Promise.all(pays.map(({ node, key, own }) => client.payOnce(node, key, own)));
      over = true;
    },
    begun: async () =>
      (await Promise.all(pays.map(({ key }) => paymentOf(scene, key)))).some((found) => found !== null),
    async finish() {
      await Promise.all(cancels);
      await Promise.all(
        pays.map(async ({ node, key, own }) => {
          const { body } = await client.pay(node, key, own);
          if (cancelled.has(key)) expect(body.state, `${key}, which is cancelled`).to.equal("cancelled");
          if (body.state !== "succeeded") await payAnew(scene, key, own);
        }),
      );
    },
  };
};

/** Merchants are paid out by the run of the day at both nodes, and by an operator at B. */
export const payDay: Traffic = async (scene) => {
  const { pair, client, name } = scene;
  const { operator } = pair.access;
  await payAnew(scene, name, pair.take(4));
  const runs = await pair.store.collection<StoredRun>(RUNS);
  const payouts = await pair.store.collection<StoredPayout>(PAYOUTS);
  const lines = await pair.store.collection<StoredLine>(LINES);
  const before = await payouts.countDocuments({});
  const unpaid = () => lines.countDocuments({ state: { $ne: "paid_out" } });
  await until("the lines", async () => (await unpaid()) >= 4, PATIENCE_MS);

  async function run(): Promise<void> {
    const preview = await client.once<PayoutPreview>("B", "/v1/payouts/preview", operator, {});
    if (preview.status !== 200) return;
    const { confirmation } = preview.body;
    // Stale: what it showed was begun by the run of the day.
    const { status } = await client.once("B", "/v1/payouts/run", operator, { confirmation });
    expect(status).to.be.oneOf([202, 409, 503]);
  }
  return {
    async begin() {
      await runs.deleteMany({});
      await run();
    },
    begun: async () => (await payouts.countDocuments({})) > before,
    async finish() {
      await until(
        "the merchants to be paid",
        async () => {
          await run();
          return (await unpaid()) === 0;
        },
        PATIENCE_MS,
      );
    },
  };
};
