import { cp, mkdir, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";
import { inferSample } from "../../core/plugin/infer/infer.ts";
import { pluginFiles, type ProposalRow, proposalRows, titleOf } from "../../core/plugin/infer/write.ts";
import { recordSamples } from "../../core/plugin/record-sample.ts";
import { isSampleName } from "../../core/plugin/samples.ts";
import { SAMPLES } from "../../core/plugin/version.ts";
import type { Limits } from "../../core/limits.ts";

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
  await newFolder(dir);
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

/** A sample larger than this is held in memory for no reason: some hundred orders tell as much. */
const SAMPLE_BYTES = 16 * 1024 * 1024;

/** A folder made of a sample. */
export interface Scaffolded {
  /** The files written, relative to the folder. */
  readonly written: readonly string[];
  readonly records: number;
  readonly proposals: readonly ProposalRow[];
  /** What the sample could not tell: a marked line of plugin.ts each. */
  readonly needed: readonly string[];
}

/**
 * Makes a plugin's folder of a sample file: how it is read, its schema and a mapping are inferred, the sample is copied, and what it becomes
 * is recorded, so that the folder loads at once.
 * @throws NOT_FOUND, FILE_TOO_LARGE, FILE_NOT_RECOGNISED and what the sample's reader throws, before anything is written; STATE_REFUSED
 * when the folder is there already
 */
export async function scaffoldFrom(id: string, dir: string, sample: string, limits: Limits): Promise<Scaffolded> {
  const name = basename(sample);
  if (!isSampleName(name))
    throw new MergepayError(
      "CONFIG_INVALID",
      `${name} can't be a sample's name; rename the file, such as orders.json.`,
    );
  const bytes = await sampleBytes(sample);
  const inference = await inferSample(bytes, { ...limits, fileBytes: SAMPLE_BYTES });
  await newFolder(dir);
  const { files, needed } = pluginFiles(id, inference, await contractFrom(dir));
  await mkdir(join(dir, SAMPLES));
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
  await writeFile(join(dir, SAMPLES, name), bytes);
  const recorded = await recordSamples({ id, dir, limits, update: false });
  return {
    written: [...Object.keys(files), ...[name, ...recorded.written].map((sample) => `${SAMPLES}/${sample}`)],
    records: inference.records.length + (inference.broken === undefined ? inference.refused : 0),
    proposals: proposalRows(inference),
    needed,
  };
}

async function sampleBytes(path: string): Promise<Uint8Array> {
  const file = await stat(path).catch(() => undefined);
  if (file?.isFile() !== true) throw new MergepayError("NOT_FOUND", `There is no file ${path}.`);
  if (file.size > SAMPLE_BYTES)
    throw new MergepayError(
      "FILE_TOO_LARGE",
      `The sample is larger than ${SAMPLE_BYTES} bytes; take a file, or a part of one, with some hundred orders.`,
    );
  return await readFile(path);
}

async function newFolder(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  try {
    await mkdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new MergepayError("STATE_REFUSED", `${dir} is there already; nothing was written. Take another id.`);
  }
}

/** How plugin.ts of this folder imports the contract: from the `core` that a plugins folder elsewhere has beside it, else from this one. */
async function contractFrom(dir: string): Promise<string> {
  const beside = "../../core/plugin/contract.ts";
  const linked = await stat(join(dir, beside)).catch(() => undefined);
  if (linked?.isFile() === true) return beside;
  const path = relative(await realpath(dir), CONTRACT)
    .split(sep)
    .join("/");
  return path.startsWith(".") ? path : `./${path}`;
}

function named(text: string, id: string, contract: string): string {
  const title = titleOf(id);
  return text
    .replaceAll("../../../core/plugin/contract.ts", contract)
    .replaceAll(TEMPLATE_ID, id)
    .replaceAll(TEMPLATE_TITLE, title)
    .replaceAll(TEMPLATE_TITLE.toLowerCase(), title);
}
