/** What a quote and a payment cost, and what is left to do after a crash, with so many payments stored before. */
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { given, tell } from "../child.ts";
import { benchNode, type NodeParams } from "../node.ts";
import { knownPayer, newPayer } from "../payer.ts";

export interface StoredParams extends NodeParams {
  readonly platform: string;
  /** Open orders of one buyer, imported first; absent: they are there. */
  readonly file?: string;
  /** Payments of one order each are made until there are so many. */
  readonly payments: number;
  readonly atOnce: number;
  /** Payments of each kind that are measured. */
  readonly measured: number;
  /** Payments that are under way when the process ends at once, all of them known to the bank. */
  readonly underWay: number;
}

/** Milliseconds for one. */
export interface StoredResult {
  readonly oneOrderMs: number;
  readonly tenOrdersMs: number;
  readonly thousandOrdersMs: number;
  readonly quoteOfTenMs: number;
  readonly quoteOfThousandMs: number;
}

const { platform, file, payments, atOnce, measured, underWay, ...nodeParams } = given<StoredParams>();
let sent = 0;
let dying = false;
const node = await benchNode(platform, nodeParams, (point) => {
  // The last of them takes the process along: the bank has booked them all, and nothing of it is written here.
  if (!dying || point !== "payment.sent") return;
  sent += 1;
  if (sent === underWay) process.kill(process.pid, "SIGKILL");
  throw new Error("The process is about to end.");
});
const payer = file === undefined ? await knownPayer(node) : await newPayer(node, platform, file);
const { call, store } = node;

async function quote(orders: readonly string[], times: number): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < times; i += 1) await call("merge-pay.quote", { userId: payer.userId, selection: { orders } });
  return (performance.now() - began) / times;
}

const stored = await store.collection<StoredPayment>(PAYMENTS);
const before = await stored.countDocuments({});
await payer.paying(payments - before, 1, atOnce);
/** Of a thousand orders as many as of ten would be a thousand times the work. */
const few = Math.ceil(measured / 50);
const open = payer.take(1_000);
await quote(open.slice(0, 10), few);
const result: StoredResult = {
  oneOrderMs: (await payer.paying(measured, 1, 1)) / measured,
  tenOrdersMs: (await payer.paying(measured, 10, 1)) / measured,
  thousandOrdersMs: (await payer.paying(few, 1_000, 1)) / few,
  quoteOfTenMs: await quote(open.slice(0, 10), measured),
  quoteOfThousandMs: await quote(open, few),
};
await tell(result);
dying = true;
await Promise.allSettled(Array.from({ length: underWay }, () => payer.pay(1)));
