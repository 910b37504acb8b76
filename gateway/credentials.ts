import { createHash, createHmac, randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SignJWT } from "jose";
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

/** Reads the operator's credentials file. @throws CONFIG_INVALID naming the file and what is wrong; never its content */
export async function readCredentials(file: string): Promise<Credentials> {
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
  return {
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
  const before = await readFile(file, "utf8").catch(() => undefined);
  const kept =
    before === undefined
      ? { platformMaster: randomBytes(32).toString("base64"), payerJwtSecret: randomBytes(32).toString("base64") }
      : (JSON.parse(before) as CredentialsFile);
  const operatorKey = await operatorKeyIn(folder, "operator");
  // Some decisions take a second person.
  const reviewerKey = await operatorKeyIn(folder, "reviewer");
  const entry = (id: string, key: string) => ({ id, sha256: sha256Of(key), scopes: SCOPES });
  const operatorKeys = [entry("operator", operatorKey), entry("reviewer", reviewerKey)];
  const text = `${JSON.stringify({ ...kept, operatorKeys }, undefined, 2)}\n`;
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

/** The key in a header file of the sandbox, which is made when it is not there. */
async function operatorKeyIn(folder: string, name: string): Promise<string> {
  const file = join(folder, `${name}.header`);
  const header = await readFile(file, "utf8").catch(() => undefined);
  const present = header?.trim().split(" ").at(-1);
  if (present !== undefined) return present;
  const key = `mpk_${randomBytes(24).toString("base64url")}`;
  await writePrivate(file, `Authorization: Bearer ${key}\n`);
  return key;
}

async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
}
