/**
 * The whole system by seeds: `npm run sim -- --seeds 10000 [--from 1] [--steps 40] [--jobs 2]`, one seed with all that happens in it:
 * `npm run sim -- --seed 7`, or a kept replay: `npm run sim -- --replay test/simulation/replays/x.json`.
 * Prints what was injected and reached; after an interrupt, of the seeds until then. Exit 1 when a promise was broken, a move of a state table was never made, a fault never struck or a case never come by.
 */
import { fork } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { Presets, SingleBar } from "cli-progress";
import type { Plan } from "./engine/contract.ts";
import { type Coverage, merge, noCoverage } from "./engine/coverage.ts";
import { report, unseen } from "./engine/report.ts";
import { type Simulator, simulator, STEPS } from "./engine/simulator.ts";
import type { Done, Task } from "./engine/worker.ts";

const REPLAYS = join(import.meta.dirname, "replays");
const AT_A_TIME = 20;
/** So many failing seeds are made shorter; the others are listed. */
const SHRUNK = 3;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    steps: { type: "string", default: String(STEPS) },
    jobs: { type: "string", default: String(availableParallelism()) },
    replay: { type: "string" },
  },
});

function whole(name: "seeds" | "from" | "seed" | "steps" | "jobs"): number {
  const number = Number.parseInt(values[name] ?? "", 10);
  if (!(number >= 0)) throw new Error(`--${name} takes a whole number.`);
  return number;
}

/** One plan with all that happens in it. @returns whether it kept every promise */
async function follow(plan: Plan): Promise<boolean> {
  const sim = await simulator();
  const { failure, failedAt = 0, trace } = await sim.run(plan, say);
  if (failure === undefined) {
    say(`Clean; trace ${trace}.`);
    return true;
  }
  say(`Broken after step ${failedAt + 1} of ${plan.steps.length}: ${failure.message}`);
  if (failure.cause instanceof Error) say(failure.cause.stack ?? "");
  return false;
}

/** Writes the shortest plan found into `replays/`, where the suite runs it from now on. */
async function keepReplay(sim: Simulator, seed: number, rule: string): Promise<void> {
  const { plan, tries } = await sim.shrink(sim.planOf(seed, whole("steps")), rule);
  mkdirSync(REPLAYS, { recursive: true });
  const file = join(REPLAYS, `${rule.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}-${seed}.json`);
  writeFileSync(file, `${JSON.stringify({ rule, plan }, null, 2)}\n`);
  say(`\nSeed ${seed}, shortest replay found in ${tries} runs, ${plan.steps.length} steps on ${plan.nodes} nodes:`);
  for (const step of plan.steps) say(`  ${JSON.stringify(step)}`);
  say(`  npm run sim -- --replay ${relative(process.cwd(), file)}`);
}

interface Outcome {
  readonly coverage: Coverage;
  /** How many were run. */
  count: number;
  readonly failures: Done["failures"][number][];
}

/** Shares the seeds out to processes. */
async function runSeeds(from: number, count: number, steps: number): Promise<Outcome> {
  const outcome: Outcome = { coverage: noCoverage(), count: 0, failures: [] };
  const bar = new SingleBar(
    {
      format: "[{bar}] {value}/{total} seeds, {failures} failed, {eta_formatted} to go",
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 10_000,
    },
    Presets.rect,
  );
  bar.start(count, 0, { failures: 0 });
  let next = from;
  let end = from + count;
  // Who has seen enough is told of the seeds until then.
  process.once("SIGINT", () => (end = next));
  const task = (): Task | undefined => {
    const seeds = Array.from({ length: Math.min(AT_A_TIME, end - next) }, (_, i) => next + i);
    next += seeds.length;
    return seeds.length === 0 ? undefined : { seeds, steps };
  };
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = fork(join(import.meta.dirname, "engine/worker.ts"));
      worker.on("message", (said: Done | "ready") => {
        if (said !== "ready") {
          for (const coverage of said.coverage) merge(outcome.coverage, coverage);
          outcome.failures.push(...said.failures);
          outcome.count += said.seeds;
          for (const { seed, message } of said.failures) say(`Seed ${seed}: ${message}`);
          bar.increment(said.seeds, { failures: outcome.failures.length });
        }
        const given = task();
        if (given === undefined) worker.disconnect();
        else worker.send(given);
      });
      worker.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with ${code}.`))));
    });
  try {
    await Promise.all(Array.from({ length: Math.max(1, whole("jobs")) }, one));
  } finally {
    bar.stop();
  }
  return outcome;
}

async function runMany(): Promise<boolean> {
  const steps = whole("steps");
  const began = performance.now();
  const { coverage, count, failures } = await runSeeds(whole("from"), whole("seeds"), steps);
  const seconds = (performance.now() - began) / 1000;
  const sim = await simulator();
  say(`\n${report(coverage, sim.nouns, sim.choices.faults)}`);
  const missing = unseen(coverage, sim.nouns, sim.choices.faults);
  for (const move of missing.moves) say(`Never made: ${move}`);
  for (const fault of missing.faults) say(`Never struck: ${fault}`);
  for (const one of missing.cases) say(`Never came by: ${one}`);
  for (const { seed, message } of failures.toSorted((a, b) => a.seed - b.seed)) say(`Seed ${seed}: ${message}`);
  for (const { seed, rule } of failures.slice(0, SHRUNK)) await keepReplay(sim, seed, rule);
  say(
    `${count} seeds of ${steps} steps in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} a second): ` +
      `${failures.length} failed, ${missing.moves.length} moves never made, ${missing.faults.length} faults never struck, ` +
      `${missing.cases.length} cases never come by.`,
  );
  return failures.length === 0 && Object.values(missing).every((names) => names.length === 0);
}

async function main(): Promise<boolean> {
  if (values.replay !== undefined) {
    const { plan } = JSON.parse(readFileSync(values.replay, "utf8")) as { plan: Plan };
    return follow(plan);
  }
  if (values.seed === undefined) return runMany();
  const sim = await simulator();
  return follow(sim.planOf(whole("seed"), whole("steps")));
}

process.exitCode = (await main()) ? 0 : 1;
