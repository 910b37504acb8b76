/** The node's own jobs, each of them as the core lists it: sweepers, relay, webhooks and whatever a noun adds. */
import type { Core } from "../../../core/core.ts";
import type { Job } from "../../../core/jobs.ts";
import type { Op } from "./contract.ts";

/** Operations that run some or all jobs of a node, never two runs of one at a time, as `startJobs` does. */
export function jobs(): Readonly<Record<"jobs" | "all jobs", Op>> {
  const busy = new WeakMap<Core, Set<string>>();
  async function runAll(core: Core, chosen: readonly Job[]): Promise<void> {
    const running = busy.get(core) ?? new Set<string>();
    busy.set(core, running);
    await Promise.all(
      chosen
        .filter(({ name }) => !running.has(name))
        .map(async ({ name, run }) => {
          running.add(name);
          try {
            await run();
          } finally {
            running.delete(name);
          }
        }),
    );
  }
  return {
    jobs: {
      weight: 8,
      run: ({ core, random }) => runAll(core, random.below(3) === 0 ? [random.pick(core.jobs)] : core.jobs),
    },
    "all jobs": { weight: 0, run: ({ core }) => runAll(core, core.jobs) },
  };
}
