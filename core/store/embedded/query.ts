/** Finding rows: SQL where columns answer, mingo for the rest, and in-memory order where no columns give it. */
import type { Json } from "../defined.ts";
import { matcher } from "./match.ts";
import { planFilter, planSort, type Plan } from "./plan.ts";
import { sorted, type SortKey } from "./sort.ts";
import type { Row, Table } from "./table.ts";

export interface Search {
  readonly filter: Json;
  readonly sort?: readonly SortKey[];
  /** 0 or undefined: no limit. */
  readonly limit?: number | undefined;
}

export interface Found {
  readonly row: Row;
  readonly document: Json;
}

interface Prepared {
  readonly sql: string;
  readonly plan: Plan;
  /** True when SQL gives the order asked for, and so can stop early. */
  readonly ordered: boolean;
  readonly limited: boolean;
}

const none: readonly SortKey[] = [];

function prepare(table: Table, search: Search): Prepared {
  const plan = planFilter(search.filter, table.columnOf);
  const order = planSort(search.sort ?? none, table.columnOf);
  const limited = order !== undefined && plan.rest === undefined && (search.limit ?? 0) > 0;
  const where = plan.where === "" ? "" : ` WHERE ${plan.where}`;
  return {
    sql: `SELECT rowid, doc FROM ${table.sql}${where}${order ?? ""}${limited ? " LIMIT ?" : ""}`,
    plan,
    ordered: order !== undefined,
    limited,
  };
}

/** The rows that match, parsed afresh, in order. */
export function search(table: Table, wanted: Search): Found[] {
  const { sql, plan, ordered, limited } = prepare(table, wanted);
  const test = plan.rest === undefined ? undefined : matcher(plan.rest);
  const limit = wanted.limit ?? 0;
  const cells = limited ? [...plan.cells, limit] : plan.cells;
  const found: Found[] = [];
  for (const raw of table.prepare(sql).iterate(...cells)) {
    const [rowid, text] = raw as unknown as [number, string];
    const document = JSON.parse(text) as Json;
    if (test !== undefined && !test(document)) continue;
    found.push({ row: { rowid, text }, document });
    if (ordered && limit > 0 && found.length === limit) break;
  }
  if (ordered) return found;
  const rows = new Map(found.map((one) => [one.document, one]));
  const inOrder = sorted([...rows.keys()], wanted.sort ?? none).map((document) => rows.get(document) as Found);
  return limit > 0 ? inOrder.slice(0, limit) : inOrder;
}

/** How many match; `limit` caps the count. */
export function count(table: Table, filter: Json, limit = 0): number {
  const plan = planFilter(filter, table.columnOf);
  if (plan.rest !== undefined) return search(table, { filter, limit }).length;
  const where = plan.where === "" ? "" : ` WHERE ${plan.where}`;
  const sql =
    limit > 0
      ? `SELECT count(*) FROM (SELECT 1 FROM ${table.sql}${where} LIMIT ?)`
      : `SELECT count(*) FROM ${table.sql}${where}`;
  const [counted] = table.prepare(sql).get(...plan.cells, ...(limit > 0 ? [limit] : [])) as unknown as [number];
  return counted;
}

/** Deletes what matches when SQL alone can tell; undefined when documents must be looked at. */
export function removeByColumns(table: Table, filter: Json): number | undefined {
  const plan = planFilter(filter, table.columnOf);
  if (plan.rest !== undefined) return undefined;
  const where = plan.where === "" ? "" : ` WHERE ${plan.where}`;
  const { changes } = table.prepare(`DELETE FROM ${table.sql}${where}`).run(...plan.cells);
  return Number(changes);
}

/** SQLite's own account of how it would find the rows: for tests and for whoever wonders why a query is slow. */
export function explain(table: Table, wanted: Search): string[] {
  const { sql, plan, limited } = prepare(table, wanted);
  const rows = table.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...plan.cells, ...(limited ? [wanted.limit ?? 0] : []));
  return rows.map((row) => String((row as unknown as unknown[])[3]));
}
