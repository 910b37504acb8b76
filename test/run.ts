/**
 * Runs all checks and tests, one step after another: `node test/run.ts` (npm test), or `--fast` (npm run check: format, lint,
 * types, unit tests and house rules), or some levels by name (`node test/run.ts unit contract`).
 * Prints a line a step and what fails in full; the last line is `N passed, N failed` of all mocha tests. Exit 1 when any step failed
 * or no test ran.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fastLevels, levels } from "./support/levels.ts";
import type { Totals } from "./support/reporter.ts";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules", ".bin");
interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const checks: readonly Step[] = [
  { name: "format", command: ["prettier", "--check", "--log-level", "warn", "."] },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "types of the schemas", command: ["node", "schemas/generate.ts", "--check"] },
  { name: "errors documented", command: ["node", "docs/generate.ts", "--check"] },
];

const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };

/** Runs a command with our output as its own; true when it ended well. */
function run(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<boolean> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env: { ...env, ...more }, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => {
      process.stderr.write(`${file}: ${error.message}; run \`npm ci\` first.\n`);
      resolve(false);
    });
    child.once("close", (code) => resolve(code === 0));
  });
}

/** A level without specs yet has none to run. */
function specsOf(level: string): string[] {
  if (!existsSync(join(root, "test", level))) return [];
  const files = readdirSync(join(root, "test", level), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".spec.ts"))
    .map((file) => join("test", level, file))
    .sort();
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function step(
  name: string,
  command: readonly string[],
  more?: Readonly<Record<string, string>>,
): Promise<boolean> {
  const start = performance.now();
  const ok = await run(command, more);
  say(`${ok ? "ok    " : "FAILED"} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return ok;
}

/** One level in a mocha of its own: a leak or a crash in one can't hide or spoil another. */
async function runLevel(level: string): Promise<{ ok: boolean; totals: Totals }> {
  const none: Totals = { passed: 0, failed: 0, skipped: 0 };
  const specs = specsOf(level);
  if (specs.length === 0) return { ok: true, totals: none };
  const dir = mkdtempSync(join(tmpdir(), "mergepay-test-"));
  const target = join(dir, "totals.json");
  const command = ["node", "--disable-warning=ExperimentalWarning", "node_modules/mocha/bin/mocha.js"];
  const options = ["--reporter", "./test/support/reporter.ts", "--forbid-only"];
  if (process.env["CI"] === "true") options.push("--forbid-pending");
  const ok = await step(`test/${level}`, [...command, ...options, ...specs], { MERGEPAY_TEST_TOTALS: target });
  const totals = readTotals(target) ?? { ...none, failed: 1 };
  rmSync(dir, { recursive: true, force: true });
  const ran = totals.passed + totals.failed + totals.skipped > 0;
  if (!ran) say(`FAILED test/${level} has specs and ran no test`);
  return { ok: ok && ran && totals.failed === 0, totals };
}

/** Undefined when mocha did not get as far as counting: a spec that can't be loaded, a crash. */
function readTotals(target: string): Totals | undefined {
  try {
    return JSON.parse(readFileSync(target, "utf8")) as Totals;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function choose(args: readonly string[]): { checks: readonly Step[]; levels: readonly string[] } {
  if (args.length === 0) return { checks, levels };
  if (args.length === 1 && args[0] === "--fast") return { checks, levels: fastLevels };
  const unknown = args.filter((arg) => !levels.some((level) => level === arg));
  if (unknown.length > 0) {
    process.stderr.write(`No such level: ${unknown.join(", ")}. There are: ${levels.join(", ")}; or --fast.\n`);
    process.exit(2);
  }
  return { checks: [], levels: args };
}

const chosen = choose(process.argv.slice(2));
const failed: string[] = [];
for (const check of chosen.checks) if (!(await step(check.name, check.command))) failed.push(check.name);

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const level of chosen.levels) {
  const { ok, totals } = await runLevel(level);
  if (!ok) failed.push(`test/${level}`);
  sum.passed += totals.passed;
  sum.failed += totals.failed;
  sum.skipped += totals.skipped;
}
if (sum.passed + sum.failed === 0) failed.push("no test ran");

if (failed.length > 0) process.exitCode = 1;
say(failed.length === 0 ? "All steps went well." : `Failed: ${failed.join(", ")}.`);
say(`${sum.passed} passed, ${sum.failed} failed${sum.skipped === 0 ? "" : `, ${sum.skipped} skipped`}`);
