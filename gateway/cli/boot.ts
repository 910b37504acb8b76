import { readdir } from "node:fs/promises";
import { BANK_ADAPTER } from "../../core/plugin/check.ts";
import { type Config, type Environment, readConfig } from "../config.ts";
import { type LiveCredentials, readCredentials, type SandboxAccess, sandboxCredentials } from "../credentials.ts";
import { makeDataDir } from "../data-dir.ts";
import { type Node, type NodeOptions, startNode } from "../node.ts";
import { SANDBOX_PAYER } from "../sandbox.ts";
import { waitFor } from "./wait.ts";

export interface Booted {
  readonly node: Node;
  readonly config: Config;
  /** Where HTTP listens. */
  readonly url: string;
  /** Absent when the operator gave credentials of their own. */
  readonly sandbox?: SandboxAccess;
}

/** Starts a node by its environment, with sandbox credentials unless the operator gave their own, and waits for its plugins. */
export async function boot(
  env: Environment,
  options: Omit<NodeOptions, "config" | "credentials"> = {},
): Promise<Booted> {
  const config = readConfig(env);
  const needed = config.roles.some((role) => role !== "plugins");
  const own = config.credentialsFile === undefined && needed;
  // A node of the core alone keeps nothing but what is in MongoDB, unless it makes the sandbox's credentials.
  if (own || config.roles.some((role) => role !== "core")) await makeDataDir(config.dataDir);
  let credentials: LiveCredentials | undefined;
  let sandbox: SandboxAccess | undefined;
  if (config.credentialsFile !== undefined) credentials = await readCredentials(config.credentialsFile);
  else if (needed) {
    const made = await sandboxCredentials(config.dataDir, SANDBOX_PAYER);
    sandbox = made.access;
    credentials = await readCredentials(made.file);
  }
  const node = await startNode({ ...options, config, ...(credentials === undefined ? {} : { credentials }) });
  return { node, config, url: node.url ?? "", ...(sandbox === undefined ? {} : { sandbox }) };
}

/** The platforms that run, once every plugin folder is decided on. */
export async function runningPlatforms({ call }: Node, pluginsDir: string): Promise<string[]> {
  const entries = await readdir(pluginsDir, { withFileTypes: true });
  const folders = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== BANK_ADAPTER,
  );
  const { items } = await waitFor(() => call("plugins.list", {}), {
    until: ({ items: plugins }) => folders.every(({ name }) => plugins.some(({ id }) => id === name)),
    timeoutMs: 60_000,
    what: "the platform plugins",
  });
  return items.flatMap(({ id, state }) => (state === "running" ? [id] : []));
}
