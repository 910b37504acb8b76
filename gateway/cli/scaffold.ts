import { cp, mkdir, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";

/** A plugin that works: the conformance suite runs it as it runs every other, so what is copied from it is never out of date. */
export const TEMPLATE = join(import.meta.dirname, "template");
const TEMPLATE_ID = "corner-kiosk";
const TEMPLATE_TITLE = "Corner kiosk";
const CONTRACT = join(import.meta.dirname, "..", "..", "core", "plugin", "contract.ts");

/**
 * Makes a plugin's folder from the example, without the example's expectations: those are recorded and looked at.
 * @returns the files written, relative to the folder
 * @throws STATE_REFUSED when the folder is there already
 */
export async function scaffold(id: string, dir: string): Promise<string[]> {
  await makeFolder(dir);
  const wanted = (path: string): boolean => !path.endsWith(".expected.json");
  await cp(TEMPLATE, dir, { recursive: true, filter: wanted });
  const written = (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
  for (const path of written.filter((name) => !name.startsWith("samples"))) {
    const text = await readFile(join(dir, path), "utf8");
    await writeFile(join(dir, path), named(text, id, await contractFrom(dir)));
  }
  return written;
}

/** Makes the folder of a new plugin. @throws STATE_REFUSED when it is there already */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  try {
    await mkdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new MergepayError("STATE_REFUSED", `${dir} is there already; nothing was written. Take another id.`);
  }
}

/** How plugin.ts of this folder imports the contract. */
export async function contractFrom(dir: string): Promise<string> {
  const path = relative(await realpath(dir), CONTRACT)
    .split(sep)
    .join("/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** A platform's name for people, made of its id. */
export const titleOf = (id: string): string => `${id.slice(0, 1).toUpperCase()}${id.slice(1).replaceAll("-", " ")}`;

function named(text: string, id: string, contract: string): string {
  const title = titleOf(id);
  return text
    .replaceAll("../../../core/plugin/contract.ts", contract)
    .replaceAll(TEMPLATE_ID, id)
    .replaceAll(TEMPLATE_TITLE, title)
    .replaceAll(TEMPLATE_TITLE.toLowerCase(), title);
}
