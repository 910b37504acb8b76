/**
 * A real server that speaks MongoDB's protocol, for tests: `MONGODB_URI` if it is set; else `mongod` on the PATH; else
 * SecantusDB, which installs with pip into a cache folder outside the repository.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { MongoClient } from "mongodb";

export interface MongoServer {
  /** Without a database name. */
  readonly uri: string;
  /** Which server it is, for titles and reports. */
  readonly server: string;
  stop(): Promise<void>;
}

export interface MongoWish {
  /**
   * `fast`: for benches, the Rust build of SecantusDB when it is there; it fsyncs every commit. Not for tests: after an update
   * its unique indexes (0.5.3-beta.196) may still refuse the key that the document had before.
   */
  readonly prefer?: "fast";
}

const run = promisify(execFile);
const SECANTUS = "SecantusDB==0.7.0b3";
const START_MS = 60_000;
const INSTALL_MS = 300_000;
const HOW_TO = `Set MONGODB_URI, or put mongod on the PATH, or python3 (with venv) so that ${SECANTUS} can be installed by pip.`;

const cacheFolder = (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mergepay");

const onPath = (name: string): string | undefined =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${START_MS / 1000} s.`);
    await wait(25);
  }
}

/**
 * Runs a server under a shell that holds our end of a pipe: when we stop it, or die in whatever way, the pipe closes and the
 * shell kills the server and drops its folder.
 */
const KEEPER = `
dir="$1"; shift
( sh -c 'echo $$ >"$0"; exec "$@"' "$dir/pid" "$@" >"$dir/log" 2>&1 </dev/null; echo "server ended" >>"$dir/log" ) &
read -r line
kill -9 "$(cat "$dir/pid")" 2>/dev/null
wait
rm -rf "$dir"
`;

interface Kept {
  readonly log: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

function keep(dir: string, command: string, args: readonly string[]): Kept {
  const child = spawn("sh", ["-c", KEEPER, "sh", dir, command, ...args], { stdio: ["pipe", "ignore", "ignore"] });
  // Neither the shell nor the pipe keeps the test process from ending.
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    log: () => readFile(join(dir, "log"), "utf8").catch(() => ""),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.ref();
        child.once("exit", () => resolve());
        child.stdin.end();
      }),
  };
}

/** Starts a server that says on which port it listens. */
async function startSecantus(command: string, server: string, args: readonly string[]): Promise<MongoServer> {
  const dir = await mkdtemp(join(tmpdir(), "mergepay-mongo-"));
  const kept = keep(dir, command, ["--host", "127.0.0.1", "--port", "0", "--storage-path", join(dir, "data"), ...args]);
  try {
    const port = await until(`The start of ${server}`, async () => {
      const log = await kept.log();
      if (log.includes("server ended")) throw new Error(`${server} did not start: ${log}`);
      return /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    });
    return { uri: `mongodb://127.0.0.1:${port}`, server, stop: kept.stop };
  } catch (error) {
    await kept.stop();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** mongod can't choose a port itself: another process may take the free one first, so this is tried again. */
async function startMongod(command: string): Promise<MongoServer> {
  for (let tries = 0; tries < 5; tries += 1) {
    const dir = await mkdtemp(join(tmpdir(), "mergepay-mongo-"));
    const data = join(dir, "data");
    await mkdir(data);
    const port = await freePort();
    const kept = keep(dir, command, [
      "--bind_ip",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--dbpath",
      data,
      "--replSet",
      "rs0",
    ]);
    const up = await until("The start of mongod", async () => {
      const log = await kept.log();
      if (log.includes("server ended")) return "ended";
      return /Waiting for connections/i.test(log) ? "up" : undefined;
    });
    if (up === "up") {
      const uri = `mongodb://127.0.0.1:${port}`;
      const client = new MongoClient(uri, { directConnection: true });
      await client.db("admin").command({
        replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: `127.0.0.1:${port}` }] },
      });
      await until("The election of a primary", async () =>
        (await client.db("admin").command({ hello: 1 }))["isWritablePrimary"] === true ? true : undefined,
      );
      const { version } = (await client.db("admin").command({ buildInfo: 1 })) as unknown as { version: string };
      await client.close();
      return { uri: `${uri}/?replicaSet=rs0`, server: `mongod ${version}`, stop: kept.stop };
    }
    await kept.stop();
  }
  throw new Error("mongod ended five times while starting.");
}

/** The path of SecantusDB's daemon, installed once; undefined when there is no python3 to install it with. */
async function secantusDaemon(): Promise<string | undefined> {
  const folder = join(cacheFolder(), "secantus");
  const daemon = join(folder, "bin", "secantusd-py");
  if (existsSync(daemon)) return daemon;
  if (onPath("python3") === undefined) return undefined;
  try {
    await mkdir(cacheFolder(), { recursive: true });
    await run("python3", ["-m", "venv", folder], { timeout: INSTALL_MS });
    await run(join(folder, "bin", "pip"), ["install", "--quiet", SECANTUS], { timeout: INSTALL_MS });
  } catch (error) {
    console.warn(`${SECANTUS} could not be installed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  return existsSync(daemon) ? daemon : undefined;
}

/** Starts (or finds) a server; undefined when this machine has none and can't get one. `stop` leaves a server of yours alone. */
export async function startMongo(wish: MongoWish = {}): Promise<MongoServer | undefined> {
  const given = process.env["MONGODB_URI"];
  if (given !== undefined && given !== "") return { uri: given, server: "MONGODB_URI", stop: async () => undefined };
  const mongod = onPath("mongod");
  if (mongod !== undefined) return startMongod(mongod);
  if (wish.prefer === "fast") {
    const cached = join(cacheFolder(), "secantus-rs", "bin", "secantusd-rs");
    const rust = existsSync(cached) ? cached : onPath("secantusd-rs");
    if (rust !== undefined) return startSecantus(rust, "SecantusDB (Rust), fsync on commit", ["--sync-on-commit"]);
  }
  const daemon = await secantusDaemon();
  return daemon === undefined ? undefined : startSecantus(daemon, SECANTUS, ["--enable-test-commands"]);
}

/**
 * For `before` hooks: a server of this suite's own, to be stopped in `after`. Without one, the suite is skipped, with a
 * sentence that says what to install; where CI is true it fails instead.
 */
export async function mongoOrSkip(context: Mocha.Context): Promise<MongoServer> {
  context.timeout(2 * INSTALL_MS + START_MS);
  return (await startMongo()) ?? skipWithoutMongo(context);
}

/** Skips what needs a server where there is none, as `mongoOrSkip` does. */
export function skipWithoutMongo(context: Mocha.Context): never {
  if (process.env["CI"] === "true") throw new Error(`The tests need a MongoDB server. ${HOW_TO}`);
  console.warn(`Skipped: no MongoDB server. ${HOW_TO}`);
  return context.skip();
}

let shared: Promise<MongoServer | undefined> | undefined;

/** One server for all suites of this process that take a database each; it ends with the process. Undefined as `startMongo`. */
export const sharedMongo = (): Promise<MongoServer | undefined> => (shared ??= startMongo());
