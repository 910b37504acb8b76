import {
  count,
  currency,
  form,
  line,
  merchant,
  object,
  platform,
  type Schema,
  shown,
  text,
  time,
  word,
} from "./schema-parts.ts";

/** Requests and answers about bank accounts. */
const bank = text("^[a-z][a-z0-9-]{1,39}$", "Name of the bank driver.");
const accountToken = text("^[!-~]{1,500}$", "The bank's token of the account: written here, never shown.", {
  writeOnly: true,
});
const accountNumber = text(
  "^[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){4,33}$",
  "Its number, such as an IBAN: written here, only its end is ever shown.",
  { writeOnly: true },
);
const label = line(128, "What its owner calls the account.");
const ofMerchant = { platform, merchant, currency, bank, label };

export const ACCOUNT_BODIES = {
  account: {
    title: "AccountRequest",
    oneOf: [
      form("the `number`", { bank, number: accountNumber, label }, ["bank", "number", "label"]),
      form("the bank's `token`", { bank, token: accountToken, label }, ["bank", "token", "label"]),
    ],
  },
  merchantAccount: {
    title: "MerchantAccountRequest",
    oneOf: [
      form("the `number`", { ...ofMerchant, number: accountNumber }, [...Object.keys(ofMerchant), "number"]),
      form("the bank's `token`", { ...ofMerchant, token: accountToken }, [...Object.keys(ofMerchant), "token"]),
    ],
  },
} as const satisfies Record<string, Schema>;

const maskedNumber: Schema = { ...word, description: "The end of its number; absent when a token was given." };
const account = object({ ...shown, userId: word, bank: word, label: word, masked: maskedNumber }, [
  "id",
  "userId",
  "bank",
  "label",
  "createdAt",
]);
const merchantAccount = object(
  {
    ...shown,
    platform: word,
    merchant: word,
    currency: word,
    bank: word,
    label: word,
    masked: maskedNumber,
    state: { enum: ["unverified", "verified", "removed"] },
    current: { type: "boolean", description: "Payouts that begin now go to it." },
    addedBy: { ...word, description: "The operator." },
    verifiedBy: word,
    verifiedAt: time,
    removedBy: word,
    removedAt: time,
  },
  ["id", "platform", "merchant", "currency", "bank", "label", "state", "current", "addedBy", "createdAt"],
);
const rotation = object(
  {
    keyId: { ...word, description: "The newest key." },
    rotated: { ...count, description: "Sealed under it by this call." },
    failed: { ...count, description: "Could not be opened; the log says which and why." },
    left: { ...count, description: "Not under it yet." },
  },
  ["keyId", "rotated", "failed", "left"],
);

export const ACCOUNT_ANSWERS = {
  account,
  merchantAccount,
  removed: object({ removed: { const: true } }, ["removed"]),
  rotation,
} as const satisfies Record<string, Schema>;
