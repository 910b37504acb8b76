/** What a driver's answer is worth: checked for shape, meaning and secrets before anyone decides on it. */
import {
  type BankChallenge,
  type BankFailure,
  type BankOutcome,
  type Money,
  minorOf,
  moneyOf,
} from "../../core/plugin/bank-contract.ts";

const REASON_CHARS = 200;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** What looks like a card, account or IBAN number: a bank's own sentence may quote one. */
const ACCOUNT_LIKE = /\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b|\d(?:[ -]?\d){11,18}/g;

const FAILURES: Readonly<Record<BankFailure, true>> = {
  BANK_DECLINED: true,
  BANK_INSUFFICIENT_FUNDS: true,
  BANK_ACCOUNT_UNKNOWN: true,
  BANK_CHALLENGE_EXPIRED: true,
};

export type Unknown = Extract<BankOutcome, { state: "unknown" }>;

export const unknown = (reason: string): Unknown => ({ state: "unknown", reason });
const differs = (reason: string): Unknown => ({ state: "unknown", code: "BANK_ANSWER_DIFFERS", reason });

/** Takes secrets (also URL-encoded) and anything like an account number out of a text, and cuts it. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets)
    for (const form of [secret, encodeURIComponent(secret)]) if (form !== "") clean = clean.replaceAll(form, "***");
  return clean.replace(ACCOUNT_LIKE, "***").slice(0, REASON_CHARS);
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** The money in canonical form, or undefined when it is not an amount above zero of a currency. */
function canonical(value: unknown): Money | undefined {
  const money = value as { value?: unknown; currency?: unknown } | null | undefined;
  if (typeof money !== "object" || money === null || !isText(money.value) || !isText(money.currency)) return undefined;
  try {
    const minor = minorOf(money.value, money.currency);
    return minor > 0n ? moneyOf(minor, money.currency) : undefined;
  } catch {
    // Not money: the caller turns that into an answer that says nothing.
    return undefined;
  }
}

function succeeded(answer: Record<string, unknown>, asked: Money | undefined, secrets: readonly string[]): BankOutcome {
  const amount = canonical(answer["amount"]);
  const { bankReference, bookedAt } = answer;
  if (amount === undefined || !isText(bankReference) || !isText(bookedAt) || !INSTANT.test(bookedAt))
    return unknown("The bank's success lacks a valid amount, reference or booking time.");
  if (asked !== undefined && (amount.value !== asked.value || amount.currency !== asked.currency))
    return differs("The bank reports success for another amount or currency than was asked.");
  // A reference must be kept as it is to be found in statements; only secrets that we know are taken out.
  const safeReference = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), bankReference);
  return { state: "succeeded", bankReference: safeReference.slice(0, REASON_CHARS), amount, bookedAt };
}

const CHALLENGE_ID = /^[!-~]{1,200}$/;
const URL_CHARS = 2048;

/** The bank's page that a payer is sent to; undefined unless it is one that a browser may be sent to safely. */
function pageOf(url: unknown): string | undefined {
  if (!isText(url) || url.length > URL_CHARS) return undefined;
  const page = URL.parse(url);
  return page?.protocol === "https:" && page.username === "" && page.password === "" ? page.href : undefined;
}

function challenged(given: Record<string, unknown>, secrets: readonly string[]): BankOutcome {
  const { id, kind, text, url, expiresAt } = (given["challenge"] ?? {}) as Record<string, unknown>;
  const faulty = unknown("The bank's challenge lacks a valid id, kind, text, page or end.");
  if (!isText(id) || !CHALLENGE_ID.test(id) || !isText(text)) return faulty;
  if (!isText(expiresAt) || !INSTANT.test(expiresAt) || Number.isNaN(Date.parse(expiresAt))) return faulty;
  const common = { id, text: redact(text, secrets), expiresAt: new Date(expiresAt).toISOString() };
  const challenge = (more: Pick<BankChallenge, "kind" | "url">): BankOutcome => ({
    state: "requires_action",
    challenge: { ...common, ...more },
  });
  if (kind === "code") return challenge({ kind });
  const page = pageOf(url);
  return kind === "redirect" && page !== undefined ? challenge({ kind, url: page }) : faulty;
}

/**
 * The outcome that a driver's answer amounts to.
 * @param asked the amount of the instruction, where it is known: a success must carry the same
 * @param secrets texts that must not appear in what is handed on
 * @param allowed states that mean something for this call; another one becomes `unknown`
 */
export function judge(
  answer: unknown,
  asked: Money | undefined,
  secrets: readonly string[],
  allowed: readonly BankOutcome["state"][],
): BankOutcome {
  const given = (typeof answer === "object" && answer !== null ? answer : {}) as Record<string, unknown>;
  const state = allowed.find((known) => known === given["state"]);
  const reason = isText(given["reason"]) ? redact(given["reason"], secrets) : "The bank gave no reason.";
  if (state === undefined) return unknown("The driver's answer is none that this call can have.");
  switch (state) {
    case "succeeded":
      return succeeded(given, asked, secrets);
    case "failed": {
      const code = given["code"];
      if (typeof code !== "string" || !Object.hasOwn(FAILURES, code))
        return unknown("The driver reports a failure without the bank's word for it.");
      return { state: "failed", code: code as BankFailure, reason };
    }
    case "requires_action":
      return challenged(given, secrets);
    case "pending":
    case "not_found":
      return { state };
    case "not_sent":
      return { state, reason };
    case "unknown":
      break;
  }
  return given["code"] === "BANK_ANSWER_DIFFERS" ? differs(reason) : unknown(reason);
}
