import { MergepayError } from "./errors/errors.ts";

/** A literal table of states: for each state, those that it may move to. */
export type StateTable<S extends string> = Readonly<Record<S, readonly S[]>>;

export interface States<S extends string> {
  readonly table: StateTable<S>;
  /** The states from which `to` may be reached; the filter of the one update that decides and writes. */
  into(to: S): readonly S[];
  /** Throws STATE_REFUSED unless the table has the move. */
  assertMove(from: S, to: S): void;
}

/** Checks the table once, at start: every target is a state, none moves to itself. @throws INTERNAL */
export function defineStates<S extends string>(noun: string, table: StateTable<S>): States<S> {
  const states = Object.keys(table) as S[];
  for (const from of states) {
    for (const to of table[from]) {
      if (!states.includes(to) || to === from)
        throw new MergepayError("INTERNAL", `The ${noun} states have no move ${from} -> ${to}.`);
    }
  }
  return {
    table,
    into: (to) => states.filter((from) => table[from].includes(to)),
    assertMove: (from, to) => {
      if (!table[from].includes(to))
        throw new MergepayError("STATE_REFUSED", `A ${noun} that is ${from} can't become ${to}.`);
    },
  };
}
