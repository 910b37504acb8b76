import type { Store } from "./contract.ts";
import { openEmbeddedStore } from "./embedded/engine.ts";
import { openMongoStore } from "./mongo.ts";

/** The name of the database when the address gives none. */
const DATABASE = "mergepay";

/**
 * Opens the store: MongoDB at `mongoUri` when that is given, else the embedded engine in `dir`.
 * @throws STORE_UNAVAILABLE when the server does not answer; STORE_LOCKED when another process has the folder
 */
export async function openStore(options: { mongoUri?: string | undefined; dir: string }): Promise<Store> {
  const { mongoUri, dir } = options;
  if (mongoUri === undefined || mongoUri === "") return openEmbeddedStore({ dir });
  return openMongoStore({ uri: mongoUri, database: databaseOf(mongoUri) ?? DATABASE });
}

/** The database that a `mongodb://` address names after its hosts; undefined when it names none. */
export function databaseOf(uri: string): string | undefined {
  const name = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}
