/** Runs one suite on both engines: what holds on the one must hold on the other. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import type { Store } from "../../core/store/contract.ts";
import { openEmbeddedStore } from "../../core/store/embedded/engine.ts";
import { openMongoStore } from "../../core/store/mongo.ts";
import { mongoOrSkip, type MongoServer } from "../support/mongo.ts";

export interface OpenedStore {
  readonly store: Store;
  close(): Promise<void>;
}

export async function openTemporaryEmbedded(): Promise<OpenedStore> {
  const dir = await mkdtemp(join(tmpdir(), "mergepay-store-"));
  const store = await openEmbeddedStore({ dir });
  return {
    store,
    async close() {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A store in a database of its own, which is dropped at the end. */
export async function openTemporaryMongo(server: MongoServer): Promise<OpenedStore & { readonly database: string }> {
  const database = `mergepay_test_${randomUUID().slice(0, 8)}`;
  const store = await openMongoStore({ uri: server.uri, database });
  return {
    store,
    database,
    async close() {
      await store.close();
      const client = new MongoClient(server.uri);
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}

/** Defines `suite` once for each engine; `store()` is open from `before` on. */
export function onEachEngine(title: string, suite: (store: () => Store) => void): void {
  let opened: OpenedStore | undefined;
  const store = (): Store => {
    if (opened === undefined) throw new Error("The store is not open yet.");
    return opened.store;
  };
  const close = async (): Promise<void> => {
    await opened?.close();
    opened = undefined;
  };
  describe(`${title}, embedded`, () => {
    before(async () => {
      opened = await openTemporaryEmbedded();
    });
    after(close);
    suite(store);
  });
  describe(`${title}, MongoDB`, () => {
    let server: MongoServer | undefined;
    before(async function () {
      server = await mongoOrSkip(this);
      opened = await openTemporaryMongo(server);
    });
    after(async () => {
      await close();
      await server?.stop();
    });
    suite(store);
  });
}

let collections = 0;
/** A name that no other test uses. */
export const freshName = (): string => `c${(collections += 1)}`;

/** What a call came to, in a form that can be compared: its answer, or the kind and code of its error. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return { answer: await call() };
  } catch (error) {
    if (error instanceof TypeError) return { error: "TypeError" };
    return { error: (error as { code?: unknown }).code ?? (error as Error).name };
  }
}
