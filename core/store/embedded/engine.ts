/** The embedded engine: one SQLite file, one process that writes it. */
import { chmodSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MergepayError } from "../../errors/errors.ts";
import { openBlobDirectory } from "../blob-dir.ts";
import type { CollectionSpec, Doc, Store, StoreCollection } from "../contract.ts";
import { assertFilter, assertSpec, type Json } from "../defined.ts";
import { embeddedCollection } from "./collection.ts";
import { groupCommit, type Committer } from "./commit.ts";
import { sqliteCode, storeFailure } from "./failures.ts";
import { explain } from "./query.ts";
import { sortKeys } from "./sort.ts";
import { openTable, type Table } from "./table.ts";

export interface EmbeddedStore extends Store {
  readonly engine: "embedded";
  /** SQLite's query plan of a find on a collection that is open, line by line. */
  explain(name: string, filter: Json, sort?: Record<string, 1 | -1>, limit?: number): string[];
}

/** Written into the file; a file of a later version is refused rather than misread. */
const FORMAT = 1;
const SQLITE_BUSY = 5;

/** How the file is opened: a bench opens its floor in the same way. */
export const PRAGMAS: readonly string[] = [
  // Set before the journal mode: then the lock on the file is taken at the first access, kept until close, and no shared memory is used.
  "locking_mode = EXCLUSIVE",
  "journal_mode = WAL",
  "synchronous = FULL",
  // About 32 MB of pages, so that the indexes' random inserts stay in memory.
  "cache_size = -32000",
  // Every 16 MB of log: index pages are then written back once for many changes.
  "wal_autocheckpoint = 4000",
  "journal_size_limit = 67108864",
  "temp_store = MEMORY",
  // What is overwritten or deleted is zeros then, where that costs no more writes: an account number that was sealed is not there in plain.
  "secure_delete = FAST",
];

function openDatabase(dir: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    const file = join(dir, "mergepay.db");
    database = new DatabaseSync(file);
    // Secrets of endpoints and tokens of accounts are in it: its owner's alone, and so are the files beside it, which take its mode.
    chmodSync(file, 0o600);
    for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`);
    database.exec("BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > FORMAT)
      throw new MergepayError(
        "CONFIG_INVALID",
        `The data folder ${dir} was written by a later version of Mergepay; run that one.`,
      );
    database.exec(`PRAGMA user_version = ${FORMAT}`);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    database?.close();
    const code = sqliteCode(error);
    if (code !== undefined && (code & 0xff) === SQLITE_BUSY)
      throw new MergepayError(
        "STORE_LOCKED",
        `The data folder ${dir} is open in another process. Stop that one, or give this one another folder; ` +
          "to run several at once, use MongoDB.",
        {},
        { cause: error },
      );
    throw storeFailure(error);
  }
}

/** Collections by name, each opened once. */
function collections(database: DatabaseSync, committer: Committer) {
  const opened = new Map<string, { indexes: string; table: Table; collection: unknown }>();
  return {
    table: (name: string): Table | undefined => opened.get(name)?.table,
    open<T extends Doc>(spec: CollectionSpec): StoreCollection<T> {
      assertSpec(spec);
      const indexes = JSON.stringify(spec.indexes);
      let found = opened.get(spec.name);
      if (found === undefined) {
        const table = committer.alone(() => openTable(database, spec));
        found = { indexes, table, collection: embeddedCollection(table, committer) };
        opened.set(spec.name, found);
      } else if (found.indexes !== indexes)
        throw new MergepayError("CONFIG_INVALID", `${spec.name} is declared twice, with different indexes.`);
      return found.collection as StoreCollection<T>;
    },
  };
}

/**
 * Opens (or makes) the data folder and takes it for this process.
 * @throws STORE_LOCKED when another process has it; STORE_UNAVAILABLE when the disk refuses
 */
export async function openEmbeddedStore(options: { dir: string }): Promise<EmbeddedStore> {
  const { dir } = options;
  try {
    // The data is people's orders and payments: for this user's eyes only.
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new MergepayError("CONFIG_INVALID", `The data folder ${dir} can't be made.`, {}, { cause: error });
  }
  const database = openDatabase(dir);
  const blobs = await openBlobDirectory(join(dir, "blobs"));
  const committer = groupCommit(database);
  const known = collections(database, committer);
  const assertOpen = (): void => {
    if (!database.isOpen) throw new MergepayError("STORE_UNAVAILABLE", "The store is closed.");
  };
  return {
    engine: "embedded",
    blobs,
    async collection<T extends Doc>(spec: CollectionSpec) {
      assertOpen();
      return known.open<T>(spec);
    },
    async ping() {
      assertOpen();
      // A commit of its own: it shows that the disk takes writes now.
      committer.alone(() => database.exec(`PRAGMA user_version = ${FORMAT}`));
    },
    async close() {
      if (!database.isOpen) return;
      committer.flush();
      database.close();
    },
    explain(name, filter, sort, limit) {
      const table = known.table(name);
      if (table === undefined) throw new TypeError(`explain: ${name} is not open.`);
      assertFilter(filter);
      return explain(table, { filter, sort: sortKeys(sort), limit });
    },
  };
}
