/**
 * Driver of the sandbox bank. Settings: `URL` and `KEY` (or `KEY_FILE`) of a bank that runs elsewhere; without a `URL` the bank starts in
 * this process, on a loopback port, with its data in the driver's folder. `FINALITY_MS` says another finality window; `FAULTS=magic` lets
 * magic amounts misbehave (bank in this process only).
 */
import { join } from "node:path";
import {
  type BankCall,
  type BankDriver,
  type BankDriverContext,
  type BankOutcome,
  defineBankDriver,
  MergepayError,
} from "../../../../core/plugin/bank-contract.ts";
import { readKey } from "./bank/key.ts";
import { startBank } from "./bank/start.ts";
import { accountTokenOf, outcomeOf, rateOf, statementOf } from "./answer.ts";
import { type Exchange, exchange } from "./http.ts";

/** The bank refuses what comes after half of this window (`x-valid-until`), so nothing can be booked once all of it is over. */
const FINALITY_MS = 10_000;
const OPEN_ACCOUNT_MS = 10_000;
const SETTINGS = ["URL", "KEY", "KEY_FILE", "FINALITY_MS", "FAULTS"];

interface Bank {
  readonly url: URL;
  readonly key: string;
  close(): Promise<void>;
}

const invalid = (setting: string, reason: string): MergepayError =>
  new MergepayError("CONFIG_INVALID", `MERGEPAY_BANK_SANDBOX_${setting} ${reason}`, { field: setting });

function finalityOf(text: string | undefined): number {
  if (text === undefined) return FINALITY_MS;
  if (!/^[1-9][0-9]{0,9}$/.test(text)) throw invalid("FINALITY_MS", "must be whole milliseconds above zero.");
  return Number.parseInt(text, 10);
}

function keyOf(settings: BankDriverContext["settings"]): string {
  if (settings["KEY"] !== undefined) {
    if (/^[\x21-\x7e]{1,200}$/.test(settings["KEY"])) return settings["KEY"];
    throw invalid("KEY", "must be 1 to 200 printable characters without spaces.");
  }
  if (settings["KEY_FILE"] === undefined)
    throw invalid("KEY", "or MERGEPAY_BANK_SANDBOX_KEY_FILE must be set with MERGEPAY_BANK_SANDBOX_URL.");
  try {
    return readKey(settings["KEY_FILE"]);
  } catch (error) {
    throw new MergepayError(
      "CONFIG_INVALID",
      "MERGEPAY_BANK_SANDBOX_KEY_FILE can't be used: it must be a file that holds the bank's key.",
      { field: "KEY_FILE" },
      { cause: error },
    );
  }
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    url.password !== "" ||
    url.search !== ""
  )
    throw invalid("URL", "must be an http or https address without user, password or query.");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function bankOf({ dataDir, settings }: BankDriverContext): Promise<Bank> {
  for (const name of Object.keys(settings))
    if (!SETTINGS.includes(name)) throw invalid(name, `is not known; it takes ${SETTINGS.join(", ")}.`);
  if (settings["URL"] !== undefined)
    return { url: urlOf(settings["URL"]), key: keyOf(settings), close: () => Promise.resolve() };
  if (settings["FAULTS"] !== undefined && settings["FAULTS"] !== "magic") throw invalid("FAULTS", "can only be magic.");
  const bank = await startBank({
    dataDir: join(dataDir, "sandbox-bank"),
    port: 0,
    magic: settings["FAULTS"] === "magic",
    ...(settings["KEY_FILE"] === undefined ? {} : { keyFile: settings["KEY_FILE"] }),
  });
  return { url: urlOf(bank.url), key: bank.key, close: () => bank.close() };
}

const unsaid = (result: Extract<Exchange, { kind: "not_sent" | "broken" }>): BankOutcome =>
  result.kind === "not_sent"
    ? { state: "not_sent", reason: `The bank could not be reached (${result.code}).` }
    : { state: "unknown", reason: `The bank's answer did not arrive (${result.code}).` };

export default defineBankDriver({
  title: "Sandbox bank",
  finalityMs: FINALITY_MS,
  async open(context): Promise<BankDriver> {
    const finalityMs = finalityOf(context.settings["FINALITY_MS"]);
    const bank = await bankOf(context);
    const post = (path: string, body: unknown, signal: AbortSignal): Promise<Exchange> => {
      const validUntil = new Date(Date.now() + Math.ceil(finalityMs / 2)).toISOString();
      return exchange({ method: "POST", url: new URL(path, bank.url), key: bank.key, body, validUntil, signal });
    };
    /** @param body all of the instruction and nothing else: the bank refuses what it does not know */
    const instruct = async (
      path: string,
      body: Readonly<Record<string, unknown>> & { readonly bankRequestId: string },
      { signal }: BankCall,
    ) => {
      return toldOf(await post(path, body, signal), body.bankRequestId);
    };
    const toldOf = (result: Exchange, bankRequestId: string): BankOutcome =>
      result.kind === "answer" ? outcomeOf(result, bankRequestId, "instruction") : unsaid(result);

    return Object.freeze({
      finalityMs,
      debit: ({ bankRequestId, accountToken, amount, reference }, call) =>
        instruct("debits", { bankRequestId, accountToken, amount, reference }, call),
      refund: ({ bankRequestId, debitRequestId, amount, reference }, call) =>
        instruct("refunds", { bankRequestId, debitRequestId, amount, reference }, call),
      payout: ({ bankRequestId, accountToken, amount, reference }, call) =>
        instruct("payouts", { bankRequestId, accountToken, amount, reference }, call),
      async confirm({ bankRequestId, challengeId, answer }, { signal }) {
        const path = `debits/${encodeURIComponent(bankRequestId)}/confirm`;
        return toldOf(await post(path, { challengeId, answer }, signal), bankRequestId);
      },
      async inquire(bankRequestId, { signal }) {
        const url = new URL(`instructions/${encodeURIComponent(bankRequestId)}`, bank.url);
        const result = await exchange({ method: "GET", url, key: bank.key, signal });
        if (result.kind === "answer") return outcomeOf(result, bankRequestId, "inquiry");
        return { state: "unknown", reason: `The bank could not be asked (${result.code}).` };
      },
      async statement({ from, to, after = "0" }, { signal }) {
        const url = new URL(`ledger?after=${encodeURIComponent(after)}`, bank.url);
        const result = await exchange({ method: "GET", url, key: bank.key, signal });
        const page = result.kind === "answer" ? statementOf(result) : undefined;
        if (page === undefined) throw new MergepayError("BANK_UNAVAILABLE", "The sandbox bank gave no statement.");
        return { ...page, items: page.items.filter(({ bookedAt }) => bookedAt >= from && bookedAt < to) };
      },
      async rate({ from, to }, { signal }) {
        const result = await post("rates", { from, to }, signal);
        const rate = result.kind === "answer" ? rateOf(result) : undefined;
        if (rate !== undefined) return rate;
        if (result.kind === "answer" && result.status === 422)
          throw new MergepayError("UNSUPPORTED", "The sandbox bank does not change this pair.");
        throw new MergepayError("BANK_UNAVAILABLE", "The sandbox bank gave no rate.");
      },
      async openTestAccount(opening) {
        const result = await post("accounts", { opening }, AbortSignal.timeout(OPEN_ACCOUNT_MS));
        const accountToken = result.kind === "answer" ? accountTokenOf(result) : undefined;
        if (accountToken !== undefined) return { accountToken };
        const code = result.kind === "answer" ? `status ${result.status}` : result.code;
        throw new MergepayError("BANK_UNAVAILABLE", `The sandbox bank did not open an account (${code}).`);
      },
      close: () => bank.close(),
    } satisfies BankDriver);
  },
});
