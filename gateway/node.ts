import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ServiceBroker } from "moleculer";
import { auditLater } from "../core/audit/later.ts";
import { auditTrail } from "../core/audit/outbox.ts";
import { auditWriter } from "../core/audit/service.ts";
import { callOver } from "../core/call.ts";
import { type Core, createCore } from "../core/core.ts";
import type { Deps, Point } from "../core/deps.ts";
import { asMergepayError } from "../core/errors/errors.ts";
import { idSource } from "../core/ids.ts";
import { type Job, startJobs } from "../core/jobs.ts";
import { type Limits, LIMITS } from "../core/limits.ts";
import { postWebhook } from "../core/notify/webhooks.ts";
import { bankAdapterService } from "../core/plugin/bank-adapter.service.ts";
import { pluginsService } from "../core/plugin/plugins.service.ts";
import type { Store } from "../core/store/contract.ts";
import { openStore } from "../core/store/open.ts";
import { brokerOptions } from "../moleculer.config.ts";
import { type Bus, watchBus } from "./bus.ts";
import type { Config, Role } from "./config.ts";
import type { LiveCredentials } from "./credentials.ts";
import { dropFolder } from "./drop.ts";
import { assertFree, httpService } from "./http/http.service.ts";
import { createLog } from "./log.ts";
import { readiness } from "./readiness.ts";

export interface NodeOptions {
  readonly config: Config;
  /** Needed by all roles but plugins. */
  readonly credentials?: LiveCredentials;
  readonly limits?: Partial<Limits>;
  readonly now?: () => number;
  /** Told of each point of the way that is reached; crash tests end the process there. */
  readonly reached?: (point: Point) => void;
  /** How often sweepers look for work. */
  readonly sweepMs?: number;
}

export interface Node {
  readonly call: Deps["call"];
  readonly store: Store;
  readonly limits: Limits;
  /** Where HTTP listens; absent without the gateway role. */
  readonly url?: string;
  /** Runs one more job until the node stops. */
  keep(job: Job): void;
  /** Ends everything in order; what was begun is finished or left for the next start. */
  stop(): Promise<void>;
}

const SWEEP_MS = 1_000;

/** Starts one node with the roles of its configuration. @throws MergepayError that says what to do */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { config, reached = () => undefined, now = Date.now, sweepMs = SWEEP_MS } = options;
  const has = (role: Role) => config.roles.includes(role);
  const limits: Limits = { ...LIMITS, ...config.limits, ...options.limits };
  const log = createLog(config.logLevel, config.nodeId);
  if (has("gateway")) await assertFree(config.http.host, config.http.port);
  const store = await openStore({ mongoUri: config.mongoUri, dir: config.dataDir });
  const broker = new ServiceBroker(brokerOptions(config));
  if (config.natsUrl !== undefined) watchBus(broker as ServiceBroker & Bus, config.natsUrl, log, now);
  const call = callOver(broker);
  const newId = idSource(now, randomBytes);
  const audit = auditTrail({ node: config.nodeId, now, newId });
  const deps: Deps = { store, limits, now, newId, call, log, reached, audit, sealKeys: config.sealKeys };
  const decisions = auditLater(audit, await auditWriter(deps));
  const ready = readiness(store, call, has);
  const jobs: Job[] = [];
  let core: Core | undefined;
  let url: string | undefined;

  const { credentials } = options;
  if (credentials !== undefined) jobs.push({ name: "credentials", everyMs: sweepMs, run: credentials.reload });
  if (has("core")) {
    if (credentials === undefined) throw new TypeError("The core role needs credentials.");
    const accountKeys = () => credentials.accountKeys;
    core = await createCore(deps, { post: postWebhook, random: Math.random, sweepMs, accountKeys }).catch(
      async (error: unknown) => {
        await store.close();
        throw asMergepayError(error);
      },
    );
    // Alone on an embedded store nobody else can be at what was left half-done; on a shared one it is taken up when its lease ends.
    if (store.engine === "embedded") await core.recover();
    for (const schema of core.schemas) broker.createService(schema);
    jobs.push(...core.jobs);
  }
  if (has("plugins")) {
    const { pluginsDir, bankSettings } = config;
    broker.createService(
      bankAdapterService({ pluginsDir, dataDir: join(config.dataDir, "banks"), settings: bankSettings, limits, log }),
    );
    broker.createService(
      pluginsService({ pluginsDir, limits, openBlob: store.blobs.open, log, decided: decisions.note }),
    );
    jobs.push({ name: "plugin decisions", everyMs: sweepMs, run: decisions.flush });
  }
  if (has("gateway")) {
    if (credentials === undefined) throw new TypeError("The gateway role needs credentials.");
    const { blobs } = store;
    const listening = ({ address, family, port }: AddressInfo) => {
      url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
    };
    const listen = { ...config.http, listening };
    broker.createService(
      httpService({ call, blobs, auth: credentials, limits, now, newId, log, ready, reached, listen }),
    );
    const { manifestRequired } = credentials;
    const dropDir = join(config.dataDir, "drop");
    const drop = dropFolder({
      call,
      blobs,
      limits,
      reached,
      log,
      manifestRequired,
      dir: dropDir,
      now: () => performance.now(),
    });
    jobs.push({ name: "drop", everyMs: sweepMs, run: drop.sweep });
  }

  try {
    await broker.start();
  } catch (error) {
    await broker.stop();
    await store.close();
    throw asMergepayError(error);
  }
  const running = [startJobs(jobs, log)];
  let stopping = false;
  return {
    call,
    store,
    limits,
    ...(url === undefined ? {} : { url }),
    keep(job) {
      if (!stopping) running.push(startJobs([job], log));
    },
    async stop() {
      stopping = true;
      await Promise.all(running.map((some) => some.stop()));
      await core?.stop();
      await broker.stop();
      // A store that is away at the very end: the next start loads the plugins anew, and says so.
      await decisions.flush().catch((error: unknown) => {
        log.warn({ code: asMergepayError(error).type }, "what became of plugins is not in the audit log");
      });
      await store.close();
    },
  };
}
