/**
 * What Mergepay costs beside the least that it could cost: `npm run bench -- [import] [sizes] [formats] [payments] [stored] [--orders N] [--quick]`.
 * Prints figures and ratios with their units; asserts nothing, as times are the machine's.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatsPart } from "./formats.ts";
import { importPart } from "./import.ts";
import { machine } from "./machine.ts";
import { xmlOrderFiles } from "./order-file.ts";
import { paymentsPart } from "./payments.ts";
import { print } from "./print.ts";
import { sizesPart } from "./sizes.ts";
import { storedPart } from "./stored.ts";

const PARTS = ["import", "sizes", "formats", "payments", "stored"];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { orders: { type: "string" }, quick: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(", ")}; the parts are ${PARTS.join(", ")}.`);
const wants = (part: string): boolean => positionals.length === 0 || positionals.includes(part);
const { quick } = values;
const orders = Number.parseInt(values.orders ?? (quick ? "10000" : "100000"), 10);
if (!(orders > 0)) throw new Error("--orders takes a number of orders.");

const dir = await mkdtemp(join(tmpdir(), "mergepay-bench-"));
try {
  const files = await xmlOrderFiles();
  print(`Machine: ${machine()}`);
  if (wants("import")) {
    print();
    await importPart({ files, dir, orders, rounds: quick ? 1 : 3 });
  }
  if (wants("sizes")) {
    print();
    await sizesPart({ files, dir, sizes: quick ? [2_000, 10_000] : [10_000, 100_000, 300_000], rounds: quick ? 1 : 3 });
  }
  if (wants("formats")) {
    print();
    await formatsPart({ dir, records: orders, many: orders * 10, rounds: quick ? 1 : 3 });
  }
  if (wants("payments")) {
    print();
    await paymentsPart({ files, dir, payments: quick ? 48 : 160, rounds: quick ? 1 : 5 });
  }
  if (wants("stored")) {
    print();
    await storedPart({ files, dir, sizes: quick ? [500, 5_000] : [1_000, 100_000], measured: quick ? 50 : 200 });
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
