/** Errors of the embedded engine, as the driver's own classes where the domain looks at them. */
import { MongoBulkWriteError, MongoServerError, type BulkWriteResult } from "mongodb";
import { MergepayError } from "../../errors/errors.ts";
import type { Json } from "../defined.ts";

const DUPLICATE_KEY = 11000;

/** An error as the server would answer it: code 66 for a changed `_id`, 28 for a path through a scalar and so on. */
export const serverError = (code: number, message: string, more: Json = {}): MongoServerError =>
  new MongoServerError({ message, code, ...more });

/**
 * The duplicate-key error of a unique index. The message names the index but not the value, which may be private;
 * `keyValue` has it, as with the driver.
 */
export function duplicateKey(collection: string, index: string, keyValue: Json): MongoServerError {
  const keyPattern = Object.fromEntries(Object.keys(keyValue).map((key) => [key, 1]));
  return serverError(DUPLICATE_KEY, `E11000 duplicate key error collection: ${collection} index: ${index}`, {
    index: 0,
    keyPattern,
    keyValue,
  });
}

/** One operation of a bulk write that failed; the same fields as the driver's `WriteError`. */
export interface FailedWrite {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly err: { index: number; code: number; errmsg: string; op: unknown };
}

export function failedWrite(index: number, error: MongoServerError, op: unknown): FailedWrite {
  const code = typeof error.code === "number" ? error.code : 0;
  return { index, code, errmsg: error.message, err: { index, code, errmsg: error.message, op } };
}

/** The error of an unordered bulk write of which some operations failed; `result` tells of those that did not. */
export function bulkError(failures: readonly FailedWrite[], result: BulkWriteResult): MongoBulkWriteError {
  const first = failures[0];
  return new MongoBulkWriteError(
    { message: first?.errmsg ?? "write operation failed", code: first?.code ?? 0, writeErrors: [...failures] } as never,
    result,
  );
}

/** SQLite's primary result codes that mean the file can't be used now, rather than that the statement was wrong. */
const UNUSABLE = new Map([
  [5, "it is locked by another process"],
  [6, "it is locked"],
  [8, "it is read-only"],
  [10, "reading or writing the disk failed"],
  [11, "the file is damaged; restore a backup"],
  [13, "the disk is full"],
  [14, "the file can't be opened"],
  [26, "the file is not a database"],
]);

/** The SQLite result code of an error: the extended one, or undefined when it is no SQLite error. */
export function sqliteCode(error: unknown): number | undefined {
  const found = error as { code?: unknown; errcode?: unknown } | null;
  return found !== null &&
    typeof found === "object" &&
    found.code === "ERR_SQLITE_ERROR" &&
    typeof found.errcode === "number"
    ? found.errcode
    : undefined;
}

/** STORE_UNAVAILABLE for an error of the disk or the file; any other error as it is. */
export function storeFailure(error: unknown): unknown {
  const code = sqliteCode(error);
  const why = code === undefined ? undefined : UNUSABLE.get(code & 0xff);
  if (why === undefined) return error;
  return new MergepayError(
    "STORE_UNAVAILABLE",
    `The data file can't be used now: ${why}. Nothing was accepted.`,
    {},
    { cause: error },
  );
}
