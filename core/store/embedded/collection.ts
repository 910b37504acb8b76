/** The driver's `Collection` methods over one table. */
import type { Sort } from "mongodb";
import type { Doc, StoreCollection, StoreCursor, StoreFindCursor } from "../contract.ts";
import {
  assertBulk,
  assertDocument,
  assertFilter,
  assertJson,
  assertPipeline,
  assertProjection,
  assertUpdate,
  assertUpsert,
  type Json,
} from "../defined.ts";
import { aggregate } from "./aggregate.ts";
import { bulkWrite, insertAll } from "./bulk.ts";
import type { Committer } from "./commit.ts";
import { projector } from "./project.ts";
import { count, search } from "./query.ts";
import { sortKeys, type SortKey } from "./sort.ts";
import type { Table } from "./table.ts";
import { remove, update, type UpdateSpec } from "./writes.ts";

type Options = Json | undefined;

/** Options that tell a server how to work: there is one way here, and it is the strictest. */
const IGNORED = [
  "writeConcern",
  "readConcern",
  "readPreference",
  "maxTimeMS",
  "timeoutMS",
  "comment",
  "ordered",
  "batchSize",
];

/** A driver option that this engine would not heed must not be passed over in silence. */
function assertOptions(options: Options, known: readonly string[]): void {
  for (const name of Object.keys(options ?? {}))
    if (!known.includes(name) && !IGNORED.includes(name) && options?.[name] !== undefined)
      throw new TypeError(`options: ${name} is not in the portable subset.`);
}

function updateSpec(filter: Json, change: unknown, options: Options): UpdateSpec {
  assertUpdate(change);
  const upsert = options?.["upsert"] === true;
  if (upsert) assertUpsert(filter, change);
  const arrayFilters = options?.["arrayFilters"] as Json[] | undefined;
  if (arrayFilters !== undefined) assertJson(arrayFilters, "arrayFilters");
  return { update: change, upsert, arrayFilters };
}

function positive(limit: unknown): number {
  if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 0)
    throw new TypeError("limit: it must be a whole number, 0 for none.");
  return limit;
}

function projection(options: Options): ((document: Json) => Json) | undefined {
  const named = options?.["projection"];
  if (named === undefined) return undefined;
  assertProjection(named);
  return projector(named);
}

const updateResult = (done: ReturnType<typeof update>) => ({
  acknowledged: true as const,
  matchedCount: done.matchedCount,
  modifiedCount: done.modifiedCount,
  upsertedCount: done.upsertedId === null ? 0 : 1,
  upsertedId: done.upsertedId,
});

export function embeddedCollection<T extends Doc>(table: Table, committer: Committer): StoreCollection<T> {
  const findCursor = (filter: Json, project: ((document: Json) => Json) | undefined): StoreFindCursor<Json> => {
    let sort: readonly SortKey[] = [];
    let limit = 0;
    const cursor: StoreFindCursor<Json> = {
      sort(wanted: Sort) {
        sort = sortKeys(wanted);
        return cursor;
      },
      limit(wanted: number) {
        limit = positive(wanted);
        return cursor;
      },
      toArray: () =>
        committer.read(() =>
          search(table, { filter, sort, limit }).map(({ document }) => project?.(document) ?? document),
        ),
    };
    return cursor;
  };

  const updateSome = async (filter: unknown, change: unknown, options: Options, one: boolean) => {
    assertFilter(filter);
    assertOptions(options, ["upsert", "arrayFilters", ...(one ? ["sort"] : [])]);
    const spec = updateSpec(filter, change, options);
    const wanted = one ? { filter, limit: 1, sort: sortKeys(options?.["sort"] as Sort | undefined) } : { filter };
    return committer.write(() => updateResult(update(table, wanted, spec)));
  };

  const removeSome = async (filter: unknown, options: Options, one: boolean) => {
    assertFilter(filter);
    assertOptions(options, []);
    return committer.write(() => ({
      acknowledged: true as const,
      deletedCount: remove(table, one ? { filter, limit: 1 } : { filter }),
    }));
  };

  const collection = {
    async findOne(filter: unknown = {}, options?: Json) {
      assertFilter(filter);
      assertOptions(options, ["projection", "sort"]);
      const project = projection(options);
      const sort = sortKeys(options?.["sort"] as Sort | undefined);
      return committer.read(() => {
        const found = search(table, { filter, sort, limit: 1 })[0]?.document;
        return found === undefined ? null : (project?.(found) ?? found);
      });
    },
    find(filter: unknown = {}, options?: Json): StoreFindCursor<Json> {
      assertFilter(filter);
      assertOptions(options, ["projection"]);
      return findCursor(filter, projection(options));
    },
    async insertOne(document: unknown, options?: Json) {
      assertDocument(document);
      assertOptions(options, []);
      return committer.write(() => {
        table.insert(document);
        return { acknowledged: true as const, insertedId: document._id };
      });
    },
    async insertMany(documents: readonly unknown[], options?: Json) {
      assertOptions(options, []);
      for (const document of documents) assertDocument(document);
      return committer.write(() => {
        const { insertedCount, insertedIds } = insertAll(table, documents as Json[]);
        return { acknowledged: true as const, insertedCount, insertedIds };
      }, documents.length);
    },
    updateOne: (filter: unknown, change: unknown, options?: Json) => updateSome(filter, change, options, true),
    updateMany: (filter: unknown, change: unknown, options?: Json) => updateSome(filter, change, options, false),
    async findOneAndUpdate(filter: unknown, change: unknown, options?: Json) {
      assertFilter(filter);
      assertOptions(options, ["upsert", "arrayFilters", "sort", "projection", "returnDocument"]);
      const spec = updateSpec(filter, change, options);
      const project = projection(options);
      const wanted = { filter, limit: 1, sort: sortKeys(options?.["sort"] as Sort | undefined) };
      return committer.write(() => {
        const done = update(table, wanted, spec);
        // The new document holds pieces of the caller's update: a copy, so that neither can change the other.
        const found = options?.["returnDocument"] === "after" ? structuredClone(done.after) : done.before;
        return found === undefined ? null : (project?.(found) ?? found);
      });
    },
    deleteOne: (filter: unknown = {}, options?: Json) => removeSome(filter, options, true),
    deleteMany: (filter: unknown = {}, options?: Json) => removeSome(filter, options, false),
    async countDocuments(filter: unknown = {}, options?: Json) {
      assertFilter(filter);
      assertOptions(options, ["limit"]);
      const limit = positive(options?.["limit"] ?? 0);
      return committer.read(() => count(table, filter, limit));
    },
    async bulkWrite(operations: readonly unknown[], options?: Json) {
      assertOptions(options, []);
      assertBulk(operations);
      return committer.write(() => bulkWrite(table, operations as Json[]), operations.length);
    },
    aggregate(pipeline: unknown): StoreCursor<Json> {
      assertPipeline(pipeline);
      return { toArray: () => committer.read(() => aggregate(table, pipeline)) };
    },
  };
  // The same calls and answers as the driver's overloads, which a literal can't spell.
  return collection as unknown as StoreCollection<T>;
}
