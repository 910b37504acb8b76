import { readdir } from "node:fs/promises";
import { connect } from "nats";
import { asMergepayError, MergepayError } from "../../core/errors/errors.ts";
import { shownNatsUrl } from "../bus.ts";
import { type Config, type Environment, readConfig } from "../config.ts";
import { readCredentials } from "../credentials.ts";
import { makeDataDir } from "../data-dir.ts";
import { type Node, startNode } from "../node.ts";
import { runningPlatforms } from "./boot.ts";
import { many, print } from "./print.ts";

const NATS_MS = 5_000;

/**
 * Looks at all that a node of this configuration needs, one after the other, and says in words what is wrong: configuration, credentials, data folder, NATS, store,
 * banks, plugins. Nothing of it is left running, and no work is done.
 * @returns whether all is in order
 */
export async function checkHouse(env: Environment): Promise<boolean> {
  let good = true;
  async function look(what: string, check: () => Promise<string>): Promise<void> {
    try {
      print(`ok    ${what}: ${await check()}`);
    } catch (thrown) {
      const { type, message } = asMergepayError(thrown);
      print(`WRONG ${what}: ${message} [${type}]`);
      good = false;
    }
  }

  let config: Config | undefined;
  await look("configuration", () => {
    config = readConfig(env);
    const { roles, limits = {} } = config;
    const changed = Object.keys(limits).length;
    return Promise.resolve(`${roles.join(", ")}${changed === 0 ? "" : `; ${many(changed, "limit")} changed`}`);
  });
  if (config === undefined) return good;
  const known = config;
  await look("credentials", () => credentials(known));
  await look("data folder", async () => {
    await makeDataDir(known.dataDir);
    return known.dataDir;
  });
  await look("NATS", () => bus(known));
  await parts(known, look);
  return good;
}

async function credentials({ credentialsFile, roles }: Config): Promise<string> {
  if (credentialsFile === undefined)
    return roles.includes("gateway") ? "those of the sandbox: for trying only" : "none needed";
  const { operatorKeys } = await readCredentials(credentialsFile);
  return `${credentialsFile}, ${many(operatorKeys.length, "operator key")}`;
}

async function bus({ natsUrl }: Config): Promise<string> {
  if (natsUrl === undefined) return "none: all in one process";
  const shown = shownNatsUrl(natsUrl);
  const servers = natsUrl.split(",");
  const { username: user, password: pass } = new URL(servers[0] ?? "");
  try {
    const connection = await connect({
      servers: shown.split(","),
      timeout: NATS_MS,
      reconnect: false,
      ...(user === "" ? {} : { user: decodeURIComponent(user), pass: decodeURIComponent(pass) }),
    });
    await connection.flush();
    await connection.close();
    return `${shown} answers`;
  } catch (error) {
    const { code = "no answer" } = error as { code?: string };
    throw new MergepayError("OVERLOADED", `${shown} can't be used (${code}). Start NATS there, or correct NATS_URL.`);
  }
}

/** A node of the plugins alone, without the bus: it opens the store, the banks and the plugins, and does nothing. */
async function parts(
  config: Config,
  look: (what: string, check: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const { natsUrl: _bus, ...alone } = config;
  let started: Node | undefined;
  await look("store", async () => {
    started = await startNode({ config: { ...alone, roles: ["plugins"], logLevel: "silent" } });
    await started.store.ping();
    return started.store.engine === "embedded" ? `embedded, in ${config.dataDir}` : "MongoDB answers";
  });
  if (started === undefined) return;
  const node = started;
  try {
    await look("banks", async () => {
      const { items } = await node.call("bank-adapter.banks", {});
      if (items.length === 0) throw new MergepayError("BANK_UNAVAILABLE", "No bank driver could be opened.");
      return items.map(({ bank }) => bank).join(", ");
    });
    const folders = await readdir(config.pluginsDir);
    if (folders.length > 0) await runningPlatforms(node, config.pluginsDir);
    const { items } = await node.call("plugins.list", {});
    for (const { id, state, version = "", error } of items)
      await look(`plugin ${id}`, () =>
        state === "running"
          ? Promise.resolve(version)
          : Promise.reject(new MergepayError(error?.code ?? "INTERNAL", error?.reason ?? "It is refused.")),
      );
  } finally {
    await node.stop();
  }
}
