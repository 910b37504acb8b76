import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PlatformPlugin } from "../core/plugin/contract.ts";
import type { Generate, GenerateOptions } from "../core/plugin/sample-data.ts";

export const pluginsDir = join(import.meta.dirname, "..", "plugins");

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

/** Generated files of every platform whose plugin can make them, with the format that they have. */
export async function allOrderFiles(): Promise<(OrderFiles & { readonly format: string })[]> {
  const all = [];
  for (const platform of (await readdir(pluginsDir)).sort()) {
    if (!existsSync(join(pluginsDir, platform, "samples", "generate.ts"))) continue;
    const plugin = await imported<{ default?: Partial<PlatformPlugin> }>(platform, "plugin.ts");
    const { generate } = await imported<{ generate: Generate }>(platform, "samples/generate.ts");
    all.push({
      platform,
      format: plugin.default?.input?.format ?? "none",
      write: (path: string, orders: number, options: GenerateOptions) =>
        written(path, orders, generate(orders, options)),
    });
  }
  return all;
}

/** A platform that sends XML: the first whose plugin can make files of any size. */
export async function xmlOrderFiles(): Promise<OrderFiles> {
  const found = (await allOrderFiles()).find(({ format }) => format === "xml");
  if (found === undefined)
    throw new Error(`No plugin in ${pluginsDir} has the input format xml and a samples/generate.ts.`);
  return found;
}

/** Writes a file of so many orders out of its pieces. */
export async function written(path: string, orders: number, pieces: Iterable<string | Uint8Array>): Promise<OrderFile> {
  const file = createWriteStream(path);
  for (const piece of pieces) if (!file.write(piece)) await once(file, "drain");
  file.end();
  await once(file, "close");
  return { path, orders, bytes: (await stat(path)).size };
}

const imported = async <T>(platform: string, name: string): Promise<T> =>
  (await import(pathToFileURL(join(pluginsDir, platform, name)).href)) as T;
