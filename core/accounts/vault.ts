import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { MergepayError } from "../errors/errors.ts";

/** A key of the credentials file: 32 bytes under a name. The first of the list seals, all of them open. */
export interface AccountKey {
  readonly id: string;
  readonly key: Uint8Array;
}

export const KEY_BYTES = 32;
export const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/;

/** An account number or bank token as stored: what it is under, and the text that only the vault can open. */
export interface Sealed {
  /** `v1.<iv>.<ciphertext and tag>`, base64url: AES-256-GCM with the account's id as associated data. */
  sealed: string;
  keyId: string;
  /** HMAC of bank and number: tells the same number added twice, and nothing else. */
  fingerprint: string;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** One key for each use, so that none tells anything of another (RFC 5869). */
const subkey = ({ key }: AccountKey, use: string): Buffer =>
  Buffer.from(hkdfSync("sha256", key, "", `mergepay account ${use}`, KEY_BYTES));

/** What tells that a key is the one it was, without telling the key. */
export const checkOf = (key: AccountKey): string =>
  createHmac("sha256", subkey(key, "check")).update(key.id).digest("base64url");

function fingerprint(key: AccountKey, bank: string, secret: string): string {
  return createHmac("sha256", subkey(key, "fingerprint")).update(`${bank}\n${secret}`).digest("base64url");
}

/**
 * Seals and opens what must not be read in the store. What is sealed for one account can't be opened as another's.
 * @param keysNow the keys as they are now: they may change while the process runs
 */
export function accountVault(keysNow: () => readonly AccountKey[]) {
  function newest(): AccountKey {
    const [first] = keysNow();
    if (first === undefined) throw new MergepayError("CONFIG_INVALID", "The credentials file has no accountKeys.");
    return first;
  }

  return {
    newest,
    keys: keysNow,

    /** Under the newest key. @param accountId whose it is: it opens for no other */
    seal(accountId: string, bank: string, secret: string): Sealed {
      const key = newest();
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", subkey(key, "seal"), iv);
      cipher.setAAD(Buffer.from(accountId));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return {
        sealed: `v1.${iv.toString("base64url")}.${text.toString("base64url")}`,
        keyId: key.id,
        fingerprint: fingerprint(key, bank, secret),
      };
    },

    /** @throws CONFIG_INVALID when its key is not among those there are; INTERNAL when it was not sealed for this account, or was changed */
    open(accountId: string, { sealed, keyId }: Pick<Sealed, "sealed" | "keyId">): string {
      const key = keysNow().find(({ id }) => id === keyId);
      if (key === undefined)
        throw new MergepayError(
          "CONFIG_INVALID",
          `The account ${accountId} is sealed under the key ${keyId}, which is not among accountKeys; put it back there.`,
        );
      const [version, iv = "", text = ""] = sealed.split(".");
      const bytes = Buffer.from(text, "base64url");
      try {
        if (version !== "v1") throw new TypeError("It is not sealed in a way that is known here.");
        const decipher = createDecipheriv("aes-256-gcm", subkey(key, "seal"), Buffer.from(iv, "base64url"), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(accountId));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
      } catch (error) {
        throw new MergepayError(
          "INTERNAL",
          `What is stored as the number of ${accountId} was not sealed for it; restore the store from a backup.`,
          {},
          { cause: error },
        );
      }
    },

    /** Its fingerprint under each key: one that was stored before the newest key came is found too. */
    fingerprints: (bank: string, secret: string): string[] => keysNow().map((key) => fingerprint(key, bank, secret)),
  };
}

export type AccountVault = ReturnType<typeof accountVault>;
