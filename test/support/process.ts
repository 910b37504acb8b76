/**
 * Real servers for tests, as child processes: each in a temporary folder of its own, awaited until it is ready, stopped by
 * its pid, and never outliving the test process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface ServerOptions {
  /** What people call it, in messages and in the folder's name. */
  readonly name: string;
  readonly command: string;
  /** Arguments; called with the server's temporary folder. */
  readonly args: (dir: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Ready when its output has a match, or when something listens on the loopback port. */
  readonly ready: { readonly output: RegExp } | { readonly port: number };
  /** How long it may take to become ready; default 15 s. */
  readonly deadlineMs?: number;
}

export interface RunningServer {
  readonly pid: number;
  readonly dir: string;
  /** What it has written so far, stdout and stderr in one, the last 64 KiB. */
  output(): string;
  /** Its exit code once it has ended by itself or by `stop`; null before, and when a signal ended it. */
  exitCode(): number | null;
  /** Ends it (SIGTERM, SIGKILL when that did not help in 5 s) and removes its folder. A second call waits for the first. */
  stop(): Promise<void>;
  /** Ends it at once with SIGKILL and keeps its folder, as a crash does. `stop` still has to be called. */
  kill(): Promise<void>;
}

const outputChars = 64 * 1024;
const stopMs = 5_000;
const live = new Set<ChildProcess>();
let watching = false;

/** Where Debian puts servers; it is on the PATH of root only. */
const serverFolders = ["/usr/local/sbin", "/usr/sbin"];

/** The full path of a command on PATH or among the servers, or undefined. */
export function findOnPath(command: string): string | undefined {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), ...serverFolders]) {
    const path = join(folder, command);
    if (folder !== "" && isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there or not ours to run: to the caller the same.
  }
}

/** A loopback port that was free a moment ago. Prefer port 0 wherever a server can tell which one it got. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  if (address === null || typeof address === "string") throw new Error("The loopback socket has no port.");
  return address.port;
}

/** Polls `check` until it gives something other than undefined or false; throws with `what` when the deadline passes. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 10_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs} ms in vain: ${what}.`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

/** True when something accepts connections on the loopback port now. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const done = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", done(true)).once("error", done(false));
  });
}

/**
 * Starts a server and waits until it is ready. Throws with the end of its output when it stops first or is not ready in time;
 * nothing is left running then.
 * `match` is what the `ready` pattern found in the output.
 */
export async function startServer(
  options: ServerOptions,
): Promise<RunningServer & { readonly match: readonly string[] }> {
  const dir = await mkdtemp(join(tmpdir(), `mergepay-${options.name}-`));
  const child = spawnBound(options.command, options.args(dir), { ...process.env, ...options.env });
  let output = "";
  const append = (text: string): void => {
    output = (output + text).slice(-outputChars);
  };
  child.stdout?.setEncoding("utf8").on("data", append);
  child.stderr?.setEncoding("utf8").on("data", append);
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      append(`\n${error.message}`);
      if (child.pid === undefined) resolve();
    });
    child.once("close", () => resolve());
  });
  let over = false;
  const bury = (): void => {
    over = true;
    live.delete(child);
  };
  void ended.then(bury);

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await ended;
    clearTimeout(timer);
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= end("SIGTERM").then(() => rm(dir, { recursive: true, force: true })));

  try {
    const { ready } = options;
    const match = await until(
      `${options.name} to become ready`,
      async () => {
        // One that said that it is ready was so, though it may have died since.
        const said = "output" in ready && child.pid !== undefined ? ready.output.exec(output) : null;
        if (said !== null) return said;
        if (over) throw new Error(`${options.name} stopped before it was ready.`);
        return "port" in ready && (await listens(ready.port)) && [];
      },
      options.deadlineMs ?? 15_000,
    );
    return {
      pid: child.pid ?? 0,
      dir,
      match,
      output: () => output,
      exitCode: () => child.exitCode,
      stop,
      kill: () => end("SIGKILL"),
    };
  } catch (error) {
    await stop();
    throw new Error(`${options.name} could not be started (${options.command}):\n${output.slice(-4000)}`, {
      cause: error,
    });
  }
}

/** Spawns a child that ends with this process: on a normal exit by our hand, when we are killed by the kernel's (Linux). */
function spawnBound(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  if (!watching) {
    watching = true;
    process.once("exit", () => {
      for (const child of live) child.kill("SIGKILL");
    });
  }
  const setpriv = process.platform === "linux" ? findOnPath("setpriv") : undefined;
  const child =
    setpriv === undefined
      ? spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] })
      : spawn(setpriv, ["--pdeathsig", "KILL", command, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  live.add(child);
  return child;
}

/**
 * For a server that is not on this machine: under CI=true that is a failure, elsewhere the test is skipped and the reason printed.
 * Never returns.
 */
export function missing(context: Mocha.Context, sentence: string): never {
  if (process.env["CI"] === "true") throw new Error(`${sentence} Under CI nothing is skipped.`);
  process.stderr.write(`skipped: ${sentence}\n`);
  return context.skip();
}
