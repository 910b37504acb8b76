/** What a number of runs came by, as tables; and what they never came by. */
import type { Noun } from "./contract.ts";
import { type Counts, type Coverage, movesOf } from "./coverage.ts";

/** What was never seen, though the tables and lists have it. */
export interface Unseen {
  readonly moves: readonly string[];
  readonly faults: readonly string[];
  readonly cases: readonly string[];
}

export function unseen(coverage: Coverage, nouns: readonly Noun[], faults: readonly string[]): Unseen {
  const moves = movesOf(nouns.flatMap(({ tables = [] }) => tables));
  return {
    moves: moves.filter((move) => (coverage.moves[move] ?? 0) === 0),
    faults: faults.filter((fault) => (coverage.faults[fault] ?? 0) === 0),
    cases: nouns
      .flatMap(({ cases = [] }) => cases)
      .filter((one) => (coverage.answers[one] ?? coverage.other[one] ?? 0) === 0),
  };
}

/** Begins the names of what the books count: payments, refunds ...; the others are sums in minor units. */
export const COUNTED = "number of ";

const row = (what: string, count: number): string => `  ${what.padEnd(72, " ")}${String(count).padStart(14)}`;

function table(title: string, counts: Counts, names?: readonly string[]): string[] {
  const all = (names ?? Object.keys(counts)).toSorted();
  return [title, ...all.map((name) => row(name, counts[name] ?? 0)), ""];
}

/** How often each state was entered, from its moves. */
function statesOf(moves: Counts): Counts {
  const states: Counts = {};
  for (const [move, count] of Object.entries(moves)) {
    const [, noun = "", state = ""] = /^(\S+): .*-> (.+)$/.exec(move) ?? [];
    states[`${noun}: ${state}`] = (states[`${noun}: ${state}`] ?? 0) + count;
  }
  return states;
}

/** Of what the books tally, what counts, or what is minor units. */
const of = (books: Counts, counted: boolean): Counts =>
  Object.fromEntries(Object.entries(books).filter(([name]) => name.startsWith(COUNTED) === counted));

export function report(coverage: Coverage, nouns: readonly Noun[], faults: readonly string[]): string {
  const watched = nouns.flatMap(({ tables = [] }) => tables);
  return [
    ...table("Faults that struck", coverage.faults, faults),
    ...table("States entered", statesOf(coverage.moves)),
    ...table("Moves of the tables", coverage.moves, [
      ...new Set([...Object.keys(coverage.moves), ...movesOf(watched)]),
    ]),
    ...table("Operations and what they were answered", coverage.answers),
    ...table("Points reached, and states at rest", coverage.other),
    ...table("Money at rest of all runs: how many", of(coverage.books, true)),
    ...table("Books at rest of all runs, in minor units: who says what", of(coverage.books, false)),
  ].join("\n");
}
