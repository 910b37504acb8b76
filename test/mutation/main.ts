/**
 * Mutation testing of what decides about money: `npm run mutate [-- <group> ...]`. Stryker changes the code in every small way that it knows,
 * in a copy, and runs the group's specs on each change. Prints what survives and the score of each group. Exit 1 when a score is below its
 * group's floor: the tests have become worse than they were.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Stryker } from "@stryker-mutator/core";

interface Group {
  readonly mutate: readonly string[];
  readonly specs: readonly string[];
  /** Percent of mutants that must be noticed. */
  readonly floor: number;
}

const GROUPS: Readonly<Record<string, Group>> = {
  money: {
    mutate: ["core/money/*.ts"],
    specs: ["test/unit/money/*.spec.ts"],
    floor: 96,
  },
  states: {
    mutate: ["core/states.ts", "core/*/states.ts"],
    specs: ["test/unit/states.spec.ts"],
    floor: 100,
  },
  allocation: {
    mutate: ["core/refunds/allocation.ts"],
    specs: ["test/unit/refunds/allocation.spec.ts"],
    floor: 96,
  },
  fees: {
    mutate: ["core/settlement/fees.ts"],
    specs: ["test/unit/settlement/fees.spec.ts", "test/unit/settlement/fee-rule.spec.ts"],
    floor: 88,
  },
  bank: {
    mutate: ["core/bank/instruction.ts"],
    specs: ["test/unit/bank/instruction.spec.ts"],
    floor: 100,
  },
};

const MOCHA = "node_modules/mocha/bin/mocha.js --bail --reporter dot";
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(GROUPS, name));
if (unknown.length > 0)
  throw new Error(`There is no group ${unknown.join(", ")}; the groups are ${Object.keys(GROUPS).join(", ")}.`);

const dir = mkdtempSync(join(tmpdir(), "mergepay-mutation-"));
const lines: string[] = [];
for (const [name, { mutate, specs, floor }] of Object.entries(GROUPS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const command = `${process.execPath} --disable-warning=ExperimentalWarning ${MOCHA} ${specs.join(" ")}`;
  const results = await new Stryker({
    testRunner: "command",
    commandRunner: { command },
    mutate: [...mutate],
    // What servers and tests keep there changes while it is copied, and is nobody else's business.
    ignorePatterns: ["/data"],
    reporters: ["clear-text"],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    concurrency: availableParallelism(),
    // Not in the tree: its house rules look at everything there.
    tempDirName: dir,
    cleanTempDir: "always",
    timeoutMS: 30_000,
    allowConsoleColors: false,
    checkers: [],
    // TypeScript 7 has no API for Stryker to rewrite tsconfig.json with; types are stripped here, and need none.
    tsconfigFile: "none.json",
  }).runMutationTest();
  const seen = results.filter(({ status }) => status === "Killed" || status === "Timeout").length;
  const counted = results.filter(({ status }) => status !== "Ignored" && status !== "CompileError").length;
  const score = (100 * seen) / counted;
  lines.push(`${name}: ${seen} of ${counted} mutants noticed, ${score.toFixed(1)} % (floor ${floor} %)`);
  if (score < floor) process.exitCode = 1;
}
rmSync(dir, { recursive: true, force: true });
for (const line of lines) say(line);
