/**
 * Makes the system wrong line by line and looks whether the tests notice: `npm run sabotage [-- --only <words of a name>] [--jobs 2]`.
 * Each patch is put into a copy of the work tree, and its suites are run there until one is red. Exit 1 when a patch survives, does not
 * apply any more or does not even load, and when a suite is red without one.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Patch } from "./contract.ts";
import { type Copy, copyTree, loadPatches } from "./run.ts";

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, jobs: { type: "string", default: String(availableParallelism()) } },
});
const jobs = Number.parseInt(values.jobs, 10);
if (!(jobs > 0)) throw new Error("--jobs takes a whole number.");
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(8);

const all = await loadPatches();
const patches = all.filter(({ name }) => name.includes(values.only));
if (patches.length === 0) throw new Error(`No patch has "${values.only}" in its name.`);

/** Works a list off with a copy of the tree for each worker. */
async function shareOut<T>(items: readonly T[], work: (copy: Copy, item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  async function worker(): Promise<void> {
    const copy = copyTree();
    try {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(copy, item);
    } finally {
      copy.remove();
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
}

const bad: string[] = [];

async function tryPatch(copy: Copy, patch: Patch): Promise<void> {
  const began = performance.now();
  const told = (what: string): void => say(`${seconds(performance.now() - began)}  ${what.padEnd(44)}  ${patch.name}`);
  try {
    await copy.with(patch, async () => {
      for (const spec of patch.red) {
        const { result } = await copy.test(spec);
        if (result === "red") return told(spec.replace(/^test\//, ""));
        if (result === "broken") throw new Error(`"${patch.name}" keeps ${spec} from loading: that is no sabotage.`);
      }
      throw new Error(`"${patch.name}" survives: ${patch.red.join(", ")} stay green. Write the test that it lacks.`);
    });
  } catch (error) {
    bad.push((error as Error).message);
    told("NOT CAUGHT");
  }
}

const specs = [...new Set(patches.flatMap(({ red }) => red))];
say(`${patches.length} patches; first their ${specs.length} suites as they are.`);
await shareOut(specs, async (copy, spec) => {
  const { result, ms } = await copy.test(spec);
  if (result !== "green") bad.push(`${spec} is ${result} without any patch.`);
  say(`${seconds(ms)}  ${result.padEnd(44)}  ${spec}`);
});
say("\n    time  red suite                                     patch");
if (bad.length === 0) await shareOut(patches, tryPatch);
for (const what of bad) say(what);
say(`${patches.length - bad.length} of ${patches.length} patches caught.`);
process.exitCode = bad.length === 0 ? 0 : 1;
