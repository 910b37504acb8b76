import { setTimeout as delay } from "node:timers/promises";
import type { Context, ServiceBroker, ServiceSchema } from "moleculer";
import type { Actions } from "../actions.ts";
import { callOver } from "../call.ts";
import { MergepayError } from "../errors/errors.ts";
import { createPluginHost, type PluginHost, type PluginHostDeps } from "./host.ts";
import { platformService, serviceName } from "./platform.service.ts";

export type PluginsServiceDeps = Pick<
  PluginHostDeps,
  "limits" | "openBlob" | "log" | "decided" | "pollMs" | "registeredMs" | "drainMs" | "loadMs"
> & {
  /** The folder of plugin folders. */
  readonly pluginsDir: string;
  /** How long the start waits for the plugins that are there, and for bank-adapter before them. Default 40 s: a busy machine with many plugins takes long. */
  readonly startMs?: number;
};

const REGISTER_TIMEOUT_MS = 5_000;
const SERVICE_UP_MS = 10_000;
const BANK_LOOK_MS = 250;

/**
 * The plugins of a node: starts a service `platform.<id>` for each, and answers for them. The node's start waits for them so
 * that they answer when it is up, but never fails because of one; a plugin that is not done in time comes when it is.
 */
export function pluginsService(deps: PluginsServiceDeps): ServiceSchema {
  const { pluginsDir, startMs = 40_000, ...rest } = deps;
  let host: PluginHost | undefined;
  let settled = false;
  /** Ends what the start waits for. */
  const waits = new AbortController();

  async function load(broker: ServiceBroker, loading: PluginHost): Promise<void> {
    await bankAdapter(broker, startMs, waits.signal);
    await loading.start();
    settled = true;
  }

  return {
    name: "plugins",
    actions: {
      ready: {
        handler(): Actions["plugins.ready"]["result"] {
          if (!settled) throw new MergepayError("PLATFORM_UNAVAILABLE", "The plugins are being loaded.");
          return { ready: true };
        },
      },
      has: {
        async handler({
          params,
        }: Context<Actions["plugins.has"]["params"]>): Promise<Actions["plugins.has"]["result"]> {
          return { here: (await host?.has(params.platform)) ?? false };
        },
      },
      list: { handler: (): Actions["plugins.list"]["result"] => ({ items: host?.list() ?? [] }) },
    },
    async started(this: { readonly broker: ServiceBroker }) {
      host = createPluginHost({ ...rest, dir: pluginsDir, ...servicesOf(this.broker) });
      const loaded = load(this.broker, host);
      const late = delay(startMs, undefined, { signal: waits.signal }).catch(() => undefined);
      // Without bank-adapter the plugins wait, refused, until it comes.
      await Promise.race([loaded, late]).finally(() => waits.abort());
      // It goes on after the wait; what fails there is the folder as a whole.
      loaded.catch(() => rest.log.error({ service: "plugins" }, "The plugins folder can't be read."));
    },
    async stopped() {
      waits.abort();
      await host?.stop();
    },
  };
}

async function bankAdapter(broker: ServiceBroker, startMs: number, waits: AbortSignal): Promise<void> {
  // In short waits: a node that is stopped meanwhile is not held up.
  for (const end = performance.now() + startMs / 2; !waits.aborted && performance.now() < end;) {
    const found = broker.waitForServices("bank-adapter", BANK_LOOK_MS, 20);
    // Late is no fault: registering is tried again until it works.
    if (await found.then(Boolean, () => false)) return;
  }
}

/** How the host reaches the rest of the house over a broker. */
function servicesOf(
  broker: ServiceBroker,
): Pick<PluginHostDeps, "register" | "unregister" | "registered" | "onStarted" | "onStopped"> {
  const call = callOver(broker);
  const timeoutMs = REGISTER_TIMEOUT_MS;
  return {
    async register(registration) {
      await call("bank-adapter.register", registration, { timeoutMs });
    },
    async unregister(platform) {
      await call("bank-adapter.unregister", { platform }, { timeoutMs });
    },
    async registered() {
      const { items } = await call("bank-adapter.platforms", {}, { timeoutMs });
      return new Set(items.map(({ platform }) => platform));
    },
    async onStarted(platform) {
      broker.createService(platformService(platform));
      await broker.waitForServices(serviceName(platform.id), SERVICE_UP_MS, 5);
    },
    async onStopped(id) {
      await broker.destroyService(serviceName(id));
    },
  };
}
