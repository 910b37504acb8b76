import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Limits } from "../limits.ts";
import { checkEntry, checkName } from "./check.ts";
import { openPlatform } from "./platform.ts";
import { expectationName, listSamples, outcomeOf } from "./samples.ts";
import { SAMPLES } from "./version.ts";

export interface RecordOptions {
  readonly id: string;
  readonly dir: string;
  readonly limits: Limits;
}

/**
 * Writes the expectation of every sample that has none, from what the plugin makes of it now; never writes over one.
 * @returns the names of the files written, and of the samples that had an expectation
 * @throws what checkPlugin throws before it comes to the samples
 */
export async function recordSamples(options: RecordOptions): Promise<{ written: string[]; kept: string[] }> {
  const { id, dir, limits } = options;
  checkName(id);
  await checkEntry(dir);
  const platform = await openPlatform({ id, dir, limits, openBlob: noBlobs });
  try {
    const { samples, expectations } = await listSamples(dir);
    const kept = samples.filter((sample) => expectations.includes(expectationName(sample)));
    const written: string[] = [];
    for (const sample of samples) {
      if (kept.includes(sample)) continue;
      const text = `${JSON.stringify(await outcomeOf(platform, dir, sample), null, 2)}\n`;
      // `wx`: a file that came meanwhile stays as it is, and the call fails.
      await writeFile(join(dir, SAMPLES, expectationName(sample)), text, { flag: "wx" });
      written.push(expectationName(sample));
    }
    return { written, kept };
  } finally {
    await platform.close();
  }
}

/** For a plugin that is tried on its own: there is no blob store. */
export function noBlobs(): never {
  throw new Error("This plugin runs without a blob store.");
}
