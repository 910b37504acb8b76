/**
 * A real node whose limits are given as JSON in `NODE_LIMITS`, the waits of inquiries and webhooks too, and whose clock is `NODE_AHEAD_MS`
 * ahead of the machine's (behind it when negative). Prints one JSON line `{"url": ...}` when it runs.
 */
import { writeSync } from "node:fs";
import type { Limits } from "../../../core/limits.ts";
import { boot } from "../../../gateway/cli/boot.ts";

const STDOUT = 1;
const SWEEP_MS = 200;
const { NODE_LIMITS = "{}", NODE_AHEAD_MS = "0" } = process.env;
const aheadMs = Number.parseInt(NODE_AHEAD_MS, 10);

const limits = JSON.parse(NODE_LIMITS) as Partial<Limits>;
const { node, url } = await boot(process.env, { limits, sweepMs: SWEEP_MS, now: () => Date.now() + aheadMs });
process.once("SIGTERM", () => {
  node.stop().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
});
writeSync(STDOUT, `${JSON.stringify({ url })}\n`);
