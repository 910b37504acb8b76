/** A real NATS server with JetStream for tests: the one at NATS_URL, or `nats-server` from PATH. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "nats";
import { findOnPath, missing, startServer } from "./process.ts";

export interface TestNats {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

export interface NatsOptions {
  /** A server configuration of one's own (accounts, limits); address, port and store are still set by the harness. */
  readonly config?: string;
  /** What the configuration takes from its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whom to be when asking the server for its version, where the configuration has users. */
  readonly user?: string;
  readonly pass?: string;
}

/**
 * Starts `nats-server` on a free loopback port with JetStream in a temporary folder, or uses NATS_URL (only without a
 * configuration of one's own). Undefined when there is neither.
 */
export async function startNats(options: NatsOptions = {}): Promise<TestNats | undefined> {
  const given = process.env["NATS_URL"];
  if (given !== undefined && given !== "" && options.config === undefined)
    return { url: given, version: await versionOf(given, options), stop: async () => undefined };
  const command = findOnPath("nats-server");
  if (command === undefined) return undefined;
  const server = await startServer({
    name: "nats",
    command,
    args: (dir) => {
      const path = join(dir, "nats-server.conf");
      writeFileSync(path, options.config ?? "");
      return ["-c", path, "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", join(dir, "jetstream")];
    },
    ...(options.env === undefined ? {} : { env: options.env }),
    ready: { output: /Listening for client connections on 127\.0\.0\.1:(\d+)[^]*Server is ready/ },
  });
  const url = `nats://127.0.0.1:${server.match[1] ?? ""}`;
  try {
    return { url, version: await versionOf(url, options), stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A NATS server for the tests of a suite, or the suite is skipped with what to install (under CI: fails). */
export async function natsOrSkip(context: Mocha.Context, options: NatsOptions = {}): Promise<TestNats> {
  const server = await startNats(options);
  return server ?? missing(context, "No NATS server: set NATS_URL or install one (apt-get install nats-server).");
}

async function versionOf(url: string, { user, pass }: NatsOptions): Promise<string> {
  const connection = await connect({
    servers: url,
    timeout: 5_000,
    reconnect: false,
    ...(user === undefined || pass === undefined ? {} : { user, pass }),
  });
  const version = connection.info?.version;
  await connection.close();
  if (version === undefined) throw new Error("The NATS server did not tell its version.");
  return version;
}
