/**
 * The sandbox bank's HTTP service. All calls but `GET /health` want `Authorization: Bearer <key>`.
 *
 * `POST /accounts {owner?, opening}` -> `{accountToken}` · `GET /accounts/{token}` -> `{balance}` ·
 * `POST /debits {bankRequestId, accountToken, amount, reference}`, `POST /payouts` of the same form and
 * `POST /refunds {bankRequestId, debitRequestId, amount, reference}` -> the decision; 409 with `field` when the id was used with other content ·
 * `POST /debits/{bankRequestId}/confirm {challengeId, answer}` -> the decision, or the challenge again; 404 when nothing was challenged ·
 * `GET /instructions/{bankRequestId}` -> the decision on any of them, or 404 `{bankRequestId, state: "not_found"}` ·
 * `POST /rates {from, to}` -> `{rateId, from, to, rate, expiresAt}`, a rate that is locked until then; 422 for a pair that it does not change ·
 * `GET /ledger?after=` -> `{items, next?}`, what was booked, in booking order · `POST /faults [...]` -> `{added}` (see faults.ts).
 *
 * An instruction is booked only when its whole request has arrived, is still valid (`x-valid-until`) and its connection is still open.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { minorOf, moneyOf, type BankFailure } from "../../../../../core/plugin/bank-contract.ts";
import { answer, failBefore, sendError, sendJson } from "./answers.ts";
import { createFaultQueue, type Fault, magicFault, parseScript } from "./faults.ts";
import { hasKey } from "./key.ts";
import type { Conflict, Instruction, Ledger, Result } from "./ledger.ts";
import { faultyRate, lockRate } from "./rates.ts";
import {
  accountIn,
  afterIn,
  checkStillValid,
  confirmationIn,
  instructionIn,
  pairIn,
  readJson,
  Refusal,
} from "./requests.ts";

export interface BankServerDeps {
  readonly ledger: Ledger;
  readonly key: string;
  readonly now: () => Date;
  /** Magic amounts misbehave. */
  readonly magic: boolean;
}

const PAGE_LINES = 100;
const REQUEST_MS = 10_000;

const FORCED: Partial<Record<Fault, BankFailure | "challenge">> = {
  challenge: "challenge",
  declined: "BANK_DECLINED",
  insufficient: "BANK_INSUFFICIENT_FUNDS",
};

/** A success told with one minor unit more than was booked. */
function withOtherAmount<T extends Exclude<Result, Conflict>>(decision: T): T {
  if (decision.state !== "succeeded") return decision;
  const { value, currency } = decision.amount;
  return { ...decision, amount: moneyOf(minorOf(value, currency) + 1n, currency) };
}

/** Makes the bank's server; it does not listen yet. */
export function createBankServer(deps: BankServerDeps): Server {
  const { ledger } = deps;
  const faults = createFaultQueue();
  let locks = 0;

  async function instruct(
    kind: Instruction["kind"],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { socket } = request;
    const instruction = instructionIn(kind, await readJson(request));
    const fault = faults.next(kind) ?? (deps.magic ? magicFault(instruction.amount.value) : undefined);
    if (failBefore(response, fault)) return;
    checkStillValid(request, deps.now());
    // The caller has hung up: what nobody waits for is not booked.
    if (socket.destroyed) return;
    tell(response, ledger.decide(instruction, fault === undefined ? undefined : FORCED[fault]), fault);
  }

  function tell(response: ServerResponse, result: Result, fault: Fault | undefined): void {
    if ("conflict" in result)
      throw new Refusal(
        409,
        "CONFLICT",
        "This bankRequestId was used with other content; nothing was booked now.",
        result.conflict,
      );
    answer(response, 200, fault === "other_amount" ? withOtherAmount(result) : result, fault);
  }

  async function postConfirmation(
    bankRequestId: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { socket } = request;
    const { challengeId, answer: said } = confirmationIn(await readJson(request));
    const fault = faults.next("confirm");
    if (failBefore(response, fault)) return;
    checkStillValid(request, deps.now());
    if (socket.destroyed) return;
    const result = ledger.confirm(bankRequestId, challengeId, said);
    if (result === undefined) throw new Refusal(404, "NOT_FOUND", "No debit of this id was challenged.");
    tell(response, result, fault);
  }

  function getDecision(bankRequestId: string, response: ServerResponse): void {
    const fault = faults.next("inquiry");
    if (failBefore(response, fault)) return;
    const decision = fault === "not_found" ? undefined : ledger.find(bankRequestId);
    if (decision === undefined) return answer(response, 404, { bankRequestId, state: "not_found" }, fault);
    const code = fault === undefined ? undefined : FORCED[fault];
    if (code !== undefined && code !== "challenge")
      return sendJson(response, 200, { bankRequestId, state: "failed", code, reason: "The bank declined." });
    answer(response, 200, fault === "other_amount" ? withOtherAmount(decision) : decision, fault);
  }

  async function postRate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pair = pairIn(await readJson(request));
    const fault = faults.next("rate");
    if (failBefore(response, fault)) return;
    const now = deps.now().getTime();
    const rate = lockRate(pair, (locks += 1), now);
    if (rate === undefined) throw new Refusal(422, "PAIR_UNKNOWN", "The bank does not change this pair.");
    answer(response, 200, faultyRate(rate, fault, now), fault);
  }

  function getLedger(query: URLSearchParams, response: ServerResponse): void {
    const items = ledger.lines(afterIn(query), PAGE_LINES);
    const last = items.at(-1);
    sendJson(response, 200, {
      items,
      ...(items.length === PAGE_LINES && last !== undefined ? { next: last.seq } : {}),
    });
  }

  async function postFaults(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const script = parseScript(await readJson(request));
    if (typeof script === "string") throw new Refusal(400, "INVALID", script);
    faults.add(script);
    sendJson(response, 200, { added: script.length });
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://bank.invalid");
    const [resource = "", id, ...rest] = url.pathname.slice(1).split("/");
    const call = `${request.method ?? ""} /${resource}${id === undefined ? "" : "/id"}${rest.length === 0 ? "" : "/..."}`;
    if (call === "GET /health") return sendJson(response, 200, { state: "up" });
    if (!hasKey(request.headers.authorization, deps.key))
      throw new Refusal(401, "UNAUTHENTICATED", "The bearer key is missing or wrong.");
    switch (call) {
      case "POST /accounts": {
        const { opening, owner } = accountIn(await readJson(request));
        return sendJson(response, 200, ledger.openAccount(opening, owner));
      }
      case "GET /accounts/id": {
        const balance = ledger.balance(decodeId(id));
        if (balance === undefined) throw new Refusal(404, "NOT_FOUND", "There is no such account.");
        return sendJson(response, 200, { balance });
      }
      case "POST /debits":
        return await instruct("debit", request, response);
      case "POST /debits/id/...":
        if (rest.join("/") !== "confirm") throw new Refusal(404, "NO_SUCH_CALL", "The bank has no such call.");
        return await postConfirmation(decodeId(id), request, response);
      case "POST /refunds":
        return await instruct("refund", request, response);
      case "POST /payouts":
        return await instruct("payout", request, response);
      case "POST /rates":
        return await postRate(request, response);
      case "GET /instructions/id":
        return getDecision(decodeId(id), response);
      case "GET /ledger":
        return getLedger(url.searchParams, response);
      case "POST /faults":
        return await postFaults(request, response);
      default:
        throw new Refusal(404, "NO_SUCH_CALL", "The bank has no such call.");
    }
  }

  const server = createServer((request, response) => {
    // Taken now: a request whose connection broke has none any more.
    const { socket } = request;
    route(request, response).catch((error: unknown) => {
      if (response.headersSent || socket.destroyed) return socket.destroy();
      // A refused body may still be arriving: the connection ends with the answer.
      response.setHeader("connection", "close");
      if (error instanceof Refusal) return sendError(response, error.status, error.code, error.message, error.field);
      return sendError(response, 500, "INTERNAL", "The bank could not do this.");
    });
  });
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  return server;
}

function decodeId(id: string | undefined): string {
  try {
    return decodeURIComponent(id ?? "");
  } catch {
    // Not a URL-encoded text.
    throw new Refusal(400, "INVALID", "The id in the path can't be read.");
  }
}
