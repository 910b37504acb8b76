/** Changes of the credentials file while its node runs. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { World } from "./world.ts";

export interface CredentialsContent {
  readonly platforms?: Readonly<Record<string, readonly string[]>>;
  readonly operatorKeys: readonly {
    readonly id: string;
    readonly sha256: string;
    readonly scopes: readonly string[];
  }[];
  readonly accountKeys: readonly { readonly id: string; readonly key: string }[];
}

export const newAccountKey = (id: string) => ({ id, key: randomBytes(32).toString("base64") });

/** As an operator does it: the whole file in one move. */
export async function changeCredentials(
  { credentials }: Pick<World, "credentials">,
  change: (now: CredentialsContent) => CredentialsContent,
): Promise<void> {
  const now = JSON.parse(await readFile(credentials, "utf8")) as CredentialsContent;
  await writeFile(`${credentials}.new`, JSON.stringify(change(now)), { mode: 0o600 });
  await rename(`${credentials}.new`, credentials);
}
