import type { FastifyInstance } from "fastify";
import type { ServiceSchema } from "moleculer";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { MergepayError } from "../../core/errors/errors.ts";
import { buildApp } from "./app.ts";
import type { HttpDeps } from "./deps.ts";
import { timesOf } from "./server.ts";

export interface HttpServiceDeps extends HttpDeps {
  readonly listen: {
    readonly host: string;
    /** 0: any free one. */
    readonly port: number;
    /** Told the address once requests are taken. */
    readonly listening?: (address: AddressInfo) => void;
  };
}

/** The HTTP edge as a service: takes requests once started, and ends those in flight before it is stopped. */
export function httpService(deps: HttpServiceDeps): ServiceSchema {
  let app: FastifyInstance | undefined;
  return {
    name: "http",
    async started() {
      const { host, port, listening } = deps.listen;
      app = await buildApp(deps);
      await app.listen({ host, port }).catch((error: unknown) => {
        throw notListening(error, host, port);
      });
      listening?.(app.server.address() as AddressInfo);
    },
    async stopped() {
      const stopping = app;
      app = undefined;
      if (stopping !== undefined) await drain(stopping, timesOf(deps).drainMs);
    },
  };
}

/**
 * Tries the address before anything else is started: plugins take seconds to load, and would be stopped half-way.
 * @throws CONFIG_INVALID when it can't be listened on
 */
export async function assertFree(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, "listening");
  } catch (error) {
    throw notListening(error, host, port);
  } finally {
    probe.close();
  }
}

/** The faults of an address, in words for whoever set it. */
function notListening(error: unknown, host: string, port: number): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (!["EADDRINUSE", "EADDRNOTAVAIL", "EACCES", "ENOTFOUND"].includes(code)) return error;
  const why = code === "EADDRINUSE" ? "another process has it" : "the system does not give it";
  return new MergepayError(
    "CONFIG_INVALID",
    `Mergepay can't listen on ${host}:${port}: ${why} (${code}). Set MERGEPAY_HTTP_PORT or MERGEPAY_HTTP_HOST to another, port 0 for any free one.`,
    {},
    { cause: error },
  );
}

/** Stops accepting, lets requests in flight end, and cuts off what is left after `ms`. */
export async function drain(app: FastifyInstance, ms: number): Promise<void> {
  const timer = setTimeout(() => {
    app.server.closeAllConnections();
  }, ms);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
