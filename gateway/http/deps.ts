import type { Call } from "../../core/actions.ts";
import type { Point } from "../../core/deps.ts";
import type { IdPrefix } from "../../core/ids.ts";
import type { Limits } from "../../core/limits.ts";
import type { BlobStore } from "../../core/store/contract.ts";
import type { AuthDeps } from "./auth.ts";

/** All that is logged of a request; bodies, headers and URLs never are: a URL may hold what a person typed. */
export interface RequestLog {
  readonly requestId: string;
  readonly method?: string;
  /** The route's pattern, such as `/v1/files/:id`, not the path that was asked for. */
  readonly route?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly code?: string;
  /** Name and stack frames of an unexpected error, without its message: messages quote data. */
  readonly fault?: string;
}

/** What the edge needs of a logger; pino has it. */
export interface HttpLog {
  info(fields: RequestLog, message: string): void;
  error(fields: RequestLog, message: string): void;
}

/** Times and counts of the HTTP edge, in milliseconds where the name says so. */
export interface HttpTimes {
  /** From the connection (or the request before) to the end of the headers. */
  readonly headersMs: number;
  /** From the first byte to the last of any request: bounds an upload as a whole. */
  readonly requestMs: number;
  /** A body that sends nothing for this long is given up. */
  readonly bodyIdleMs: number;
  /** A JSON body is in by then, however it trickles. */
  readonly jsonBodyMs: number;
  /** A socket on which nothing moves, in either direction. */
  readonly socketIdleMs: number;
  /** Between two requests of one connection. */
  readonly keepAliveMs: number;
  /** How long a refused upload is still read (and dropped), so that its sender gets to see the answer. */
  readonly lingerMs: number;
  /** How long requests in flight may take when the process stops. */
  readonly drainMs: number;
  readonly checkMs: number;
  readonly connections: number;
  readonly headerBytes: number;
  readonly headers: number;
}

export const HTTP_TIMES: HttpTimes = Object.freeze({
  headersMs: 10_000,
  requestMs: 30 * 60_000,
  bodyIdleMs: 30_000,
  jsonBodyMs: 15_000,
  socketIdleMs: 120_000,
  keepAliveMs: 60_000,
  lingerMs: 2_000,
  drainMs: 10_000,
  checkMs: 1_000,
  connections: 4_096,
  headerBytes: 16 * 1024,
  headers: 100,
});

/** What the HTTP edge is given; nothing else reaches the outside. */
export interface HttpDeps {
  readonly call: Call;
  readonly blobs: BlobStore;
  readonly auth: AuthDeps;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newId: (prefix: IdPrefix) => string;
  readonly log: HttpLog;
  /** Whether this node can do its work now, and what each check said. */
  readonly ready: () => Promise<{ ok: boolean; checks: Record<string, string> }>;
  /** Told of each point of a file's way that is reached; crash tests end the process there. */
  readonly reached?: (point: Point) => void;
  /** Absent: HTTP_TIMES. */
  readonly times?: Partial<HttpTimes>;
}
