/** What a run has come by: states and moves of each table, faults that struck, points reached, answers given. */
import { Broken, type Noun, type WatchedTable } from "./contract.ts";
import type { Doc } from "../../../core/store/contract.ts";
import type { Change } from "./memory-store.ts";

/** Counts by what was counted; adds up over runs. */
export type Counts = Record<string, number>;

export const addTo = (counts: Counts, what: string, count = 1): void =>
  void (counts[what] = (counts[what] ?? 0) + count);

export interface Coverage {
  readonly moves: Counts;
  readonly faults: Counts;
  readonly answers: Counts;
  readonly other: Counts;
  /** Minor units, by what they are and who says so. */
  readonly books: Counts;
}

export const noCoverage = (): Coverage => ({ moves: {}, faults: {}, answers: {}, other: {}, books: {} });

export function merge(into: Coverage, from: Coverage): void {
  for (const kind of ["moves", "faults", "answers", "other", "books"] as const)
    for (const [what, count] of Object.entries(from[kind])) addTo(into[kind], what, count);
}

export const moveName = (noun: string, from: string, to: string): string => `${noun}: ${from} -> ${to}`;

/** Sees every change of a document: counts moves, and says which were none of the table or touched what is never changed. */
export function watcher(nouns: readonly Noun[], coverage: Coverage, broken: (what: Broken) => void) {
  const tables = new Map(nouns.flatMap(({ tables: own = [] }) => own).map((one) => [one.collection, one]));
  const fixed = new Map(nouns.flatMap((noun) => Object.entries(noun.fixed ?? {})));
  return ({ collection, id, before, after }: Change): void => {
    const changed =
      before === undefined ? undefined : fixed.get(collection)?.find((field) => !isSame(before, after, field));
    if (changed !== undefined)
      broken(
        new Broken(
          "written once, never changed",
          `${changed} of ${collection} ${id} was changed, or all of it removed`,
        ),
      );
    const watched = tables.get(collection);
    if (watched === undefined) return;
    const from = stateOf(before);
    const to = stateOf(after);
    if (to === undefined || from === to) return;
    const { noun, table } = watched;
    addTo(coverage.moves, moveName(noun, from ?? "", to));
    if (from === undefined) return;
    if (table[from]?.includes(to) !== true)
      broken(new Broken("states move only along the table", `${noun} ${id} went ${from} -> ${to}`));
  };
}

const isSame = (before: Doc, after: Doc | undefined, field: string): boolean =>
  after !== undefined && JSON.stringify(before[field]) === JSON.stringify(after[field]);

const stateOf = (doc: { readonly [name: string]: unknown } | undefined): string | undefined => {
  const state = doc?.["state"];
  return typeof state === "string" ? state : undefined;
};

/** The moves of all tables. */
export const movesOf = (tables: readonly WatchedTable[]): string[] =>
  tables.flatMap(({ noun, table }) =>
    Object.entries(table).flatMap(([from, targets]) => targets.map((to) => moveName(noun, from, to))),
  );
