import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CONTRACT_VERSION } from "./contract.ts";

/** Folder of sample files: no part of what runs, so no part of the version. */
export const SAMPLES = "samples";

/** Paths of a folder's files, relative with `/`, sorted; hidden ones (editors' and systems' own) left out. */
async function filesOf(dir: string, below = ""): Promise<string[]> {
  const entries = await readdir(join(dir, below), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesOf(dir, path)));
    else found.push(path);
  }
  return found.sort();
}

/** The version of a plugin: contract and hash of the folder's content without its samples, such as `1-3f2a90c1d2e4`. */
export async function pluginVersion(dir: string): Promise<string> {
  const hash = createHash("sha256");
  for (const path of await filesOf(dir)) {
    if (path.startsWith(`${SAMPLES}/`)) continue;
    const content = await readFile(join(dir, path));
    hash.update(`${path.length} ${path} ${content.length}\n`).update(content);
  }
  return `${CONTRACT_VERSION}-${hash.digest("hex").slice(0, 12)}`;
}

/** Text that changes whenever a file of the folder, samples included, seems to have changed; reads no content. */
export const folderFingerprint = async (dir: string): Promise<string> => fingerprintOf(dir, await filesOf(dir));

/**
 * The same at a glance: of samples, which are most of a folder's files, only which there are. One that is written in its place does not
 * change it.
 */
export async function folderGlance(dir: string): Promise<string> {
  const entries = await readdir(dir, { withFileTypes: true });
  const paths = entries.filter(({ name }) => !name.startsWith(".")).map(({ name }) => name);
  const below = entries.filter((entry) => entry.isDirectory() && entry.name !== SAMPLES && !entry.name.startsWith("."));
  const deeper = await Promise.all(below.map(({ name }) => filesOf(dir, name)));
  return fingerprintOf(dir, [...paths, ...deeper.flat()].sort());
}

async function fingerprintOf(dir: string, paths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of paths) {
    const { size, mtimeMs, ino } = await stat(join(dir, path));
    lines.push(`${path} ${size} ${mtimeMs} ${ino}`);
  }
  return lines.join("\n");
}
