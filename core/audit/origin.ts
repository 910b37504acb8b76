import { AsyncLocalStorage } from "node:async_hooks";
import type { AuditEntry } from "../../schemas/types.generated.ts";

/** Who decides: a platform, payer or operator by id; a bank by the name of its driver; `system`: a node that does what is due. */
export type Actor = AuditEntry["by"];

/** Whose decision what is done now comes from, and how it came to us. Plain data: it travels with each call over the bus. */
export interface Origin extends Omit<AuditEntry["from"], "node"> {
  readonly by: Actor;
}

/** How calls of the bus carry it: Moleculer's `meta`. */
export interface OriginMeta {
  readonly origin?: Origin;
}

const storage = new AsyncLocalStorage<() => Origin | undefined>();

/**
 * Runs something on behalf of somebody, and all that it awaits. It is looked up at each decision, since a request is proven while it is under way. No
 * service takes it as an argument: what is asked for does not hang on who asks, only what is written about it does.
 */
export const onBehalfOf = <T>(origin: () => Origin | undefined, run: () => T): T => storage.run(origin, run);

/** On whose behalf this is done; undefined when a node does it by itself. */
export const originNow = (): Origin | undefined => storage.getStore()?.();
