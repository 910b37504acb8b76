/**
 * All that a payment needs, each as a process of its own: the sandbox bank, a node under a supervisor, and (in the test's process) the
 * platforms' webhook servers.
 */
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginStatus } from "../../../core/actions.ts";
import type { Limits } from "../../../core/limits.ts";
import type { Store } from "../../../core/store/contract.ts";
import { openStore } from "../../../core/store/open.ts";
import { readCredentials, sandboxCredentials } from "../../../gateway/credentials.ts";
import { pluginsFolder } from "../../support/plugins.ts";
import { until } from "../../support/process.ts";
import { type Bank, startBank } from "./bank.ts";
import { type Answer, type Ask, ask, isBroken, listAll, type Proof } from "./client.ts";
import { type Receiver, startReceiver } from "../../../gateway/cli/receiver.ts";
import { type Life, supervise, type Supervisor } from "./supervisor.ts";

const FINALITY_MS = 1_600;
export const PAYER = "usr_crash";
/** How long a client waits for what must come: a lease, a start of a node, and what a busy machine adds. */
export const PATIENCE_MS = 90_000;

/** Times scaled down; counts and sizes stay what they are. */
const LIMITS: Partial<Limits> = {
  bankCallMs: 800,
  busMs: 600,
  // Not shorter: on a busy machine a node that lives must not be overtaken by itself.
  leaseMs: 8_000,
  inquiryMs: [100, 200, 300],
  webhookAnswerMs: 400,
  webhookRetryMs: [100, 100, 200, 200, 400, 400, 800, 800],
};

export interface WorldOptions {
  /** A folder of real plugins; absent: invented platforms. */
  readonly pluginsDir?: string;
  /** The invented ones; two when absent. */
  readonly platforms?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Absent: the embedded store, in the data folder. */
  readonly mongoUri?: string;
  /** Variables of the node beside those that the world needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called after each death, while nobody has the data. */
  readonly buried?: (world: Buried) => Promise<void>;
  /** Called with each life after the first before anybody else gets to know it. */
  readonly reborn?: (url: string, operator: Proof) => Promise<void>;
}

export interface World {
  readonly node: Supervisor;
  readonly platforms: readonly string[];
  readonly dataDir: string;
  /** Stops the node and starts it with a clock that is so far ahead. */
  setClock(aheadMs: number): Promise<void>;
  /** What the node keeps, to look at while nobody has it. Its caller closes it. */
  openStore(): Promise<Store>;
  /** The credentials file, which the node follows. */
  readonly credentials: string;
  readonly bank: Bank;
  readonly receiver: Receiver;
  readonly operator: Proof;
  /** The second person of decisions that take two. */
  readonly reviewer: Proof;
  readonly payer: Proof;
  secretOf(platform: string): string;
  /** One request to the node that lives now; rejects when its connection breaks. */
  ask<T>(path: string, given: Ask): Promise<Answer<T>>;
  /** Asks as a client that does not give up: again after a broken connection, after a 5xx, and while its key is in flight. */
  insist<T>(path: string, given: Ask): Promise<Answer<T>>;
  /** All items of a paged list, from the start again when the connection breaks; the operator's view unless said otherwise. */
  list<T>(path: string, proof?: Proof): Promise<T[]>;
  remove(): Promise<void>;
}

export type Buried = Pick<World, "openStore" | "bank">;

const adapter = join(import.meta.dirname, "../../../plugins/bank-adapter");

/** Platforms of one record a line, with the real bank-adapter beside them. */
async function inventedPlatforms(ids: readonly string[] = ["alpha-shop", "beta-shop"]) {
  const folder = await pluginsFolder();
  for (const id of ids) await folder.write(id);
  await symlink(adapter, folder.path("bank-adapter"));
  return folder;
}

/** Waits until every plugin folder of a node runs; a node that dies meanwhile is not waited for. */
async function runningPlatforms({ url, alive }: Life, operator: Proof): Promise<readonly string[]> {
  const look = async () => {
    const plugins = await listAll<PluginStatus>(url, "/v1/plugins", operator).catch((error: unknown) => {
      if (!isBroken(error)) throw error;
      return [];
    });
    const running = plugins.length > 0 && plugins.every(({ state }) => state === "running");
    return (running || !alive()) && plugins.map(({ id }) => id);
  };
  return until("the plugins to run", look, PATIENCE_MS);
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { pluginsDir, limits, mongoUri, env, buried, reborn } = options;
  const dataDir = await mkdtemp(join(tmpdir(), "mergepay-crash-"));
  const folder = pluginsDir === undefined ? await inventedPlatforms(options.platforms) : undefined;
  const [bank, receiver] = await Promise.all([startBank(FINALITY_MS), startReceiver()]);
  const { file, access } = await sandboxCredentials(dataDir, PAYER);
  const { platformSecrets } = await readCredentials(file);
  const operator: Proof = { bearer: access.operatorKey };
  let platforms: readonly string[] = [];
  const open = () => openStore({ mongoUri, dir: dataDir });

  const clock = join(dataDir, "clock-ahead");

  const node = supervise({
    dieFile: join(dataDir, "die-at.json"),
    env: {
      ...bank.env,
      NODE_COMPILE_CACHE: join(tmpdir(), "mergepay-compiled"),
      MERGEPAY_DATA: dataDir,
      MERGEPAY_PLUGINS: pluginsDir ?? folder?.dir ?? "",
      MERGEPAY_CREDENTIALS: file,
      MERGEPAY_HTTP_PORT: "0",
      MERGEPAY_LOG: "warn",
      MERGEPAY_ROLES: "",
      NATS_URL: "",
      MONGODB_URI: mongoUri ?? "",
      ...env,
      CLOCK_FILE: clock,
      NODE_LIMITS: JSON.stringify({ ...LIMITS, ...limits }),
    },
    born: async (life) => {
      const running = await runningPlatforms(life, operator);
      if (life.before === 0) platforms = running;
      else await reborn?.(life.url, operator);
    },
    buried: async () => buried?.({ openStore: open, bank }),
  });
  /** Again and again while there is no answer to be had. */
  const persist = <T>(what: string, given: (url: string) => Promise<T | undefined>): Promise<T> =>
    until(
      what,
      async () => {
        const url = await node.url();
        return given(url).catch((error: unknown) => {
          if (!isBroken(error)) throw error;
          return undefined;
        });
      },
      PATIENCE_MS,
    );
  const world: Omit<World, "platforms"> = {
    node,
    dataDir,
    async setClock(aheadMs) {
      await node.stop();
      await writeFile(clock, String(aheadMs));
      await node.start();
    },
    openStore: open,
    credentials: file,
    bank,
    receiver,
    operator,
    reviewer: { bearer: access.reviewerKey },
    payer: { bearer: await access.payerToken(PAYER) },
    secretOf: (platform) => platformSecrets(platform)[0] ?? "",
    ask: async (path, given) => ask(await node.url(), path, given),
    insist<T>(path: string, given: Ask) {
      return persist(`${path} to be answered`, async (url) => {
        const answer = await ask<T>(url, path, given);
        const later = answer.status >= 500 || answer.problem.code === "IDEMPOTENCY_IN_FLIGHT";
        return later ? undefined : answer;
      });
    },
    list: (path, proof = operator) => persist(`the list ${path}`, (url) => listAll(url, path, proof)),
    async remove() {
      await node.stop();
      await Promise.all([bank.stop(), receiver.stop(), folder?.remove()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  try {
    await node.start();
  } catch (error) {
    await world.remove();
    throw error;
  }
  return { ...world, platforms };
}
