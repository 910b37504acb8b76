import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { asMergepayError, MergepayError } from "../../core/errors/errors.ts";
import { BANK_ADAPTER, checkName, checkPlugin } from "../../core/plugin/check.ts";
import { MARK } from "../../core/plugin/infer/marks.ts";
import { noBlobs } from "../../core/plugin/record-sample.ts";
import { listSamples } from "../../core/plugin/samples.ts";
import { readConfig } from "../config.ts";
import { shownFile, type Target, targetOf } from "./plugin-target.ts";
import { testPlugin, type TestOptions } from "./plugin-test.ts";
import { explain, tryFile } from "./plugin-try.ts";
import { many, print, table } from "./print.ts";
import { scaffold, scaffoldFrom } from "./scaffold.ts";

const FOLDER = "a platform's id, or the path of its folder";

/** Adds `mergepay plugin ...`: everything that the author of a plugin needs, with no server running. */
export function pluginCommands(program: Command): void {
  const plugin = program.command("plugin").description("make, check and try platform plugins, with no server running");
  plugin
    .command("new")
    .description("make the folder of a new platform, of one of its files or from a working example")
    .argument("<id>", "the platform's id: 2 to 40 of a-z, 0-9 and -, starting with a letter")
    .option("--from <file>", "a file in the platform's own format: how it is read and mapped is found out")
    .action(make);
  plugin.command("list").description("list the plugin folders, each with its state").action(list);
  plugin
    .command("test")
    .description("run the suite that every plugin passes; of all plugins when none is named")
    .argument("[folders...]", FOLDER)
    .option("--record", "write the expectation of every sample that has none; look at what it wrote")
    .option("--update", "write over expectations that are no longer met, too")
    .action(test);
  plugin
    .command("try")
    .description("print what becomes of each record of a file, beside where it comes from; nothing is kept")
    .argument("<folder>", FOLDER)
    .argument("<file>", "a file in the platform's own format")
    .option("--merchant <name>", "the merchant that the orders are of, where the file does not tell")
    .option("--json", "one JSON document a record, with all that the orders hold")
    .action(tryFile);
  plugin
    .command("explain")
    .description("print one record of a file step by step: as read, against the schema, as mapped, the order or reason")
    .argument("<folder>", FOLDER)
    .argument("<file>", "a file in the platform's own format")
    .argument("<record>", 'its number, counted from 0, or its position, such as "line 3"')
    .option("--merchant <name>", "the merchant that the orders are of, where the file does not tell")
    .action(explain);
}

async function make(id: string, { from }: { from?: string }): Promise<void> {
  checkName(id);
  const target = targetOf(id);
  if (from !== undefined) {
    await makeFrom(target, from);
    return;
  }
  for (const path of await scaffold(target.id, target.dir)) print(`  ${shownFile(join(target.dir, path))}`);
  print(
    `\nIt reads the example's format. Next: mergepay plugin test ${id} --record, and look at samples/*.expected.json.`,
  );
  print("Change plugin.ts, the schema and the samples to your platform's.");
}

async function makeFrom({ id, dir, limits }: Target, sample: string): Promise<void> {
  const { written, records, proposals, needed } = await scaffoldFrom(id, dir, sample, limits);
  for (const path of written) print(`  ${shownFile(join(dir, path))}`);
  print(`\n${many(records, "record")}. What an order is made of, and how sure that is:`);
  print(table(proposals));
  print(`\nWhat the file can't tell, each a line of plugin.ts marked ${MARK}:`);
  for (const reason of needed) print(`   - ${reason}`);
  print(`\nIt loads as it is. Next: mergepay plugin try ${id} ${sample}; and when plugin.ts is as you want it,`);
  print(`mergepay plugin test ${id} --update.`);
}

/** What a server would say of the folder. */
async function stateOf(target: Target): Promise<readonly string[]> {
  try {
    const platform = await checkPlugin({ ...target, openBlob: noBlobs });
    await platform.close();
    const { samples } = await listSamples(target.dir);
    return [target.id, "pass", platform.version, `${platform.manifest.title}, ${many(samples.length, "sample")}`];
  } catch (thrown) {
    const error = asMergepayError(thrown);
    return [target.id, "refused", error.type, error.message];
  }
}

/** The folders among the plugins that are to be platforms, sorted. */
async function pluginFolders(): Promise<string[]> {
  const { pluginsDir } = readConfig(process.env);
  const entries = await readdir(pluginsDir, { withFileTypes: true }).catch((error: unknown) => {
    throw new MergepayError("CONFIG_INVALID", `The plugins folder ${pluginsDir} can't be read.`, {}, { cause: error });
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== BANK_ADAPTER)
    .map(({ name }) => name)
    .sort();
}

async function list(): Promise<void> {
  const rows: (readonly string[])[] = [];
  for (const id of await pluginFolders()) rows.push(await stateOf(targetOf(id)));
  print(rows.length === 0 ? "There are no plugins." : table(rows));
}

async function test(folders: readonly string[], options: TestOptions): Promise<void> {
  const targets = folders.length > 0 ? folders.map(targetOf) : (await pluginFolders()).map(targetOf);
  for (const target of targets) if (!(await testPlugin(target, options))) process.exitCode = 1;
}
