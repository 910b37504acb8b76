/** Keeps a node running as an operator's supervisor does: when its life ends, the next one begins on the same data. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Point } from "../../../core/deps.ts";
import { type RunningServer, startServer, until } from "../../support/process.ts";

/** Where a node is to die. */
export interface Dying {
  readonly at: Point;
  /** At which time of reaching it from now on; the first when absent. */
  readonly count?: number;
}

export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The file that tells the node where to die. */
  readonly dieFile: string;
  /** Called with the address of each life before anybody else gets to know it; resolves when the node can do its work. */
  readonly born: (life: Life) => Promise<void>;
  /** Called after each death, while nobody has the data. */
  readonly buried?: () => Promise<void>;
}

export interface Life {
  readonly url: string;
  alive(): boolean;
  /** How many lives there were before. */
  readonly before: number;
}

export interface Supervisor {
  /** Where the living node listens; waits while there is none. Rejects when the next life could not begin. */
  url(): Promise<string>;
  /** Ends the node's life when it next reaches a point, the life after at the next one, and so on. */
  die(...dyings: readonly Dying[]): Promise<void>;
  /** Ends the node's life at once, as a crash does; the next one begins. */
  kill(): Promise<void>;
  /** The points at which lives have ended, in order; `killed` for those that were ended by `kill`. */
  deaths(): readonly string[];
  /** Asks the node to stop, waits for it, and lets it rest. @returns what it printed */
  stop(): Promise<string>;
  /** Starts a node again after `stop`. */
  start(): Promise<void>;
}

const ENTRY = join(import.meta.dirname, "crash-node.ts");
/** Longer than any test. */
const LIFE_MS = 600_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: it is gone.
  }
}

/** Starts supervising; `start` begins the first life. */
export function supervise({ env, dieFile, born, buried }: SupervisorOptions): Supervisor {
  const deaths: string[] = [];
  let server: RunningServer | undefined;
  let life: Promise<string> = Promise.reject(new Error("There is no node yet."));
  life.catch(() => undefined);
  let watching: Promise<void> = Promise.resolve();
  let stopping = false;
  let lives = 0;

  async function begin(): Promise<string> {
    const started = await startServer({
      name: "node",
      command: process.execPath,
      args: () => ["--disable-warning=ExperimentalWarning", ENTRY],
      env: { ...env, DIE_FILE: dieFile },
      ready: { output: /\{"url":"([^"]+)"\}/ },
      // A node with all platforms starts a process for each, which takes its time on a busy machine.
      deadlineMs: 90_000,
    });
    server = started;
    const [, url = ""] = started.match;
    await born({ url, alive: () => isAlive(started.pid), before: lives });
    lives += 1;
    return url;
  }

  /** Begins the next life when one ends, until the node is to rest. */
  async function watch(): Promise<void> {
    for (;;) {
      await life;
      const living = server;
      if (living === undefined) return;
      await until("the node's life to end", () => stopping || !isAlive(living.pid), LIFE_MS);
      if (stopping) return;
      await living.kill();
      deaths.push(/^reached (\S+)$/m.exec(living.output())?.[1] ?? "killed");
      await living.stop();
      // What goes wrong here is told to everybody who asks for the node.
      life = Promise.resolve(buried?.()).then(begin);
    }
  }

  return {
    url: () => life,
    async die(...dyings) {
      // Renamed, so that the node never sees half of it.
      await writeFile(`${dieFile}.new`, JSON.stringify(dyings));
      await rename(`${dieFile}.new`, dieFile);
    },
    async kill() {
      await server?.kill();
    },
    deaths: () => deaths,
    async stop() {
      stopping = true;
      await watching;
      await server?.stop();
      return server?.output() ?? "";
    },
    async start() {
      stopping = false;
      life = begin();
      // A life that can't begin is told by `url`.
      watching = watch().catch(() => undefined);
      await life;
    },
  };
}
