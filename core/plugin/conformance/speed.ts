import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { asMergepayError } from "../../errors/errors.ts";
import type { Platform } from "../platform.ts";
import type { ProbedRecord } from "../probe.ts";
import { SAMPLES } from "../version.ts";

/** What 1,000 records of a plugin's largest sample cost; of a small sample again and again. */
export interface Speed {
  /** Reading, mapping and handing over; undefined when the samples hold no record. */
  readonly msPer1000Records: number | undefined;
  /** Schema, map and the checks after it alone. */
  readonly mapMsPer1000Records: number | undefined;
  /** Most memory that the worker took. */
  readonly peakBytes: number;
}

const RECORDS = 1000;
/** However small the samples are, so long at most. */
const MEASURED_MS = 3000;

/** Measures a plugin. Figures of this machine, to look at: nothing is asserted of them. */
export async function measureSpeed(
  platform: Platform,
  probing: Platform,
  dir: string,
  samples: readonly string[],
  now: () => number,
): Promise<Speed> {
  const sizes = await Promise.all(
    samples.map(async (sample) => [sample, (await stat(join(dir, SAMPLES, sample))).size] as const),
  );
  for (const [sample] of sizes.sort((a, b) => b[1] - a[1])) {
    const path = join(dir, SAMPLES, sample);
    const warm = await countOf(platform, path);
    if (warm.records === 0) continue;
    const began = now();
    let records = 0;
    while (records < RECORDS && now() - began < MEASURED_MS) ({ records } = await countOf(platform, path, records));
    const ms = now() - began;
    const probed = await countOf(probing, path);
    return {
      msPer1000Records: (ms * RECORDS) / records,
      mapMsPer1000Records: (probed.mapMs * RECORDS) / probed.records,
      peakBytes: probed.peakBytes,
    };
  }
  return { msPer1000Records: undefined, mapMsPer1000Records: undefined, peakBytes: 0 };
}

interface Counted {
  readonly records: number;
  readonly mapMs: number;
  readonly peakBytes: number;
}

async function countOf(platform: Platform, path: string, before = 0): Promise<Counted> {
  let records = before;
  let mapMs = 0;
  let peakBytes = 0;
  try {
    for await (const batch of platform.trial(() => createReadStream(path)))
      for (const { probe } of batch as readonly ProbedRecord[]) {
        records += 1;
        mapMs += probe?.ms ?? 0;
        peakBytes = probe?.peakBytes ?? peakBytes;
      }
  } catch (error) {
    // A sample of a broken file has nothing to measure.
    if (!asMergepayError(error).type.startsWith("FILE_")) throw error;
  }
  return { records, mapMs, peakBytes };
}
