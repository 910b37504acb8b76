import { MergepayError, asMergepayError } from "../core/errors/errors.ts";
import type { Call } from "../core/actions.ts";
import type { Store } from "../core/store/contract.ts";
import type { Role } from "./config.ts";

/** How long each part is waited for, milliseconds. What watches nodes gives up after a few seconds itself. */
const PART_MS = 2_000;

/** `ok`, or the code of what is the matter. */
const outcome = (check: Promise<unknown>): Promise<string> =>
  check.then(
    () => "ok",
    (error: unknown) => asMergepayError(error).type,
  );

/** A store that says nothing is as good as away. The driver itself waits longer, for the sake of work that takes its time. */
function pinged(store: Pick<Store, "ping">, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new MergepayError("STORE_UNAVAILABLE")), waitMs);
    store
      .ping()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/**
 * Whether the node can do its work now: the store by a round trip, and where there is HTTP the other parts by a call to each, over NATS when the
 * nodes are apart. All at once, so that the answer is there in time for whoever asks, whatever hangs.
 */
export function readiness(store: Pick<Store, "ping">, call: Call, has: (role: Role) => boolean, waitMs = PART_MS) {
  return async (): Promise<{ ok: boolean; checks: Record<string, string> }> => {
    const options = { timeoutMs: waitMs };
    const parts: Record<string, Promise<unknown>> = {
      store: pinged(store, waitMs),
      ...(has("gateway")
        ? {
            core: call("ledger.entries", { limit: 1 }, options),
            bank: call("bank-adapter.banks", {}, options),
            plugins: call("plugins.ready", {}, options),
          }
        : {}),
    };
    const checked = await Promise.all(
      Object.entries(parts).map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    return { ok: checked.every(([, state]) => state === "ok"), checks: Object.fromEntries(checked) };
  };
}
