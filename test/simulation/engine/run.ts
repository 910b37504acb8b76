/** Runs a plan from its start to rest, looking after every step. */
import { Broken, type Noun, type Plan } from "./contract.ts";
import { type Coverage, noCoverage } from "./coverage.ts";
import type { MemoryStore } from "./memory-store.ts";
import { openRun } from "./world.ts";

export interface RunResult {
  readonly coverage: Coverage;
  readonly trace: string;
  readonly failure?: Broken;
  /** The step after which it failed; the number of steps when it did at rest. */
  readonly failedAt?: number;
}

export async function runPlan(
  plan: Plan,
  given: { readonly store: MemoryStore; readonly nouns: readonly Noun[]; readonly tell?: (line: string) => void },
): Promise<RunResult> {
  const coverage = noCoverage();
  const run = await openRun({ ...plan, ...given, coverage });
  let at = 0;
  try {
    for (; at < plan.steps.length; at += 1) {
      const step = plan.steps[at];
      if (step === undefined) break;
      if ("op" in step) await run.begin(step.op, step.node, step.seed, step.run);
      else if ("fault" in step) run.arm(step.fault, step.node, step.seed, step.at);
      else run.pass(step.pass);
      await run.audit(false);
    }
    await run.rest();
    await run.audit(false);
    await run.audit(true);
    return { coverage, trace: run.trace() };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { coverage, trace: run.trace(), failure: error, failedAt: at };
  } finally {
    run.close();
  }
}
