import { join } from "node:path";
import { startSandboxBank } from "../gateway/cli/sandbox-bank.ts";
import { measure } from "./child.ts";
import { short, whole } from "./figures.ts";
import { emptyFolder } from "./import.ts";
import { type OrderFiles, pluginsDir } from "./order-file.ts";
import { print } from "./print.ts";
import type { RecoveryParams, RecoveryResult } from "./runs/recovery.ts";
import type { StoredParams, StoredResult } from "./runs/stored.ts";

export interface StoredPart {
  readonly files: OrderFiles;
  /** An empty folder for everything that is written. */
  readonly dir: string;
  /** Numbers of payments in the store, rising. */
  readonly sizes: readonly number[];
  readonly measured: number;
}

const AT_ONCE = 16;
const UNDER_WAY = 50;
const BUYER = "email:payer@example.com";

/** What payments and quotes cost with few and with many payments stored, and how long it takes after a crash until each under way has ended. */
export async function storedPart({ files, dir, sizes, measured }: StoredPart): Promise<void> {
  const { platform } = files;
  const few = Math.ceil(measured / 50);
  const eachTime = measured * 11 + few * 1_000 + 1_000 + UNDER_WAY;
  const orders = Math.max(...sizes) + sizes.length * eachTime;
  const { path: file } = await files.write(join(dir, "stored.xml"), orders, { seed: 4, buyer: BUYER });
  const dataDir = await emptyFolder(dir, "stored");
  const bank = await startSandboxBank(pluginsDir, join(dir, "stored-bank"));
  const params = { platform, atOnce: AT_ONCE, measured, underWay: UNDER_WAY, dataDir, bank: bank.env };
  print(
    `Payments by number of payments stored (embedded engine, sandbox bank over HTTP, one after the other, ms each)`,
  );
  const header = [
    "stored",
    "1 order",
    "10 orders",
    "1,000 orders",
    "quote of 10",
    "quote of 1,000",
    "per order, of the quote of 10",
    "recovery of 50",
  ];
  print(`  ${header.join(" | ")}`);
  try {
    const costs: number[] = [];
    for (const [index, payments] of sizes.entries()) {
      const given = { ...params, payments, ...(index === 0 ? { file } : {}) };
      const cost = await measure<StoredParams, StoredResult>("stored", given, "killed");
      const recovery = await measure<RecoveryParams, RecoveryResult>("recovery", { platform, dataDir, bank: bank.env });
      costs.push(cost.tenOrdersMs);
      const row = [
        whole(payments),
        short(cost.oneOrderMs),
        short(cost.tenOrdersMs),
        short(cost.thousandOrdersMs),
        short(cost.quoteOfTenMs),
        short(cost.quoteOfThousandMs),
        short(cost.quoteOfThousandMs / 100 / cost.quoteOfTenMs),
        `${whole(recovery.underWay)} of ${whole(recovery.payments)} payments in ${short(recovery.ms / 1000)} s`,
      ];
      print(`  ${row.join(" | ")}`);
    }
    print(
      `  a payment of 10 orders at ${whole(sizes.at(-1) ?? 0)} over one at ${whole(sizes[0] ?? 0)}: ${short((costs.at(-1) ?? 0) / (costs[0] ?? 1))}`,
    );
  } finally {
    await bank.stop();
  }
}
