import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";
import type { RawRecord } from "../../core/formats/contract.ts";
import { readRecords } from "../../core/formats/read.ts";
import { recognise } from "../../core/formats/recognise.ts";
import { kindsOf } from "../../core/plugin/manifest.ts";
import { openPlatform, type Platform } from "../../core/plugin/platform.ts";
import type { ProbedRecord } from "../../core/plugin/probe.ts";
import { noBlobs } from "../../core/plugin/record-sample.ts";
import { traceOf } from "../../core/plugin/trace.ts";
import { compileSchema } from "../../core/schema/validate.ts";
import { noFile, presentTarget, type Target } from "./plugin-target.ts";
import { many, print, table } from "./print.ts";

/** A record as read, what became of it, and which of the plugin's kinds of files it is of. */
interface Tried {
  readonly raw: RawRecord;
  readonly mapped: ProbedRecord;
  readonly kind: number;
}

/** Maps a file record by record, in a worker that watches, and gives each beside what was read. */
async function* tried(platform: Platform, target: Target, path: string, merchant?: string): AsyncGenerator<Tried> {
  const inputs = kindsOf(platform.manifest).map(({ input }) => input);
  let raws: AsyncIterator<readonly RawRecord[]> | undefined;
  let waiting: RawRecord[] = [];
  let kind = 0;
  for await (const records of platform.trial(() => createReadStream(path), merchant))
    for (const mapped of records) {
      if (raws === undefined) {
        const found = await recognise(createReadStream(path), inputs, target.limits.fileBytes);
        ({ kind } = found);
        raws = readRecords(found.bytes, found.input, target.limits)[Symbol.asyncIterator]();
      }
      while (waiting.length === 0) {
        const next = await raws.next();
        if (next.done === true) throw new MergepayError("INTERNAL", `${path} changed while it was read.`);
        waiting = [...next.value];
      }
      const [raw, ...rest] = waiting;
      waiting = rest;
      if (raw !== undefined) yield { raw, mapped, kind };
    }
}

async function withPlatform<T>(folder: string, path: string, use: (platform: Platform, target: Target) => Promise<T>) {
  const target = await presentTarget(folder);
  const file = await stat(path).catch(() => undefined);
  if (file?.isFile() !== true) throw noFile(path);
  const platform = await openPlatform({ ...target, openBlob: noBlobs, probe: true });
  try {
    return await use(platform, target);
  } finally {
    await platform.close();
  }
}

/** `plugin try`: what becomes of each record, beside where it comes from. */
export async function tryFile(
  folder: string,
  path: string,
  options: { merchant?: string; json?: true },
): Promise<void> {
  await withPlatform(folder, path, async (platform, target) => {
    const counts = { records: 0, orders: 0, skipped: 0, cancelled: 0, rejected: 0 };
    let mapMs = 0;
    const began = performance.now();
    for await (const { raw, mapped } of tried(platform, target, path, options.merchant)) {
      counts.records += 1;
      counts.orders += mapped.orders?.length ?? 0;
      if (mapped.skipped !== undefined || mapped.notOwed !== undefined) counts.skipped += 1;
      if (mapped.cancelled !== undefined) counts.cancelled += 1;
      if (mapped.rejected !== undefined) counts.rejected += 1;
      mapMs += mapped.probe?.ms ?? 0;
      const { probe: _, ...shown } = mapped;
      print(options.json === true ? JSON.stringify(shown) : inWords(mapped, raw));
    }
    if (options.json === true) return;
    const ms = performance.now() - began;
    const { records, orders, skipped, cancelled, rejected } = counts;
    const takenBack = cancelled === 0 ? "" : `${cancelled} taken back, `;
    print(
      `${many(records, "record")}: ${many(orders, "order")}, ${skipped} with nothing to pay, ${takenBack}${rejected} rejected`,
    );
    print(`${ms.toFixed(0)} ms, ${Math.round((records * 1000) / ms)} records/s; ${mapMs.toFixed(1)} ms of it mapping`);
  });
}

/** One line an order, or why there is none; below an order its fields beside the places of the record that hold the same. */
function inWords(mapped: ProbedRecord, raw: RawRecord): string {
  const { position, orders = [], probe } = mapped;
  const time = probe === undefined ? "" : `  ${probe.ms.toFixed(2)} ms`;
  const lines = orders.flatMap((order) => [
    `order     ${order.merchant} ${order.orderNo}  ${order.amount.value} ${order.amount.currency}${time}`,
    ...sideBySide(traceOf(order, "value" in raw ? raw.value : undefined)),
  ]);
  lines.push(...otherWords(mapped));
  if (probe?.impure === "changed") lines.push("           map changes the record that it is given; make a copy");
  if (probe?.impure === "differs") lines.push("           map makes something else of the same record the second time");
  return lines.map((line) => (line.startsWith(" ") ? line : `${position === "" ? "/" : position}  ${line}`)).join("\n");
}

const sideBySide = (traced: ReturnType<typeof traceOf>): string[] =>
  traced.length === 0
    ? []
    : table(
        traced.map(({ field, value, from }) => [
          "      ",
          field,
          cut(value),
          from === undefined ? "" : `<- ${from.pointer}`,
          from === undefined || from.text === value ? "" : cut(from.text),
        ]),
      ).split("\n");

const cut = (text: string): string => (text.length <= 48 ? text : `${text.slice(0, 47)}…`);

const deliveryOf = ({ deliveredAt }: NonNullable<ProbedRecord["notOwed"]>): string =>
  deliveredAt === undefined ? "" : ` Delivered at ${deliveredAt}.`;

const otherWords = ({ skipped, cancelled, notOwed, rejected }: ProbedRecord): string[] => [
  ...(skipped === undefined ? [] : [`skipped   ${skipped}`]),
  ...(cancelled === undefined ? [] : [`cancelled ${cancelled.merchant} ${cancelled.orderNo}: ${cancelled.reason}`]),
  ...(notOwed === undefined
    ? []
    : [`not owed  ${notOwed.merchant} ${notOwed.orderNo}: ${notOwed.reason}${deliveryOf(notOwed)}`]),
  ...(rejected === undefined
    ? []
    : [`rejected  ${rejected.code}${rejected.field === undefined ? "" : ` ${rejected.field}`}: ${rejected.reason}`]),
];

/**
 * `plugin explain`: one record, step by step.
 * @param which its number, counted from 0 as `try --json` does, or its position, such as `line 3`
 */
export async function explain(
  folder: string,
  path: string,
  which: string,
  options: { merchant?: string },
): Promise<void> {
  await withPlatform(folder, path, async (platform, target) => {
    for await (const { raw, mapped, kind } of tried(platform, target, path, options.merchant)) {
      if (which !== String(raw.record) && which !== raw.position) continue;
      print(`record ${raw.record}${raw.position === "" ? "" : `, ${raw.position}`}\n`);
      await steps(raw, mapped, join(target.dir, kindsOf(platform.manifest)[kind]?.schema ?? ""));
      return;
    }
    throw new MergepayError(
      "NOT_FOUND",
      `${path} has no record ${which}. Take a number counted from 0, or a position that \`plugin try\` shows, such as "line 3".`,
    );
  });
}

async function steps(raw: RawRecord, mapped: ProbedRecord, schemaFile: string): Promise<void> {
  if ("refused" in raw) {
    print(
      `read      refused with ${raw.refused.code}${raw.refused.field === undefined ? "" : ` at ${raw.refused.field}`}`,
    );
    print(`          ${raw.refused.reason}`);
    return;
  }
  print(`read      ${indented(raw.value)}`);
  const fits = compileSchema(JSON.parse(await readFile(schemaFile, "utf8")));
  if (!fits(raw.value)) {
    const { field, reason } = fits.fault();
    print(`schema    ${field === "" ? "the record" : field} ${reason}; map is not called`);
  } else {
    print("schema    fits");
    print(`map       ${returned(mapped)}`);
  }
  for (const { contentHash: _, ...order } of mapped.orders ?? []) {
    print(`order     ${indented(order)}`);
    for (const line of sideBySide(traceOf(order, raw.value))) print(line);
  }
  for (const line of otherWords(mapped)) print(line);
}

function returned({ probe }: ProbedRecord): string {
  const text = probe?.returned;
  return text === undefined ? "threw, or returned no JSON" : `returned ${indented(JSON.parse(text))}`;
}

/** JSON in lines, in the column of what is shown. */
const indented = (value: unknown): string => JSON.stringify(value, null, 2).replaceAll("\n", "\n          ");
