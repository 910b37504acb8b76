import type { ServiceBroker } from "moleculer";
import type { ActionName, Call } from "./actions.ts";
import { originNow } from "./audit/origin.ts";
import { asMergepayError, MergepayError } from "./errors/errors.ts";

/** The part of a broker that calls need. */
export type Caller = Pick<ServiceBroker, "call">;

/** Nothing answers to the name: the call reached no handler. */
const NOT_REACHED = new Set(["SERVICE_NOT_FOUND", "SERVICE_NOT_AVAILABLE"]);

/** The bus has no timeout of its own: every caller says how long it can wait, and money calls are never repeated. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** Reading a file's frame takes as long as the file is; its plugin's own deadline ends it. */
const PLATFORM_TIMEOUT_MS = 30 * 60_000;

/**
 * Typed calls over a broker. Errors arrive as MergepayError whether the service is local or remote; when nothing answers to the name,
 * as PLATFORM_UNAVAILABLE or BANK_UNAVAILABLE (certain that nothing was done) or OVERLOADED.
 */
export function callOver(broker: Caller): Call {
  return async (name, params, options = {}) => {
    const [service, action] = name.split(".") as [string, string];
    const platform = service === "platform" ? options.platform : undefined;
    const full = platform === undefined ? name : `platform.${platform}.${action}`;
    const timeout = options.timeoutMs ?? (platform === undefined ? DEFAULT_TIMEOUT_MS : PLATFORM_TIMEOUT_MS);
    try {
      const at = options.node === undefined ? {} : { nodeID: options.node };
      const origin = originNow();
      const meta = origin === undefined ? {} : { meta: { origin } };
      return (await broker.call(full, params, { timeout, retries: 0, ...at, ...meta })) as never;
    } catch (error) {
      throw translated(name, error);
    }
  };
}

function translated(name: ActionName, error: unknown): MergepayError {
  const type = (error as { type?: unknown }).type;
  // Moleculer's own word for a call without an answer: its handler may still be at it.
  if (type === "REQUEST_TIMEOUT" || type === "REQUEST_REJECTED")
    return new MergepayError(
      "OVERLOADED",
      "There was no answer in time; what was asked may still be done. Look before you ask again.",
      { retryAfterSeconds: 5 },
      { cause: error },
    );
  if (typeof type !== "string" || !NOT_REACHED.has(type)) return asMergepayError(error);
  // Whoever asks for the platforms has nothing to do with a bank.
  if (name.startsWith("platform.") || name === "bank-adapter.platforms")
    return new MergepayError("PLATFORM_UNAVAILABLE", undefined, {}, { cause: error });
  if (name.startsWith("bank-adapter.")) return new MergepayError("BANK_UNAVAILABLE", undefined, {}, { cause: error });
  return new MergepayError(
    "OVERLOADED",
    "This part of Mergepay is not running now.",
    { retryAfterSeconds: 5 },
    { cause: error },
  );
}
