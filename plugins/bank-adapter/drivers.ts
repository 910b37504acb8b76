/** Finds the bank drivers: every folder of `banks/` with a driver.ts is one, under the folder's name. */
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type BankAdapterContext,
  type BankDriver,
  type BankDriverPlugin,
  MergepayError,
  type RefusedBank,
} from "../../core/plugin/bank-contract.ts";
import type { OpenedBank } from "./adapter.ts";

const NAME = /^[a-z][a-z0-9-]{1,39}$/;

export interface OpenedBanks {
  readonly banks: ReadonlyMap<string, OpenedBank>;
  readonly refused: readonly RefusedBank[];
}

const prefixOf = (bank: string): string => `${bank.toUpperCase().replaceAll("-", "_")}_`;

/** The settings of one driver: those with its prefix, unless a longer name of another driver fits them too. */
export function settingsOf(
  bank: string,
  settings: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const prefix = prefixOf(bank);
  const closer = names.map(prefixOf).filter((other) => other.length > prefix.length);
  const own = Object.entries(settings).filter(
    ([key]) => key.startsWith(prefix) && !closer.some((other) => key.startsWith(other)),
  );
  return Object.freeze(Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])));
}

/** Names of the driver folders below a folder, in order. Files and hidden folders are no drivers. */
export async function driverNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

/** Imports one driver folder. @throws PLUGIN_NAME_INVALID, PLUGIN_ENTRY_MISSING, PLUGIN_LOAD_FAILED, PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID */
export async function loadDriver(folder: string, name: string): Promise<BankDriverPlugin> {
  if (!NAME.test(name))
    throw new MergepayError(
      "PLUGIN_NAME_INVALID",
      "A driver folder's name must be 2 to 40 of a-z, 0-9 and -, starting with a letter.",
    );
  const file = join(folder, name, "driver.ts");
  const found = await stat(file).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!found)
    throw new MergepayError(
      "PLUGIN_ENTRY_MISSING",
      "The driver folder has no driver.ts; add one or remove the folder.",
    );
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    throw new MergepayError(
      "PLUGIN_LOAD_FAILED",
      "driver.ts could not be loaded; run it by itself to see why.",
      {},
      { cause: error },
    );
  }
  const plugin = loaded.default as Partial<BankDriverPlugin> | null | undefined;
  if (typeof plugin !== "object" || plugin === null || !Object.isFrozen(plugin))
    throw new MergepayError("PLUGIN_SHAPE_INVALID", "driver.ts must export by default what defineBankDriver makes.");
  if (plugin.contract !== 1)
    throw new MergepayError(
      "PLUGIN_CONTRACT_UNSUPPORTED",
      "The driver was made for another version of the contract; this is 1.",
    );
  const { finalityMs } = plugin;
  const whole = typeof plugin.title === "string" && typeof plugin.open === "function";
  if (!whole || typeof finalityMs !== "number" || !Number.isSafeInteger(finalityMs) || finalityMs < 0)
    throw new MergepayError(
      "PLUGIN_SHAPE_INVALID",
      "The driver must have a title, open() and finalityMs, a whole number of milliseconds.",
    );
  return plugin as BankDriverPlugin;
}

/** Opens a driver, or gives up after the deadline; one that opens too late is closed again. */
async function openDriver(
  plugin: BankDriverPlugin,
  context: Parameters<BankDriverPlugin["open"]>[0],
  deadlineMs: number,
): Promise<BankDriver> {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      over = true;
      reject(new MergepayError("BANK_UNAVAILABLE", `The driver did not open within ${deadlineMs} ms.`));
    }, deadlineMs);
  });
  const opening = Promise.resolve()
    .then(() => plugin.open(context))
    .then(async (driver) => {
      if (over) await driver.close();
      return driver;
    });
  const driver = await Promise.race([opening, deadline]).finally(() => clearTimeout(timer));
  if (typeof driver?.debit !== "function" || typeof driver.inquire !== "function" || typeof driver.close !== "function")
    throw new MergepayError("PLUGIN_SHAPE_INVALID", "The opened driver must have debit(), inquire() and close().");
  return driver;
}

/** A driver's own MergepayError says what is wrong; any other error's text may hold a setting, so only its kind is told. */
function refusal(bank: string, error: unknown): RefusedBank {
  if (error instanceof MergepayError) return Object.freeze({ bank, code: error.type, reason: error.message });
  const kind = error instanceof Error ? error.name : typeof error;
  return Object.freeze({ bank, code: "PLUGIN_LOAD_FAILED", reason: `The driver failed to open (${kind}).` });
}

/** Opens every driver below a folder, all at once. One that can't be used is in `refused` and does not stop the others. */
export async function openBanks(folder: string, context: BankAdapterContext): Promise<OpenedBanks> {
  const names = await driverNames(folder);
  const opened = await Promise.all(
    names.map(async (bank): Promise<RefusedBank | { readonly bank: string; readonly opened: OpenedBank }> => {
      try {
        const plugin = await loadDriver(folder, bank);
        const dataDir = join(context.dataDir, bank);
        await mkdir(dataDir, { recursive: true, mode: 0o700 });
        const settings = settingsOf(bank, context.settings, names);
        const driver = await openDriver(plugin, Object.freeze({ dataDir, settings }), context.limits.bankCallMs);
        return { bank, opened: { plugin, driver } };
      } catch (error) {
        const refused = refusal(bank, error);
        context.log?.({ event: "bank.driver_refused", bank, code: refused.code });
        return refused;
      }
    }),
  );
  return {
    banks: new Map(opened.flatMap((one) => ("opened" in one ? [[one.bank, one.opened] as const] : []))),
    refused: opened.flatMap((one) => ("opened" in one ? [] : [one])),
  };
}
