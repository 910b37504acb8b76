import { join } from "node:path";
import { measure } from "./child.ts";
import { median, megabytes, perSecond, short, spreadPercent, whole } from "./figures.ts";
import { allOrderFiles, type OrderFile, pluginsDir, written } from "./order-file.ts";
import { FORMATS, generate } from "./plain-orders/generate.ts";
import { print } from "./print.ts";
import type { FormatParams, FormatResult } from "./runs/format.ts";
import type { Xml2jsParams } from "./runs/xml2js.ts";

export interface FormatsPart {
  /** An empty folder for everything that is written. */
  readonly dir: string;
  readonly records: number;
  /** A second, larger file of each format: what a record costs must not grow. */
  readonly many: number;
  readonly rounds: number;
}

/** Files of one format, and the plugin that maps them. */
interface Format {
  readonly name: string;
  readonly plugin: string;
  readonly kind: number;
  /** A file has no more records than this: a workbook is held, packed, up to a limit. */
  readonly most: number;
  readonly write: (path: string, records: number) => Promise<OrderFile>;
}

const WARM_UP = 20_000;
const RATIO_AIM = 0.5;
const PEAK_AIM_MB = 300;
const WORKBOOK_RECORDS = 400_000;
const PLAIN = join(import.meta.dirname, "plain-orders");

/** Read, validate and map beside the bare reader, by format; XML beside a script with xml2js and ajv too. */
export async function formatsPart({ dir, records, many, rounds }: FormatsPart): Promise<void> {
  print(`Read, validate and map ${whole(records)} records beside the bare reader, in one process without a store`);
  for (const format of await formats()) {
    const paths = { warmUp: join(dir, "warm-up"), file: join(dir, "file"), many: join(dir, "many") };
    await format.write(paths.warmUp, WARM_UP);
    await format.write(paths.file, records);
    await format.write(paths.many, Math.min(many, format.most));
    const { plugin, kind } = format;
    const run = (file: string, how: FormatParams["how"]): Promise<FormatResult> =>
      measure<FormatParams, FormatResult>("format", { plugin, kind, file, warmUp: paths.warmUp, how });
    const bare: FormatResult[] = [];
    const mapped: FormatResult[] = [];
    const large: FormatResult[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await run(paths.file, "bare"));
      mapped.push(await run(paths.file, "mapped"));
      large.push(await run(paths.many, "mapped"));
    }
    report(format.name, { bare, mapped, large });
    if (format.name === "xlsx") besideSheet(await run(paths.file, "sheet"), bare);
    if (format.name === "xml") {
      await besideXml2js(paths.file, mapped);
      await besideXml2js(paths.many, large);
    }
  }
}

/** The formats of the bench's own orders, and of the platforms that make files of any size. */
async function formats(): Promise<Format[]> {
  const own = FORMATS.map((name, kind) => ({
    name,
    plugin: PLAIN,
    kind,
    most: name === "xlsx" ? WORKBOOK_RECORDS : Infinity,
    write: (path: string, records: number) => written(path, records, generate(name, records)),
  }));
  const others = (await allOrderFiles()).map(({ platform, format, write }) => ({
    name: `${format} of ${platform}`,
    plugin: join(pluginsDir, platform),
    kind: 0,
    most: Infinity,
    write: (path: string, records: number) => write(path, records, { seed: 1 }),
  }));
  return [...own, ...others];
}

const microseconds = ({ ms, records }: FormatResult): number => (ms * 1000) / records;
const peak = (results: readonly FormatResult[]): number => Math.max(...results.map(({ peakBytes }) => peakBytes));

function report(
  name: string,
  { bare, mapped, large }: Readonly<Record<"bare" | "mapped" | "large", readonly FormatResult[]>>,
): void {
  const cost = (results: readonly FormatResult[]): number => median(results.map(microseconds));
  const ratio = cost(bare) / cost(mapped);
  const rate = perSecond(1, cost(mapped) / 1000);
  const sizes = [mapped, large].map((results) => whole(results[0]?.records ?? 0)).join(" and ");
  print(`  ${name}`);
  print(
    `    ${whole(rate)} records/s, ${short(cost(mapped))} µs a record; bare reader ${short(cost(bare))} µs: ` +
      `${short(ratio)} of it (aim ${RATIO_AIM} or more)`,
  );
  print(
    `    ${sizes} records: ${short(spreadPercent([cost(mapped), cost(large)]))} % between them, ` +
      `${megabytes(peak(mapped))} and ${megabytes(peak(large))} at most (aim at most ${PEAK_AIM_MB} MB)`,
  );
}

function besideSheet(sheet: FormatResult, bare: readonly FormatResult[]): void {
  print(
    `    its sheet unpacked and gone over as XML, without cells: ${short(microseconds(sheet))} µs a record, ` +
      `${short(microseconds(sheet) / median(bare.map(microseconds)))} of its bare reader`,
  );
}

async function besideXml2js(file: string, ours: readonly FormatResult[]): Promise<void> {
  const script = await measure<Xml2jsParams, FormatResult>("xml2js", { file });
  const faster = microseconds(script) / median(ours.map(microseconds));
  print(
    `    a script with xml2js and ajv, ${whole(script.records)} records: ${short(microseconds(script))} µs a record, ${megabytes(script.peakBytes)}; ` +
      `Mergepay is ${short(faster)} times as fast (aim 5) with ${short(peak(ours) / script.peakBytes)} of its memory (aim 0.2)`,
  );
}
