/** Makes a failing plan shorter: steps are left out as long as the same promise is still broken (delta debugging), then made simpler. */
import type { Plan, Step } from "./contract.ts";

/** The rule that a plan breaks; undefined when it breaks none. */
export type Breaks = (plan: Plan) => Promise<string | undefined>;

export interface Shrunk {
  readonly plan: Plan;
  readonly tries: number;
}

/** @param most runs at the most; what is shortest by then is the answer */
export async function shrink(plan: Plan, rule: string, breaks: Breaks, most = 600): Promise<Shrunk> {
  let tries = 0;
  let best = plan;
  const fails = async (candidate: Plan): Promise<boolean> => {
    if (tries >= most) return false;
    tries += 1;
    if ((await breaks(candidate)) !== rule) return false;
    best = candidate;
    return true;
  };

  /** Leaves out runs of steps, long ones first, until no single one can be left out. */
  async function leaveOut(): Promise<void> {
    for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let at = 0; at < best.steps.length;) {
        const steps = best.steps.toSpliced(at, size);
        if (!(await fails({ ...best, steps }))) at += size;
      }
  }

  async function simplify(): Promise<void> {
    for (let at = 0; at < best.steps.length; at += 1)
      for (const simpler of simplerThan(best.steps[at])) {
        if (await fails({ ...best, steps: best.steps.with(at, simpler) })) break;
      }
  }

  for (let before = Number.POSITIVE_INFINITY; before > best.steps.length;) {
    before = best.steps.length;
    await leaveOut();
    await simplify();
  }
  return { plan: best, tries };
}

/** A step that does less or depends on less, the simplest first. */
function simplerThan(step: Step | undefined): Step[] {
  if (step === undefined || "pass" in step) return [];
  if ("fault" in step) return step.at === 1 ? [] : [{ ...step, at: 1 }];
  const runs = [0, 1, 3, 8, 20].filter((run) => run < step.run);
  return runs.map((run) => ({ ...step, run }));
}
