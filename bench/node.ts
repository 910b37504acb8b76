import { createReadStream } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Point } from "../core/deps.ts";
import { readConfig } from "../gateway/config.ts";
import { readCredentials, sandboxCredentials } from "../gateway/credentials.ts";
import { takeIn } from "../gateway/intake.ts";
import { type Node, startNode } from "../gateway/node.ts";
import type { FileReport } from "../schemas/types.generated.ts";
import { pluginsDir as ownPlugins } from "./order-file.ts";

export interface NodeParams {
  readonly dataDir: string;
  /** Absent: the embedded engine. */
  readonly mongoUri?: string;
  /** Absent: the repository's. */
  readonly pluginsDir?: string;
  /** `MERGEPAY_BANK_...` of the environment. */
  readonly bank?: Readonly<Record<string, string>>;
}

/** A bench has no second person who approves refunds. */
const LIMITS = { MERGEPAY_LIMIT_REFUND_FOUR_EYES: "1000000" };

/** A whole node in this process but for HTTP, as `mergepay start` makes it; resolves when the platform's plugin takes files. */
export async function benchNode(
  platform: string,
  params: NodeParams,
  reached: (point: Point) => void = () => undefined,
): Promise<Node> {
  const { dataDir, mongoUri, pluginsDir = ownPlugins, bank = {} } = params;
  const config = readConfig({
    ...bank,
    MERGEPAY_DATA: dataDir,
    MERGEPAY_PLUGINS: pluginsDir,
    MERGEPAY_LOG: "error",
    ...LIMITS,
  });
  const roles = config.roles.filter((role) => role !== "gateway");
  const { file } = await sandboxCredentials(dataDir, "usr_bench");
  const node = await startNode({
    config: { ...config, roles, ...(mongoUri === undefined ? {} : { mongoUri }) },
    reached,
    credentials: await readCredentials(file),
  });
  for (;;) {
    const { items } = await node.call("plugins.list", {});
    const found = items.find(({ id }) => id === platform);
    if (found?.state === "running") return node;
    if (found?.error !== undefined) throw new Error(`The plugin ${platform} is refused: ${found.error.reason}`);
    await pause(20);
  }
}

/** Takes a file in as the gateway does and waits until each of its records is reported on. */
export async function importFile({ call, store, limits }: Node, platform: string, path: string): Promise<FileReport> {
  const bytes = createReadStream(path, { highWaterMark: 256 * 1024 });
  const { id } = await takeIn({ call, blobs: store.blobs, limits }, { platform, merchant: null, bytes });
  for (;;) {
    const report = await call("files.get", { fileId: id });
    if (report.state === "processed") return report;
    if (report.state !== "received" && report.state !== "processing")
      throw new Error(`The file ended as ${report.state}: ${report.error?.reason ?? "no reason given"}`);
    await pause(5);
  }
}
