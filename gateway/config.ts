import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { MergepayError } from "../core/errors/errors.ts";
import { type Limits, LIMITS } from "../core/limits.ts";

export const ROLES = ["gateway", "core", "plugins"] as const;
export type Role = (typeof ROLES)[number];

/** What a node is told by its environment. */
export interface Config {
  readonly nodeId: string;
  readonly roles: readonly Role[];
  /** Folder of everything that this node keeps: database, blobs, drop folder, credentials of the sandbox. */
  readonly dataDir: string;
  readonly pluginsDir: string;
  readonly natsUrl?: string;
  readonly mongoUri?: string;
  readonly http: { readonly host: string; readonly port: number };
  /** File with the credentials; absent: made for the sandbox in the data folder. */
  readonly credentialsFile?: string;
  /** `MERGEPAY_BANK_*` without the prefix. */
  readonly bankSettings: Readonly<Record<string, string>>;
  /** Limits that differ from core/limits.ts: `MERGEPAY_LIMIT_BANK_CALL_MS` is `bankCallMs`. */
  readonly limits?: Partial<Limits>;
  /** Keys that blocks of the hash chains are sealed with: the first one seals, all verify. */
  readonly sealKeys: readonly Uint8Array[];
  readonly logLevel: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];
const root = resolve(import.meta.dirname, "..");
/** Where a word begins in a name such as `pluginMsPer1000Records`. */
const WORD_STARTS = /(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])/g;

/**
 * Reads the configuration. A single process needs none of it.
 * @throws CONFIG_INVALID, saying which variable and what to set it to
 */
export function readConfig(env: Environment): Config {
  const roles = rolesOf(env.MERGEPAY_ROLES);
  const natsUrl = filled(env.NATS_URL);
  // Its value is never shown: it may hold a password.
  if (natsUrl?.split(",").every(isNatsUrl) === false)
    throw invalid("NATS_URL", "must be nats://user:password@host:4222 (or tls://...), several separated by commas");
  const mongoUri = filled(env.MONGODB_URI);
  const split = roles.length < ROLES.length;
  if (split && natsUrl === undefined)
    throw invalid("NATS_URL", "must be set (nats://host:4222) when MERGEPAY_ROLES names only some of the roles");
  if (split && mongoUri === undefined)
    throw invalid(
      "MONGODB_URI",
      "must be set when MERGEPAY_ROLES names only some of the roles: the embedded store takes one process",
    );
  const logLevel = filled(env.MERGEPAY_LOG) ?? "info";
  if (!LOG_LEVELS.includes(logLevel)) throw invalid("MERGEPAY_LOG", `must be one of ${LOG_LEVELS.join(", ")}`);
  const credentialsFile = filled(env.MERGEPAY_CREDENTIALS);
  return {
    nodeId: filled(env.MERGEPAY_NODE) ?? `${hostname()}-${process.pid}-${randomBytes(3).toString("hex")}`,
    roles,
    dataDir: resolve(filled(env.MERGEPAY_DATA) ?? join(root, "data")),
    pluginsDir: resolve(filled(env.MERGEPAY_PLUGINS) ?? join(root, "plugins")),
    ...(natsUrl === undefined ? {} : { natsUrl }),
    ...(mongoUri === undefined ? {} : { mongoUri }),
    http: {
      host: filled(env.MERGEPAY_HTTP_HOST) ?? "127.0.0.1",
      port: portOf(filled(env.MERGEPAY_HTTP_PORT) ?? "7070"),
    },
    ...(credentialsFile === undefined ? {} : { credentialsFile: resolve(credentialsFile) }),
    bankSettings: bankSettings(env),
    limits: limitsOf(env),
    sealKeys: sealKeysOf(filled(env.MERGEPAY_SEAL_KEYS)),
    logLevel,
  };
}

const filled = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

const isNatsUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && /^(?:nats|tls):$/.test(url.protocol) && url.hostname !== "";
};

const invalid = (name: string, reason: string) =>
  new MergepayError("CONFIG_INVALID", `${name} ${reason}.`, { field: name });

function rolesOf(text: string | undefined): readonly Role[] {
  if (text === undefined || text === "") return ROLES;
  const named = text.split(",").map((role) => role.trim());
  const unknown = named.find((role) => !(ROLES as readonly string[]).includes(role));
  if (unknown !== undefined) throw invalid("MERGEPAY_ROLES", `takes ${ROLES.join(", ")}, separated by commas`);
  return ROLES.filter((role) => named.includes(role));
}

function portOf(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number.parseInt(text, 10) : -1;
  if (port < 0 || port > 65_535)
    throw invalid("MERGEPAY_HTTP_PORT", "must be a port number from 0 (any free one) to 65535");
  return port;
}

const SEAL_KEY_BYTES = 32;

/** The keys are never shown. */
function sealKeysOf(text: string | undefined): Uint8Array[] {
  if (text === undefined) return [];
  const keys = text.split(",").map((key) => key.trim());
  const decoded = keys.map((key) => Buffer.from(key, "base64"));
  if (keys.some((key) => !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) || decoded.some(({ length }) => length < SEAL_KEY_BYTES))
    throw invalid(
      "MERGEPAY_SEAL_KEYS",
      `takes keys of ${SEAL_KEY_BYTES} bytes or more in base64 (openssl rand -base64 32), separated by commas, the newest first`,
    );
  return decoded;
}

function bankSettings(env: Environment): Record<string, string> {
  const prefix = "MERGEPAY_BANK_";
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== undefined && value !== "" ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** Node's timers take no longer wait: they would fire at once. */
const LONGEST_MS = 2_147_483_647;

/** The limits of one number each, by the name of their variable; the schedules (lists of waits) are not set from outside. */
const LIMIT_BY_VARIABLE: ReadonlyMap<string, keyof Limits> = new Map(
  (Object.keys(LIMITS) as (keyof Limits)[])
    .filter((name) => typeof LIMITS[name] === "number")
    .map((name) => [`MERGEPAY_LIMIT_${name.replaceAll(WORD_STARTS, "_").toUpperCase()}`, name]),
);

function limitsOf(env: Environment): Partial<Limits> {
  const given = Object.entries(env).filter(
    ([variable, value]) => variable.startsWith("MERGEPAY_LIMIT_") && filled(value),
  );
  return Object.fromEntries(
    given.map(([variable, text = ""]) => {
      const name = LIMIT_BY_VARIABLE.get(variable);
      if (name === undefined)
        throw invalid(variable, `is not a limit; there are ${[...LIMIT_BY_VARIABLE.keys()].join(", ")}`);
      const limit = /^[1-9][0-9]{0,14}$/.test(text) ? Number.parseInt(text, 10) : 0;
      if (limit === 0) throw invalid(variable, "must be a whole number above zero, without separators or unit");
      if (/Ms/.test(name) && limit > LONGEST_MS)
        throw invalid(variable, `must be at most ${LONGEST_MS} milliseconds, the longest that can be waited for`);
      return [name, limit];
    }),
  );
}
