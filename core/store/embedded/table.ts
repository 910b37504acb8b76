/**
 * One table per collection: the document as JSON text, and a column for each indexed path, filled by us. A table with a rowid
 * and a unique id takes random keys at twice the speed of one clustered by id (measured).
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { MergepayError } from "../../errors/errors.ts";
import type { CollectionSpec, IndexSpec } from "../contract.ts";
import { MAX_DOCUMENT_BYTES, type Json } from "../defined.ts";
import { duplicateKey, serverError, sqliteCode } from "./failures.ts";
import { ID_COLUMN } from "./plan.ts";
import { cellAt, sameCell, type Cell } from "./values.ts";

interface Column {
  readonly path: string;
  readonly segments: readonly string[];
  /** Quoted, as it stands in SQL. */
  readonly sql: string;
}

export interface Row {
  readonly rowid: number;
  readonly text: string;
}

export interface Table {
  readonly name: string;
  /** Quoted, as it stands in SQL. */
  readonly sql: string;
  readonly columnOf: (path: string) => string | undefined;
  /** A cached statement; rows come as arrays. */
  prepare(sql: string): StatementSync;
  /** @throws MongoServerError 11000 */
  insert(document: Json): void;
  /** Writes the new text, and those columns only that changed. @throws MongoServerError 11000 */
  rewrite(row: Row, before: Json, after: Json, text: string): void;
  remove(rowid: number): void;
}

const quoted = (name: string): string => `"${name}"`;
const SQLITE_CONSTRAINT = 19;
const MAX_STATEMENTS = 500;
const BACKFILL_ROWS = 1_000;

const columnOfPath = (path: string): Column =>
  path === "_id"
    ? { path, segments: ["_id"], sql: ID_COLUMN }
    : { path, segments: path.split("."), sql: quoted(`k:${path}`) };

function existingPaths(database: DatabaseSync, table: string): string[] | undefined {
  const names = database.prepare("SELECT name FROM pragma_table_info(?)").all(table) as { name: string }[];
  return names.length === 0
    ? undefined
    : names.filter(({ name }) => name.startsWith("k:")).map(({ name }) => name.slice(2));
}

function backfill(database: DatabaseSync, table: string, columns: readonly Column[]): void {
  const select = database.prepare(
    `SELECT rowid AS rowid, doc AS text FROM ${quoted(table)} WHERE rowid > ? ORDER BY rowid LIMIT ${BACKFILL_ROWS}`,
  );
  const update = database.prepare(
    `UPDATE ${quoted(table)} SET ${columns.map(({ sql }) => `${sql} = ?`).join(", ")} WHERE rowid = ?`,
  );
  let after = 0;
  for (;;) {
    const rows = select.all(after) as unknown as Row[];
    for (const { rowid, text } of rows) {
      const document = JSON.parse(text) as Json;
      update.run(...columns.map(({ segments }) => cellAt(document, segments)), rowid);
      after = rowid;
    }
    if (rows.length < BACKFILL_ROWS) return;
  }
}

function makeIndex(database: DatabaseSync, table: string, index: IndexSpec): void {
  const name = `i:${table}:${index.name}`;
  const sql =
    `CREATE ${index.unique === true ? "UNIQUE " : ""}INDEX ${quoted(name)} ON ${quoted(table)} ` +
    `(${index.keys.map((key) => columnOfPath(key).sql).join(", ")})`;
  const found = database.prepare("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?").get(name);
  if (found === undefined) database.exec(sql);
  else if (found["sql"] !== sql)
    throw new MergepayError(
      "CONFIG_INVALID",
      `Index ${index.name} of ${table} exists with other keys; give the new index a name of its own.`,
    );
}

/**
 * Makes the table, columns and indexes that are missing, filling new columns from the documents that are there. Call it inside
 * a transaction. Columns of earlier declarations are kept up to date too, so that going back and forth between versions is safe.
 */
function migrate(database: DatabaseSync, spec: CollectionSpec): Column[] {
  const declared = new Set(spec.indexes.flatMap(({ keys }) => keys).filter((path) => path !== "_id"));
  const existing = existingPaths(database, spec.name);
  const missing = [...declared].filter((path) => existing?.includes(path) !== true).map(columnOfPath);
  if (existing === undefined) {
    const columns = ["id NOT NULL UNIQUE", "doc TEXT NOT NULL", ...missing.map(({ sql }) => sql)];
    database.exec(`CREATE TABLE ${quoted(spec.name)} (${columns.join(", ")})`);
  } else if (missing.length > 0) {
    for (const { sql } of missing) database.exec(`ALTER TABLE ${quoted(spec.name)} ADD COLUMN ${sql}`);
    backfill(database, spec.name, missing);
  }
  for (const index of spec.indexes) makeIndex(database, spec.name, index);
  return [...(existing ?? []).map(columnOfPath), ...missing];
}

/** Statements by their text, the least recently used dropped. */
function statements(database: DatabaseSync): (sql: string) => StatementSync {
  const cache = new Map<string, StatementSync>();
  return (sql) => {
    let statement = cache.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statement.setReturnArrays(true);
      const oldest = cache.size >= MAX_STATEMENTS ? cache.keys().next().value : undefined;
      if (oldest !== undefined) cache.delete(oldest);
    } else cache.delete(sql);
    cache.set(sql, statement);
    return statement;
  };
}

/** Opens the table of a collection, inside a transaction. */
export function openTable(database: DatabaseSync, spec: CollectionSpec): Table {
  const sql = quoted(spec.name);
  let columns: Column[];
  try {
    columns = migrate(database, spec);
  } catch (error) {
    throw asDuplicate(error);
  }
  const byPath = new Map([columnOfPath("_id"), ...columns].map((column) => [column.path, column.sql]));
  const prepare = statements(database);
  const names = ["id", "doc", ...columns.map((column) => column.sql)];
  const insertion = database.prepare(
    `INSERT INTO ${sql} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
  );
  const removal = database.prepare(`DELETE FROM ${sql} WHERE rowid = ?`);

  /** From SQLite's `UNIQUE constraint failed: orders.k:a, orders.k:b` back to the index and the values. */
  function asDuplicate(error: unknown, document?: Json): unknown {
    const code = sqliteCode(error);
    if (code === undefined || (code & 0xff) !== SQLITE_CONSTRAINT) return error;
    const listed = error instanceof Error ? (error.message.split("failed: ")[1] ?? "") : "";
    const keys = listed.split(", ").map((name) => {
      const column = name.slice(spec.name.length + 1);
      return column.startsWith("k:") ? column.slice(2) : "_id";
    });
    const index = spec.indexes.find((one) => one.unique === true && one.keys.join() === keys.join());
    const values = keys.map((key) => [key, (document && at(document, key)) ?? null] as const);
    return duplicateKey(spec.name, index?.name ?? "_id_", Object.fromEntries(values));
  }

  const guarded = (work: () => void, document: Json): void => {
    try {
      work();
    } catch (error) {
      throw asDuplicate(error, document);
    }
  };

  return {
    name: spec.name,
    sql,
    columnOf: (path) => byPath.get(path),
    prepare,
    insert(document) {
      const cells: Cell[] = [document["_id"] as string, textOf(document)];
      for (const column of columns) cells.push(cellAt(document, column.segments));
      guarded(() => void insertion.run(...cells), document);
    },
    rewrite(row, before, after, text) {
      checkSize(text);
      const cells: Cell[] = [text];
      let changes = "doc = ?";
      for (const column of columns) {
        const cell = cellAt(after, column.segments);
        if (sameCell(cell, cellAt(before, column.segments))) continue;
        changes += `, ${column.sql} = ?`;
        cells.push(cell);
      }
      guarded(() => void prepare(`UPDATE ${sql} SET ${changes} WHERE rowid = ?`).run(...cells, row.rowid), after);
    },
    remove: (rowid) => void removal.run(rowid),
  };
}

function at(document: Json, path: string): unknown {
  let value: unknown = document;
  for (const segment of path.split(".")) value = (value as Json | null | undefined)?.[segment];
  return value;
}

function checkSize(text: string): void {
  if (text.length > MAX_DOCUMENT_BYTES)
    throw serverError(10334, "The document is larger than 16 MiB, the most that a store takes.");
}

export function textOf(document: Json): string {
  const text = JSON.stringify(document);
  checkSize(text);
  return text;
}
