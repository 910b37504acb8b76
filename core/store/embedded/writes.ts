/** The write methods, on one table, each run whole inside the open transaction. */
import type { Json } from "../defined.ts";
import { serverError } from "./failures.ts";
import { removeByColumns, search, type Found, type Search } from "./query.ts";
import { textOf, type Table } from "./table.ts";
import { applyUpdate, documentOfFilter } from "./update.ts";

export interface UpdateSpec {
  readonly update: Record<string, Json>;
  readonly upsert: boolean;
  readonly arrayFilters?: readonly Json[] | undefined;
}

export interface Updated {
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly upsertedId: string | null;
  /** The first document as it was and as it is; undefined before an insert. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Writes what became of a found document; false when that is the same text. */
function write(table: Table, found: Found, after: Json): boolean {
  const text = textOf(after);
  if (text === found.row.text) return false;
  table.rewrite(found.row, found.document, after, text);
  return true;
}

function insertUpsert(table: Table, filter: Json, spec: UpdateSpec): Updated {
  const document = documentOfFilter(filter);
  applyUpdate(document, spec.update, { filter, arrayFilters: spec.arrayFilters, inserting: true });
  const { _id: id, ...fields } = document;
  const after = { _id: id as string, ...fields };
  table.insert(after);
  return { matchedCount: 0, modifiedCount: 0, upsertedId: after._id, before: undefined, after };
}

/** Updates what `wanted` finds (`limit: 1` for updateOne), or inserts when nothing is found and `upsert` says so. */
export function update(table: Table, wanted: Search, spec: UpdateSpec): Updated {
  const found = search(table, wanted);
  if (found.length === 0 && spec.upsert) return insertUpsert(table, wanted.filter, spec);
  let modifiedCount = 0;
  let first: Json | undefined;
  for (const one of found) {
    const after = JSON.parse(one.row.text) as Json;
    applyUpdate(after, spec.update, { filter: wanted.filter, arrayFilters: spec.arrayFilters, inserting: false });
    if (write(table, one, after)) modifiedCount += 1;
    first ??= after;
  }
  return { matchedCount: found.length, modifiedCount, upsertedId: null, before: found[0]?.document, after: first };
}

/** Puts another document in the place of the first that is found; its `_id` stays. */
export function replace(table: Table, filter: Json, replacement: Json, upsert: boolean): Updated {
  const found = search(table, { filter, limit: 1 })[0];
  if (found === undefined) {
    if (!upsert) return { matchedCount: 0, modifiedCount: 0, upsertedId: null, before: undefined, after: undefined };
    const id = (replacement["_id"] ?? documentOfFilter(filter)["_id"]) as string;
    const after = { ...replacement, _id: id };
    table.insert(after);
    return { matchedCount: 0, modifiedCount: 0, upsertedId: id, before: undefined, after };
  }
  const id = found.document["_id"];
  if (replacement["_id"] !== undefined && replacement["_id"] !== id)
    throw serverError(66, "The replacement has another '_id' than the document, and '_id' is immutable.");
  const after = { _id: id, ...replacement };
  const modifiedCount = write(table, found, after) ? 1 : 0;
  return { matchedCount: 1, modifiedCount, upsertedId: null, before: found.document, after };
}

/** Deletes what `wanted` finds; how many. */
export function remove(table: Table, wanted: Search): number {
  const removed = wanted.limit === undefined ? removeByColumns(table, wanted.filter) : undefined;
  if (removed !== undefined) return removed;
  const found = search(table, wanted);
  for (const { row } of found) table.remove(row.rowid);
  return found.length;
}
