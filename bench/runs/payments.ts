/** Payments of ten orders each, one after the other and several at a time, beside as many bare durable writes; then refunds and a payout. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LINES, type StoredLine } from "../../core/settlement/model.ts";
import { PRAGMAS } from "../../core/store/embedded/engine.ts";
import { answer, given } from "../child.ts";
import { benchNode, type NodeParams } from "../node.ts";
import { giveBack, type PaidOut, payOut } from "../merchant.ts";
import { newPayer } from "../payer.ts";

export interface PaymentsParams extends NodeParams {
  readonly platform: string;
  /** Open orders of one buyer, enough for all payments. */
  readonly file: string;
  readonly payments: number;
  readonly ordersEach: number;
  readonly atOnce: number;
  readonly rounds: number;
  readonly warmUp: number;
}

/** Milliseconds for all payments of a round, one entry a round. */
export interface PaymentsResult {
  readonly oneByOneMs: readonly number[];
  readonly atOnceMs: readonly number[];
  readonly writesMs: readonly number[];
  /** Refunds of a whole payment each, one by one. */
  readonly refundsMs: readonly number[];
  /** The payout of all lines that were not given back, from the call to its end. */
  readonly payout: PaidOut;
}

const { platform, file, payments, ordersEach, atOnce, rounds, warmUp, ...nodeParams } = given<PaymentsParams>();
const node = await benchNode(platform, nodeParams);
const payer = await newPayer(node, platform, file);

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
      for (let line = 0; line < ordersEach; line += 1) insert.run(`line-${written++}`, document);
      floor.exec("COMMIT");
    }
    return performance.now() - began;
  };
}

await payer.paying(warmUp, ordersEach, atOnce);
const lines = await node.store.collection<StoredLine>(LINES);
const write = bareWrites(JSON.stringify(await lines.findOne({})));
write(warmUp);
const oneByOneMs: number[] = [];
const atOnceMs: number[] = [];
const writesMs: number[] = [];
const refundsMs: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const began = performance.now();
  const made: string[] = [];
  while (made.length < payments) made.push(await payer.pay(ordersEach));
  oneByOneMs.push(performance.now() - began);
  const refunding = performance.now();
  for (const paymentId of made) await giveBack(node, paymentId);
  refundsMs.push(performance.now() - refunding);
  writesMs.push(write(payments));
  atOnceMs.push(await payer.paying(payments, ordersEach, atOnce));
}
const payout = await payOut(node);
await node.stop();
answer<PaymentsResult>({ oneByOneMs, atOnceMs, writesMs, refundsMs, payout });
