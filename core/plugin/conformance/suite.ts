import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asMergepayError } from "../../errors/errors.ts";
import type { InputSpec } from "../../formats/contract.ts";
import { recognise } from "../../formats/recognise.ts";
import type { Limits } from "../../limits.ts";
import { checkPlugin } from "../check.ts";
import { once } from "../infer/encoding.ts";
import { kindsOf } from "../manifest.ts";
import { openPlatform, type Platform } from "../platform.ts";
import type { ProbedRecord } from "../probe.ts";
import { noBlobs } from "../record-sample.ts";
import { listSamples } from "../samples.ts";
import { SAMPLES } from "../version.ts";
import { hostileFiles } from "./hostile.ts";
import { measureSpeed, type Speed } from "./speed.ts";

export interface SuiteOptions {
  readonly id: string;
  readonly dir: string;
  readonly limits: Limits;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** What the suite found of a plugin that a server would take. */
export interface Conformance {
  readonly version: string;
  readonly title: string;
  readonly samples: number;
  /** Records of the samples, each mapped twice. */
  readonly records: number;
  /** Damaged files that were tried. */
  readonly hostile: number;
  readonly speed: Speed;
  /** What is wrong, a sentence each that names the sample; none when the plugin passes. */
  readonly faults: readonly string[];
}

/** Damaged files of all samples together, about. */
const HOSTILE_FILES = 1500;
const HOSTILE_LEAST = 60;
const HOSTILE_MOST = 400;
/** So many sentences tell what is wrong. */
const FAULTS_MAX = 20;
/** Codes that blame the plugin or the house, and never a file. */
const BLAMING = /^(?:PLUGIN_|PLATFORM_|INTERNAL$)/;

/**
 * The suite that every platform plugin passes: what a server checks, samples against expectations first; then purity, and files that the
 * samples were damaged into, each of which must be refused by name or read, and never throw, stop or hang the plugin.
 * @throws what checkPlugin throws: a server would refuse the plugin
 */
export async function runConformance(options: SuiteOptions): Promise<Conformance> {
  const { id, dir, limits, now } = options;
  const platform = await checkPlugin({ id, dir, limits, openBlob: noBlobs });
  try {
    const probing = await openPlatform({ id, dir, limits, openBlob: noBlobs, probe: true });
    try {
      const { samples } = await listSamples(dir);
      const pure = await checkPurity(probing, dir, samples);
      const hostile = await checkHostile(platform, options, samples);
      const speed = await measureSpeed(platform, probing, dir, samples, now);
      return {
        version: platform.version,
        title: platform.manifest.title,
        samples: samples.length,
        records: pure.records,
        hostile: hostile.files,
        speed,
        faults: [...pure.faults, ...hostile.faults].slice(0, FAULTS_MAX),
      };
    } finally {
      await probing.close();
    }
  } finally {
    await platform.close();
  }
}

async function checkPurity(probing: Platform, dir: string, samples: readonly string[]) {
  const faults: string[] = [];
  let records = 0;
  for (const sample of samples) {
    try {
      for await (const batch of probing.trial(() => createReadStream(join(dir, SAMPLES, sample))))
        for (const { position, probe } of batch as readonly ProbedRecord[]) {
          records += 1;
          if (probe?.impure === "changed")
            faults.push(`samples/${sample}, ${position || "/"}: map changes the record that it is given; make a copy.`);
          if (probe?.impure === "differs")
            faults.push(
              `samples/${sample}, ${position || "/"}: the same record becomes another order the second time.`,
            );
        }
    } catch (error) {
      // A sample of a broken file has no records.
      if (BLAMING.test(asMergepayError(error).type)) throw error;
    }
  }
  return { records, faults };
}

async function checkHostile(platform: Platform, { dir, limits }: SuiteOptions, samples: readonly string[]) {
  const faults: string[] = [];
  const inputs = kindsOf(platform.manifest).map(({ input }) => input);
  const each = Math.min(HOSTILE_MOST, Math.max(HOSTILE_LEAST, Math.floor(HOSTILE_FILES / samples.length)));
  let files = 0;
  for (const sample of samples) {
    const opened = await openedSample(await readFile(join(dir, SAMPLES, sample)), inputs, limits);
    if (opened === undefined) continue;
    for (const hostile of hostileFiles(opened.bytes, opened.input, each)) {
      files += 1;
      const blame = await blameOf(platform, hostile.bytes);
      if (blame !== undefined) faults.push(`samples/${sample}, ${hostile.name}: ${blame}`);
    }
  }
  return { files, faults };
}

/** A sample as its reader gets it, unpacked; undefined for one that is none of the platform's files, which is damaged enough. */
async function openedSample(sample: Uint8Array, inputs: readonly InputSpec[], { fileBytes }: Limits) {
  try {
    const { input, bytes, close } = await recognise(once(sample), inputs, fileBytes);
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of bytes) pieces.push(piece);
    } finally {
      await close();
    }
    return { input, bytes: Buffer.concat(pieces) };
  } catch (error) {
    if (!asMergepayError(error).type.startsWith("FILE_")) throw error;
    return undefined;
  }
}

/** What blames the plugin for a damaged file, if anything does. */
async function blameOf(platform: Platform, bytes: Uint8Array): Promise<string | undefined> {
  try {
    for await (const batch of platform.trial(() => once(bytes)))
      for (const { rejected } of batch)
        if (rejected !== undefined && BLAMING.test(rejected.code)) return `${rejected.code}: ${rejected.reason}`;
    return undefined;
  } catch (error) {
    const { type, message } = asMergepayError(error);
    return BLAMING.test(type) ? `${type}: ${message}` : undefined;
  }
}
