/** One import, from a file's bytes to stored orders and their report, in a process of its own. */
import { ORDERS, type StoredOrder } from "../../core/orders/model.ts";
import { FILES, type StoredFile } from "../../core/files/model.ts";
import { answer, given } from "../child.ts";
import { childPeaksBytes, ownPeakBytes } from "../machine.ts";
import { benchNode, importFile, type NodeParams } from "../node.ts";

export interface ImportParams extends NodeParams {
  readonly platform: string;
  readonly file: string;
  /** A small file of other orders that goes first: a server has compiled its code long before the file that counts. */
  readonly warmUp: string;
}

export interface ImportResult {
  readonly ms: number;
  readonly orders: number;
  readonly batches: number;
  readonly peakBytes: number;
  readonly workerPeaksBytes: readonly number[];
}

const { platform, file, warmUp, ...nodeParams } = given<ImportParams>();
const node = await benchNode(platform, nodeParams);
await importFile(node, platform, warmUp);
const began = performance.now();
const report = await importFile(node, platform, file);
const ms = performance.now() - began;
// Before anything is looked up: that would count too.
const [peakBytes, workerPeaksBytes] = [ownPeakBytes(), await childPeaksBytes()];

const orders = await node.store.collection<StoredOrder>(ORDERS);
const stored = await orders.countDocuments({ "source.fileId": report.id });
if (stored !== report.created || report.created !== report.records)
  throw new Error(`${stored} orders are stored of ${report.created} created and ${report.records} records.`);
const files = await node.store.collection<StoredFile>(FILES);
const { version } = (await files.findOne({ _id: report.id })) ?? { version: 0 };
const result: ImportResult = {
  ms,
  orders: stored,
  // The file was written once when it came, when it was claimed, when it was checked and when it ended; else once a batch.
  batches: version - 4,
  peakBytes,
  workerPeaksBytes,
};
await node.stop();
answer(result);
