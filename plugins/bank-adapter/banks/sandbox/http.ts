/**
 * One HTTP request on a connection of its own. Never sent again: a kept-alive connection that the other end closes would make the sender
 * repeat a POST whose first copy may have arrived.
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export const ANSWER_BYTES = 64 * 1024;

export interface ExchangeRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly key: string;
  readonly body?: unknown;
  /** After this instant the bank must not act on the request. */
  readonly validUntil?: string;
  /** Total deadline: from resolving the name to the last byte of the answer. */
  readonly signal: AbortSignal;
}

/** `not_sent`: the connection was never there, so no byte left · `broken`: it was; whether the request arrived can't be said. */
export type Exchange =
  | { readonly kind: "answer"; readonly status: number; readonly contentType: string; readonly text: string }
  | { readonly kind: "not_sent" | "broken"; readonly code: string };

const CODE = /^[A-Z][A-Z0-9_]{1,40}$/;

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && CODE.test(code) ? code : "BROKEN";
}

/** Sends the request once. Never rejects; `code` is an error's short code, such as ECONNREFUSED, TOO_LARGE, DEADLINE. */
export function exchange(given: ExchangeRequest): Promise<Exchange> {
  const { method, url, signal } = given;
  if (signal.aborted) return Promise.resolve({ kind: "not_sent", code: "DEADLINE" });
  const bytes = given.body === undefined ? undefined : Buffer.from(JSON.stringify(given.body));
  const secure = url.protocol === "https:";

  return new Promise((resolve) => {
    // Until the connection stands nothing is written to it; with TLS not before the handshake is done.
    let connected = false;
    const fail = (code: string): void =>
      resolve({ kind: connected ? "broken" : "not_sent", code: signal.aborted ? "DEADLINE" : code });
    const request = (secure ? requestHttps : requestHttp)(url, {
      method,
      agent: false,
      signal,
      headers: {
        authorization: `Bearer ${given.key}`,
        accept: "application/json",
        connection: "close",
        ...(bytes === undefined ? {} : { "content-type": "application/json", "content-length": bytes.length }),
        ...(given.validUntil === undefined ? {} : { "x-valid-until": given.validUntil }),
      },
    });
    request.once("socket", (socket) =>
      socket.once(secure ? "secureConnect" : "connect", () => {
        connected = true;
      }),
    );
    request.on("error", (error) => fail(codeOf(error)));
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= ANSWER_BYTES) return;
        fail("TOO_LARGE");
        request.destroy();
      });
      response.on("error", (error) => fail(codeOf(error)));
      response.once("end", () => {
        if (!response.complete) return fail("BROKEN");
        const contentType = response.headers["content-type"] ?? "";
        try {
          const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
          resolve({ kind: "answer", status: response.statusCode ?? 0, contentType, text });
        } catch {
          // Bytes that are not UTF-8 are no answer of this bank.
          fail("NOT_UTF8");
        }
      });
    });
    // Whatever way the connection ended, someone waits: the first word counted, this one is the last.
    request.once("close", () => fail("BROKEN"));
    request.end(bytes);
  });
}
