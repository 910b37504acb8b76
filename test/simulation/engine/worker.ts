/** A process that runs the seeds that it is given, and says what came of each. */
import { config } from "chai";
import type { Coverage } from "./coverage.ts";
import { simulator } from "./simulator.ts";

export interface Task {
  readonly seeds: readonly number[];
  readonly steps: number;
}

export interface Done {
  readonly seeds: number;
  readonly coverage: readonly Coverage[];
  readonly failures: readonly { readonly seed: number; readonly rule: string; readonly message: string }[];
}

// Names of assertions are checked by their types; the auditor makes many.
config.useProxy = false;
const sim = await simulator();

async function runAll({ seeds, steps }: Task): Promise<Done> {
  const coverage: Coverage[] = [];
  const failures: { seed: number; rule: string; message: string }[] = [];
  for (const seed of seeds) {
    const result = await sim.run(sim.planOf(seed, steps));
    coverage.push(result.coverage);
    if (result.failure !== undefined)
      failures.push({ seed, rule: result.failure.rule, message: result.failure.message });
  }
  return { seeds: seeds.length, coverage, failures };
}

// An interrupt is for the process that gives the seeds: it says when there are no more.
process.on("SIGINT", () => undefined);
process.on("message", (task: Task) => {
  void (async () => process.send?.(await runAll(task)))();
});
process.send?.("ready");
