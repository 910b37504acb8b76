import type {
  AnyBulkWriteOperation,
  BulkWriteOptions,
  BulkWriteResult,
  Collection,
  Document,
  Filter,
  FindOptions,
  OptionalUnlessRequiredId,
  Sort,
} from "mongodb";

/** Documents hold JSON values only (no Date, ObjectId or bigint); `_id` is a string that we make. Times are ISO 8601 UTC text. */
export interface Doc extends Document {
  _id: string;
}

/** What the domain uses of a driver cursor. `FindCursor` and `AggregationCursor` satisfy it as they are. */
export interface StoreCursor<T> {
  toArray(): Promise<T[]>;
}

export interface StoreFindCursor<T> extends StoreCursor<T> {
  sort(sort: Sort): StoreFindCursor<T>;
  limit(count: number): StoreFindCursor<T>;
}

/**
 * The part of the MongoDB driver's own `Collection` that the domain uses; both engines give it.
 * A filter or update holding `undefined` throws a TypeError: the driver would send it as null.
 */
export type StoreCollection<T extends Doc> = Pick<
  Collection<T>,
  | "findOne"
  | "insertOne"
  | "updateOne"
  | "updateMany"
  | "findOneAndUpdate"
  | "deleteOne"
  | "deleteMany"
  | "countDocuments"
> & {
  insertMany(
    docs: readonly OptionalUnlessRequiredId<T>[],
    options: BulkWriteOptions & { ordered: false },
  ): Promise<{ insertedCount: number }>;
  bulkWrite(
    operations: readonly AnyBulkWriteOperation<T>[],
    options: BulkWriteOptions & { ordered: false },
  ): Promise<BulkWriteResult>;
  /** `projection` may only name fields to keep (1) and `_id: 0`. */
  find(filter: Filter<T>, options?: Pick<FindOptions, "projection">): StoreFindCursor<T>;
  /** `$match`, `$group`, `$sort`, `$limit` only. */
  aggregate<R extends Document>(pipeline: Document[]): StoreCursor<R>;
};

/** An index, declared once for both engines. Keys are paths of scalar fields (no arrays); order is always ascending. */
export interface IndexSpec {
  readonly name: string;
  readonly keys: readonly string[];
  readonly unique?: boolean;
}

/** A collection's name and indexes, declared by the noun that owns it. */
export interface CollectionSpec {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
}

/** Bytes by id. Nothing is visible under an id before `put` has ended well and the bytes are durable. */
export interface BlobStore {
  /** Streams the bytes in; a second `put` of an id that is there leaves the first and reports `existed`. */
  put(id: string, bytes: AsyncIterable<Uint8Array>): Promise<{ existed: boolean; bytes: number }>;
  /** Streams the bytes out in pieces; throws NOT_FOUND when there are none. */
  open(id: string): AsyncIterable<Uint8Array>;
  has(id: string): Promise<boolean>;
  /**
   * Takes bytes whose id is not known yet (it hangs on their hash): they stream to a temporary place; `commit(id)` makes them
   * visible, `discard` drops them. One of the two must be called. Until then they can be opened by the stage's own `id`. An upload left by a
   * crash is dropped at the next start.
   */
  stage(bytes: AsyncIterable<Uint8Array>): Promise<{
    id: string;
    bytes: number;
    commit(id: string): Promise<{ existed: boolean }>;
    discard(): Promise<void>;
  }>;
}

export interface Store {
  /** `embedded` or `mongodb`: for messages and metrics only; the domain never asks. */
  readonly engine: "embedded" | "mongodb";
  /** The collection, its indexes made sure of before it is first used. */
  collection<T extends Doc>(spec: CollectionSpec): Promise<StoreCollection<T>>;
  readonly blobs: BlobStore;
  /** Throws STORE_UNAVAILABLE unless the store answers now, as a real round trip. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** True for the duplicate-key error of both engines (code 11000), single or bulk. */
export function isDuplicateKey(error: unknown): boolean {
  return typeof error === "object" && error !== null && (error as { code?: unknown }).code === 11000;
}
