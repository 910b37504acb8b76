/** One pass over a file in a process of its own: its bare reader, or read, validated and mapped as a plugin's worker does. */
import { createReadStream } from "node:fs";
import { readRecords } from "../../core/formats/read.ts";
import { LIMITS } from "../../core/limits.ts";
import { loadPlugin } from "../../core/plugin/load.ts";
import { answer, given } from "../child.ts";
import { ownPeakBytes } from "../machine.ts";

export interface FormatParams {
  /** Folder of the plugin, and which of its kinds of files these are. */
  readonly plugin: string;
  readonly kind: number;
  readonly file: string;
  readonly warmUp: string;
  readonly mapped: boolean;
}

export interface FormatResult {
  readonly ms: number;
  readonly records: number;
  readonly peakBytes: number;
}

const { plugin: dir, kind, file, warmUp, mapped } = given<FormatParams>();
const plugin = await loadPlugin(dir);
const input = plugin.inputs[kind] ?? absent();
const mapper = plugin.mappers[kind] ?? absent();

function absent(): never {
  throw new Error(`${dir} has no kind ${kind}.`);
}

async function pass(path: string): Promise<number> {
  let records = 0;
  for await (const raws of readRecords(createReadStream(path, { highWaterMark: 256 * 1024 }), input, LIMITS))
    for (const raw of raws) {
      records += 1;
      if (!mapped) continue;
      const made = mapper(raw, plugin.manifest.defaultMerchant);
      // As the worker sends it.
      if (made?.orders === undefined || JSON.stringify(made) === "")
        throw new Error(`No order: ${made?.rejected?.reason}`);
    }
  return records;
}

await pass(warmUp);
const began = performance.now();
const records = await pass(file);
answer<FormatResult>({ ms: performance.now() - began, records, peakBytes: ownPeakBytes() });
