import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { MappedRecord } from "../../core/actions.ts";
import { LIMITS, type Limits } from "../../core/limits.ts";
import { openPlatform, type Platform, type PlatformOptions } from "../../core/plugin/platform.ts";

/** Files of a plugin folder by path; undefined takes a file of the usual plugin away. */
export type PluginFiles = Readonly<Record<string, string | undefined>>;

const contract = new URL("../../core/plugin/contract.ts", import.meta.url).href;

export const schemaFile = JSON.stringify({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["no", "total", "currency"],
  properties: {
    no: { type: "string", maxLength: 128, pattern: "^(?=.*\\S)[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+$" },
    total: { type: "string" },
    currency: { type: "string" },
    buyer: { type: "string", minLength: 1, maxLength: 256 },
    trick: { type: "string" },
  },
});

/** A plugin of one record a line; `trick` runs before each record is mapped, `top` when plugin.ts is loaded. */
export function pluginFile({ trick = "", top = "", fields = "", merchant = "corner" } = {}): string {
  return `import { definePlatform, money } from ${JSON.stringify(contract)};
${top}
export default definePlatform({
  title: "Corner shop",
  input: { format: "ndjson" },
  schema: "order.schema.json",
  currencies: ["EUR", "JPY"],
  fees: { percent: "2.5", fixed: { EUR: "0.30" } },
  settlementAccount: "acct-corner",
  defaultMerchant: ${JSON.stringify(merchant)},
  map: (row: Record<string, string>, { merchant }: { merchant: string }) => {
    ${trick}
    if (row.total === "0.00") return { skip: "Nothing to pay." };
    if (row.no === "refuse") return { reject: "No such order.", field: "/no" };
    return [{ merchant, orderNo: row.no, amount: money(row.total, row.currency), buyerId: row.buyer }];
  },
  ${fields}
} as never);
`;
}

/** One record of the usual plugin's format. */
export const line = (no: string, total = "12.30", more: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ no, total, currency: "EUR", ...more })}\n`;

const sample = line("A-1", "7.5") + line("A-2", "0.00") + line("A-3", "1.234");
/** What the good plugin's sample becomes. */
export const expected = JSON.stringify({
  orders: [{ merchant: "corner", orderNo: "A-1", amount: { value: "7.50", currency: "EUR" } }],
  skipped: 1,
  rejected: [{ code: "AMOUNT_INVALID", position: "line 3", field: "/total" }],
});

/** The files of a plugin that passes every check. */
export const goodPlugin: PluginFiles = {
  "plugin.ts": pluginFile(),
  "order.schema.json": schemaFile,
  "samples/orders.ndjson": sample,
  "samples/orders.ndjson.expected.json": expected,
};

/** A plugin like the good one with a trick in its map, for records that ask for it: its samples still fit. */
export const tricky = (trick: string): PluginFiles => ({
  ...goodPlugin,
  "plugin.ts": pluginFile({ trick: `if (row.trick !== undefined) { ${trick} }` }),
});

export interface PluginsFolder {
  readonly dir: string;
  path(id: string): string;
  write(id: string, files?: PluginFiles): Promise<string>;
  remove(): Promise<void>;
}

/** A temporary folder to drop plugins into. */
export async function pluginsFolder(): Promise<PluginsFolder> {
  const root = await mkdtemp(join(tmpdir(), "mergepay-plugins-"));
  const dir = join(root, "plugins");
  await mkdir(dir);
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  const path = (id: string) => join(dir, id);
  return {
    dir,
    path,
    async write(id, files = goodPlugin) {
      await mkdir(path(id), { recursive: true });
      for (const [name, content] of Object.entries(files)) {
        if (content === undefined) continue;
        await mkdir(dirname(join(path(id), name)), { recursive: true });
        await writeFile(join(path(id), name), content);
      }
      return path(id);
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Writes a plugin into the folder as `corner-shop` and opens it on these files, by their ids. The caller closes it. */
export async function openShop(
  folder: PluginsFolder,
  plugin: PluginFiles,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<Omit<PlatformOptions, "id" | "dir" | "openBlob">> = {},
): Promise<Platform> {
  const dir = await folder.write("corner-shop", plugin);
  return await openPlatform({ id: "corner-shop", dir, limits: tightLimits, openBlob: blobsOf(files), ...options });
}

/** What all records of a file become, from one of them on; no answer has more than a batch. */
export async function readAll(from: Platform, fileId: string, first = 0): Promise<MappedRecord[]> {
  const records: MappedRecord[] = [];
  for (let done = false; !done;) {
    const answer = await from.read(fileId, first + records.length, null);
    expect(answer.records.length).to.be.at.most(500);
    records.push(...answer.records);
    done = answer.done;
  }
  return records;
}

/** Limits under which a plugin that loops is ended soon, and one that eats memory too. */
export const tightLimits: Limits = { ...LIMITS, pluginMsPer1000Records: 1500, pluginHeapMb: 64 };

/** The bytes of files by id, as a blob store gives them. */
export const blobsOf = (files: Readonly<Record<string, string | Uint8Array>>) =>
  async function* open(fileId: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(files[fileId] ?? "");
  };
