/**
 * One Mergepay of two full nodes, A and B, each with HTTP and core, and a third with the plugins; real NATS and MongoDB. On each link is a
 * proxy of its own: A and B to the store, A and B to NATS, the plugins to the bank, the webhooks to the platforms.
 */
import { symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { MerchantAccount } from "../../../core/actions.ts";
import type { Limits } from "../../../core/limits.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import type { Store } from "../../../core/store/contract.ts";
import { openStore } from "../../../core/store/open.ts";
import { type Receiver, startReceiver } from "../../../gateway/cli/receiver.ts";
import { type Bank, startBank } from "../../e2e/support/bank.ts";
import {
  type Access,
  ask,
  databaseOfOwn,
  makeAccess,
  PLUGINS,
  portOf,
  type Settings,
  temporaryFolder,
  throughProxy,
} from "../../support/cluster.ts";
import type { MongoServer } from "../../support/mongo.ts";
import type { TestNats } from "../../support/nats.ts";
import { line, pluginsFolder } from "../../support/plugins.ts";
import { type RunningServer, startServer, until } from "../../support/process.ts";
import { type FaultProxy, startProxy } from "../../support/proxy.ts";
import { deliver } from "../../support/shopping.ts";

/** Times scaled down; counts and sizes stay what they are. */
export const LIMITS = {
  bankCallMs: 1_500,
  busMs: 600,
  leaseMs: 4_000,
  inquiryMs: [200, 400, 800],
  webhookAnswerMs: 1_000,
  webhookRetryMs: Array.from({ length: 15 }, (_, index) => Math.min(200 * (index + 1), 1_000)),
} as const satisfies Partial<Limits>;
const FINALITY_MS = 2_000;
export const PAYER = "usr_pair";
export const CURRENCY = "EUR";
const PLATFORMS = ["alpha-shop", "beta-shop"] as const;
const BUYER = "buyer-1";
const ENTRY = join(import.meta.dirname, "node.ts");
/** A start, or a return to NATS, on a busy machine. */
const READY_MS = 60_000;

export const NODES = ["A", "B"] as const;
export type NodeName = (typeof NODES)[number];
export type LinkName = `${NodeName} to the store` | `${NodeName} to NATS` | "the plugins to the bank" | "the webhooks";

export interface Pair {
  readonly store: Store;
  readonly bank: Bank;
  readonly receiver: Receiver;
  readonly access: Access;
  readonly payer: Settings;
  readonly links: Readonly<Record<LinkName, FaultProxy>>;
  url(node: NodeName): string;
  /** Until both nodes say that they can do their work. */
  ready(): Promise<void>;
  /** Ids of orders that nobody has asked for yet, of both platforms in turn. */
  take(count: number): readonly string[];
  /** All that were taken so far. */
  taken(): readonly string[];
  /** Both nodes anew, with clocks that are that far ahead of the machine's. */
  restart(aheadMs: Readonly<Record<NodeName, number>>): Promise<void>;
  stop(): Promise<void>;
}

interface Node extends RunningServer {
  readonly url: string;
}

async function startNode(name: string, env: Settings): Promise<Node> {
  const server = await startServer({
    name: `node-${name}`,
    command: process.execPath,
    args: () => ["--disable-warning=ExperimentalWarning", ENTRY],
    env: {
      NODE_COMPILE_CACHE: join(tmpdir(), "mergepay-compiled"),
      NODE_LIMITS: JSON.stringify(LIMITS),
      MERGEPAY_NODE: name,
      MERGEPAY_HTTP_PORT: "0",
      MERGEPAY_LOG: "error",
      ...env,
    },
    ready: { output: /\{"url":"([^"]*)"\}/ },
    deadlineMs: READY_MS,
  });
  return { ...server, url: server.match[1] ?? "" };
}

/** @param orders how many orders of the payer each platform sends */
export async function startPair(nats: TestNats, mongo: MongoServer, orders: number): Promise<Pair> {
  const folder = await temporaryFolder();
  const plugins = await pluginsFolder();
  for (const platform of PLATFORMS) await plugins.write(platform);
  await symlink(join(PLUGINS, "bank-adapter"), plugins.path("bank-adapter"));
  const [access, bank, receiver] = await Promise.all([
    makeAccess(folder.dir, [...PLATFORMS]),
    startBank(FINALITY_MS),
    startReceiver(),
  ]);
  const mongoUri = databaseOfOwn(mongo.uri, "pair");
  const store = await openStore({ mongoUri, dir: folder.dir });
  const bankUrl = bank.env["MERGEPAY_BANK_SANDBOX_URL"] ?? "";
  const links: Record<LinkName, FaultProxy> = {
    "A to the store": await startProxy(portOf(mongo.uri)),
    "B to the store": await startProxy(portOf(mongo.uri)),
    "A to NATS": await startProxy(portOf(nats.url)),
    "B to NATS": await startProxy(portOf(nats.url)),
    "the plugins to the bank": await startProxy(portOf(bankUrl)),
    "the webhooks": await startProxy(portOf(receiver.url(""))),
  };
  const shared = { MERGEPAY_CREDENTIALS: access.file, MERGEPAY_PLUGINS: plugins.dir };
  const full = (name: NodeName, aheadMs: number) =>
    startNode(name, {
      ...shared,
      NODE_AHEAD_MS: String(aheadMs),
      MERGEPAY_DATA: join(folder.dir, name),
      MERGEPAY_ROLES: "gateway,core",
      NATS_URL: `nats://127.0.0.1:${links[`${name} to NATS`].port}`,
      MONGODB_URI: throughProxy(mongoUri, links[`${name} to the store`].port),
    });
  const bankPort = portOf(bankUrl);
  const hosts = await startNode("plugins", {
    ...shared,
    ...bank.env,
    MERGEPAY_BANK_SANDBOX_URL: bankUrl.replace(`:${bankPort}`, `:${links["the plugins to the bank"].port}`),
    MERGEPAY_DATA: join(folder.dir, "plugins"),
    MERGEPAY_ROLES: "plugins",
    NATS_URL: nats.url,
    MONGODB_URI: mongoUri,
  });
  const nodes = { A: await full("A", 0), B: await full("B", 0) };
  const pool: string[] = [];
  const asked: string[] = [];
  const pair: Pair = {
    store,
    bank,
    receiver,
    access,
    payer: await access.payer(PAYER),
    links,
    url: (node) => nodes[node].url,
    async ready() {
      for (const node of NODES)
        await until(
          `readiness of ${node}`,
          async () => (await ask(nodes[node].url, "/readyz")).status === 200,
          READY_MS,
        );
    },
    take(count) {
      const taken = pool.splice(0, count);
      if (taken.length < count) throw new Error("There are too few orders for all that is to be paid.");
      asked.push(...taken);
      return taken;
    },
    taken: () => asked,
    async restart(aheadMs) {
      for (const node of NODES) {
        await nodes[node].stop();
        nodes[node] = await full(node, aheadMs[node]);
      }
      await pair.ready();
    },
    async stop() {
      for (const link of Object.values(links)) link.set({ kind: "pass" });
      await Promise.all([nodes.A, nodes.B, hosts].map((node) => node.stop()));
      await store.close();
      await Promise.all([bank.stop(), receiver.stop(), ...Object.values(links).map((link) => link.close())]);
      await Promise.all([folder.remove(), plugins.remove()]);
    },
  };
  await pair.ready();
  pool.push(...(await stock(pair, orders)));
  return pair;
}

/** What the payer can pay, with an account for it; merchants with theirs; and platforms that want to be told. @returns orders of the platforms in turn */
async function stock(pair: Pair, count: number): Promise<string[]> {
  const { access, bank, links, receiver, store } = pair;
  const url = pair.url("A");
  const token = await bank.openAccount({ value: "1000000.00", currency: CURRENCY });
  const account = await ask(url, "/v1/accounts", pair.payer, { bank: "sandbox", token, label: "Everyday" });
  expect(account.status, JSON.stringify(account.body)).to.equal(201);
  const orders = await store.collection<StoredOrder>(ORDERS);
  const ids: string[][] = [];
  for (const platform of PLATFORMS) {
    const linked = await ask(url, "/v1/links", access.operator, { platform, userId: PAYER, buyerId: BUYER });
    expect(linked.status).to.equal(201);
    const direct = receiver.url(platform);
    const hook = { platform, url: direct.replace(`:${portOf(direct)}`, `:${links["the webhooks"].port}`) };
    const endpoint = await ask<{ secret: string }>(url, "/v1/endpoints", access.operator, hook);
    expect(endpoint.status, JSON.stringify(endpoint.body)).to.equal(201);
    receiver.trust(platform, endpoint.body.secret);
    await openMerchant(pair, platform);
    const text = Array.from({ length: count }, (_, i) => line(`${platform}-${i}`, "12.30", { buyer: BUYER })).join("");
    await deliver({ url, access }, platform, "orders", Buffer.from(text));
    ids.push((await orders.find({ platform }).sort({ _id: 1 }).toArray()).map(({ _id }) => _id));
  }
  const [alpha = [], beta = []] = ids;
  return alpha.flatMap((id, index) => [id, beta[index] ?? ""]);
}

async function openMerchant({ access, bank, url }: Pair, platform: string): Promise<void> {
  const token = await bank.openAccount({ value: "0.00", currency: CURRENCY });
  const json = { platform, merchant: "corner", currency: CURRENCY, bank: "sandbox", token, label: "Shop" };
  const { body } = await ask<MerchantAccount>(url("A"), "/v1/merchant-accounts", access.operator, json);
  const verified = await ask(url("A"), `/v1/merchant-accounts/${body.id}/verify`, access.reviewer, {});
  expect(verified.status, JSON.stringify(verified.body)).to.equal(200);
}
