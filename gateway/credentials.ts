import { createHash, createHmac, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SignJWT } from "jose";
import { type AccountKey, KEY_BYTES, KEY_ID } from "../core/accounts/vault.ts";
import { MergepayError } from "../core/errors/errors.ts";
import { type OperatorKey, SCOPES } from "./http/auth.ts";

/** Who may call, as a file of the operator's (mode 0600). `platformMaster` is for sandboxes: each platform's secret comes from it. */
interface CredentialsFile {
  /** Standard Webhooks secrets (`whsec_...`) by platform; two while one is being replaced. An object where there is more to say. */
  readonly platforms?: Readonly<Record<string, readonly string[] | PlatformCredentials>>;
  readonly platformMaster?: string;
  /** HS256 secret of payers' tokens, base64, 32 bytes or more. */
  readonly payerJwtSecret: string;
  /** `id` names the person who holds the key; without one it is made of the key's hash. */
  readonly operatorKeys: readonly {
    readonly id?: string;
    readonly sha256: string;
    readonly scopes: readonly string[];
  }[];
  /** What account numbers are sealed under, base64, 32 bytes: the first seals, all open. */
  readonly accountKeys?: readonly { readonly id: string; readonly key: string }[];
}

interface PlatformCredentials {
  /** Absent with a `platformMaster`: made of it. */
  readonly secrets?: readonly string[];
  /** `required`: files of the platform are taken with a manifest only. */
  readonly manifest?: "optional" | "required";
}

export interface Credentials {
  readonly platformSecrets: (platform: string) => readonly string[];
  readonly manifestRequired: (platform: string) => boolean;
  readonly payerJwtSecret: Uint8Array;
  readonly operatorKeys: readonly OperatorKey[];
  readonly accountKeys: readonly AccountKey[];
}

/** Credentials that follow their file: whoever keeps the object has what the file says now. */
export interface LiveCredentials extends Credentials {
  /** Reads the file again if it has changed. @throws CONFIG_INVALID, once for each change; what was read before stands then */
  reload(): Promise<void>;
}

/** What the sandbox hands out to try things with. */
export interface SandboxAccess {
  readonly folder: string;
  readonly operatorKey: string;
  /** Of a second operator, for decisions that take two. */
  readonly reviewerKey: string;
  /** A payer's token for a day. */
  payerToken(userId: string): Promise<string>;
}

const isList = (entry: readonly string[] | PlatformCredentials | undefined): entry is readonly string[] =>
  Array.isArray(entry);

/** A name that fits into a log line, a page and a file. */
const OPERATOR_ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** What tells one content of a file from another. */
const stampOf = async (file: string): Promise<string> => {
  const { mtimeMs, size, ino } = await stat(file);
  return `${mtimeMs} ${size} ${ino}`;
};

/** The operator's credentials file, to be followed. @throws CONFIG_INVALID naming the file and what is wrong; never its content */
export async function readCredentials(file: string): Promise<LiveCredentials> {
  let present = await parseCredentials(file);
  let seen = await stampOf(file);
  return {
    platformSecrets: (platform) => present.platformSecrets(platform),
    manifestRequired: (platform) => present.manifestRequired(platform),
    get payerJwtSecret() {
      return present.payerJwtSecret;
    },
    get operatorKeys() {
      return present.operatorKeys;
    },
    get accountKeys() {
      return present.accountKeys;
    },
    async reload() {
      const stamp = await stampOf(file).catch(() => "gone");
      if (stamp === seen) return;
      seen = stamp;
      present = await parseCredentials(file);
    },
  };
}

async function parseCredentials(file: string): Promise<Credentials> {
  const wrong = (reason: string) => new MergepayError("CONFIG_INVALID", `The credentials file ${file} ${reason}.`);
  const text = await readFile(file, "utf8").catch(() => {
    throw wrong("can't be read");
  });
  let parsed: CredentialsFile;
  try {
    parsed = JSON.parse(text) as CredentialsFile;
  } catch {
    throw wrong("is not JSON");
  }
  if (typeof parsed.payerJwtSecret !== "string" || !Array.isArray(parsed.operatorKeys))
    throw wrong("lacks payerJwtSecret or operatorKeys");
  const payerJwtSecret = Buffer.from(parsed.payerJwtSecret, "base64");
  if (payerJwtSecret.length < 32) throw wrong("has a payerJwtSecret of less than 32 bytes");
  const { platforms = {}, platformMaster } = parsed;
  const entryOf = (platform: string): PlatformCredentials => {
    const entry = Object.hasOwn(platforms, platform) ? platforms[platform] : undefined;
    return isList(entry) ? { secrets: entry } : (entry ?? {});
  };
  for (const platform of Object.keys(platforms)) {
    const { manifest = "optional" } = entryOf(platform);
    if (manifest !== "optional" && manifest !== "required")
      throw wrong(`has a manifest of ${platform} that is neither "optional" nor "required"`);
  }
  const operatorKeys = parsed.operatorKeys.map(({ id, sha256, scopes }): OperatorKey => {
    if (id !== undefined && !OPERATOR_ID.test(id))
      throw wrong("has an operator id that is not 1 to 64 of A-Z, a-z, 0-9 and . _ @ -");
    return { id: id ?? `key-${sha256.slice(0, 12)}`, sha256, scopes };
  });
  const accountKeys = (parsed.accountKeys ?? []).map(({ id, key }): AccountKey => {
    const bytes = Buffer.from(key, "base64");
    if (!KEY_ID.test(id)) throw wrong("has an id in accountKeys that is not 1 to 32 of A-Z, a-z, 0-9 and -");
    if (bytes.length !== KEY_BYTES)
      throw wrong(`has a key ${id} in accountKeys that is not ${KEY_BYTES} bytes in base64`);
    return { id, key: bytes };
  });
  if (new Set(accountKeys.map(({ id }) => id)).size < accountKeys.length) throw wrong("has two accountKeys of one id");
  return {
    accountKeys,
    manifestRequired: (platform) => entryOf(platform).manifest === "required",
    payerJwtSecret,
    operatorKeys,
    platformSecrets(platform) {
      const { secrets } = entryOf(platform);
      if (secrets !== undefined) return secrets;
      if (platformMaster === undefined) return [];
      const secret = createHmac("sha256", platformMaster).update(platform).digest("base64");
      return [`whsec_${secret}`];
    },
  };
}

/**
 * Makes the credentials of a sandbox once, in files that only their owner can read: credentials.json, and for curl (`-H @file`)
 * operator.header, reviewer.header and payer.header. Keys made by an earlier version get the scopes of this one.
 */
export async function sandboxCredentials(
  dataDir: string,
  payer: string,
): Promise<{ file: string; access: SandboxAccess }> {
  const folder = join(dataDir, "sandbox");
  const file = join(folder, "credentials.json");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const random = () => randomBytes(KEY_BYTES).toString("base64");
  // Several nodes may start in this folder at once: what the first of them makes is what all take.
  const before = await firstText(
    file,
    () =>
      `${JSON.stringify({ platformMaster: random(), payerJwtSecret: random(), accountKeys: [sandboxKey(random())] })}\n`,
  );
  const kept = JSON.parse(before) as CredentialsFile;
  const operatorKey = await operatorKeyIn(folder, "operator");
  // Some decisions take a second person.
  const reviewerKey = await operatorKeyIn(folder, "reviewer");
  const entry = (id: string, key: string) => ({ id, sha256: sha256Of(key), scopes: SCOPES });
  const operatorKeys = [entry("operator", operatorKey), entry("reviewer", reviewerKey)];
  const accountKeys = kept.accountKeys ?? [sandboxKey(random())];
  const text = `${JSON.stringify({ ...kept, operatorKeys, accountKeys }, undefined, 2)}\n`;
  if (text !== before) await writePrivate(file, text);
  const { payerJwtSecret } = await readCredentials(file);
  const payerToken = (userId: string) =>
    new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(userId)
      .setAudience("mergepay")
      .setIssuedAt()
      .setExpirationTime("24h")
      .sign(payerJwtSecret);
  await writePrivate(join(folder, "payer.header"), `Authorization: Bearer ${await payerToken(payer)}\n`);
  return { file, access: { folder, operatorKey, reviewerKey, payerToken } };
}

const sha256Of = (key: string): string => createHash("sha256").update(key).digest("hex");

const sandboxKey = (key: string) => ({ id: "sandbox-1", key });

/** The key in a header file of the sandbox, which is made when it is not there. */
async function operatorKeyIn(folder: string, name: string): Promise<string> {
  const made = () => `Authorization: Bearer mpk_${randomBytes(24).toString("base64url")}\n`;
  const header = await firstText(join(folder, `${name}.header`), made);
  return header.trim().split(" ").at(-1) ?? "";
}

/** A text beside the file that it is to become, for its owner only. */
async function writeBeside(file: string, text: string): Promise<string> {
  const beside = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(beside, text, { mode: 0o600, flag: "wx" });
  return beside;
}

/** What a file holds; a file that is not there is made first, whole, by one process only. */
async function firstText(file: string, make: () => string): Promise<string> {
  const present = await readFile(file, "utf8").catch(() => undefined);
  if (present !== undefined) return present;
  const beside = await writeBeside(file, make());
  await link(beside, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(beside);
  return readFile(file, "utf8");
}

/** Replaces a file whole: nobody reads a part of it. */
async function writePrivate(file: string, text: string): Promise<void> {
  await rename(await writeBeside(file, text), file);
}
