/** What an answer of the sandbox bank means. It must have exactly the form that the bank gives; all else says nothing. */
import type {
  BankChallenge,
  BankFailure,
  BankOutcome,
  BankRate,
  Money,
  StatementLine,
  StatementPage,
} from "../../../../core/plugin/bank-contract.ts";
import type { Exchange } from "./http.ts";

type Answer = Extract<Exchange, { kind: "answer" }>;

const FAILURES: readonly BankFailure[] = [
  "BANK_DECLINED",
  "BANK_INSUFFICIENT_FUNDS",
  "BANK_ACCOUNT_UNKNOWN",
  "BANK_CHALLENGE_EXPIRED",
];
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const REFERENCE = /^SB-[0-9]{10,20}$/;
const TOKEN = /^sbx_[A-Za-z0-9_-]{16,64}$/;
const VALUE = /^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$/;
const CURRENCY = /^[A-Z]{3}$/;
const ERROR_CODE = /^[A-Z][A-Z_]{1,40}$/;
const FIELD = /^\/[A-Za-z]{1,40}$/;

const REASONS: Readonly<Record<BankFailure, string>> = {
  BANK_DECLINED: "The bank declined the instruction.",
  BANK_INSUFFICIENT_FUNDS: "The account does not hold enough.",
  BANK_ACCOUNT_UNKNOWN: "The bank does not know the account.",
  BANK_CHALLENGE_EXPIRED: "The challenge was not answered in time.",
};

const unknown = (reason: string): BankOutcome => ({ state: "unknown", reason });
const differs = (reason: string): BankOutcome => ({ state: "unknown", code: "BANK_ANSWER_DIFFERS", reason });

/** The object of a JSON text when it has these keys and no others. */
function exactly(value: unknown, keys: readonly string[]): Record<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const own = Object.keys(value);
  return own.length === keys.length && keys.every((key) => own.includes(key))
    ? (value as Record<string, unknown>)
    : undefined;
}

const matches = (value: unknown, pattern: RegExp): value is string => typeof value === "string" && pattern.test(value);

function jsonOf(answer: Answer): unknown {
  if (!/^application\/json(;|$)/i.test(answer.contentType)) return undefined;
  try {
    return JSON.parse(answer.text);
  } catch {
    // Not JSON: the caller treats it like any other answer that is not of the bank's form.
    return undefined;
  }
}

function moneyOf(value: unknown): Money | undefined {
  const money = exactly(value, ["value", "currency"]);
  if (money === undefined || !matches(money["value"], VALUE) || !matches(money["currency"], CURRENCY)) return undefined;
  return { value: money["value"], currency: money["currency"] };
}

function succeeded(body: unknown): BankOutcome | undefined {
  const given = exactly(body, ["bankRequestId", "state", "bankReference", "amount", "bookedAt"]);
  const amount = moneyOf(given?.["amount"]);
  const [bankReference, bookedAt] = [given?.["bankReference"], given?.["bookedAt"]];
  if (given?.["state"] !== "succeeded" || amount === undefined) return undefined;
  if (!matches(bankReference, REFERENCE) || !matches(bookedAt, INSTANT)) return undefined;
  return { state: "succeeded", bankReference, amount, bookedAt };
}

function failed(body: unknown): BankOutcome | undefined {
  const given = exactly(body, ["bankRequestId", "state", "code", "reason"]);
  const code = FAILURES.find((known) => known === given?.["code"]);
  if (given?.["state"] !== "failed" || code === undefined || typeof given["reason"] !== "string") return undefined;
  // Our own sentence, not the bank's: a bank's free text may quote the account.
  return { state: "failed", code, reason: REASONS[code] };
}

/** The bank's page and text are the adapter's to judge: it does so for every driver. */
function challenged(body: unknown): BankOutcome | undefined {
  const given = exactly(body, ["bankRequestId", "state", "challenge"]);
  const challenge = exactly(given?.["challenge"], ["id", "kind", "text", "expiresAt"]);
  if (given?.["state"] !== "requires_action" || challenge === undefined) return undefined;
  return { state: "requires_action", challenge: challenge as unknown as BankChallenge };
}

/** The conflict's field, or the error's code: from fixed alphabets, so that no text of the bank's gets through. */
function refused(answer: Answer, body: unknown): BankOutcome {
  const error = (body as { error?: unknown } | null | undefined)?.error as Record<string, unknown> | null | undefined;
  const code = matches(error?.["code"], ERROR_CODE) ? error["code"] : "no code";
  if (answer.status !== 409 || code !== "CONFLICT")
    return unknown(`The bank answered with status ${answer.status} (${code}).`);
  const field = matches(error?.["field"], FIELD) ? error["field"] : "content";
  return differs(`The bank knows this id with another ${field}; nothing was booked by this instruction.`);
}

/** The outcome that an answer to an instruction or an inquiry tells. */
export function outcomeOf(answer: Answer, bankRequestId: string, call: "instruction" | "inquiry"): BankOutcome {
  const body = jsonOf(answer);
  const missing = exactly(body, ["bankRequestId", "state"]);
  if (call === "inquiry" && answer.status === 404 && missing?.["state"] === "not_found")
    return missing["bankRequestId"] === bankRequestId
      ? { state: "not_found" }
      : differs("The bank answered for another id.");
  if (answer.status !== 200) return refused(answer, body);
  const outcome = succeeded(body) ?? failed(body) ?? challenged(body);
  if (outcome === undefined) return unknown("The bank's answer does not have the form that it gives.");
  const answered = (body as { readonly bankRequestId?: unknown }).bankRequestId;
  return answered === bankRequestId ? outcome : differs("The bank answered for another id.");
}

/** The token of a new account, when the answer is one. */
export function accountTokenOf(answer: Answer): string | undefined {
  const given = exactly(jsonOf(answer), ["accountToken"]);
  return answer.status === 200 && matches(given?.["accountToken"], TOKEN) ? given["accountToken"] : undefined;
}

/** The rate that an answer tells; what it is worth is the adapter's to judge, as with every driver. */
export function rateOf(answer: Answer): BankRate | undefined {
  const given = exactly(jsonOf(answer), ["rateId", "from", "to", "rate", "expiresAt"]);
  return answer.status === 200 && given !== undefined ? (given as unknown as BankRate) : undefined;
}

/** A page of the bank's ledger as a statement of our account: what it took from payers is a credit there. */
export function statementOf(answer: Answer): StatementPage | undefined {
  const { items, next } = (jsonOf(answer) ?? {}) as { items?: unknown; next?: unknown };
  if (answer.status !== 200 || !Array.isArray(items)) return undefined;
  const lines = items.map((item: unknown): StatementLine | undefined => {
    const { kind, bankRequestId, bankReference, bookedAt, ...rest } = (item ?? {}) as Record<string, unknown>;
    const amount = moneyOf(rest["amount"]);
    if (amount === undefined || !matches(bankReference, REFERENCE) || !matches(bookedAt, INSTANT)) return undefined;
    if (typeof bankRequestId !== "string") return undefined;
    return { bankReference, bankRequestId, amount, direction: kind === "debit" ? "credit" : "debit", bookedAt };
  });
  if (lines.includes(undefined)) return undefined;
  return { items: lines.filter((line) => line !== undefined), ...(typeof next === "string" ? { next } : {}) };
}
