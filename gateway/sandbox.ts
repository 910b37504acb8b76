import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { asMergepayError } from "../core/errors/errors.ts";
import type { Job } from "../core/jobs.ts";
import type { PlatformOrder } from "../schemas/types.generated.ts";
import type { Node } from "./node.ts";

/** The payer of the sandbox, and what the sandbox bank has for them: enough for payments of 1,000 orders. */
export const SANDBOX_PAYER = "usr_demo";
const OPENING = { value: "10000000.00", currency: "USD" };

/** A platform's demonstration file: `samples/demo.<ext>` in its plugin's folder. */
export interface DemoFile {
  readonly platform: string;
  readonly path: string;
  readonly orders: readonly PlatformOrder[];
}

/** The demonstration files of these platforms, with the orders that they hold; a platform without one is left out. */
export async function demoFiles(pluginsDir: string, platforms: readonly string[]): Promise<DemoFile[]> {
  const found = await Promise.all(
    platforms.map(async (platform): Promise<DemoFile[]> => {
      const folder = join(pluginsDir, platform, "samples");
      const names = await readdir(folder).catch(() => []);
      const name = names.find((entry) => entry.startsWith("demo.") && !entry.endsWith(".expected.json"));
      if (name === undefined) return [];
      const expected = JSON.parse(await readFile(join(folder, `${name}.expected.json`), "utf8")) as {
        orders?: PlatformOrder[];
      };
      return [{ platform, path: join(folder, name), orders: expected.orders ?? [] }];
    }),
  );
  return found.flat();
}

/** Gives the sandbox payer an account with money at the sandbox bank, once. */
export async function openSandboxAccount({ call }: Node): Promise<void> {
  const userId = SANDBOX_PAYER;
  const { items: accounts } = await call("accounts.list", { userId });
  if (accounts.length > 0) return;
  const { items: banks } = await call("bank-adapter.banks", {});
  for (const { bank } of banks) {
    const opened = await call("bank-adapter.openTestAccount", { bank, opening: OPENING }).catch((error: unknown) => {
      // A real bank opens no test accounts: the next one may.
      if (asMergepayError(error).type !== "UNSUPPORTED") throw error;
      return undefined;
    });
    if (opened === undefined) continue;
    await call("accounts.create", { userId, bank, token: opened.accountToken, label: "Sandbox account" });
    return;
  }
}

/**
 * Links the buyers of demonstration files to the sandbox payer; a buyer whom somebody has linked to another user since is left alone.
 * @returns how many links there are
 */
export async function linkDemoBuyers({ call }: Pick<Node, "call">, files: readonly DemoFile[]): Promise<number> {
  const userId = SANDBOX_PAYER;
  let links = 0;
  for (const { platform, orders } of files) {
    const buyers = new Set(orders.flatMap(({ buyerId }) => buyerId ?? []));
    const unnamed = orders.filter(({ buyerId }) => buyerId === undefined);
    const whom = [
      ...[...buyers].map((buyerId) => ({ buyerId })),
      ...unnamed.map(({ merchant, orderNo }) => ({ merchant, orderNo })),
    ];
    for (const who of whom) {
      try {
        await call("links.create", { platform, userId, ...who });
        links += 1;
      } catch (error) {
        if (asMergepayError(error).type !== "LINK_TAKEN") throw error;
      }
    }
  }
  return links;
}

/**
 * Links the buyers of each platform that registers, also of one whose folder is dropped in or put back while the server runs: what its
 * demonstration file holds is in the sandbox payer's inbox then.
 */
export function demoBuyersJob(node: Pick<Node, "call">, pluginsDir: string): Job {
  /** The registrations whose buyers are linked. */
  const linked = new Set<string>();
  return {
    name: "sandbox",
    everyMs: 1_000,
    async run() {
      const { items } = await node.call("bank-adapter.platforms", {});
      const now = new Map(items.map(({ platform, version }) => [`${platform} ${version}`, platform]));
      for (const known of linked) if (!now.has(known)) linked.delete(known);
      for (const [registration, platform] of now) {
        if (linked.has(registration)) continue;
        await linkDemoBuyers(node, await demoFiles(pluginsDir, [platform]));
        linked.add(registration);
      }
    },
  };
}
