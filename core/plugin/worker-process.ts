import { fork, type ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { Limits } from "../limits.ts";
import { believedManifest, believedReading } from "./believe.ts";
import { codeCache } from "./code-cache.ts";
import type { Manifest } from "./manifest.ts";
import { AT_FD, BATCH_BYTES, type FromWorker, type ToWorker, type WorkerError } from "./messages.ts";
import { checkedReply } from "./reply.ts";
import { workerCalls, type WorkerCalls } from "./worker-calls.ts";

/** How long a plugin may take to load, in milliseconds. */
export const LOAD_MS = 15_000;

export interface WorkerOptions {
  readonly dir: string;
  readonly limits: Limits;
  readonly loadMs?: number;
  /** Every record is mapped twice and watched (`Probe`): for authors' tools. */
  readonly probe?: boolean;
}

/** A plugin's worker process as the host holds it. */
export interface PluginWorker extends Pick<WorkerCalls, "read" | "reply"> {
  readonly manifest: Manifest;
  /** False once the process has ended or is being ended. */
  readonly alive: () => boolean;
  /** Jobs that are open. */
  readonly jobs: () => number;
  /** Ends the process; open jobs fail. */
  close(): Promise<void>;
}

const root = new URL("../../", import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, root));

/** A plugins folder elsewhere has a link to this very core beside it, so that its plugins find the contract at `../../core`. */
function linkedCore(dir: string): string[] {
  const link = join(dir, "../../core");
  try {
    return realpathSync(link) === realpathSync(pathOf("core")) ? [link] : [];
  } catch {
    // No such link: the plugin imports the contract some other way.
    return [];
  }
}

/**
 * What a worker may read: the code it runs, the schemas and its plugin's folder. No programs, no environment, and no writing but of its code
 * cache until it runs the plugin.
 */
function permissions(dir: string, cache: string | undefined): string[] {
  const house = ["core", "schemas", "node_modules", "package.json"].map(pathOf);
  // Where one is a link (libraries that several checkouts share), Node follows it and asks again.
  const readable = new Set([...house, ...house.map((path) => realpathSync(path)), dir, ...linkedCore(dir)]);
  const reads = [...readable].map((path) => `--allow-fs-read=${path}`);
  return ["--permission", "--allow-worker", ...reads, ...(cache === undefined ? [] : [`--allow-fs-write=${cache}`])];
}

function forkWorker(dir: string, limits: Limits, probe: boolean): ChildProcess {
  const cache = codeCache(pathOf(""));
  return fork(
    fileURLToPath(new URL("worker.ts", import.meta.url)),
    [dir, JSON.stringify(limits), `${process.pid}`, ...(probe ? ["probe"] : [])],
    {
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
      serialization: "advanced",
      // What a plugin prints may hold what must not be logged: it is dropped.
      stdio: ["ignore", "ignore", "ignore", "ipc", "pipe"],
      execArgv: [
        "--disable-warning=ExperimentalWarning",
        "--disable-warning=SecurityWarning",
        "--disable-proto=delete",
        `--max-old-space-size=${limits.pluginHeapMb}`,
        // Records live for a moment: a smaller young generation is as fast and saves 40 MB a plugin.
        "--max-semi-space-size=8",
        ...permissions(dir, cache),
      ],
    },
  );
}

const fromWorker = ({ code, reason, data }: WorkerError): MergepayError =>
  asMergepayError({ type: code, message: reason, data });

/**
 * Starts a worker and loads the plugin of a folder in it. Whatever the plugin does there, this process goes on.
 * @throws PLUGIN_LOAD_FAILED, PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID, PLUGIN_SCHEMA_INVALID
 */
export async function startPluginWorker(options: WorkerOptions): Promise<PluginWorker> {
  const { limits, loadMs = LOAD_MS, probe = false } = options;
  const child = forkWorker(realpathSync(options.dir), limits, probe);
  const ended = Promise.withResolvers<void>();
  const loaded = Promise.withResolvers<Manifest>();
  let alive = true;
  let blamed: ErrorCode = "PLUGIN_CRASHED";
  let silence: NodeJS.Timeout | undefined;
  let pause: NodeJS.Timeout | undefined;

  const post = (message: ToWorker): void => {
    // A worker that has gone is told by its end, not by this call.
    if (child.connected) child.send(message, () => undefined);
  };
  const calls = workerCalls({ post, opened: watch });

  child.on("message", (message) => {
    const from = message as FromWorker;
    if (from.kind === "loaded") loaded.resolve(from.manifest);
    else if (from.kind === "refused") loaded.reject(fromWorker(from.error));
    else if (from.kind === "pong") answered();
    else if (from.kind !== "batch" || from.records.length <= BATCH_BYTES + 1024) calls.take(from, fromWorker);
    else end("PLUGIN_CRASHED");
  });
  child.once("error", () => end("PLUGIN_CRASHED"));
  // A plugin that closes the channel can't be spoken with any more.
  child.once("disconnect", () => end("PLUGIN_CRASHED"));
  child.once("exit", () => {
    alive = false;
  });
  // By then all that it said has arrived.
  child.once("close", over);
  child.stdio[AT_FD]?.on("data", (lines: Buffer) => {
    // Whatever else a plugin writes there, the worst is that it is blamed itself.
    const last = /(?:^|\n)([0-9]{1,15})\n$/.exec(lines.toString("latin1"));
    if (last !== null) calls.wentTo(Number(last[1]));
  });

  function over(): void {
    clearTimeout(silence);
    clearTimeout(pause);
    loaded.reject(
      new MergepayError("PLUGIN_LOAD_FAILED", "plugin.ts ended its worker or ran out of memory while it was loaded."),
    );
    calls.lost((record) => stopError(blamed, limits, record));
    ended.resolve();
  }

  function end(code: ErrorCode): void {
    if (!alive) return;
    alive = false;
    blamed = code;
    child.kill("SIGKILL");
  }

  /** Asks the worker for a sign of life for as long as it has work; a plugin that loops can't give one. */
  function watch(): void {
    if (silence !== undefined || pause !== undefined || !alive) return;
    silence = setTimeout(() => end("PLUGIN_TIMEOUT"), limits.pluginMsPer1000Records);
    post({ kind: "ping" });
  }

  function answered(): void {
    clearTimeout(silence);
    silence = undefined;
    if (calls.open() === 0) return;
    pause = setTimeout(
      () => {
        pause = undefined;
        if (calls.open() > 0) watch();
      },
      Math.min(1000, limits.pluginMsPer1000Records / 4),
    );
    pause.unref();
  }

  const close = async (): Promise<void> => {
    end("PLUGIN_CRASHED");
    await ended.promise;
  };

  const late = setTimeout(() => {
    loaded.reject(
      new MergepayError("PLUGIN_LOAD_FAILED", `plugin.ts did not finish loading within ${loadMs} ms; it may loop.`),
    );
  }, loadMs);
  post({ kind: "load" });
  try {
    const manifest = believedManifest(await loaded.promise);
    return {
      manifest,
      alive: () => alive,
      jobs: calls.open,
      read: (bytes, from, merchant) =>
        believedReading(calls.read(bytes, from, merchant), { from, currencies: manifest.currencies, probe }),
      reply: async (event) => checkedReply(await calls.reply(event)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function stopError(code: ErrorCode, limits: Limits, record: number): MergepayError {
  const position = `record ${record}`;
  if (code === "PLUGIN_TIMEOUT")
    return new MergepayError(
      code,
      `The plugin gave no sign of life for ${limits.pluginMsPer1000Records} ms, at ${position} (counted from 0) or soon after.`,
      { position },
    );
  return new MergepayError(
    code,
    `The plugin's worker ended, by itself or over ${limits.pluginHeapMb} MB of memory, at ${position} (counted from 0) or soon after.`,
    { position },
  );
}
