/** Unordered bulk writes: every operation is tried, and those that failed are reported together at the end. */
import { MongoInvalidArgumentError, MongoServerError, type BulkWriteResult } from "mongodb";
import type { Json } from "../defined.ts";
import { bulkError, failedWrite, type FailedWrite } from "./failures.ts";
import type { Table } from "./table.ts";
import { remove, replace, update } from "./writes.ts";

interface Tally {
  inserted: number;
  matched: number;
  modified: number;
  deleted: number;
  upserted: { index: number; _id: string }[];
  insertedIds: Record<number, string>;
}

/** The fields of the driver's `BulkWriteResult`, whose class it does not give out. */
function resultOf(tally: Tally, failures: readonly FailedWrite[]): BulkWriteResult {
  const counts = {
    insertedCount: tally.inserted,
    matchedCount: tally.matched,
    modifiedCount: tally.modified,
    deletedCount: tally.deleted,
    upsertedCount: tally.upserted.length,
    upsertedIds: Object.fromEntries(tally.upserted.map(({ index, _id }) => [index, _id])),
    insertedIds: tally.insertedIds,
  };
  // Not enumerable, as with the driver: a result that is compared or written out shows its counts.
  return Object.defineProperties(counts, {
    ok: { value: 1 },
    isOk: { value: () => true },
    hasWriteErrors: { value: () => failures.length > 0 },
    getWriteErrorCount: { value: () => failures.length },
    getWriteErrors: { value: () => [...failures] },
  }) as unknown as BulkWriteResult;
}

function runAll<T>(
  operations: readonly T[],
  run: (operation: T, index: number, tally: Tally) => void,
): BulkWriteResult {
  if (operations.length === 0) throw new MongoInvalidArgumentError("Invalid BulkOperation, Batch cannot be empty");
  const tally: Tally = { inserted: 0, matched: 0, modified: 0, deleted: 0, upserted: [], insertedIds: {} };
  const failures: FailedWrite[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      run(operation, index, tally);
    } catch (error) {
      if (!(error instanceof MongoServerError)) throw error;
      failures.push(failedWrite(index, error, operation));
    }
  }
  const result = resultOf(tally, failures);
  if (failures.length > 0) throw bulkError(failures, result);
  return result;
}

/** Inserts all that can be. @throws MongoBulkWriteError when some could not */
export const insertAll = (table: Table, documents: readonly Json[]): BulkWriteResult =>
  runAll(documents, (document, index, tally) => {
    table.insert(document);
    tally.inserted += 1;
    tally.insertedIds[index] = document["_id"] as string;
  });

/** Runs operations that `assertBulk` has passed. @throws MongoBulkWriteError when some failed */
export const bulkWrite = (table: Table, operations: readonly Json[]): BulkWriteResult =>
  runAll(operations, (operation, index, tally) => {
    const name = Object.keys(operation)[0] ?? "";
    const body = operation[name] as Json;
    const filter = body["filter"] as Json;
    const upsert = body["upsert"] === true;
    if (name === "insertOne") {
      const document = body["document"] as Json;
      table.insert(document);
      tally.inserted += 1;
      tally.insertedIds[index] = document["_id"] as string;
    } else if (name === "deleteOne" || name === "deleteMany") {
      tally.deleted += remove(table, name === "deleteOne" ? { filter, limit: 1 } : { filter });
    } else {
      const done =
        name === "replaceOne"
          ? replace(table, filter, body["replacement"] as Json, upsert)
          : update(table, name === "updateOne" ? { filter, limit: 1 } : { filter }, {
              update: body["update"] as Record<string, Json>,
              upsert,
              arrayFilters: body["arrayFilters"] as Json[] | undefined,
            });
      tally.matched += done.matchedCount;
      tally.modified += done.modifiedCount;
      if (done.upsertedId !== null) tally.upserted.push({ index, _id: done.upsertedId });
    }
  });
