import type { Log } from "./deps.ts";
import { asMergepayError } from "./errors/errors.ts";

/** Something to be done over and over. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** Does what is due; a count above zero means that there may be more right away. */
  readonly run: () => Promise<number | void>;
}

export interface Jobs {
  /** Ends all jobs; resolves when those under way are through. */
  stop(): Promise<void>;
}

/** Runs each job again and again, never two runs of one at a time; a failure is logged and tried again after the usual wait. */
export function startJobs(jobs: readonly Job[], log: Log): Jobs {
  const stopping = new AbortController();
  const loops = jobs.map(async ({ name, everyMs, run }) => {
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        more = ((await run()) ?? 0) > 0;
      } catch (thrown) {
        const error = asMergepayError(thrown);
        const cause = error.cause instanceof Error ? ` (${error.cause.name})` : "";
        log.error({ service: name, code: error.type, reason: `${error.message}${cause}` }, "job failed");
      }
      await pause(more ? 0 : everyMs, stopping.signal);
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Resolves after a time, or at once when the signal is given. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
