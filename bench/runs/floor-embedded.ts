/** The least that storing the same orders in SQLite can cost: ready rows, prepared inserts, the same table, indexes and durability. */
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { PRAGMAS } from "../../core/store/embedded/engine.ts";
import { answer, given } from "../child.ts";

export interface FloorParams {
  /** Data folder of an import that has ended. */
  readonly from: string;
  /** An empty folder. */
  readonly dataDir: string;
  readonly orders: number;
  readonly perBatch: number;
}

export interface FloorResult {
  readonly ms: number;
  readonly orders: number;
  readonly documentBytes: number;
}

const { from, dataDir, orders, perBatch } = given<FloorParams>();

const imported = new DatabaseSync(join(from, "mergepay.db"), { readOnly: true });
const made = imported
  .prepare("SELECT sql FROM sqlite_master WHERE tbl_name = 'orders' AND sql IS NOT NULL ORDER BY type = 'index'")
  .all() as { sql: string }[];
const select = imported.prepare("SELECT * FROM orders ORDER BY rowid DESC LIMIT ?");
const names = select.columns().map(({ name }) => `"${name}"`);
select.setReturnArrays(true);
const rows = (select.all(orders) as unknown as SQLInputValue[][]).toReversed();
imported.close();

const floor = new DatabaseSync(join(dataDir, "floor.db"));
for (const pragma of PRAGMAS) floor.exec(`PRAGMA ${pragma}`);
for (const { sql } of made) floor.exec(sql);
const insert = floor.prepare(`INSERT INTO orders (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`);

const began = performance.now();
for (let start = 0; start < rows.length; start += perBatch) {
  floor.exec("BEGIN IMMEDIATE");
  for (const row of rows.slice(start, start + perBatch)) insert.run(...row);
  floor.exec("COMMIT");
}
const ms = performance.now() - began;

const { bytes } = floor.prepare("SELECT avg(length(CAST(doc AS BLOB))) AS bytes FROM orders").get() as {
  bytes: number;
};
floor.close();
answer<FloorResult>({ ms, orders: rows.length, documentBytes: bytes });
