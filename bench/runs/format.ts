/**
 * One pass over a file in a process of its own: its bare reader, or read, validated and mapped as a plugin's worker does. Of a workbook also the
 * least that any reader of one has to do: its sheet found, unpacked, checked and gone over as XML, without a cell being made.
 */
import { createReadStream } from "node:fs";
import { readRecords } from "../../core/formats/read.ts";
import { openPackage } from "../../core/formats/xlsx-package.ts";
import { createPartReader } from "../../core/formats/xlsx-part.ts";
import { findSheet } from "../../core/formats/xlsx-workbook.ts";
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
  readonly how: "sheet" | "bare" | "mapped";
}

export interface FormatResult {
  readonly ms: number;
  readonly records: number;
  readonly peakBytes: number;
}

const { plugin: dir, kind, file, warmUp, how } = given<FormatParams>();
const plugin = await loadPlugin(dir);
const input = plugin.inputs[kind] ?? absent();
const mapper = plugin.mappers[kind] ?? absent();

function absent(): never {
  throw new Error(`${dir} has no kind ${kind}.`);
}

async function pass(path: string): Promise<number> {
  let records = 0;
  const bytes = createReadStream(path, { highWaterMark: 256 * 1024 });
  if (how === "sheet") return await sheetPass(bytes);
  for await (const raws of readRecords(bytes, input, LIMITS))
    for (const raw of raws) {
      records += 1;
      if (how === "bare") continue;
      // Text, as the worker sends it.
      const made = mapper(raw, plugin.manifest.defaultMerchant);
      if (!made.includes('"orders":[{')) throw new Error(`No order: ${made}`);
    }
  return records;
}

async function sheetPass(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  if (input.format !== "xlsx") return absent();
  const office = await openPackage(bytes, LIMITS.fileBytes);
  const { sheet } = await findSheet(office, input);
  let rows = 0;
  const reader = createPartReader(sheet, "worksheet", {
    open: (local) => void (rows += local === "row" ? 1 : 0),
    close: () => undefined,
    text: () => undefined,
    aside: () => undefined,
  });
  for await (const piece of office.text(sheet)) reader.write(piece);
  reader.end();
  return rows - 1;
}

await pass(warmUp);
const began = performance.now();
const records = await pass(file);
answer<FormatResult>({ ms: performance.now() - began, records, peakBytes: ownPeakBytes() });
