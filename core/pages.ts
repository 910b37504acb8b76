import type { Filter } from "mongodb";
import type { Page, PageQuery } from "./actions.ts";
import { MergepayError } from "./errors/errors.ts";
import type { Doc, StoreCollection } from "./store/contract.ts";

/** The JSON of a page, in bytes: whatever its items hold, it fits into one message of the bus (1 MiB) with room to spare. */
const PAGE_BYTES = 512 * 1024;

/** What a list is in the order of: an indexed path, unique within the list. Its values are the cursors, and nothing else is one. */
export interface Sequence {
  readonly key: string;
  readonly cursor: RegExp;
}

/** @param pattern what the ids look like from their first character to the last */
export const byId = (pattern: string): Sequence => ({ key: "_id", cursor: new RegExp(`^${pattern}$`, "su") });

/**
 * One page of a collection in its sequence. The cursor is the last key seen. It ends early, but never empty, where its items become more
 * than a message of the bus takes.
 * @throws QUERY_INVALID for a limit that is not 1 to `maximum`, and for a cursor that no list of this kind gives
 */
export async function page<T extends Doc, R>(
  collection: StoreCollection<T>,
  filter: Filter<T>,
  { key, cursor }: Sequence,
  query: PageQuery,
  maximum: number,
  show: (doc: T) => R,
): Promise<Page<R>> {
  const limit = query.limit ?? maximum;
  if (!Number.isInteger(limit) || limit < 1 || limit > maximum)
    throw new MergepayError("QUERY_INVALID", `limit is a whole number from 1 to ${maximum}.`, { field: "limit" });
  if (query.after !== undefined && !cursor.test(query.after))
    throw new MergepayError(
      "QUERY_INVALID",
      "after must be the `next` of the page before; leave it out for the first page.",
      { field: "after" },
    );
  const from = query.after === undefined ? {} : { [key]: { $gt: query.after } };
  const docs = await collection
    .find({ $and: [filter, from as Filter<T>] } as Filter<T>)
    .sort({ [key]: 1 })
    .limit(limit + 1)
    .toArray();
  const shown = docs.slice(0, limit).map((doc) => show(doc));
  const items = shown.slice(0, fitting(shown));
  const last = docs[items.length - 1];
  if (docs.length === items.length || last === undefined) return { items };
  return { items, next: String((last as Record<string, unknown>)[key]) };
}

/** How many of the items one page takes: the first always. */
function fitting(items: readonly unknown[]): number {
  let bytes = 0;
  const over = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item))) > PAGE_BYTES);
  return over === -1 ? items.length : Math.max(over, 1);
}
