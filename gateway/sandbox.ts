import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { asMergepayError } from "../core/errors/errors.ts";
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

/** Links the buyers of demonstration files to the sandbox payer. @returns how many links there are */
export async function linkDemoBuyers({ call }: Node, files: readonly DemoFile[]): Promise<number> {
  const userId = SANDBOX_PAYER;
  let links = 0;
  for (const { platform, orders } of files) {
    const buyers = new Set(orders.flatMap(({ buyerId }) => buyerId ?? []));
    const unnamed = orders.filter(({ buyerId }) => buyerId === undefined);
    for (const buyerId of buyers) await call("links.create", { platform, userId, buyerId });
    for (const { merchant, orderNo } of unnamed) await call("links.create", { platform, userId, merchant, orderNo });
    links += buyers.size + unnamed.length;
  }
  return links;
}
