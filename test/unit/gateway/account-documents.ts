/** Mandates and merchants' accounts for the tests of the HTTP edge, and services that answer with them. */
import type { Handlers } from "./edge.ts";
import { IDS, money, time } from "./ids.ts";

export const ACCOUNT_DOCS = {
  mandate: {
    id: IDS.mandate,
    userId: "anna",
    accountId: IDS.account,
    limits: { perPayment: money, perDay: money, platforms: [{ platform: "acme", perDay: money }] },
    timeZone: "Asia/Shanghai",
    expiresAt: time,
    auto: false,
    state: "active",
    underWay: [],
    createdAt: time,
  },
  merchantAccount: {
    id: IDS.merchantAccount,
    platform: "acme",
    merchant: "tea",
    currency: "CNY",
    bank: "sandbox",
    label: "Tea's",
    masked: "****4321",
    state: "verified",
    current: true,
    addedBy: "ann",
    verifiedBy: "ben",
    verifiedAt: time,
    createdAt: time,
  },
} as const;

const page = (item: unknown) => () => ({ items: [item] });

export const ACCOUNT_HANDLERS: Handlers = {
  "mandates.create": () => ({ ...ACCOUNT_DOCS.mandate, existed: false }),
  "mandates.get": () => ACCOUNT_DOCS.mandate,
  "mandates.list": page(ACCOUNT_DOCS.mandate),
  "mandates.revoke": () => ({ ...ACCOUNT_DOCS.mandate, state: "revoked", endedAt: time }),
  "accounts.addForMerchant": () => ({ ...ACCOUNT_DOCS.merchantAccount, existed: false }),
  "accounts.verifyForMerchant": () => ACCOUNT_DOCS.merchantAccount,
  "accounts.removeForMerchant": () => ({ ...ACCOUNT_DOCS.merchantAccount, state: "removed", current: false }),
  "accounts.listForMerchants": page(ACCOUNT_DOCS.merchantAccount),
};
