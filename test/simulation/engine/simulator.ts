/** One simulator: the store in memory, the nouns, and what can be chosen from them. Runs plans one after another. */
import type { Noun, Plan } from "./contract.ts";
import { noCoverage } from "./coverage.ts";
import { faultsOf } from "./faults.ts";
import { openMemoryStore } from "./memory-store.ts";
import { loadNouns } from "./nouns.ts";
import { type Choices, planOf, waysOf } from "./plan.ts";
import { type RunResult, runPlan } from "./run.ts";
import { shrink, type Shrunk } from "./shrink.ts";
import { openRun } from "./world.ts";

export const STEPS = 40;

export interface Simulator {
  readonly nouns: readonly Noun[];
  readonly choices: Choices;
  planOf(seed: number, steps?: number): Plan;
  run(plan: Plan, tell?: (line: string) => void): Promise<RunResult>;
  /** The shortest plan that it finds which breaks the same promise. */
  shrink(plan: Plan, rule: string): Promise<Shrunk>;
}

/** @param nouns absent: those of the folder `nouns` */
export async function simulator(nouns?: readonly Noun[]): Promise<Simulator> {
  const all = nouns ?? (await loadNouns());
  const store = openMemoryStore();
  const { ops, close } = await openRun({ seed: 0, nodes: 1, store, nouns: all, coverage: noCoverage() });
  close();
  const faults = [...faultsOf(all.flatMap((noun) => noun.faults ?? [])).keys()];
  const choices = {
    ops,
    faults,
    ways: waysOf(
      all.flatMap(({ ways = [] }) => ways),
      ops,
      faults,
    ),
  };
  const run: Simulator["run"] = (plan, tell) =>
    runPlan(plan, { store, nouns: all, ...(tell === undefined ? {} : { tell }) });
  return {
    nouns: all,
    choices,
    planOf: (seed, steps = STEPS) => planOf(seed, steps, choices),
    run,
    shrink: (plan, rule) => shrink(plan, rule, async (candidate) => (await run(candidate)).failure?.rule),
  };
}
