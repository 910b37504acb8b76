import { createHash, createHmac, randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SignJWT } from "jose";
import { MergepayError } from "../core/errors/errors.ts";

/** Who may call, as a file of the operator's (mode 0600). `platformMaster` is for sandboxes: each platform's secret comes from it. */
interface CredentialsFile {
  /** Standard Webhooks secrets (`whsec_...`) by platform; two while one is being replaced. An object where there is more to say. */
  readonly platforms?: Readonly<Record<string, readonly string[] | PlatformCredentials>>;
  readonly platformMaster?: string;
  /** HS256 secret of payers' tokens, base64, 32 bytes or more. */
  readonly payerJwtSecret: string;
  readonly operatorKeys: readonly { readonly sha256: string; readonly scopes: readonly string[] }[];
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
  readonly operatorKeys: CredentialsFile["operatorKeys"];
}

/** What the sandbox hands out to try things with. */
export interface SandboxAccess {
  readonly folder: string;
  readonly operatorKey: string;
  /** A payer's token for a day. */
  payerToken(userId: string): Promise<string>;
}

const isList = (entry: readonly string[] | PlatformCredentials | undefined): entry is readonly string[] =>
  Array.isArray(entry);

const OPERATOR_SCOPES = ["files:write", "read", "links:write", "endpoints:write"];

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
  return {
    manifestRequired: (platform) => entryOf(platform).manifest === "required",
    payerJwtSecret,
    operatorKeys: parsed.operatorKeys,
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
 * operator.header and payer.header.
 */
export async function sandboxCredentials(
  dataDir: string,
  payer: string,
): Promise<{ file: string; access: SandboxAccess }> {
  const folder = join(dataDir, "sandbox");
  const file = join(folder, "credentials.json");
  const operatorFile = join(folder, "operator.header");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const headers = await readFile(operatorFile, "utf8").catch(() => undefined);
  let operatorKey = headers?.trim().split(" ").at(-1);
  if (operatorKey === undefined) {
    operatorKey = `mpk_${randomBytes(24).toString("base64url")}`;
    const made: CredentialsFile = {
      platformMaster: randomBytes(32).toString("base64"),
      payerJwtSecret: randomBytes(32).toString("base64"),
      operatorKeys: [{ sha256: createHash("sha256").update(operatorKey).digest("hex"), scopes: OPERATOR_SCOPES }],
    };
    await writePrivate(file, `${JSON.stringify(made, undefined, 2)}\n`);
    await writePrivate(operatorFile, `Authorization: Bearer ${operatorKey}\n`);
  }
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
  return { file, access: { folder, operatorKey, payerToken } };
}

async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
}
