/** Plugins that mean harm, dropped in while files of another platform stream through a node. */
import { cp, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { Page, PluginStatus } from "../../core/actions.ts";
import { isEnded } from "../../core/files/states.ts";
import { readConfig } from "../../gateway/config.ts";
import { readCredentials } from "../../gateway/credentials.ts";
import { takeIn } from "../../gateway/intake.ts";
import { type Node, startNode } from "../../gateway/node.ts";
import type { FileReport, Order } from "../../schemas/types.generated.ts";
import { makeAccess, PLUGINS, ROOT } from "../support/cluster.ts";
import {
  goodPlugin,
  line,
  pluginFile,
  type PluginFiles,
  pluginsFolder,
  type PluginsFolder,
  tricky,
} from "../support/plugins.ts";
import { until } from "../support/process.ts";

const GOOD = "corner-shop";
const FILES = 1_000;
/** A good file has ended this long after it was sent. */
const DEADLINE_MS = 15_000;

const withTop = (top: string): PluginFiles => ({ ...goodPlugin, "plugin.ts": pluginFile({ top }) });

/** Plugins that are refused, by what they do when they are loaded. */
const refused: Readonly<Record<string, PluginFiles>> = {
  "throws-at-load": withTop('throw new Error("no");'),
  "eats-at-load": withTop("const held: unknown[] = []; for (;;) held.push(new Array(1000).fill(1));"),
  "ends-at-load": withTop("process.exit(0);"),
  "opens-sockets": withTop('import "node:net";'),
  "runs-programs": withTop('import "node:child_process";'),
  "reads-files": withTop('import "node:fs";'),
};

/** Plugins that load, what they do at a record, and what becomes of the file: a reject of its record, or an end of all of it. */
const hostile: readonly (readonly [id: string, trick: string, outcome: string])[] = [
  ["loops", "for (;;);", "PLUGIN_TIMEOUT"],
  ["backtracks", '/^(a+)+$/.test("a".repeat(60) + "b");', "PLUGIN_TIMEOUT"],
  ["never-ends-a-list", "return new Proxy([], { get: () => { for (;;); } });", "PLUGIN_TIMEOUT"],
  ["eats-the-heap", "const held = []; for (;;) held.push(new Array(1000).fill(1));", "PLUGIN_CRASHED"],
  ["eats-buffers", "const held = []; for (;;) held.push(Buffer.alloc(1e6, 1));", "PLUGIN_CRASHED"],
  ["throws", 'throw new Error("no");', "PLUGIN_THREW"],
  ["asks-the-network", 'fetch("http://127.0.0.1/");', "PLUGIN_THREW"],
  ["kills", "process.kill(process.ppid);", "PLUGIN_THREW"],
  ["exits", "process.exit(0);", "PLUGIN_THREW"],
  ["gives-garbage", "return Buffer.alloc(100);", "PLUGIN_OUTPUT_INVALID"],
  ["gives-a-million", "return new Array(1_000_000).fill(0);", "PLUGIN_OUTPUT_INVALID"],
  ["gives-promises", "return new Promise(() => undefined);", "PLUGIN_OUTPUT_INVALID"],
];

describe("Hostile plugins in a running node", function () {
  this.timeout(120_000);
  let folder: PluginsFolder;
  let node: Node;

  before(async () => {
    folder = await pluginsFolder();
    await cp(join(PLUGINS, "bank-adapter"), folder.path("bank-adapter"), { recursive: true });
    const root = dirname(folder.dir);
    for (const name of ["core", "schemas", "node_modules"]) await symlink(join(ROOT, name), join(root, name));
    await folder.write(GOOD);
    const { file } = await makeAccess(root, []);
    node = await startNode({
      config: readConfig({
        MERGEPAY_DATA: join(root, "data"),
        MERGEPAY_PLUGINS: folder.dir,
        MERGEPAY_HTTP_PORT: "0",
        MERGEPAY_LOG: "silent",
      }),
      credentials: await readCredentials(file),
      limits: { pluginMsPer1000Records: 6_000, pluginHeapMb: 64, fileTries: 1 },
    });
    await until("the good plugin to run", async () => (await statusOf(GOOD))?.state === "running", 30_000);
  });
  after(async () => {
    await node?.stop();
    await folder?.remove();
  });

  const statusOf = async (id: string): Promise<PluginStatus | undefined> =>
    (await node.call("plugins.list", {})).items.find((plugin) => plugin.id === id);
  const send = (platform: string, text: string): Promise<FileReport> =>
    takeIn(
      { call: node.call, blobs: node.store.blobs, limits: node.limits },
      {
        platform,
        merchant: null,
        bytes: (async function* () {
          await Promise.resolve();
          yield Buffer.from(text);
        })(),
      },
    );
  const ended = (fileId: string, deadlineMs: number): Promise<FileReport> =>
    until(
      `${fileId} to end`,
      async () => {
        const report = await node.call("files.get", { fileId });
        return isEnded(report) && report;
      },
      deadlineMs,
    );

  it("harm none of 1,000 files of another platform: none is lost, late or wrong", async () => {
    const bad = hostile.map(async ([id, trick, outcome]) => {
      await folder.write(id, tricky(trick));
      await until(`${id} to run`, async () => (await statusOf(id))?.state === "running", 60_000);
      const report = await ended((await send(id, line("X-1", "1.00", { trick: "x" }))).id, 60_000);
      const { items } = await node.call("files.records", { fileId: report.id });
      expect([id, report.error?.code ?? items[0]?.code]).to.deep.equal([id, outcome]);
      const next = await ended((await send(id, line("X-2"))).id, 60_000);
      expect([id, next.state, next.created]).to.deep.equal([id, "processed", 1]);
    });
    const never = Object.entries(refused).map(async ([id, files]) => {
      await folder.write(id, files);
      const status = await until(`${id} to be refused`, async () => await statusOf(id), 60_000);
      expect([id, status.state, status.error?.code]).to.deep.equal([id, "refused", "PLUGIN_LOAD_FAILED"]);
    });

    let sent = 0;
    let slowestMs = 0;
    const sender = async (): Promise<void> => {
      for (let number = (sent += 1); number <= FILES; number = sent += 1) {
        const begun = performance.now();
        const { id } = await send(GOOD, line(`${number}-a`, "1.25") + line(`${number}-b`, "2.50"));
        const { state, created } = await ended(id, DEADLINE_MS);
        expect([number, state, created]).to.deep.equal([number, "processed", 2]);
        slowestMs = Math.max(slowestMs, performance.now() - begun);
      }
    };
    await Promise.all([...bad, ...never, ...Array.from({ length: 8 }, sender)]);

    expect(slowestMs).to.be.below(DEADLINE_MS);
    const values = new Map<string, string>();
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page: Page<Order> = await node.call("orders.list", {
        platform: GOOD,
        ...(after === undefined ? {} : { after }),
      });
      for (const { orderNo, amount } of page.items) values.set(orderNo, `${amount.value} ${amount.currency}`);
      after = page.next;
    }
    const expected = Array.from({ length: FILES }, (_, index) => [
      [`${index + 1}-a`, "1.25 EUR"],
      [`${index + 1}-b`, "2.50 EUR"],
    ]).flat();
    expect(Object.fromEntries(values)).to.deep.equal(Object.fromEntries(expected));
  });
});
