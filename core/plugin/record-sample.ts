import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Limits } from "../limits.ts";
import { checkEntry, checkName } from "./check.ts";
import { openPlatform } from "./platform.ts";
import { differenceOf, type Expectation, expectationName, expectationOf, listSamples, outcomeOf } from "./samples.ts";
import { SAMPLES } from "./version.ts";

export interface RecordOptions {
  readonly id: string;
  readonly dir: string;
  readonly limits: Limits;
  /** Write over expectations that the plugin does not meet now. */
  readonly update: boolean;
}

export interface Recorded {
  /** Expectations that were missing. */
  readonly written: readonly string[];
  /** Expectations that said something else. */
  readonly updated: readonly string[];
  /** How many stay as they are. */
  readonly kept: number;
}

/**
 * Writes the expectation of every sample that has none, from what the plugin makes of it now; never over one unless asked to.
 * @throws what checkPlugin throws before it comes to the samples
 */
export async function recordSamples({ id, dir, limits, update }: RecordOptions): Promise<Recorded> {
  checkName(id);
  await checkEntry(dir);
  const platform = await openPlatform({ id, dir, limits, openBlob: noBlobs });
  try {
    const { samples, expectations } = await listSamples(dir);
    const written: string[] = [];
    const updated: string[] = [];
    for (const sample of samples) {
      const name = expectationName(sample);
      const there = expectations.includes(name);
      if (there && !update) continue;
      const outcome = await outcomeOf(platform, dir, sample);
      if (there && (await isMet(dir, sample, outcome))) continue;
      // `wx`: a file that came meanwhile stays as it is, and the call fails.
      const flag = there ? "w" : "wx";
      await writeFile(join(dir, SAMPLES, name), `${JSON.stringify(outcome, null, 2)}\n`, { flag });
      (there ? updated : written).push(name);
    }
    return { written, updated, kept: samples.length - written.length - updated.length };
  } finally {
    await platform.close();
  }
}

async function isMet(dir: string, sample: string, outcome: Expectation): Promise<boolean> {
  // An expectation that can't be read is one to write anew.
  const expected = await expectationOf(dir, sample).catch(() => undefined);
  return expected !== undefined && differenceOf(expected, outcome) === undefined;
}

/** For a plugin that is tried on its own: there is no blob store. */
export function noBlobs(): never {
  throw new Error("This plugin runs without a blob store.");
}
