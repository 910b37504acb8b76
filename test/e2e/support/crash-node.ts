/**
 * A real node as a child process that ends itself with SIGKILL when it reaches a point of the way. The point stands in the file that
 * `DIE_FILE` names, as `[{"at": point, "count": at which time of reaching it}, ...]`; it may be written while the node lives, and each
 * entry is used up by one death. Limits are given as JSON in `NODE_LIMITS`; the file that `CLOCK_FILE` names, if it is there, says how many milliseconds its clock is ahead. Prints one JSON line `{"url": ...}` when it listens, `reached <point>` before it
 * dies, `stopped` after a stop by SIGTERM that went well.
 */
import { existsSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { Point } from "../../../core/deps.ts";
import type { Limits } from "../../../core/limits.ts";
import { boot } from "../../../gateway/cli/boot.ts";
import type { Dying } from "./supervisor.ts";

const STDOUT = 1;
const { DIE_FILE = "", NODE_LIMITS = "{}", CLOCK_FILE = "", MONGODB_URI = "" } = process.env;
/** Twenty jobs look so often; over a socket that is most of what a small machine can do. */
const SWEEP_MS = MONGODB_URI === "" ? 60 : 240;

/** All of it synchronous: nothing else happens in this process between the point and the end. */
function reached(point: Point): void {
  if (!existsSync(DIE_FILE)) return;
  const [first, ...rest] = JSON.parse(readFileSync(DIE_FILE, "utf8")) as readonly Dying[];
  if (first === undefined || point !== first.at) return;
  const { at, count = 1 } = first;
  if (count > 1) return writeFileSync(DIE_FILE, JSON.stringify([{ at, count: count - 1 }, ...rest]));
  if (rest.length === 0) rmSync(DIE_FILE);
  else writeFileSync(DIE_FILE, JSON.stringify(rest));
  writeSync(STDOUT, `reached ${point}\n`);
  process.kill(process.pid, "SIGKILL");
}

const limits = JSON.parse(NODE_LIMITS) as Partial<Limits>;
const aheadMs = existsSync(CLOCK_FILE) ? Number(readFileSync(CLOCK_FILE, "utf8")) : 0;
const now = (): number => Date.now() + aheadMs;
const { node, url } = await boot(process.env, { limits, reached, now, sweepMs: SWEEP_MS });
process.once("SIGTERM", () => {
  node.stop().then(
    () => writeSync(STDOUT, "stopped\n"),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    },
  );
});
// A killed process keeps nothing of what it compiled, and the next one starts on it.
flushCompileCache();
writeSync(STDOUT, `${JSON.stringify({ url })}\n`);
