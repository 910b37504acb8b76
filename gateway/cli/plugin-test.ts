import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asMergepayError } from "../../core/errors/errors.ts";
import { type Conformance, runConformance } from "../../core/plugin/conformance/suite.ts";
import { MARK } from "../../core/plugin/infer/marks.ts";
import { recordSamples } from "../../core/plugin/record-sample.ts";
import { SAMPLES } from "../../core/plugin/version.ts";
import { shownFile, type Target } from "./plugin-target.ts";
import { many, print, table } from "./print.ts";

export interface TestOptions {
  readonly record?: true;
  readonly update?: true;
}

/** `plugin test` of one folder. @returns whether it passes */
export async function testPlugin(target: Target, options: TestOptions): Promise<boolean> {
  try {
    if (options.record === true || options.update === true) await record(target, options.update === true);
    const found = await runConformance({ ...target, now: () => performance.now() });
    print(table([[target.id, found.faults.length === 0 ? "pass" : "fails", found.version, summaryOf(found)]]));
    for (const fault of found.faults) print(`      ${fault}`);
    print(table(figuresOf(found)));
    const marked = (await readFile(join(target.dir, "plugin.ts"), "utf8")).split(`// ${MARK}:`).length - 1;
    if (marked > 0)
      print(`      ${many(marked, "line")} of plugin.ts ${marked === 1 ? "is" : "are"} still marked ${MARK}.`);
    return found.faults.length === 0;
  } catch (thrown) {
    const error = asMergepayError(thrown);
    print(table([[target.id, "refused", error.type, error.message]]));
    return false;
  }
}

async function record(target: Target, update: boolean): Promise<void> {
  const { written, updated, kept } = await recordSamples({ ...target, update });
  for (const name of [...written, ...updated]) print(`  ${shownFile(join(target.dir, SAMPLES, name))}`);
  print(`Expectations: ${written.length} written, ${updated.length} updated, ${kept} as they were.`);
  if (written.length + updated.length > 0) print("Look at each: from now on it is what the sample must become.");
}

const summaryOf = ({ title, samples, faults }: Conformance): string =>
  `${title}, ${many(samples, "sample")}${faults.length === 0 ? "" : `, ${many(faults.length, "fault")}`}`;

function figuresOf({ records, hostile, speed }: Conformance): string[][] {
  const { msPer1000Records: ms, mapMsPer1000Records: mapMs, peakBytes } = speed;
  const mebibytes = Math.round(peakBytes / 1024 / 1024);
  return [
    ["   purity", `${many(records, "record")}, each mapped twice`],
    ["   hostile", `${many(hostile, "file")} that the samples were damaged into`],
    [
      "   speed",
      ms === undefined || mapMs === undefined
        ? "no sample has a record"
        : `1,000 records in ${Math.round(ms)} ms, ${Math.round(mapMs)} ms of it mapping; at most ${mebibytes} MiB`,
    ],
  ];
}
