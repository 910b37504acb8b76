/** The store on MongoDB, or a server that speaks its protocol: the official driver, with nothing in between but refusals. */
import {
  MongoClient,
  MongoServerError,
  MongoServerSelectionError,
  type Collection,
  type Db,
  type Document,
  type MongoClientOptions,
} from "mongodb";
import { MergepayError } from "../errors/errors.ts";
import type { CollectionSpec, Doc, Store, StoreCollection } from "./contract.ts";
import {
  assertBulk,
  assertDocument,
  assertFilter,
  assertJson,
  assertPipeline,
  assertProjection,
  assertSpec,
  assertUpdate,
  assertUpsert,
  type Json,
} from "./defined.ts";
import { openGridfsBlobs } from "./gridfs.ts";
import { mongoFailure } from "./mongo-failures.ts";

/** A write is answered when a majority has it in its journal. */
const CONCERNS: MongoClientOptions = {
  appName: "mergepay",
  writeConcern: { w: "majority", journal: true, wtimeoutMS: 20_000 },
  readConcern: { level: "majority" },
  readPreference: "primary",
  retryWrites: true,
  retryReads: true,
};

/** Every wait is bounded. */
const WAITS: MongoClientOptions = {
  connectTimeoutMS: 5_000,
  serverSelectionTimeoutMS: 5_000,
  socketTimeoutMS: 60_000,
  waitQueueTimeoutMS: 10_000,
  maxPoolSize: 50,
};

/** IndexOptionsConflict and IndexKeySpecsConflict. */
const INDEX_CONFLICTS = new Set([85, 86]);

const AUTHENTICATION_FAILED = 18;

type Check = (first: unknown, second: unknown, options: Json | undefined) => void;

const checkFind: Check = (filter, options) => {
  assertFilter(filter ?? {});
  const projection = (options as Json | undefined)?.["projection"];
  if (projection !== undefined) assertProjection(projection);
};

const checkUpdate: Check = (filter, update, options) => {
  assertFilter(filter);
  assertUpdate(update);
  if (options?.["upsert"] === true) assertUpsert(filter, update);
  if (options?.["arrayFilters"] !== undefined) assertJson(options["arrayFilters"], "arrayFilters");
  if (options?.["projection"] !== undefined) assertProjection(options["projection"]);
};

const checkFilter: Check = (filter) => assertFilter(filter ?? {});

/** What each method's arguments must pass before the driver sees them. */
const CHECKS: Readonly<Record<string, Check>> = {
  findOne: checkFind,
  insertOne: (document) => assertDocument(document),
  insertMany: (documents) => {
    for (const document of documents as unknown[]) assertDocument(document);
  },
  updateOne: checkUpdate,
  updateMany: checkUpdate,
  findOneAndUpdate: checkUpdate,
  deleteOne: checkFilter,
  deleteMany: checkFilter,
  countDocuments: checkFilter,
  bulkWrite: (operations) => assertBulk(operations as unknown[]),
};

type Method = (...args: unknown[]) => unknown;

const translated = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call();
  } catch (error) {
    throw mongoFailure(error);
  }
};

/** The cursor itself, its `toArray` telling a lost connection as every other method does. */
function translatingCursor<C extends { toArray(): Promise<unknown[]> }>(cursor: C): C {
  const toArray = cursor.toArray.bind(cursor);
  return Object.assign(cursor, { toArray: () => translated(toArray) as Promise<unknown[]> });
}

/**
 * The driver's own collection object with its methods overridden to check first. They call a second object of the same
 * collection, because the driver's methods call one another.
 */
function checked(database: Db, name: string): Collection {
  const inner = database.collection(name);
  const methods: Record<string, Method> = {
    find: (filter, options) => {
      checkFind(filter, options, undefined);
      return translatingCursor(inner.find((filter ?? {}) as Document, options as never));
    },
    aggregate: (pipeline, options) => {
      assertPipeline(pipeline);
      return translatingCursor(inner.aggregate(pipeline, options as never));
    },
  };
  for (const [method, check] of Object.entries(CHECKS)) {
    const call = inner[method as "findOne"] as unknown as Method;
    methods[method] = async (...args) => {
      check(args[0], args[1], args[2] as Json | undefined);
      return translated(() => call.apply(inner, args));
    };
  }
  return Object.assign(database.collection(name), methods);
}

async function makeIndexes(database: Db, spec: CollectionSpec): Promise<void> {
  if (spec.indexes.length === 0) return;
  const indexes = spec.indexes.map(({ name, keys, unique }) => ({
    name,
    key: Object.fromEntries(keys.map((key) => [key, 1 as const])),
    ...(unique === true ? { unique } : {}),
  }));
  try {
    await database.collection(spec.name).createIndexes(indexes);
  } catch (error) {
    if (error instanceof MongoServerError && typeof error.code === "number" && INDEX_CONFLICTS.has(error.code))
      throw new MergepayError(
        "CONFIG_INVALID",
        `An index of ${spec.name} exists with other keys; give the new index a name of its own. (${error.message})`,
        {},
        { cause: error },
      );
    throw mongoFailure(error);
  }
}

/** What the address says itself about waits and pool holds: the driver would let ours win. */
export function clientOptions(uri: string): MongoClientOptions {
  const said = new Set([...new URLSearchParams(uri.split("?")[1] ?? "").keys()].map((name) => name.toLowerCase()));
  const waits = Object.entries(WAITS).filter(([name]) => !said.has(name.toLowerCase()));
  return { ...Object.fromEntries(waits), ...CONCERNS };
}

/** @throws CONFIG_INVALID; the driver's own words may repeat the address with its password */
function clientOf(uri: string): MongoClient {
  try {
    return new MongoClient(uri, clientOptions(uri));
  } catch (error) {
    throw new MergepayError(
      "CONFIG_INVALID",
      "MONGODB_URI is not an address of MongoDB, such as mongodb://host:27017/mergepay?replicaSet=rs0. " +
        "In a user's name or password, write : / ? # [ ] @ and % percent-encoded.",
      {},
      { cause: error },
    );
  }
}

/** Why the store could not be opened, for whoever set its address: nothing has been asked of it yet. */
function notOpened({ options: { hosts, srvHost } }: MongoClient, database: string, error: unknown): MergepayError {
  const servers = srvHost === undefined ? `mongodb://${hosts.join(",")}` : `mongodb+srv://${srvHost}`;
  const address = `${servers}/${database}`;
  if (error instanceof MongoServerError && error.code === AUTHENTICATION_FAILED)
    return new MergepayError(
      "CONFIG_INVALID",
      `MongoDB at ${address} refuses the user or password; correct them in MONGODB_URI.`,
      {},
      { cause: error },
    );
  const { code, name, message } = error as NodeJS.ErrnoException;
  // The driver's words about servers name hosts and ports only.
  const why = error instanceof MongoServerSelectionError ? message : (code ?? name);
  return new MergepayError(
    "STORE_UNAVAILABLE",
    `MongoDB at ${address} can't be reached (${why}). Start it, or set MONGODB_URI to where it is.`,
    {},
    { cause: error },
  );
}

/**
 * Connects to MongoDB.
 * @param options.uri the connection string; its own options win over the timeouts here, never over the concerns
 * @throws CONFIG_INVALID when the address is none or its user is refused; STORE_UNAVAILABLE when no primary answers within about 5 s
 */
export async function openMongoStore(options: { uri: string; database: string }): Promise<Store> {
  const client = clientOf(options.uri);
  const database = client.db(options.database);
  try {
    await client.connect();
    await database.command({ ping: 1 });
  } catch (error) {
    await client.close();
    throw notOpened(client, options.database, error);
  }
  const opened = new Map<string, { indexes: string; made: Promise<Collection> }>();
  return {
    engine: "mongodb",
    blobs: await openGridfsBlobs(database, translated as <T>(call: () => Promise<T>) => Promise<T>),
    async collection<T extends Doc>(spec: CollectionSpec): Promise<StoreCollection<T>> {
      assertSpec(spec);
      const indexes = JSON.stringify(spec.indexes);
      let found = opened.get(spec.name);
      if (found === undefined) {
        found = { indexes, made: makeIndexes(database, spec).then(() => checked(database, spec.name)) };
        opened.set(spec.name, found);
        // A failed attempt is not kept: the next call tries again.
        found.made.catch(() => opened.delete(spec.name));
      } else if (found.indexes !== indexes)
        throw new MergepayError("CONFIG_INVALID", `${spec.name} is declared twice, with different indexes.`);
      return (await found.made) as unknown as StoreCollection<T>;
    },
    async ping() {
      await translated(() => database.command({ ping: 1 }));
    },
    close: () => client.close(),
  };
}
