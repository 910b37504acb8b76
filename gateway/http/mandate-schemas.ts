import {
  form,
  id,
  moment,
  object,
  orderIds,
  platform,
  ref,
  type Schema,
  shown,
  text,
  time,
  word,
} from "./schema-parts.ts";

/** Requests and answers about mandates. */
const limits = object(
  {
    perPayment: { ...ref("money") },
    perDay: { ...ref("money") },
    platforms: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: object({ platform, perDay: ref("money") }, ["platform", "perDay"]),
      description: "Only orders of these platforms, each up to its own limit of a day. Absent: of all.",
    },
  },
  ["perPayment", "perDay"],
);
const timeZone = text(
  "^[A-Za-z0-9_+/-]{1,64}$",
  "Name of the IANA database, such as Asia/Shanghai: days begin at its midnight.",
);

export const MANDATE_BODIES = {
  mandate: {
    title: "MandateRequest",
    ...object(
      {
        accountId: { ...id("acc"), description: "The account to be charged; absent: the payer's first." },
        limits,
        timeZone,
        expiresAt: { ...moment, description: "ISO 8601 with a zone, to come, within three years." },
        auto: { type: "boolean", description: "Open orders are charged as they arrive, as far as the limits permit." },
      },
      ["limits", "timeZone", "expiresAt"],
    ),
  },
  charge: {
    title: "MandateChargeRequest",
    oneOf: [
      form(
        '`orders`: "all"',
        { orders: { const: "all", description: "All that the mandate is for and that is open." } },
        ["orders"],
      ),
      form("`orders` as a list of ids", { orders: orderIds }, ["orders"]),
    ],
  },
} as const satisfies Record<string, Schema>;

export const MANDATE_ANSWERS = {
  mandate: object(
    {
      ...shown,
      userId: word,
      accountId: word,
      limits,
      timeZone: word,
      expiresAt: time,
      auto: { type: "boolean" },
      state: { enum: ["active", "revoked", "expired"] },
      endedAt: time,
      underWay: { type: "array", items: word, description: "Ids of its payments that have not ended." },
    },
    ["id", "userId", "accountId", "limits", "timeZone", "expiresAt", "auto", "state", "underWay", "createdAt"],
  ),
} as const satisfies Record<string, Schema>;
