import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { startSandboxBank } from "../gateway/cli/sandbox-bank.ts";
import { measure } from "./child.ts";
import { median, perSecond, range, short, whole } from "./figures.ts";
import { emptyFolder } from "./import.ts";
import { type OrderFiles, pluginsDir } from "./order-file.ts";
import { print } from "./print.ts";
import type { PaymentsParams, PaymentsResult } from "./runs/payments.ts";

export interface PaymentsPart {
  readonly files: OrderFiles;
  /** An empty folder for everything that is written. */
  readonly dir: string;
  /** In each round, in each way. */
  readonly payments: number;
  readonly rounds: number;
}

const AT_ONCE = 16;
const ORDERS_EACH = 10;
const WARM_UP = 64;
const BUYER = "email:payer@example.com";

/** Payments of ten orders a second, with a bank that costs nothing and with the sandbox bank over HTTP. */
export async function paymentsPart({ files, dir, payments, rounds }: PaymentsPart): Promise<void> {
  const orders = ORDERS_EACH * (WARM_UP + 2 * payments * rounds);
  const { path: file } = await files.write(join(dir, "payments.xml"), orders, { seed: 3, buyer: BUYER });
  const { platform } = files;
  const params = { platform, file, payments, ordersEach: ORDERS_EACH, atOnce: AT_ONCE, rounds, warmUp: WARM_UP };
  print(
    `Payments of ${ORDERS_EACH} orders each (embedded engine, whole node in one process, ${whole(payments)} payments a round)`,
  );

  const instant = await measure<PaymentsParams, PaymentsResult>("payments", {
    ...params,
    dataDir: await emptyFolder(dir, "instant"),
    pluginsDir: await withInstantBank(dir, platform),
  });
  report("bank in memory behind the real bank-adapter", payments, instant);

  const bank = await startSandboxBank(pluginsDir, join(dir, "sandbox-bank"));
  try {
    const dataDir = await emptyFolder(dir, "sandbox");
    const result = await measure<PaymentsParams, PaymentsResult>("payments", { ...params, dataDir, bank: bank.env });
    report("sandbox bank, a process of its own over HTTP", payments, result);
  } finally {
    await bank.stop();
  }
}

/** A plugins folder with the platform as it is, and the bank of this bench. */
async function withInstantBank(dir: string, platform: string): Promise<string> {
  const folder = join(dir, "plugins");
  await mkdir(folder);
  await symlink(join(pluginsDir, platform), join(folder, platform));
  await symlink(join(import.meta.dirname, "instant-bank"), join(folder, "bank-adapter"));
  return folder;
}

function report(bank: string, payments: number, result: PaymentsResult): void {
  const { oneByOneMs, atOnceMs, writesMs, refundsMs, payout } = result;
  const rates = (rounds: readonly number[]): number[] => rounds.map((ms) => perSecond(payments, ms));
  const line = (name: string, rounds: readonly number[]): string => {
    const ratio = median(rounds.map((ms, round) => (writesMs[round] ?? Number.NaN) / ms));
    return `  ${name.padEnd(16)} ${whole(median(rates(rounds)))} payments/s${range(rates(rounds))}, ${short(ratio)} of the bare writes`;
  };
  print(`  ${bank}`);
  print(line("  one by one", oneByOneMs));
  print(line(`  ${AT_ONCE} at a time`, atOnceMs));
  const beside = (ms: number, round: number): number => ms / (oneByOneMs[round] ?? Number.NaN);
  print(
    `  ${"  refunds".padEnd(16)} ${whole(median(rates(refundsMs)))} refunds/s${range(rates(refundsMs))}, of a payment each, one by one: ${short(median(refundsMs.map(beside)))} times the payment's time`,
  );
  const perLine = payout.ms / payout.lines / (median(oneByOneMs) / payments / ORDERS_EACH);
  print(
    `  ${"  payout".padEnd(16)} ${whole(payout.lines)} lines by one instruction in ${whole(payout.ms)} ms, the wait for a sweeper included: ${short(perLine)} times a payment's time, per order`,
  );
  print(
    `  ${"  bare writes".padEnd(16)} ${whole(median(rates(writesMs)))} transactions/s${range(rates(writesMs))}: fsynced, ten small documents each`,
  );
}
