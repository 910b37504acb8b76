import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KEY = /^[\x21-\x7e]{16,200}$/;

/** Reads a key file: one line of 16 to 200 printable characters. @throws Error that names the file's fault, never its content */
export function readKey(file: string): string {
  const key = readFileSync(file, "utf8").trim();
  if (!KEY.test(key)) throw new Error("The key file must hold one line of 16 to 200 printable characters.");
  return key;
}

/** Made whole under another name, then linked: a crash leaves no half key, and of two first starts at once both end with the same one. */
function makeKey(file: string): void {
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, file);
  } catch (error) {
    // The other start was first: its key counts.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
}

/** The bank's key: of the file named, else of `key` in the data folder, made at the first start (readable by its owner only). */
export function bankKey(dataDir: string, keyFile: string | undefined): string {
  if (keyFile !== undefined) return readKey(keyFile);
  const file = join(dataDir, "key");
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    makeKey(file);
  }
  return readKey(file);
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether an Authorization header carries the key; takes the same time for every wrong one. */
export const hasKey = (header: string | undefined, key: string): boolean =>
  timingSafeEqual(digest(header ?? ""), digest(`Bearer ${key}`));
