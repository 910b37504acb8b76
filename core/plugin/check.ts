import { access } from "node:fs/promises";
import { join } from "node:path";
import { MergepayError } from "../errors/errors.ts";
import { openPlatform, type Platform, type PlatformOptions } from "./platform.ts";
import { checkSamples } from "./samples.ts";

/** The bank side: a folder among the plugins that is no platform. */
export const BANK_ADAPTER = "bank-adapter";

const NAME = /^[a-z][a-z0-9-]{1,39}$/;

/** Checks a folder's name, which is the platform's id. @throws PLUGIN_NAME_INVALID */
export function checkName(id: string): void {
  const shown = JSON.stringify(id).slice(0, 60);
  // Names that every object has (`constructor`) would be found in any table of platforms.
  const inherited = id in {};
  if (id === BANK_ADAPTER || inherited)
    throw new MergepayError("PLUGIN_NAME_INVALID", `${shown} can't be a platform's id: the name is taken.`);
  if (!NAME.test(id))
    throw new MergepayError(
      "PLUGIN_NAME_INVALID",
      `${shown} can't be a platform's id. Name the folder with 2 to 40 of a-z, 0-9 and -, starting with a letter.`,
    );
}

/** @throws PLUGIN_ENTRY_MISSING */
export async function checkEntry(dir: string): Promise<void> {
  try {
    await access(join(dir, "plugin.ts"));
  } catch {
    // Whatever the reason, the entry can't be read.
    throw new MergepayError(
      "PLUGIN_ENTRY_MISSING",
      "The folder has no plugin.ts that can be read. Add one with `export default definePlatform({...})`.",
    );
  }
}

/**
 * Checks a plugin folder in a fixed order, each step with its own code: name, entry, load, contract version, shape, schema,
 * samples. Gives the running platform; whoever called closes it.
 * @throws PLUGIN_NAME_INVALID, PLUGIN_ENTRY_MISSING, PLUGIN_LOAD_FAILED, PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID,
 * PLUGIN_SCHEMA_INVALID, PLUGIN_SAMPLES_FAILED
 */
export async function checkPlugin(options: PlatformOptions): Promise<Platform> {
  checkName(options.id);
  await checkEntry(options.dir);
  const platform = await openPlatform(options);
  try {
    await checkSamples(platform, options.dir);
    return platform;
  } catch (error) {
    await platform.close();
    throw error;
  }
}
