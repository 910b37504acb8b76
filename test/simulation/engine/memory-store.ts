/**
 * The embedded engine's own collections over SQLite in memory, without its group commit: every operation is whole and done when it is
 * called. Every change of a document is seen by triggers, whatever code made it.
 */
import { DatabaseSync } from "node:sqlite";
import { MergepayError } from "../../../core/errors/errors.ts";
import type { BlobStore, CollectionSpec, Doc, Store, StoreCollection } from "../../../core/store/contract.ts";
import { embeddedCollection } from "../../../core/store/embedded/collection.ts";
import type { Committer } from "../../../core/store/embedded/commit.ts";
import { openTable } from "../../../core/store/embedded/table.ts";

/** One document as it was and as it is; undefined before its insert and after its removal. */
export interface Change {
  readonly collection: string;
  readonly id: string;
  readonly before: Doc | undefined;
  readonly after: Doc | undefined;
}

export interface MemoryStore extends Store {
  /** Called with each change, in order, before the operation that made it is answered. */
  watch(seen: (change: Change) => void): void;
  /** All documents of a collection as they are now, for those who only look. */
  all<T extends Doc>(collection: string): readonly T[];
  /** The names of all collections that were opened. */
  names(): readonly string[];
  /** A store of the same documents whose whole collections are read without asking the engine. */
  readonly glance: Store;
  /** Empties it, for the next run. */
  clear(): void;
}

/** Whole at once: nothing of it waits, so no order of events but the simulation's own comes about. */
const AT_ONCE: Committer = {
  write: (work) => new Promise((resolve) => resolve(work())),
  read: (work) => new Promise((resolve) => resolve(work())),
  alone: (work) => work(),
  flush: () => undefined,
};

const PRAGMAS = ["journal_mode = MEMORY", "synchronous = OFF", "temp_store = MEMORY"];

function memoryBlobs(): BlobStore & { clear(): void } {
  const kept = new Map<string, Uint8Array>();
  const gather = async (bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of bytes) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const keep = (id: string, whole: Uint8Array): boolean => {
    if (kept.has(id)) return true;
    kept.set(id, whole);
    return false;
  };
  let stages = 0;
  return {
    async put(id, bytes) {
      const whole = await gather(bytes);
      return { existed: keep(id, whole), bytes: whole.length };
    },
    async *open(id) {
      const whole = kept.get(id);
      if (whole === undefined) throw new MergepayError("NOT_FOUND");
      yield whole;
    },
    has: (id) => Promise.resolve(kept.has(id)),
    async stage(bytes) {
      const whole = await gather(bytes);
      const id = `stage-${(stages += 1)}`;
      kept.set(id, whole);
      return {
        id,
        bytes: whole.length,
        commit: (as) => {
          kept.delete(id);
          return Promise.resolve({ existed: keep(as, whole) });
        },
        discard: () => Promise.resolve(void kept.delete(id)),
      };
    },
    clear: () => kept.clear(),
  };
}

export function openMemoryStore(): MemoryStore {
  const database = new DatabaseSync(":memory:");
  for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`);
  const opened = new Map<string, unknown>();
  const mirrors = new Map<string, Map<string, Doc>>();
  const blobs = memoryBlobs();
  let seen: (change: Change) => void = () => undefined;

  database.function("changed", { deterministic: false }, (collection, _before, after) => {
    const mirror = mirrors.get(String(collection));
    const text = after === null ? _before : after;
    const doc = JSON.parse(String(text)) as Doc;
    const before = mirror?.get(doc._id);
    if (after === null) mirror?.delete(doc._id);
    else mirror?.set(doc._id, doc);
    seen({ collection: String(collection), id: doc._id, before, after: after === null ? undefined : doc });
    return 0;
  });

  function watchTable(name: string): void {
    const on = (event: string, before: string, after: string): void =>
      database.exec(
        `CREATE TRIGGER "w:${name}:${event}" AFTER ${event} ON "${name}" BEGIN SELECT changed('${name}', ${before}, ${after}); END`,
      );
    mirrors.set(name, new Map());
    on("INSERT", "NULL", "new.doc");
    on("UPDATE", "old.doc", "new.doc");
    on("DELETE", "old.doc", "NULL");
  }

  async function collection<T extends Doc>(spec: CollectionSpec): Promise<StoreCollection<T>> {
    let found = opened.get(spec.name);
    if (found === undefined) {
      found = embeddedCollection(openTable(database, spec), AT_ONCE);
      watchTable(spec.name);
      opened.set(spec.name, found);
    }
    return found as StoreCollection<T>;
  }

  const all = <T extends Doc>(name: string): readonly T[] => [...(mirrors.get(name)?.values() ?? [])] as unknown as T[];

  const store: Omit<MemoryStore, "glance"> = {
    engine: "embedded",
    collection,
    blobs,
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(database.close()),
    watch: (next) => void (seen = next),
    all,
    names: () => [...opened.keys()],
    clear() {
      seen = () => undefined;
      for (const name of opened.keys()) database.exec(`DELETE FROM "${name}"`);
      blobs.clear();
    },
  };
  const glance: Store = {
    ...store,
    async collection<T extends Doc>(spec: CollectionSpec) {
      const real = await collection<T>(spec);
      const whole = { toArray: () => Promise.resolve(all<T>(spec.name)) };
      return {
        ...real,
        find: (filter: object, options?: object) =>
          Object.keys(filter).length === 0 && options === undefined ? whole : real.find(filter, options),
      } as unknown as StoreCollection<T>;
    },
  };
  return { ...store, glance };
}
