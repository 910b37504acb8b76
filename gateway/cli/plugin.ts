import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Command } from "commander";
import type { MappedRecord } from "../../core/actions.ts";
import { asMergepayError, MergepayError } from "../../core/errors/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { BANK_ADAPTER, checkEntry, checkName, checkPlugin } from "../../core/plugin/check.ts";
import { openPlatform } from "../../core/plugin/platform.ts";
import { noBlobs, recordSamples } from "../../core/plugin/record-sample.ts";
import { listSamples } from "../../core/plugin/samples.ts";
import { readConfig } from "../config.ts";
import { makeFrom } from "./plugin-from.ts";
import { print, table } from "./print.ts";
import { scaffold } from "./scaffold.ts";

/** The folder and limits that a server with this environment has. */
function settingsOf(id: string) {
  const { pluginsDir, limits } = readConfig(process.env);
  return { id, dir: join(pluginsDir, id), limits: { ...LIMITS, ...limits } };
}

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
};

/** Adds `mergepay plugin ...`: everything that the author of a plugin needs, with no server running. */
export function pluginCommands(program: Command): void {
  const plugin = program.command("plugin").description("make, check and try platform plugins, with no server running");
  plugin
    .command("new")
    .description("make the folder of a new platform, from a file of its own or from a working example")
    .argument("<id>", "the platform's id: 2 to 40 of a-z, 0-9 and -, starting with a letter")
    .option("--from <file>", "a real-looking file of the platform: its format, schema and mapping are proposed from it")
    .action(make);
  plugin.command("list").description("list the plugin folders, each with its state").action(list);
  plugin
    .command("test")
    .description("run the checks that a server runs before it takes a plugin")
    .argument("<ids...>", "platforms to check")
    .action(test);
  plugin
    .command("record")
    .description("write the expectation of every sample that has none; look at what it wrote")
    .argument("<id>", "the platform")
    .action(record);
  plugin
    .command("try")
    .description("print what becomes of each record of a file; nothing is kept")
    .argument("<id>", "the platform")
    .argument("<file>", "a file in the platform's own format")
    .option("--merchant <name>", "the merchant that the orders are of, where the file does not tell")
    .option("--json", "one JSON document a record, with all that the orders hold")
    .action(tryOut);
}

async function make(id: string, { from }: { readonly from?: string }): Promise<void> {
  checkName(id);
  const { dir, limits } = settingsOf(id);
  if (from !== undefined) return await makeFrom({ id, dir, limits, file: from, shown });
  for (const path of await scaffold(id, dir)) print(`  ${shown(join(dir, path))}`);
  print(`\nIt reads the example's format. Next: mergepay plugin record ${id}, look at samples/*.expected.json,`);
  print(`then mergepay plugin test ${id}. Change plugin.ts, the schema and the samples to your platform's.`);
}

/** What a server would say of the folder. */
async function stateOf(id: string): Promise<{ good: boolean; cells: readonly string[] }> {
  const settings = settingsOf(id);
  try {
    const platform = await checkPlugin({ ...settings, openBlob: noBlobs });
    await platform.close();
    const { samples } = await listSamples(settings.dir);
    return {
      good: true,
      cells: [id, "pass", platform.version, `${platform.manifest.title}, ${samples.length} samples`],
    };
  } catch (thrown) {
    const error = asMergepayError(thrown);
    return { good: false, cells: [id, "refused", error.type, error.message] };
  }
}

async function list(): Promise<void> {
  const { pluginsDir } = readConfig(process.env);
  const entries = await readdir(pluginsDir, { withFileTypes: true }).catch((error: unknown) => {
    throw new MergepayError("CONFIG_INVALID", `The plugins folder ${pluginsDir} can't be read.`, {}, { cause: error });
  });
  const ids = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== BANK_ADAPTER)
    .map(({ name }) => name)
    .sort();
  const rows: (readonly string[])[] = [];
  for (const id of ids) rows.push((await stateOf(id)).cells);
  print(rows.length === 0 ? `No plugins in ${pluginsDir}.` : table(rows));
}

async function test(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { good, cells } = await stateOf(id);
    print(table([cells]));
    if (!good) process.exitCode = 1;
  }
}

async function record(id: string): Promise<void> {
  const settings = settingsOf(id);
  const { written, kept } = await recordSamples(settings);
  for (const name of written) print(`  ${shown(join(settings.dir, "samples", name))}`);
  print(`${written.length} written, ${kept.length} were there and stay as they are.`);
  if (written.length > 0) print("Look at each: from now on it is what the sample must become.");
}

async function tryOut(id: string, path: string, options: { merchant?: string; json?: true }): Promise<void> {
  checkName(id);
  const settings = settingsOf(id);
  await checkEntry(settings.dir);
  const file = await stat(path).catch(() => undefined);
  if (file?.isFile() !== true) throw new MergepayError("NOT_FOUND", `There is no file ${path}.`);
  const platform = await openPlatform({ ...settings, openBlob: noBlobs });
  const counts = { records: 0, orders: 0, skipped: 0, rejected: 0 };
  try {
    for await (const records of platform.trial(() => createReadStream(path), options.merchant)) {
      for (const mapped of records) {
        counts.records += 1;
        counts.orders += mapped.orders?.length ?? 0;
        if (mapped.skipped !== undefined || mapped.notOwed !== undefined) counts.skipped += 1;
        if (mapped.rejected !== undefined) counts.rejected += 1;
        print(options.json === true ? JSON.stringify(mapped) : inWords(mapped));
      }
    }
  } finally {
    await platform.close();
  }
  const { records, orders, skipped, rejected } = counts;
  if (options.json !== true)
    print(`${records} records: ${orders} orders, ${skipped} with nothing to pay, ${rejected} rejected`);
}

/** One line an order, or why there is none. */
function inWords({ position, orders = [], skipped, cancelled, notOwed, rejected }: MappedRecord): string {
  const lines = orders.map(({ merchant, orderNo, amount, buyerId, title }) =>
    [
      `order     ${merchant} ${orderNo}  ${amount.value} ${amount.currency}`,
      buyerId === undefined ? "no buyer" : `buyer ${buyerId}`,
      ...(title === undefined ? [] : [title]),
    ].join("  "),
  );
  if (skipped !== undefined) lines.push(`skipped   ${skipped}`);
  if (cancelled !== undefined) lines.push(`cancelled ${cancelled.merchant} ${cancelled.orderNo}: ${cancelled.reason}`);
  if (notOwed !== undefined) lines.push(`not owed  ${notOwed.merchant} ${notOwed.orderNo}: ${notOwed.reason}`);
  if (rejected !== undefined)
    lines.push(
      `rejected  ${rejected.code}${rejected.field === undefined ? "" : ` ${rejected.field}`}: ${rejected.reason}`,
    );
  return lines.map((line) => `${position === "" ? "/" : position}  ${line}`).join("\n");
}
