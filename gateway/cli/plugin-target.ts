import { basename, join, relative, resolve, sep } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";
import { LIMITS, type Limits } from "../../core/limits.ts";
import { checkEntry, checkName } from "../../core/plugin/check.ts";
import { readConfig } from "../config.ts";

/** A plugin's folder as the commands take it, and the limits that a server with this environment has. */
export interface Target {
  readonly id: string;
  readonly dir: string;
  readonly limits: Limits;
}

/** The folder of an id among the plugins of this environment; of a path, the folder there. Neither need be one. */
export function targetOf(idOrPath: string): Target {
  const { pluginsDir, limits } = readConfig(process.env);
  const isPath = idOrPath.includes("/") || idOrPath.includes(sep);
  const dir = isPath ? resolve(idOrPath) : join(pluginsDir, idOrPath);
  const id = isPath ? basename(dir) : idOrPath;
  return { id, dir, limits: { ...LIMITS, ...limits } };
}

/** The same, of a folder that is there. @throws PLUGIN_NAME_INVALID, PLUGIN_ENTRY_MISSING */
export async function presentTarget(idOrPath: string): Promise<Target> {
  const target = targetOf(idOrPath);
  checkName(target.id);
  await checkEntry(target.dir);
  return target;
}

/** A path as people say it from here. */
export function shownFile(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

/** @throws NOT_FOUND */
export const noFile = (path: string): MergepayError => new MergepayError("NOT_FOUND", `There is no file ${path}.`);
