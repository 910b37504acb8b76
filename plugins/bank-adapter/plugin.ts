/** What the host loads: bank-adapter with every driver of the folder `banks/`. */
import { fileURLToPath } from "node:url";
import type { BankAdapterContext, BankAdapterPlugin } from "../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "./adapter.ts";
import { openBanks } from "./drivers.ts";

const BANKS = fileURLToPath(new URL("banks", import.meta.url));

const plugin: BankAdapterPlugin = Object.freeze({
  kind: "bank-adapter",
  contract: 1,
  async open(context: BankAdapterContext) {
    const { banks, refused } = await openBanks(BANKS, context);
    return createBankAdapter({
      banks,
      refused,
      limits: context.limits,
      ...(context.log === undefined ? {} : { log: context.log }),
    });
  },
});

export default plugin;
