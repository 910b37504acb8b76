/**
 * Mergepay as its operators run it: real processes of the real entry, the sandbox bank as one of its own, and HTTP calls as platforms,
 * payers and operators make them.
 */
import { execFile } from "node:child_process";
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { SCOPES } from "../../gateway/http/auth.ts";
import { type RunningServer, startServer } from "./process.ts";

export const ROOT = join(import.meta.dirname, "../..");
export const PLUGINS = join(ROOT, "plugins");
const NODE = process.execPath;
const ENTRY = ["--disable-warning=ExperimentalWarning", join(ROOT, "gateway/cli/main.ts")];

/** Nothing of the machine's own settings reaches the processes under test: an empty variable is as good as none. */
const BARE = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith("MERGEPAY_") || name === "NATS_URL" || name === "MONGODB_URI")
    .map((name) => [name, ""]),
);

export type Settings = Readonly<Record<string, string>>;

/** The platforms that the plugins folder holds. */
export const platformsOf = (dir = PLUGINS): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "bank-adapter")
    .map((entry) => entry.name)
    .sort();

/** A temporary folder and how to remove it. */
export async function temporaryFolder(): Promise<{ readonly dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "mergepay-test-"));
  return { dir, remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A code of -1: it was still running after `deadlineMs` and was ended. */
export function run(
  command: string,
  args: readonly string[],
  env: Settings = {},
  { deadlineMs = 60_000, cwd = ROOT } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...BARE, ...env }, timeout: deadlineMs, maxBuffer: 64 * 1024 ** 2 };
    execFile(command, args, { ...options, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** `mergepay <args>` to its end, as the launcher runs it. */
export const mergepay = (args: readonly string[], env: Settings, options?: { deadlineMs?: number; cwd?: string }) =>
  run(NODE, [...ENTRY, ...args], env, options);

export interface RunningNode extends RunningServer {
  /** Where it listens; empty without the gateway role. */
  readonly url: string;
}

const RUNS = /Mergepay runs as [a-z, ]+?(?: and listens on (http:\S+))?\n[^]*Stop it with Ctrl-C/;

/** `mergepay start` until it says that it runs, or something else. Its data is in its temporary folder unless MERGEPAY_DATA says otherwise. */
export async function startMergepay(name: string, env: Settings, ready = RUNS): Promise<RunningNode> {
  const server = await startServer({
    name,
    command: "/bin/sh",
    // The folder of the process is known only here.
    args: (dir) => ["-c", `MERGEPAY_DATA="\${MERGEPAY_DATA:-${dir}}" exec "$@"`, "sh", NODE, ...ENTRY, "start"],
    env: { ...BARE, MERGEPAY_HTTP_PORT: "0", MERGEPAY_LOG: "warn", ...env },
    ready: { output: ready },
    deadlineMs: 60_000,
  });
  return { ...server, url: server.match[1] ?? "" };
}

export interface BankProcess {
  readonly env: Settings;
  /** All booked debits, as the bank itself lists them. */
  ledger(): Promise<readonly BankLine[]>;
  /** A new account with that much in it. @returns its token */
  open(value: string): Promise<string>;
  /** Makes the next debits misbehave, one fault each. */
  misbehave(...faults: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface BankLine {
  readonly seq: string;
  readonly bankRequestId: string;
  readonly amount: { readonly value: string; readonly currency: string };
  readonly reference: string;
}

/** The sandbox bank as a process of its own. */
export async function startBank(): Promise<BankProcess> {
  const main = join(PLUGINS, "bank-adapter/banks/sandbox/bank/main.ts");
  const server = await startServer({
    name: "bank",
    command: NODE,
    args: (dir) => ["--disable-warning=ExperimentalWarning", main, "--data", dir, "--port", "0"],
    ready: { output: /"url":"([^"]+)"/ },
  });
  const [, url = ""] = server.match;
  const keyFile = join(server.dir, "key");
  const key = (await readFile(keyFile, "utf8")).trim();
  const ask = async <T>(path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(new URL(path, url), {
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`The bank answered ${answer.status} to ${path}.`);
    return (await answer.json()) as T;
  };
  return {
    env: { MERGEPAY_BANK_SANDBOX_URL: url, MERGEPAY_BANK_SANDBOX_KEY_FILE: keyFile },
    async ledger() {
      const lines: BankLine[] = [];
      for (let after: string | undefined = "0"; after !== undefined;) {
        const page: { items: BankLine[]; next?: string } = await ask(`/ledger?after=${after}`);
        lines.push(...page.items);
        after = page.next;
      }
      return lines;
    },
    async open(value) {
      const { accountToken } = await ask<{ accountToken: string }>("/accounts", {
        opening: { value, currency: "USD" },
      });
      return accountToken;
    },
    async misbehave(...faults) {
      await ask(
        "/faults",
        faults.map((fault) => ({ on: "debit", fault })),
      );
    },
    stop: server.stop,
  };
}

/** Who may call, with secrets made for one test: the credentials file, and what its owners send. */
export interface Access {
  readonly file: string;
  readonly operator: Settings;
  /** A second operator, for decisions that take two. */
  readonly reviewer: Settings;
  payer(userId: string): Promise<Settings>;
  /** The headers of Standard Webhooks over these bytes. */
  platform(platform: string, bytes: Uint8Array): Settings;
}

const newOperatorKey = (): string => `mpk_${randomBytes(24).toString("base64url")}`;
const sha256Of = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Makes a credentials file in a folder. */
export async function makeAccess(dir: string, platforms = platformsOf()): Promise<Access> {
  const file = join(dir, "credentials.json");
  const jwtSecret = randomBytes(32);
  const [operatorKey, reviewerKey] = [newOperatorKey(), newOperatorKey()];
  const keys = new Map(platforms.map((platform) => [platform, randomBytes(24)]));
  const content = {
    platforms: Object.fromEntries([...keys].map(([platform, key]) => [platform, [`whsec_${key.toString("base64")}`]])),
    payerJwtSecret: jwtSecret.toString("base64"),
    accountKeys: [{ id: "test-1", key: randomBytes(32).toString("base64") }],
    operatorKeys: [
      { id: "operator", sha256: sha256Of(operatorKey), scopes: SCOPES },
      { id: "reviewer", sha256: sha256Of(reviewerKey), scopes: SCOPES },
    ],
  };
  await writeFile(file, JSON.stringify(content), { mode: 0o600 });
  return {
    file,
    operator: { authorization: `Bearer ${operatorKey}` },
    reviewer: { authorization: `Bearer ${reviewerKey}` },
    async payer(userId) {
      const token = new SignJWT().setProtectedHeader({ alg: "HS256" }).setSubject(userId).setAudience("mergepay");
      return { authorization: `Bearer ${await token.setExpirationTime("1h").sign(jwtSecret)}` };
    },
    platform(platform, bytes) {
      const id = `msg_${randomUUID()}`;
      const at = Math.floor(Date.now() / 1000).toString();
      const hmac = createHmac("sha256", keys.get(platform) ?? "").update(`${id}.${at}.`);
      const signature = hmac.update(bytes).digest("base64");
      return { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${signature}` };
    },
  };
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON; of a problem its code too. */
  readonly body: T & { readonly code?: string };
}

/** One HTTP call with a JSON answer, whatever its status. Rejects only when there is no answer. */
export async function ask<T = Record<string, unknown>>(
  base: string,
  path: string,
  headers: Settings = {},
  body?: Uint8Array | object,
): Promise<Answer<T>> {
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
  const answer = await fetch(new URL(path, base), {
    headers: { ...headers, ...(bytes === undefined ? {} : { "content-type": type }) },
    ...(bytes === undefined ? {} : { method: "POST", body: Buffer.from(bytes) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer<T>["body"] };
}

/** The server's address with a database of one test's own, whatever else the address says. */
export function databaseOfOwn(uri: string, name: string): string {
  const [hosts = "", query] = uri.split("?");
  const database = `${name}_${process.pid}_${randomBytes(3).toString("hex")}`;
  return `${hosts.replace(/^(mongodb(?:\+srv)?:\/\/[^/]+).*$/, "$1")}/${database}${query === undefined ? "" : `?${query}`}`;
}

/** The same database through a proxy on this machine: without `directConnection` the driver would ask the server where it is and go there. */
export function throughProxy(uri: string, port: number): string {
  const [hosts = "", query] = uri.replace(/^(mongodb:\/\/(?:[^@/]*@)?)[^/]+/, `$1127.0.0.1:${port}`).split("?");
  const options = new URLSearchParams(query);
  options.delete("replicaSet");
  options.set("directConnection", "true");
  // Not five seconds, so that this test is not longer than it need be.
  options.set("serverSelectionTimeoutMS", "1000");
  return `${hosts}?${options.toString()}`;
}

/** The first host's port in an address. */
export const portOf = (uri: string): number => Number.parseInt(/:(\d+)(?:[/,?]|$)/.exec(uri)?.[1] ?? "0", 10);
