import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActionName, Actions, Call, MappedRecord } from "../../core/actions.ts";
import type { AccountKey } from "../../core/accounts/vault.ts";
import { auditTrail } from "../../core/audit/outbox.ts";
import { createCore } from "../../core/core.ts";
import type { Deps, Log, Point } from "../../core/deps.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { idSource } from "../../core/ids.ts";
import { type Limits, LIMITS } from "../../core/limits.ts";
import type { Post } from "../../core/notify/webhooks.ts";
import type { FeeRule } from "../../core/plugin/contract.ts";
import type { Store } from "../../core/store/contract.ts";
import { openStore } from "../../core/store/open.ts";

/** A clock that stands still until it is told to move. */
export interface Clock {
  now: () => number;
  advance: (ms: number) => void;
}

export const NOON = Date.parse("2026-03-01T12:00:00.000Z");

export function clockAt(start = NOON): Clock {
  let time = start;
  return { now: () => time, advance: (ms) => void (time += ms) };
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Answers the calls that leave the core: an action's name to what it does. */
export type Outside = {
  readonly [N in ActionName]?: (params: Actions[N]["params"], platform?: string) => Promise<Actions[N]["result"]>;
};

export interface House {
  readonly core: Awaited<ReturnType<typeof createCore>>;
  readonly store: Store;
  readonly deps: Deps;
}

export interface HouseOptions {
  readonly store: Store;
  readonly outside?: Outside;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  readonly reached?: (point: Point) => void;
  readonly post?: Post;
  readonly random?: (bytes: number) => Uint8Array;
  /** The first one seals. */
  readonly accountKeys?: () => readonly AccountKey[];
}

export const accountKey = (id: string): AccountKey => ({ id, key: createHash("sha256").update(id).digest() });

export const PLATFORMS: Readonly<Record<string, FeeRule>> = {
  alpha: { percent: "2.9", fixed: { USD: "0.30" } },
  beta: { percent: "1.25" },
  gamma: {},
};

const KEYS: readonly AccountKey[] = [accountKey("test-1")];

/** The core over a store, with everything outside of it stubbed. Several may share a store, as nodes do. */
export async function buildHouse(options: HouseOptions): Promise<House> {
  const { store, outside = {}, clock = clockAt(), limits, reached = () => undefined, random = randomBytes } = options;
  const registered: Outside = {
    "bank-adapter.platforms": () =>
      Promise.resolve({
        items: Object.entries(PLATFORMS).map(([platform, fees]) => ({
          platform,
          title: platform,
          version: "1-000000000000",
          currencies: ["USD", "EUR", "JPY"],
          fees,
          settlementAccount: `settle-${platform}`,
        })),
      }),
    "plugins.has": () => Promise.resolve({ here: false }),
    "bank-adapter.banks": () =>
      Promise.resolve({
        items: [{ bank: "test", title: "Test bank", finalityMs: 10_000, refunds: true, payouts: true }],
      }),
    ...outside,
  };
  const call: Call = (name, params, { platform } = {}) => {
    const answer = registered[name] as ((params: unknown, platform?: string) => Promise<never>) | undefined;
    if (answer === undefined) throw new MergepayError("BANK_UNAVAILABLE", `No ${name} in this test.`);
    return answer(params, platform);
  };
  const newId = idSource(clock.now, random);
  const deps: Deps = {
    store,
    limits: { ...LIMITS, ...limits },
    now: clock.now,
    newId,
    audit: auditTrail({ node: "house", now: clock.now, newId }),
    call,
    log: silentLog,
    reached,
  };
  const accountKeys = options.accountKeys ?? (() => KEYS);
  const post: Post = options.post ?? (() => Promise.resolve({ status: 204 }));
  const core = await createCore(deps, { post, random: () => 0, sweepMs: 1000, accountKeys });
  return { core, store, deps };
}

/** An embedded store in a folder of its own. */
export async function temporaryStore(): Promise<{ store: Store; dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "mergepay-test-"));
  const store = await openStore({ dir });
  return {
    store,
    dir,
    remove: async () => {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A record as a plugin's worker hands it over, with one order. */
export function mapped(
  record: number,
  order: { merchant?: string; orderNo: string; buyerId?: string; value?: string; currency?: string; payBy?: string },
): MappedRecord {
  const { merchant = "shop", orderNo, buyerId = "buyer-1", value = "10.00", currency = "USD", payBy } = order;
  const content = {
    merchant,
    orderNo,
    buyerId,
    amount: { value, currency },
    ...(payBy === undefined ? {} : { payBy }),
  };
  const contentHash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return { record, position: `line ${record + 2}`, orders: [{ ...content, contentHash }] };
}

/** A record that takes an order back, as a plugin's worker hands it over. */
export const cancelled = (record: number, orderNo: string, merchant = "shop"): MappedRecord => ({
  record,
  position: `line ${record + 2}`,
  cancelled: { merchant, orderNo, reason: "The buyer changed their mind." },
});

/** A record that says that nothing is owed for an order. */
export const notOwed = (
  record: number,
  orderNo: string,
  merchant = "shop",
  more: { readonly deliveredAt?: string } = {},
): MappedRecord => ({
  record,
  position: `line ${record + 2}`,
  notOwed: { merchant, orderNo, reason: "It was paid in the shop.", ...more },
});

/** Stores orders of a platform for a user, and gives the user an account. @returns the order ids in the order given */
export async function seedOrders(
  { core }: House,
  userId: string,
  orders: readonly { platform?: string; merchant?: string; orderNo: string; value?: string; currency?: string }[],
): Promise<string[]> {
  const { services } = core;
  const byPlatform = Map.groupBy(orders, ({ platform = "alpha" }) => platform);
  for (const [platform, own] of byPlatform) {
    await services.links.create({ platform, userId, buyerId: `of-${userId}` });
    const fileId = `file_${createHash("sha1")
      .update(JSON.stringify([platform, own]))
      .digest("hex")}`;
    const records = own.map((order, index) => mapped(index, { ...order, buyerId: `of-${userId}` }));
    await services.orders.ingest({ fileId, platform, pluginVersion: "1-000000000000" }, records);
  }
  const open = await services.orders.findOpen(userId, orders[0]?.currency ?? "USD", 10_000);
  const byNo = new Map(open.map(({ orderNo, _id }) => [orderNo, _id]));
  return orders.flatMap(({ orderNo }) => byNo.get(orderNo) ?? []);
}

/** An account at the test bank for a user, put into the store as POST /v1/accounts would. */
export async function seedAccount({ core }: House, userId: string): Promise<void> {
  await core.services.accounts.create({ userId, bank: "test", token: `token-of-${userId}`, label: "Test" });
}
