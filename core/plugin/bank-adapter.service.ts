import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Context, ServiceSchema } from "moleculer";
import type { Log } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { BankAdapter, BankAdapterContext, BankAdapterPlugin, BankLog } from "./bank-contract.ts";
import { BANK_ADAPTER } from "./check.ts";

export interface BankAdapterServiceDeps extends Omit<BankAdapterContext, "log"> {
  /** The folder of plugin folders, `bank-adapter` among them. */
  readonly pluginsDir: string;
  readonly log: Log;
}

const ACTIONS = [
  "register",
  "unregister",
  "platforms",
  "banks",
  "debit",
  "confirm",
  "refund",
  "payout",
  "inquire",
  "statement",
  "rate",
  "openTestAccount",
] as const;

/**
 * The bank side as the Moleculer service `bank-adapter`: what `plugins/bank-adapter/plugin.ts` exports, opened when the service
 * starts. Without it, or with a bank whose settings are wrong, the node does not start: nothing could be paid.
 */
export function bankAdapterService(deps: BankAdapterServiceDeps): ServiceSchema {
  const { pluginsDir, dataDir, settings, limits, log } = deps;
  let adapter: BankAdapter | undefined;

  const bankLog: BankLog = ({ event, bank, code }) => {
    log.info({ bank, ...(code === undefined ? {} : { code }) }, event);
  };

  async function handle(action: (typeof ACTIONS)[number], context: Context): Promise<unknown> {
    if (adapter === undefined) throw new MergepayError("BANK_UNAVAILABLE");
    const run = adapter[action] as (params: unknown) => unknown;
    return await run.call(adapter, context.params);
  }

  return {
    name: BANK_ADAPTER,
    // The adapter's own deadline decides: a timeout of the bus would leave the caller without the bank's word.
    actions: Object.fromEntries(
      ACTIONS.map((action) => [action, { timeout: 0, handler: (context: Context) => handle(action, context) }]),
    ),
    async started() {
      const plugin = await loadBankAdapter(pluginsDir);
      adapter = await plugin.open({ dataDir, settings, limits, log: bankLog });
      for (const { bank, code, reason } of adapter.refused()) {
        // Whoever set up a bank means to use it: a node that only logged it would find out at the first payment.
        if (code === "CONFIG_INVALID") throw new MergepayError(code, `The bank ${bank} can't be used: ${reason}`);
        log.warn({ bank, code, reason }, "A bank driver is refused.");
      }
    },
    async stopped() {
      await adapter?.close();
      adapter = undefined;
    },
  };
}

/** @throws CONFIG_INVALID when the folder holds no bank-adapter of this contract */
async function loadBankAdapter(pluginsDir: string): Promise<BankAdapterPlugin> {
  const entry = join(pluginsDir, BANK_ADAPTER, "plugin.ts");
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(entry).href)) as { readonly default?: unknown };
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}`.split("\n", 1)[0] : "it threw";
    throw new MergepayError(
      "CONFIG_INVALID",
      `The plugins folder's ${BANK_ADAPTER}/plugin.ts could not be loaded, and nothing can be paid without it (${why}).`,
    );
  }
  const plugin = module.default as Partial<BankAdapterPlugin> | null | undefined;
  if (plugin?.kind === BANK_ADAPTER && plugin.contract === 1 && typeof plugin.open === "function")
    return plugin as BankAdapterPlugin;
  throw new MergepayError("CONFIG_INVALID", `${BANK_ADAPTER}/plugin.ts does not export a bank-adapter of contract 1.`);
}
