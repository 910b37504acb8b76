import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PlatformPlugin } from "../core/plugin/contract.ts";

export const pluginsDir = join(import.meta.dirname, "..", "plugins");

/** What a platform's `samples/generate.ts` exports. */
type Generate = (orders: number, options: { readonly seed?: number; readonly buyer?: string }) => Iterable<string>;

export interface OrderFile {
  readonly path: string;
  readonly orders: number;
  readonly bytes: number;
}

/** Generated files of one platform. */
export interface OrderFiles {
  readonly platform: string;
  /** Writes a file of so many orders; files of other seeds hold other orders. */
  write(path: string, orders: number, options: { readonly seed: number; readonly buyer?: string }): Promise<OrderFile>;
}

/** A platform that sends XML: the first folder of plugins/ whose plugin says so and that can make files of any size. */
export async function xmlOrderFiles(): Promise<OrderFiles> {
  for (const platform of (await readdir(pluginsDir)).sort()) {
    if (!existsSync(join(pluginsDir, platform, "samples", "generate.ts"))) continue;
    const plugin = await imported<{ default?: Partial<PlatformPlugin> }>(platform, "plugin.ts");
    if (plugin.default?.input?.format !== "xml") continue;
    const { generate } = await imported<{ generate: Generate }>(platform, "samples/generate.ts");
    return {
      platform,
      async write(path, orders, options) {
        const file = createWriteStream(path);
        for (const piece of generate(orders, options)) if (!file.write(piece)) await once(file, "drain");
        file.end();
        await once(file, "close");
        return { path, orders, bytes: (await stat(path)).size };
      },
    };
  }
  throw new Error(`No plugin in ${pluginsDir} has the input format xml and a samples/generate.ts.`);
}

const imported = async <T>(platform: string, name: string): Promise<T> =>
  (await import(pathToFileURL(join(pluginsDir, platform, name)).href)) as T;
