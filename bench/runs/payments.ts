/** Payments of ten orders each, one after the other and several at a time, beside as many bare durable writes. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ORDERS, type StoredOrder } from "../../core/orders/model.ts";
import { LINES, type StoredLine } from "../../core/settlement/model.ts";
import { PRAGMAS } from "../../core/store/embedded/engine.ts";
import { answer, given } from "../child.ts";
import { benchNode, importFile, type NodeParams } from "../node.ts";

export interface PaymentsParams extends NodeParams {
  readonly platform: string;
  /** Open orders of one buyer, enough for all payments. */
  readonly file: string;
  readonly payments: number;
  readonly atOnce: number;
  readonly rounds: number;
  readonly warmUp: number;
}

/** Milliseconds for all payments of a round, one entry a round. */
export interface PaymentsResult {
  readonly oneByOneMs: readonly number[];
  readonly atOnceMs: readonly number[];
  readonly writesMs: readonly number[];
}

const ORDERS_EACH = 10;
const userId = "usr_bench";
const OPENING = { value: "9000000000.00", currency: "USD" };

const { platform, file, payments, atOnce, rounds, warmUp, ...nodeParams } = given<PaymentsParams>();
const node = await benchNode(platform, nodeParams);
const { call, store } = node;

async function ordersToPay(): Promise<string[]> {
  await importFile(node, platform, file);
  const orders = await store.collection<StoredOrder>(ORDERS);
  const { buyerId } = (await orders.findOne({})) ?? {};
  if (buyerId === undefined) throw new Error("The orders of the file have no buyer.");
  await call("links.create", { platform, userId, buyerId });
  const own = await orders
    .find({ userId }, { projection: { _id: 1 } })
    .sort({ _id: 1 })
    .toArray();
  return own.map(({ _id }) => _id);
}

async function openAccount(): Promise<void> {
  const { items } = await call("bank-adapter.banks", {});
  const [{ bank } = { bank: "" }] = items;
  const { accountToken } = await call("bank-adapter.openTestAccount", { bank, opening: OPENING });
  await call("accounts.create", { userId, bank, token: accountToken, label: "Bench" });
}

const orders = await ordersToPay();
await openAccount();
let paid = 0;

async function pay(): Promise<void> {
  const number = paid++;
  const selection = orders.slice(number * ORDERS_EACH, (number + 1) * ORDERS_EACH);
  const request = { orders: selection };
  const { state } = await call("merge-pay.pay", { userId, idempotencyKey: `bench-${number}`, request });
  if (state !== "succeeded" || selection.length !== ORDERS_EACH) throw new Error(`Payment ${number} is ${state}.`);
}

/** Milliseconds that so many payments take with so many under way at any time. */
async function paying(count: number, width: number): Promise<number> {
  let left = count;
  const began = performance.now();
  const payer = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await pay();
    }
  };
  await Promise.all(Array.from({ length: width }, payer));
  return performance.now() - began;
}

/** Bare writes: in each transaction ten ready documents of the size of a settlement line, on the disk when it ends. */
function bareWrites(document: string): (count: number) => number {
  const floor = new DatabaseSync(join(nodeParams.dataDir, "floor.db"));
  for (const pragma of PRAGMAS) floor.exec(`PRAGMA ${pragma}`);
  floor.exec("CREATE TABLE lines (id NOT NULL UNIQUE, doc TEXT NOT NULL)");
  const insert = floor.prepare("INSERT INTO lines (id, doc) VALUES (?, ?)");
  let written = 0;
  return (count) => {
    const began = performance.now();
    for (let number = 0; number < count; number += 1) {
      floor.exec("BEGIN IMMEDIATE");
      for (let line = 0; line < ORDERS_EACH; line += 1) insert.run(`line-${written++}`, document);
      floor.exec("COMMIT");
    }
    return performance.now() - began;
  };
}

await paying(warmUp, atOnce);
const lines = await store.collection<StoredLine>(LINES);
const write = bareWrites(JSON.stringify(await lines.findOne({})));
write(warmUp);
const oneByOneMs: number[] = [];
const atOnceMs: number[] = [];
const writesMs: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  oneByOneMs.push(await paying(payments, 1));
  writesMs.push(write(payments));
  atOnceMs.push(await paying(payments, atOnce));
}
await node.stop();
answer<PaymentsResult>({ oneByOneMs, atOnceMs, writesMs });
