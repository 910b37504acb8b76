import type { Page, PageQuery } from "../actions.ts";

/** What a bank knows an account by: its own token, or the account's number. One of the two. */
export interface AccountSecret {
  readonly token?: string;
  readonly number?: string;
}

/** An account as shown: neither token nor number ever leaves. */
export interface Account {
  readonly id: string;
  readonly userId: string;
  readonly bank: string;
  readonly label: string;
  /** `****4321`: the end of its number; absent when it was given by a token. */
  readonly masked?: string;
  readonly createdAt: string;
}

/** A merchant's account as shown. Of those verified for a merchant and currency the last one is `current`: payouts that begin go there. */
export interface MerchantAccount {
  readonly id: string;
  readonly platform: string;
  readonly merchant: string;
  readonly currency: string;
  readonly bank: string;
  readonly label: string;
  readonly masked?: string;
  readonly state: "unverified" | "verified" | "removed";
  readonly current: boolean;
  readonly addedBy: string;
  readonly verifiedBy?: string;
  readonly verifiedAt?: string;
  readonly removedBy?: string;
  readonly removedAt?: string;
  readonly createdAt: string;
}

/** What a step of rotation did: accounts sealed under the key, those that could not be opened, and those that are left. */
export interface Rotation {
  readonly keyId: string;
  readonly rotated: number;
  readonly failed: number;
  readonly left: number;
}

/** The calls of `accounts`. */
export interface AccountActions {
  "accounts.create": {
    params: AccountSecret & { userId: string; bank: string; label: string };
    result: Account & { existed: boolean };
  };
  "accounts.list": { params: { userId: string }; result: Page<Account> };
  "accounts.remove": { params: { accountId: string; userId: string }; result: { removed: true } };
  /** One bounded step under the newest key. */
  "accounts.rotate": { params: Record<string, never>; result: Rotation };
  "accounts.addForMerchant": {
    params: AccountSecret & {
      platform: string;
      merchant: string;
      currency: string;
      bank: string;
      label: string;
      operatorId: string;
    };
    result: MerchantAccount & { existed: boolean };
  };
  "accounts.verifyForMerchant": { params: { accountId: string; operatorId: string }; result: MerchantAccount };
  "accounts.removeForMerchant": { params: { accountId: string; operatorId: string }; result: MerchantAccount };
  "accounts.listForMerchants": {
    params: PageQuery & { platform?: string; merchant?: string };
    result: Page<MerchantAccount>;
  };
}
