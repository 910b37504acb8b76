import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { MergepayError } from "../../core/errors/errors.ts";

/** A booked debit as the sandbox bank's own ledger lists it. */
export interface BankLine {
  readonly bankRequestId: string;
  readonly accountToken: string;
  readonly amount: { readonly value: string; readonly currency: string };
  readonly reference: string;
  readonly bankReference: string;
}

export interface SandboxBank {
  /** What a node must be told to use this bank. */
  readonly env: Readonly<Record<string, string>>;
  /** All lines of the bank's ledger, asked of the bank itself. */
  ledger(): Promise<readonly BankLine[]>;
  stop(): Promise<void>;
}

/** Runs the sandbox bank as a process of its own, with its data in `dataDir`. @throws BANK_UNAVAILABLE when it does not come up */
export async function startSandboxBank(pluginsDir: string, dataDir: string): Promise<SandboxBank> {
  const main = join(pluginsDir, "bank-adapter", "banks", "sandbox", "bank", "main.ts");
  const keyFile = join(dataDir, "key");
  const args = ["--disable-warning=ExperimentalWarning", main, "--data", dataDir, "--port", "0"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const killed = () => child.kill();
  process.once("exit", killed);
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), ended.then(() => undefined)]);
  if (first === undefined) throw new MergepayError("BANK_UNAVAILABLE", "The sandbox bank did not start.");
  const { url } = JSON.parse(String(first[0])) as { url: string };
  const key = (await readFile(keyFile, "utf8")).trim();
  return {
    env: { MERGEPAY_BANK_SANDBOX_URL: url, MERGEPAY_BANK_SANDBOX_KEY_FILE: keyFile },
    async ledger() {
      const answer = await fetch(new URL("/ledger", url), { headers: { authorization: `Bearer ${key}` } });
      const { items } = (await answer.json()) as { items: BankLine[] };
      return items;
    },
    async stop() {
      process.off("exit", killed);
      child.kill();
      await ended;
    },
  };
}
