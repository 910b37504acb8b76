import type { Account, MerchantAccount } from "../actions.ts";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { AccountKey, Sealed } from "./vault.ts";

/** A payer's bank account. What the bank knows it by is sealed. */
export interface StoredAccount extends Doc, Omit<Account, "id">, Partial<Sealed>, Audited {
  /** As version 0.1.0 stored it, until rotation has sealed it. */
  token?: string;
  /** Being removed, under this mark: it is used for nothing new until that is decided. */
  removing?: string;
  /** Its removal is decided, and nothing takes that back: only the document is still there. */
  removedAt?: string;
  /** When a removal whose process died is decided by a sweeper. */
  dueAt?: string | null;
}

export const ACCOUNTS: CollectionSpec = {
  name: "accounts",
  indexes: [
    { name: "user", keys: ["userId", "_id"] },
    { name: "key", keys: ["keyId"] },
    { name: "due", keys: ["dueAt"] },
    AUDITS_PENDING,
  ],
};

export const showAccount = ({ _id, userId, bank, label, masked, createdAt }: StoredAccount): Account => ({
  id: _id,
  userId,
  bank,
  label,
  ...(masked === undefined ? {} : { masked }),
  createdAt,
});

/** A merchant's bank account, one of those that were ever added for a platform, merchant and currency. */
export interface StoredMerchantAccount extends Doc, Omit<MerchantAccount, "id" | "current">, Sealed, Audited {}

export const MERCHANT_ACCOUNTS: CollectionSpec = {
  name: "merchant-accounts",
  indexes: [
    { name: "merchant", keys: ["platform", "merchant", "currency", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "key", keys: ["keyId"] },
    AUDITS_PENDING,
  ],
};

/** The one that was verified last, also when it was removed since: an earlier one does not come back by itself. */
export function lastVerified(accounts: readonly StoredMerchantAccount[]): StoredMerchantAccount | undefined {
  const orderOf = ({ verifiedAt = "", _id }: StoredMerchantAccount) => `${verifiedAt} ${_id}`;
  return accounts
    .filter(({ verifiedAt }) => verifiedAt !== undefined)
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .at(-1);
}

/** @param last the one of its merchant and currency that was verified last */
export function showMerchantAccount(stored: StoredMerchantAccount, last?: StoredMerchantAccount): MerchantAccount {
  const { _id, sealed: _sealed, keyId: _key, fingerprint: _fingerprint, ...audited } = stored;
  const { audits: _audits, auditsPending: _pending, ...shown } = audited;
  return { id: _id, ...shown, current: last?._id === _id && stored.state === "verified" };
}

/** What tells that a key of accounts is the one that it was when it was first used with this store. */
export interface StoredKeyCheck extends Doc {
  check: string;
}

export const ACCOUNT_KEYS: CollectionSpec = { name: "account-keys", indexes: [] };

/** The filters of what is under any key but this one: plain, or of another name. Each goes by the index. */
export const staleFilters = ({ id }: AccountKey) => [{ keyId: null }, { keyId: { $lt: id } }, { keyId: { $gt: id } }];
