import type { Sort } from "mongodb";
import type { Json } from "../defined.ts";
import { compareValues, sortValue } from "./values.ts";

export interface SortKey {
  readonly path: string;
  readonly descending: boolean;
}

const DIRECTIONS: Readonly<Record<string, boolean>> = {
  "1": false,
  asc: false,
  ascending: false,
  "-1": true,
  desc: true,
  descending: true,
};

function keyOf(path: string, direction: unknown): SortKey {
  const descending = DIRECTIONS[String(direction)];
  if (descending === undefined) throw new TypeError(`sort: the direction of ${path} must be 1 or -1.`);
  return { path, descending };
}

/** Every form of sort that the driver takes, as a list of keys. */
export function sortKeys(sort: Sort | undefined): SortKey[] {
  if (sort === undefined) return [];
  if (typeof sort === "string") return [keyOf(sort, 1)];
  if (sort instanceof Map) return [...sort].map(([path, direction]) => keyOf(path, direction));
  if (!Array.isArray(sort)) return Object.entries(sort).map(([path, direction]) => keyOf(path, direction));
  const list = sort as unknown[];
  if (list.length === 2 && typeof list[0] === "string" && Object.hasOwn(DIRECTIONS, String(list[1])))
    return [keyOf(list[0], list[1])];
  return list.map((entry) => (Array.isArray(entry) ? keyOf(String(entry[0]), entry[1]) : keyOf(String(entry), 1)));
}

/** The documents in order; those that compare equal keep theirs. */
export function sorted<T extends Json>(documents: readonly T[], keys: readonly SortKey[]): T[] {
  const paths = keys.map((key) => key.path.split("."));
  const decorated = documents.map((document) => ({
    document,
    values: paths.map((segments) => sortValue(document, segments)),
  }));
  decorated.sort((a, b) => {
    for (const [index, key] of keys.entries()) {
      const order = compareValues(a.values[index], b.values[index]);
      if (order !== 0) return key.descending ? -order : order;
    }
    return 0;
  });
  return decorated.map((entry) => entry.document);
}
