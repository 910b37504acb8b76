/** How long a node needs after a crash until each payment that was under way has ended. */
import { setTimeout as pause } from "node:timers/promises";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { answer, given } from "../child.ts";
import { benchNode, type NodeParams } from "../node.ts";

export interface RecoveryParams extends NodeParams {
  readonly platform: string;
}

export interface RecoveryResult {
  readonly payments: number;
  readonly underWay: number;
  /** From the start of the node to the end of the last of them, milliseconds. */
  readonly ms: number;
}

const { platform, ...nodeParams } = given<RecoveryParams>();
const began = performance.now();
const node = await benchNode(platform, nodeParams);
const payments = await node.store.collection<StoredPayment>(PAYMENTS);
const underWay = (): Promise<number> =>
  payments.countDocuments({ dueAt: { $ne: null }, state: { $in: ["locking", "submitting", "unknown", "succeeded"] } });
const first = await underWay();
while ((await underWay()) > 0) await pause(20);
const ms = performance.now() - began;
const all = await payments.countDocuments({});
await node.stop();
answer<RecoveryResult>({ payments: all, underWay: first, ms });
