/** How the sandbox bank answers: rightly, or as a fault wants it. */
import type { ServerResponse } from "node:http";
import type { Fault } from "./faults.ts";

const SLOW_BYTE_MS = 1000;
const PAGE = "<!doctype html><html><head><title>Welcome</title></head><body><h1>Please log in</h1></body></html>";

function send(response: ServerResponse, status: number, type: string, text: string): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, { "content-type": type, "content-length": bytes.length, "cache-control": "no-store" });
  response.end(bytes);
}

export const sendJson = (response: ServerResponse, status: number, body: unknown): void =>
  send(response, status, "application/json", JSON.stringify(body));

export const sendError = (
  response: ServerResponse,
  status: number,
  code: string,
  reason: string,
  field?: string,
): void => sendJson(response, status, { error: { code, reason, ...(field === undefined ? {} : { field }) } });

/** Announces the whole answer, gives half of it and breaks the connection. */
function sendHalf(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
}

function sendSlowly(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  let sent = 0;
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  response.flushHeaders();
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent === bytes.length) response.end();
  }, SLOW_BYTE_MS);
  response.once("close", () => clearInterval(timer));
}

/** Answers before anything is done, if the fault is of that kind; says whether it did. */
export function failBefore(response: ServerResponse, fault: Fault | undefined): boolean {
  if (fault === "error_before") sendError(response, 503, "UNAVAILABLE", "The bank is closed for a moment.");
  else if (fault === "reset_before") response.socket?.resetAndDestroy();
  // The third one gets no answer: its connection stays open until the caller gives up or the bank stops.
  else return fault === "timeout_before_debit";
  return true;
}

/** Answers after everything is done, in the way of the fault. */
export function answer(response: ServerResponse, status: number, body: unknown, fault: Fault | undefined): void {
  if (fault === "timeout_after_debit") return;
  if (fault === "error_after") sendError(response, 500, "INTERNAL", "The bank lost its thread.");
  else if (fault === "half_answer") sendHalf(response, status, body);
  else if (fault === "html") send(response, 200, "text/html; charset=utf-8", PAGE);
  else if (fault === "slow_bytes") sendSlowly(response, status, body);
  else sendJson(response, status, body);
}
