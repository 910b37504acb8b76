import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from "mongodb";
import { MergepayError } from "../errors/errors.ts";

/**
 * Server codes that say "not now": host gone, not the primary (any more), shutting down, interrupted, or the majority did not
 * confirm in time.
 */
const NOT_NOW = new Set([
  6, 7, 50, 64, 89, 91, 100, 134, 189, 202, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436,
]);

/** Names, because the driver does not give all of these classes out. */
const CONNECTION_NAMES = new Set([
  "PoolClearedError",
  "WaitQueueTimeoutError",
  "PoolClosedError",
  "MongoPoolClearedError",
  "MongoWaitQueueTimeoutError",
]);

/** What a socket breaks with while a command is written to it, which the driver hands on as it came: `write EPIPE`. */
function isSocketError(error: unknown): boolean {
  const { syscall, errno } = (error ?? {}) as { syscall?: unknown; errno?: unknown };
  return error instanceof Error && typeof errno === "number" && SOCKET_CALLS.has(syscall);
}
const SOCKET_CALLS = new Set<unknown>(["write", "read", "connect", "shutdown"]);

function isConnection(error: unknown): boolean {
  if (isSocketError(error)) return true;
  if (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError ||
    error instanceof MongoOperationTimeoutError
  )
    return true;
  if (error instanceof MongoServerError && typeof error.code === "number") return NOT_NOW.has(error.code);
  return error instanceof MongoError && CONNECTION_NAMES.has(error.name);
}

/**
 * STORE_UNAVAILABLE for an error of the connection or the server's state; any other error as it is. A write that was under way
 * may have been taken all the same: the caller repeats it under the same id.
 */
export function mongoFailure(error: unknown): unknown {
  // A bulk write that broke off carries the connection's error inside.
  const inner = error instanceof MongoBulkWriteError ? (error.errorResponse as unknown) : undefined;
  if (!isConnection(error) && !isConnection(inner)) return error;
  return new MergepayError(
    "STORE_UNAVAILABLE",
    "The database does not answer now; whether a write that was under way was taken is not known. Try again with the same id.",
    {},
    { cause: error },
  );
}
