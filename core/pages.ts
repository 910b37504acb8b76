import { createHash } from "node:crypto";
import type { Filter } from "mongodb";
import type { Page, PageQuery } from "./actions.ts";
import { MergepayError } from "./errors/errors.ts";
import type { Doc, StoreCollection } from "./store/contract.ts";

/** The JSON of a page, in bytes: whatever its items hold, it fits into one message of the bus (1 MiB) with room to spare. */
const PAGE_BYTES = 512 * 1024;

/** What a list is in the order of: an indexed path, unique within the list. Cursors are made of its values, and of nothing else. */
export interface Sequence {
  readonly key: string;
  readonly cursor: RegExp;
  /** What the list is of, where its filter may change from page to page. Default: the filter. */
  readonly of?: unknown;
}

/** @param pattern what the ids look like from their first character to the last */
export const byId = (pattern: string): Sequence => ({ key: "_id", cursor: new RegExp(`^${pattern}$`, "su") });

/** Characters of a cursor that bind it to its list. */
const BOND_CHARS = 8;

/** A cursor of one list alone: `of` is whatever makes it that list, such as its platform. The place at which another list ended says nothing there. */
export const bound = (place: string, of: unknown): string =>
  `${createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, BOND_CHARS)}.${place}`;

/** The place that a cursor stands for. @throws QUERY_INVALID when it is none, or one of another list */
export function placeOfCursor(cursor: string, of: unknown, places: RegExp): string {
  const place = cursor.slice(BOND_CHARS + 1);
  if (bound(place, of) === cursor && places.test(place)) return place;
  throw new MergepayError(
    "QUERY_INVALID",
    "after must be the `next` of the page before, of the same list with the same parameters; leave it out for the first page.",
    { field: "after" },
  );
}

/** What makes a list this one: its sequence, and what its filter says. */
const listOf = ({ key, cursor, of }: Sequence, filter: unknown): unknown => [key, cursor.source, of ?? filter];

/** The cursor of the page behind a key. */
export const cursorAt = (key: string, sequence: Sequence, filter: unknown): string =>
  bound(key, listOf(sequence, filter));

/**
 * One page of a collection in its sequence, behind the key of its cursor. It ends early, but never empty, where its items become more
 * than a message of the bus takes.
 * @throws QUERY_INVALID for a limit that is not 1 to `maximum`, and for a cursor that this list did not give
 */
export async function page<T extends Doc, R>(
  collection: StoreCollection<T>,
  filter: Filter<T>,
  sequence: Sequence,
  query: PageQuery,
  maximum: number,
  show: (doc: T) => R,
): Promise<Page<R>> {
  const { key } = sequence;
  const limit = query.limit ?? maximum;
  if (!Number.isInteger(limit) || limit < 1 || limit > maximum)
    throw new MergepayError("QUERY_INVALID", `limit is a whole number from 1 to ${maximum}.`, { field: "limit" });
  const from =
    query.after === undefined
      ? {}
      : { [key]: { $gt: placeOfCursor(query.after, listOf(sequence, filter), sequence.cursor) } };
  const docs = await collection
    .find({ $and: [filter, from as Filter<T>] } as Filter<T>)
    .sort({ [key]: 1 })
    .limit(limit + 1)
    .toArray();
  const shown = docs.slice(0, limit).map((doc) => show(doc));
  const items = shown.slice(0, fitting(shown));
  const last = docs[items.length - 1];
  if (docs.length === items.length || last === undefined) return { items };
  return { items, next: cursorAt(String((last as Record<string, unknown>)[key]), sequence, filter) };
}

/** How many of the items one page takes: the first always. */
function fitting(items: readonly unknown[]): number {
  let bytes = 0;
  const over = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item))) > PAGE_BYTES);
  return over === -1 ? items.length : Math.max(over, 1);
}
