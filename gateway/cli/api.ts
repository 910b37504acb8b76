import { asMergepayError, MergepayError } from "../../core/errors/errors.ts";
import type { ErrorCode } from "../../core/errors/codes.ts";
import { boot, runningPlatforms } from "./boot.ts";

/** What is sent: a file or JSON, and the Idempotency-Key where the call takes one. */
interface Body {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly key?: string;
}

/** A body of any length. */
interface Stream {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly type: string;
}

/** Mergepay's HTTP API as an operator asks it. */
export interface Api {
  /** @throws MergepayError made of the problem that was answered */
  readonly get: <T>(path: string) => Promise<T>;
  readonly post: <T>(path: string, body?: Body) => Promise<T>;
  /** Posts a body that is read while it is sent. */
  readonly stream: <T>(path: string, body: Stream) => Promise<T>;
  readonly bytes: (path: string) => Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Does something with the API of the server at MERGEPAY_URL, or else of a node that runs on the data folder meanwhile.
 * @throws CONFIG_INVALID without an operator key; STORE_LOCKED when a server has the data folder
 */
export async function withApi<T>(use: (api: Api) => Promise<T>): Promise<T> {
  const { MERGEPAY_URL: url = "", MERGEPAY_OPERATOR_KEY: ownKey = "", MERGEPAY_LOG = "error" } = process.env;
  if (url !== "") return use(apiAt(url, keyOf(ownKey)));
  const {
    node,
    config,
    url: own,
    sandbox,
  } = await boot({ ...process.env, MERGEPAY_HTTP_PORT: "0", MERGEPAY_LOG }).catch((thrown: unknown) => {
    const error = asMergepayError(thrown);
    if (error.type !== "STORE_LOCKED") throw error;
    throw new MergepayError(
      error.type,
      `${error.message} To ask the server that has it: MERGEPAY_URL=http://127.0.0.1:7070.`,
    );
  });
  try {
    await runningPlatforms(node, config.pluginsDir);
    return await use(apiAt(own, keyOf(ownKey === "" ? (sandbox?.operatorKey ?? "") : ownKey)));
  } finally {
    await node.stop();
  }
}

function keyOf(key: string): string {
  if (key !== "") return key;
  throw new MergepayError("CONFIG_INVALID", "Set MERGEPAY_OPERATOR_KEY to an operator's key (mpk_...).", {
    field: "MERGEPAY_OPERATOR_KEY",
  });
}

function apiAt(base: string, key: string): Api {
  async function ask(method: "GET" | "POST", path: string, sent?: Body | Stream): Promise<Response> {
    const authorization = `Bearer ${key}`;
    const given = { headers: { authorization, ...headersOf(sent) }, ...bodyOf(sent) };
    const answer = await fetch(new URL(path, base), { method, ...given }).catch((error: unknown) => {
      throw new MergepayError(
        "OVERLOADED",
        `There is no answer at ${base}; is the server running?`,
        {},
        { cause: error },
      );
    });
    if (answer.ok) return answer;
    const { code, detail } = (await answer.json()) as { code?: ErrorCode; detail?: string };
    throw new MergepayError(code ?? "INTERNAL", detail ?? `${method} ${path} was answered ${answer.status}.`);
  }
  return {
    get: async <T>(path: string) => (await (await ask("GET", path)).json()) as T,
    stream: async <T>(path: string, body: Stream) => (await (await ask("POST", path, body)).json()) as T,
    post: async <T>(path: string, body?: Body) => (await (await ask("POST", path, body)).json()) as T,
    bytes: async (path) => {
      const { body } = await ask("GET", path);
      return body ?? new ReadableStream<Uint8Array>();
    },
  };
}

function headersOf(sent: Body | Stream | undefined): Record<string, string> {
  if (sent === undefined) return {};
  const { type } = sent;
  return { "content-type": type, ...("key" in sent && sent.key !== undefined ? { "idempotency-key": sent.key } : {}) };
}

function bodyOf(sent: Body | Stream | undefined): Pick<RequestInit, "body" | "duplex"> {
  if (sent === undefined) return {};
  if ("bytes" in sent) return { body: Buffer.from(sent.bytes) };
  return { body: ReadableStream.from(sent.pieces), duplex: "half" };
}
