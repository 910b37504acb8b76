import type { Filter, UpdateFilter } from "mongodb";
import type { Doc, StoreCollection } from "./store/contract.ts";

/** A document that changes by compare-and-set on its version, and that a sweeper looks at when `dueAt` has come. */
export interface Versioned extends Doc {
  version: number;
  /** ISO 8601; null when nothing is left to do. */
  dueAt: string | null;
}

/** Somebody else has written the document since it was read: whoever did goes on with it, we stop. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

/** Writes a change if the document is still the one that was read. @param gone fields that it has no longer @throws Overtaken */
export async function saveVersion<T extends Versioned>(
  collection: StoreCollection<T>,
  doc: T,
  change: Partial<Omit<T, "_id" | "version">>,
  gone: readonly (keyof T & string)[] = [],
): Promise<T> {
  const next = { ...change, version: doc.version + 1 };
  const unset = gone.length === 0 ? {} : { $unset: Object.fromEntries(gone.map((name) => [name, true])) };
  const filter = { _id: doc._id, version: doc.version } as Filter<T>;
  const done = await collection.updateOne(filter, { $set: next, ...unset } as unknown as UpdateFilter<T>);
  if (done.matchedCount === 0) throw new Overtaken();
  const kept = Object.fromEntries(Object.entries(doc).filter(([name]) => !(gone as readonly string[]).includes(name)));
  return { ...(kept as T), ...next };
}

/** The documents whose time has come and that fit the filter, the longest due first. */
export const findDue = <T extends Versioned>(
  collection: StoreCollection<T>,
  now: string,
  limit: number,
  filter: Filter<T> = {},
): Promise<T[]> =>
  collection
    .find({ $and: [{ dueAt: { $lte: now } }, filter] } as Filter<T>)
    .sort({ dueAt: 1 })
    .limit(limit)
    .toArray();
