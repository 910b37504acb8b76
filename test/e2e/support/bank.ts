import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Money } from "../../../schemas/types.generated.ts";
import { startServer } from "../../support/process.ts";

/** A booked instruction as the bank's own ledger lists it. */
export interface BankLine {
  readonly kind: "debit" | "refund" | "payout";
  readonly bankRequestId: string;
  readonly amount: Money;
}

export const ofKind = (lines: readonly BankLine[], kind: BankLine["kind"]) =>
  lines.filter((line) => line.kind === kind);

export interface ScriptedFault {
  readonly on: "debit" | "confirm" | "refund" | "payout" | "inquiry";
  readonly fault: string;
  readonly times?: number;
}

export interface Bank {
  /** What a node must be told to use this bank. */
  readonly env: Readonly<Record<string, string>>;
  openAccount(opening: Money): Promise<string>;
  /** The next requests of these kinds misbehave. */
  script(...faults: readonly ScriptedFault[]): Promise<void>;
  ledger(): Promise<readonly BankLine[]>;
  /** The payer answers a challenge to the bank itself. */
  confirm(bankRequestId: string, challengeId: string, answer: string): Promise<void>;
  stop(): Promise<void>;
}

const main = join(import.meta.dirname, "../../../plugins/bank-adapter/banks/sandbox/bank/main.ts");

/** The sandbox bank as a process of its own: it lives on when a node dies, and its ledger can be asked. */
export async function startBank(finalityMs: number): Promise<Bank> {
  const server = await startServer({
    name: "sandbox-bank",
    command: process.execPath,
    args: (dir) => ["--disable-warning=ExperimentalWarning", main, "--data", dir],
    ready: { output: /\{"url":"([^"]+)"\}/ },
  });
  const [, url = ""] = server.match;
  const keyFile = join(server.dir, "key");
  const key = (await readFile(keyFile, "utf8")).trim();

  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, url), {
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The sandbox bank answered ${path} with ${response.status}.`);
    return (await response.json()) as T;
  }

  return {
    env: {
      MERGEPAY_BANK_SANDBOX_URL: url,
      MERGEPAY_BANK_SANDBOX_KEY_FILE: keyFile,
      MERGEPAY_BANK_SANDBOX_FINALITY_MS: String(finalityMs),
    },
    openAccount: async (opening) => (await call<{ accountToken: string }>("/accounts", { opening })).accountToken,
    async script(...faults) {
      await call("/faults", faults);
    },
    async confirm(bankRequestId, challengeId, answer) {
      await call(`/debits/${encodeURIComponent(bankRequestId)}/confirm`, { challengeId, answer });
    },
    async ledger() {
      const lines: BankLine[] = [];
      for (let next: string | undefined = "0"; next !== undefined;) {
        const page: { items: readonly BankLine[]; next?: string } = await call(`/ledger?after=${next}`);
        lines.push(...page.items);
        next = page.next;
      }
      return lines;
    },
    stop: server.stop,
  };
}
