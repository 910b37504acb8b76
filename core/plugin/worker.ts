/**
 * Entry of a plugin's worker: a process of its own, because a thread that runs out of memory can take the whole process with it.
 * Arguments: the plugin's folder, the limits as JSON, the host's process id, `probe` to watch how records are mapped. It has no
 * environment, may read the code's and the plugin's folders only, and talks to the host over its channel.
 */
import { realpathSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Limits } from "../limits.ts";
import { BEGINNING, confine } from "./confine.ts";
import { type LoadedPlugin, loadPlugin, workerError } from "./load.ts";
import { AT_FD, type FromWorker, type ToWorker } from "./messages.ts";
import { createProber } from "./probe.ts";
import { whenLoaded } from "./seal.ts";
import { workerJobs } from "./worker-jobs.ts";

const [dir = "", limitsJson = "{}", hostPid = "", mode = ""] = process.argv.slice(2);
const limits = JSON.parse(limitsJson) as Limits;
const root = fileURLToPath(new URL("../../", import.meta.url));
const now = performance.now.bind(performance);
/** Node's types do not have it yet. */
const permission = process.permission as unknown as { drop(scope: "worker" | "fs.read" | "fs.write"): void };

const channel = process.send?.bind(process);
const send = (message: FromWorker): void => {
  channel?.(message);
};

const wentTo = (job: number): void => {
  writeSync(AT_FD, `${job}\n`);
};

/**
 * A thread that no loop in the plugin can stop: it ends the process when the host is gone, and when memory outside the
 * heap (buffers) grows past the cap, which the heap's own limit does not see.
 */
const guard = new Worker(
  `const { workerData } = require("node:worker_threads");
   setInterval(() => {
     const tooLarge = process.memoryUsage.rss() > workerData.rssBytes;
     if (tooLarge || process.ppid !== workerData.hostPid) process.kill(process.pid, "SIGKILL");
   }, 250);`,
  {
    eval: true,
    workerData: { hostPid: Number(hostPid), rssBytes: (2 * limits.pluginHeapMb + 256) * 1024 * 1024 },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  },
);
guard.unref();

process.on("disconnect", () => process.exit());

// A promise that the plugin leaves behind must not end the other files' jobs.
process.on("unhandledRejection", () => undefined);

let take: ((message: ToWorker) => void) | undefined;
process.on("message", (message: ToWorker) => {
  if (message.kind === "load") void load();
  else if (message.kind === "ping") send({ kind: "pong" });
  else take?.(message);
});

async function load(): Promise<void> {
  try {
    // The guard was the last thread. What Node itself has taken away, no trick of the plugin brings back.
    permission.drop("worker");
    confine({
      dir,
      house: [join(root, "core"), join(root, "schemas")],
      libraries: realpathSync.native(join(root, "node_modules")),
      contract: join(root, "core/plugin/contract.ts"),
      first: join(root, "core/plugin/sealing.ts"),
    });
    // Only what is read and parsed is written, before a line of the plugin has run.
    whenLoaded(() => {
      flushCompileCache();
      permission.drop("fs.write");
    });
    // What is wrong with it is told below, where it is loaded again; by then nothing may be written, whatever went wrong here.
    await import(BEGINNING).catch(() => undefined);
    permission.drop("fs.write");
    const plugin = await loaded();
    permission.drop("fs.read");
    take = workerJobs({ plugin, limits, send, wentTo, now });
    send({ kind: "loaded", manifest: plugin.manifest });
  } catch (error) {
    send({ kind: "refused", error: workerError(error) });
  }
}

async function loaded(): Promise<LoadedPlugin> {
  if (mode !== "probe") return await loadPlugin(dir);
  const prober = createProber(now, () => process.resourceUsage().maxRSS * 1024);
  return prober.probed(await loadPlugin(dir, prober.saw));
}
