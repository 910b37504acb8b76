import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MappedRecord } from "../actions.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { PlatformOrder } from "./contract.ts";
import type { Platform } from "./platform.ts";
import { SAMPLES } from "./version.ts";

/** What a sample must become: orders and rejects in the order of the file, or an error of the whole file. */
export type Expectation =
  | {
      readonly orders: readonly PlatformOrder[];
      /** Records with nothing to pay. Absent: none. */
      readonly skipped?: number;
      /** Orders that are taken back. Absent: none. */
      readonly cancelled?: readonly { readonly merchant: string; readonly orderNo: string }[];
      readonly notOwed?: readonly {
        readonly merchant: string;
        readonly orderNo: string;
        readonly deliveredAt?: string;
      }[];
      /** Absent: none. */
      readonly rejected?: readonly { readonly code: string; readonly position: string; readonly field?: string }[];
    }
  | { readonly error: { readonly code: string; readonly position?: string } };

const EXPECTED = ".expected.json";
/** Makes sample files of any size; not a sample itself. */
export const GENERATOR = "generate.ts";

export const expectationName = (sample: string): string => `${sample}${EXPECTED}`;

/** Whether a file of that name is a sample: neither hidden, nor an expectation, nor the generator. */
export const isSampleName = (name: string): boolean =>
  !name.startsWith(".") && !name.endsWith(EXPECTED) && name !== GENERATOR;

/** Names of a plugin's sample files and of its expectations, sorted. */
export async function listSamples(dir: string): Promise<{ samples: string[]; expectations: string[] }> {
  const entries = await readdir(join(dir, SAMPLES), { withFileTypes: true }).catch((error: unknown) => {
    // No folder is the same as no samples.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== GENERATOR)
    .map(({ name }) => name)
    .sort();
  return {
    samples: names.filter((name) => !name.endsWith(EXPECTED)),
    expectations: names.filter((name) => name.endsWith(EXPECTED)),
  };
}

const namesOf = ({ merchant, orderNo }: NonNullable<MappedRecord["cancelled"]>) => ({ merchant, orderNo });

const endOf = ({ deliveredAt, ...notOwed }: NonNullable<MappedRecord["notOwed"]>) => ({
  ...namesOf(notOwed),
  ...(deliveredAt === undefined ? {} : { deliveredAt }),
});

/** What a sample becomes with a running plugin. @throws PLUGIN_TIMEOUT, PLUGIN_CRASHED, PLATFORM_UNAVAILABLE */
export async function outcomeOf(platform: Platform, dir: string, sample: string): Promise<Expectation> {
  const orders: PlatformOrder[] = [];
  const rejected: { code: string; position: string; field?: string }[] = [];
  const cancelled: { merchant: string; orderNo: string }[] = [];
  const notOwed: { merchant: string; orderNo: string; deliveredAt?: string }[] = [];
  let skipped = 0;
  try {
    for await (const records of platform.trial(() => createReadStream(join(dir, SAMPLES, sample)))) {
      for (const record of records) {
        for (const { contentHash: _, ...order } of record.orders ?? []) orders.push(order);
        if (record.skipped !== undefined) skipped += 1;
        if (record.cancelled !== undefined) cancelled.push(namesOf(record.cancelled));
        if (record.notOwed !== undefined) notOwed.push(endOf(record.notOwed));
        if (record.rejected === undefined) continue;
        const { code, field } = record.rejected;
        rejected.push({ code, position: record.position, ...(field === undefined ? {} : { field }) });
      }
    }
  } catch (error) {
    const { type, data } = asMergepayError(error);
    if (!type.startsWith("FILE_")) throw error;
    return { error: { code: type, ...(data.position === undefined ? {} : { position: data.position }) } };
  }
  return {
    orders,
    ...(skipped === 0 ? {} : { skipped }),
    ...(cancelled.length === 0 ? {} : { cancelled }),
    ...(notOwed.length === 0 ? {} : { notOwed }),
    ...(rejected.length === 0 ? {} : { rejected }),
  };
}

/** The recorded expectation of a sample. @throws PLUGIN_SAMPLES_FAILED when it can't be read */
export async function expectationOf(dir: string, sample: string): Promise<Expectation> {
  const name = expectationName(sample);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(join(dir, SAMPLES, name), "utf8"));
  } catch {
    // The parser's words are of no use to who has to mend the file; its name is.
    throw new MergepayError("PLUGIN_SAMPLES_FAILED", `samples/${name} is not JSON; delete it and record it again.`);
  }
  const { orders, error } = (value ?? {}) as { orders?: unknown; error?: { code?: unknown } };
  if (Array.isArray(orders) || typeof error?.code === "string") return value as Expectation;
  throw new MergepayError(
    "PLUGIN_SAMPLES_FAILED",
    `samples/${name} must hold "orders" (a list, may be empty) or "error" with its "code".`,
  );
}

const filled = ({
  orders,
  skipped = 0,
  cancelled = [],
  notOwed = [],
  rejected = [],
}: Exclude<Expectation, { readonly error: unknown }>): unknown => ({
  orders,
  skipped,
  cancelled,
  notOwed,
  rejected,
});

/** The first place where a sample became something else than expected, in words; undefined when there is none. */
export function differenceOf(expected: Expectation, actual: Expectation): string | undefined {
  if ("error" in expected && "error" in actual) {
    // An expectation may leave the position of a broken file open.
    const { position, ...rest } = actual.error;
    const open = expected.error.position === undefined;
    return difference(expected, { error: open ? rest : { ...rest, ...(position === undefined ? {} : { position }) } });
  }
  if ("error" in actual) return `the whole file is refused with ${actual.error.code}, expected were orders`;
  if ("error" in expected) return `the file is read, expected was ${expected.error.code} for the whole file`;
  return difference(filled(expected), filled(actual));
}

function difference(expected: unknown, actual: unknown, at = ""): string | undefined {
  if (canonicalJson(expected ?? null) === canonicalJson(actual ?? null)) return undefined;
  if (isBranch(expected) && isBranch(actual) && Array.isArray(expected) === Array.isArray(actual)) {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = difference(expected[name], actual[name], `${at}/${name}`);
      if (found !== undefined) return found;
    }
  }
  return `${at === "" ? "it" : at} is ${shown(actual)}, expected ${shown(expected)}`;
}

const isBranch = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const shown = (value: unknown): string => {
  if (value === undefined) return "not there";
  const text = canonicalJson(value);
  return text.length <= 120 ? text : `${text.slice(0, 120)}...`;
};

/**
 * Runs every sample and compares it with its expectation.
 * @throws PLUGIN_SAMPLES_FAILED that names the sample, the first difference and what to do
 */
export async function checkSamples(platform: Platform, dir: string): Promise<void> {
  const fail = (reason: string): never => {
    throw new MergepayError("PLUGIN_SAMPLES_FAILED", reason);
  };
  const { samples, expectations } = await listSamples(dir);
  if (samples.length === 0)
    fail("There are no samples. Put at least one file of the platform's own format into samples/.");
  const record = `run \`mergepay plugin test ${platform.id} --record\` and look at what it writes`;
  const missing = samples.find((sample) => !expectations.includes(expectationName(sample)));
  if (missing !== undefined) fail(`samples/${missing} has no expectation: ${record}.`);
  const orphan = expectations.find((name) => !samples.some((sample) => expectationName(sample) === name));
  if (orphan !== undefined) fail(`samples/${orphan} expects something of a sample that is not there.`);
  for (const sample of samples) {
    const expected = await expectationOf(dir, sample);
    const actual = await outcomeOf(platform, dir, sample).catch((error: unknown) =>
      fail(`samples/${sample}: ${asMergepayError(error).message}`),
    );
    const found = differenceOf(expected, actual);
    if (found !== undefined)
      fail(
        `samples/${sample}: ${found}. Mend the plugin, or take what it makes now by \`mergepay plugin test ${platform.id} --update\`.`,
      );
  }
}
