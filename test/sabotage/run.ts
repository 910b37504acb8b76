/** Copies of the work tree in which patches are tried, one at a time each: the tree itself is never touched. */
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Totals } from "../support/reporter.ts";
import type { Patch } from "./contract.ts";

const ROOT = join(import.meta.dirname, "../..");
const PATCHES = join(import.meta.dirname, "patches");
/** A suite that takes longer hangs, and that is red too. */
const SUITE_MS = 300_000;

/** All patches: each file of `patches/` exports its own. */
export async function loadPatches(): Promise<readonly Patch[]> {
  const files = readdirSync(PATCHES).sort();
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(join(PATCHES, file)).href) as Promise<{ patches: readonly Patch[] }>),
  );
  return modules.flatMap(({ patches }) => patches);
}

/** The file with the patch in it. @throws when it does not fit the file any more */
export function patched(text: string, { name, file, from, to }: Patch): string {
  const found = text.split(from).length - 1;
  if (found !== 1) throw new Error(`"${name}" does not apply: ${file} has its line ${found} times. Write it anew.`);
  return text.replace(from, () => to);
}

export interface Copy {
  /** Whether a spec is green, and how long that took. `broken`: it did not get as far as its tests. */
  test(spec: string): Promise<{ readonly result: "green" | "red" | "broken"; readonly ms: number }>;
  /** Runs something while the patch is in. */
  with<T>(patch: Patch, work: () => Promise<T>): Promise<T>;
  remove(): void;
}

/** A copy of everything that git has or would take, with the packages of the tree. */
export function copyTree(): Copy {
  const dir = mkdtempSync(join(tmpdir(), "mergepay-sabotage-"));
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: ROOT, encoding: "utf8" });
  for (const file of listed.split("\0"))
    if (file !== "" && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(dir, file), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));

  function run(spec: string, totals: string): Promise<void> {
    const mocha = [
      "node_modules/mocha/bin/mocha.js",
      "--bail",
      "--exit",
      "--reporter",
      "./test/support/reporter.ts",
      spec,
    ];
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...mocha], {
      cwd: dir,
      env: { ...process.env, MERGEPAY_TEST_TOTALS: totals },
      stdio: "ignore",
      timeout: SUITE_MS,
      killSignal: "SIGKILL",
    });
    return new Promise((resolve) => child.once("close", () => resolve()));
  }

  return {
    async test(spec) {
      const totals = join(dir, "totals.json");
      rmSync(totals, { force: true });
      const began = performance.now();
      await run(spec, totals);
      const ms = performance.now() - began;
      if (!existsSync(totals)) return { result: ms >= SUITE_MS ? "red" : "broken", ms };
      const { passed, failed } = JSON.parse(readFileSync(totals, "utf8")) as Totals;
      if (failed > 0) return { result: "red", ms };
      return { result: passed > 0 ? "green" : "broken", ms };
    },
    async with(patch, work) {
      const path = join(dir, patch.file);
      const whole = readFileSync(path, "utf8");
      writeFileSync(path, patched(whole, patch));
      try {
        return await work();
      } finally {
        writeFileSync(path, whole);
      }
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
