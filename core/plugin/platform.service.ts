import type { Context, ServiceSchema } from "moleculer";
import { validator } from "../schema/validate.ts";
import type { Event } from "./contract.ts";
import { kindsOf } from "./manifest.ts";
import { bad, checkRead } from "./readings.ts";
import type { PlatformFace } from "./slot.ts";

/** Name of the service that a platform's plugin runs as. */
export const serviceName = (id: string): string => `platform.${id}`;

/** A plugin's own deadlines end a call that takes too long; the bus has none unless the caller names one. */
const NO_TIMEOUT = { timeout: 0 };

/**
 * A platform as a Moleculer service with the actions `inputs`, `reply`, `check` and `read`. Its versions may change behind it while files are in flight.
 */
export function platformService(platform: PlatformFace): ServiceSchema {
  const fitsEvent = validator<Event>("mergepay:event");
  return {
    name: serviceName(platform.id),
    actions: {
      inputs: {
        ...NO_TIMEOUT,
        handler: () => ({ inputs: kindsOf(platform.current().manifest).map(({ input }) => input) }),
      },
      reply: {
        ...NO_TIMEOUT,
        handler: async (context: Context) => {
          const { event } = (context.params ?? {}) as { event?: unknown };
          if (!fitsEvent(event)) throw bad("/event", "must be an event");
          return await platform.reply(event);
        },
      },
      check: {
        ...NO_TIMEOUT,
        handler: async (context: Context) => {
          const { fileId } = (context.params ?? {}) as { fileId?: unknown };
          if (typeof fileId !== "string" || fileId === "") throw bad("/fileId", "must be the id of a file");
          return await platform.check(fileId);
        },
      },
      read: {
        ...NO_TIMEOUT,
        handler: async (context: Context) => {
          const { fileId, from, merchant } = checkRead(context.params);
          return { ...(await platform.read(fileId, from, merchant)), node: context.broker.nodeID };
        },
      },
    },
  };
}
