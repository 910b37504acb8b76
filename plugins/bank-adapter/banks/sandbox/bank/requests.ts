/** Reads what the sandbox bank is sent: strictly, with the field at fault. */
import type { IncomingMessage } from "node:http";
import {
  MergepayError,
  minorOf,
  moneyOf,
  type Money,
  type RatePair,
} from "../../../../../core/plugin/bank-contract.ts";
import type { Instruction } from "./ledger.ts";

export const BODY_BYTES = 64 * 1024;
export const REFERENCE_CHARS = 140;
const ANSWER_CHARS = 512;
const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const TOKEN = /^[\x21-\x7e]{1,200}$/;
const CURRENCY = /^[A-Z]{3}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** An answer other than 200; nothing was booked by the request that gets it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, reason: string, field?: string) {
    super(reason);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

const invalid = (field: string, reason: string): Refusal => new Refusal(400, "INVALID", reason, field);

/** The whole body as JSON. Rejects when the connection ends first: what did not arrive whole is dropped. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when we stop reading: the refusal of a body that is too large still needs the connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) throw new Refusal(413, "TOO_LARGE", `The body is larger than ${BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    // The parser's own sentence quotes the body, and the body holds an account token.
    throw invalid("", "The body is not JSON in UTF-8.");
  }
}

function fieldsOf(body: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalid("", "The body must be an object.");
  for (const name of Object.keys(body))
    if (!names.includes(name)) throw invalid("", `The body knows only ${names.join(", ")}.`);
  return body as Record<string, unknown>;
}

/** Canonical money, not below zero. */
function moneyIn(given: unknown, field: string): Money {
  const { value, currency } = fieldsOf(given, ["value", "currency"]);
  if (typeof value !== "string" || typeof currency !== "string")
    throw invalid(field, "An amount is { value, currency } in text.");
  let money: Money;
  try {
    money = moneyOf(minorOf(value, currency), currency);
  } catch (error) {
    throw invalid(field, error instanceof MergepayError ? error.message : "The amount can't be read.");
  }
  if (money.value !== value || value.startsWith("-"))
    throw invalid(field, "The amount must have exactly the decimals of its currency and not be below zero.");
  return money;
}

export function accountIn(body: unknown): { readonly owner: string | undefined; readonly opening: Money } {
  const { owner, opening } = fieldsOf(body, ["owner", "opening"]);
  if (owner !== undefined && (typeof owner !== "string" || owner.length > 200))
    throw invalid("/owner", "owner must be text of at most 200 characters.");
  return { owner, opening: moneyIn(opening, "/opening") };
}

const textIn = (value: unknown, field: string, pattern: RegExp, form: string): string => {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw invalid(`/${field}`, `${field} must be ${form}.`);
};
const idIn = (value: unknown, field: string): string =>
  textIn(value, field, REQUEST_ID, "1 to 64 of A-Z, a-z, 0-9 and _ . : -");

/** An instruction of this kind, as `POST /debits`, `/refunds` and `/payouts` take it. */
export function instructionIn(kind: Instruction["kind"], body: unknown): Instruction {
  const whose = kind === "refund" ? "debitRequestId" : "accountToken";
  const given = fieldsOf(body, ["bankRequestId", whose, "amount", "reference"]);
  const bankRequestId = idIn(given["bankRequestId"], "bankRequestId");
  const target =
    kind === "refund"
      ? ({ kind, debitRequestId: idIn(given["debitRequestId"], "debitRequestId") } as const)
      : ({
          kind,
          accountToken: textIn(given["accountToken"], "accountToken", TOKEN, "1 to 200 printable characters"),
        } as const);
  const { reference } = given;
  if (typeof reference !== "string" || reference.length > REFERENCE_CHARS)
    throw invalid("/reference", `reference must be text of at most ${REFERENCE_CHARS} characters.`);
  const amount = moneyIn(given["amount"], "/amount");
  if (minorOf(amount.value, amount.currency) === 0n)
    throw invalid("/amount", `The amount of a ${kind} must be above zero.`);
  return { bankRequestId, ...target, amount, reference };
}

export function pairIn(body: unknown): RatePair {
  const { from, to } = fieldsOf(body, ["from", "to"]);
  return {
    from: textIn(from, "from", CURRENCY, "an ISO 4217 code"),
    to: textIn(to, "to", CURRENCY, "an ISO 4217 code"),
  };
}

export function confirmationIn(body: unknown): { readonly challengeId: string; readonly answer: string } {
  const { challengeId, answer } = fieldsOf(body, ["challengeId", "answer"]);
  if (typeof challengeId !== "string" || !TOKEN.test(challengeId))
    throw invalid("/challengeId", "challengeId must be 1 to 200 printable characters.");
  if (typeof answer !== "string" || answer === "" || answer.length > ANSWER_CHARS)
    throw invalid("/answer", `answer must be text of 1 to ${ANSWER_CHARS} characters.`);
  return { challengeId, answer };
}

/**
 * Refuses an instruction that reached the bank too late: the sender says in `x-valid-until` up to when it may be booked. Together with the
 * sender's finality window this is why an instruction that the bank does not know after that window will never be booked.
 */
export function checkStillValid(request: IncomingMessage, now: Date): void {
  const until = request.headers["x-valid-until"];
  if (until === undefined) return;
  if (typeof until !== "string" || !INSTANT.test(until))
    throw invalid("x-valid-until", "x-valid-until must be an instant in UTC.");
  // Both are of the same form, so that text order is time order.
  if (now.toISOString() >= until)
    throw new Refusal(410, "EXPIRED", "The instruction is no longer valid; nothing was booked.");
}

/** The `after` of a ledger page: a `seq`, 0 when absent. */
export function afterIn(query: URLSearchParams): bigint {
  const after = query.get("after") ?? "0";
  if (!/^[0-9]{1,18}$/.test(after)) throw invalid("after", "after must be the seq of a line.");
  return BigInt(after);
}
