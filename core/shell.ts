import type { Context, ServiceSchema } from "moleculer";
import { onBehalfOf, type OriginMeta } from "./audit/origin.ts";

type Handler = (params: never) => unknown;

/**
 * A domain service's functions as a Moleculer service: each named function becomes an action that is given the call's parameters.
 * On whose behalf the call is made comes with it. Nothing else happens here: rules live in the functions.
 */
export function shell(name: string, actions: Readonly<Record<string, Handler>>): ServiceSchema {
  return {
    name,
    actions: Object.fromEntries(
      Object.entries(actions).map(([action, handler]) => [
        action,
        {
          handler: ({ params, meta: { origin } }: Context<unknown, OriginMeta>) =>
            onBehalfOf(
              () => origin,
              () => handler(params as never),
            ),
        },
      ]),
    ),
  };
}
