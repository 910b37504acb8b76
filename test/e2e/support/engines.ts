import type { Kill } from "./kills.ts";

/** The engines that a node can have: a table of kills is gone through on each. */
export const ENGINES = ["embedded", "mongodb"] as const;
export type Engine = (typeof ENGINES)[number];

/** What a table came to on an engine. */
interface Killed {
  readonly engine: Engine;
  readonly kills: readonly Kill[];
  /** Where nodes died, in order. */
  readonly deaths: readonly string[];
}

const killed: Killed[] = [];

export function noteDeaths(one: Killed): void {
  killed.push(one);
}

/** What the tables of this process have come to until now. */
export const deathsNoted = (): readonly Killed[] => killed;
