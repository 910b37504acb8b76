/**
 * The JSON Schemas of requests and of answers that are not documents of `schemas/`. The same ones validate and are published
 * as OpenAPI. Query parameters and path parameters are text: nothing is coerced.
 */
import { DECISION_BODIES, HOW_TO_CHANGE, HOW_TO_PAY } from "./payment-schemas.ts";
import {
  type Schema,
  bankName,
  count,
  currency,
  form,
  id,
  line,
  merchant,
  moment,
  object,
  orderIds,
  platform,
  ref,
  shown,
  text,
  time,
  userId,
  word,
} from "./schema-parts.ts";

import { needsReview, REFUND_BODIES } from "./refund-schemas.ts";
import { RECONCILIATION_ANSWER, RECONCILIATION_BODY } from "./statement-schemas.ts";

export { pageSchema, type Schema } from "./schema-parts.ts";

const all: Schema = { const: "all", description: "All open orders of the payer." };

export const PARAMS = {
  platform: object({ platform }, ["platform"]),
  file: object({ id: text("^file_[0-9a-f]{40}$") }, ["id"]),
  order: object({ id: id("ord") }, ["id"]),
  quote: object({ id: id("quo") }, ["id"]),
  proposal: object({ id: id("pay"), proposalId: id("prp") }, ["id", "proposalId"]),
  payment: object({ id: id("pay") }, ["id"]),
  link: object({ id: id("lnk") }, ["id"]),
  account: object({ id: id("acc") }, ["id"]),
  merchantAccount: object({ id: id("mac") }, ["id"]),
  payout: object({ id: id("pyo") }, ["id"]),
  refund: object({ id: id("rfd") }, ["id"]),
  claim: object({ id: id("clm") }, ["id"]),
  chargeback: object({ id: text("^cbk_[0-9a-f]{26}$") }, ["id"]),
  day: object({ date: text("^\\d{4}-\\d{2}-\\d{2}$", "A day, UTC.") }, ["date"]),
  mandate: object({ id: id("man") }, ["id"]),
} as const;

const page = {
  after: text("^[^\\p{Cc}]+$", "The `next` of the page before.", { maxLength: 1024 }),
  limit: text("^[0-9]{1,6}$", "Most items of the page, plain digits."),
};
const day = text("^[0-9T:.Z+-]+$", "A day of the merchant's zone such as 2026-03-01, or ISO 8601 with a zone.", {
  maxLength: 35,
});
export const QUERY = {
  none: object({}),
  page: object(page),
  upload: object({
    merchant: { ...merchant, description: "Whose file it is, where the file does not say; the plugin has a default." },
    name: line(255, "The file's name, for people."),
    dryRun: {
      const: "true",
      description: "Only say what the file would become: nothing is kept, and `name` and `wait` mean nothing.",
    },
    confirm: text("^file_[0-9a-f]{40}$", "The `confirmation` of a dry run: any other file is refused."),
    wait: text("^(?:[1-9]|[12][0-9]|30)$", "Seconds to wait for the file to be processed before answering."),
  }),
  remap: object({ dryRun: { const: "true", description: "Only say what would change." } }),
  ofPlatform: object({ ...page, platform: { ...platform, description: "Operators: only of this platform." } }),
  chargebacks: object({ ...page, payment: id("pay"), needsReview }),
  claims: object({
    ...page,
    platform: { ...platform, description: "Operators: only of this platform." },
    state: { enum: ["owing", "claimed", "netted", "settled", "written_off"] },
  }),
  takeBacks: object({
    ...page,
    platform: { ...platform, description: "Operators: only of this platform." },
    needsReview,
  }),
  ofUser: object({ ...page, userId: { ...userId, description: "Operators: whose; they must say." } }),
  lines: object({ ...page, payment: id("pay"), payout: id("pyo"), platform }),
  journal: object({ ...page, payment: id("pay") }),
  balances: object({ ...page, account: line(256, "Only of this account of the chart.") }),
  audit: object({ ...page, subject: line(200, "Only decisions about this: the id of a payment, file, link ...") }),
  breaks: object({ ...page, bank: bankName, state: { enum: ["open", "resolved"] } }),
  statement: object(
    {
      ...page,
      platform: { ...platform, description: "Operators must say whose." },
      merchant,
      currency,
      from: day,
      to: {
        ...day,
        description: "Not included, and not to come. A day of the merchant's zone, or a time with a zone.",
      },
      format: { const: "csv", description: "All of it as CSV, in the place of a page as JSON." },
    },
    ["merchant", "currency", "from", "to"],
  ),
  ofMerchant: object({
    ...page,
    platform: { ...platform, description: "Operators: only of this platform." },
    merchant,
  }),
} as const;

const fingerprint = text("^[0-9a-f]{64}$", "That of the quote: what was seen is what is paid.");
const orderNo = line(128, "One order of the merchant.");
const buyerId = text("^[^\\p{Cc}\\p{Zl}\\p{Zp}]+$", "The platform's own id of the buyer.", {
  minLength: 1,
  maxLength: 256,
});

/** A rule that is set for a platform or a merchant. */
const ruleBody = (title: string, rule: string): Schema => ({
  title,
  ...object(
    {
      merchant: { ...merchant, description: "Absent: all merchants of the platform that have no rule of their own." },
      from: { ...moment, description: "ISO 8601 with a zone, not over; absent: from now on." },
      rule: {
        description: "null: what applies without this rule.",
        // So that what is wrong with a rule is told by its place in it.
        if: { type: "null" },
        else: ref(rule),
      },
    },
    ["rule"],
  ),
});

const payees = {
  platform: { ...platform, description: "Only merchants of this platform." },
  merchant: { ...merchant, description: "Only this merchant." },
  after: text("^[^\\p{Cc}]+$", "The `next` of the preview before.", { maxLength: 256 }),
};
const ALL_ORDERS = '`orders`: "all" with the `currency`';
const ORDERS_BY_ID = "`orders` as a list of ids without `currency`";

export const BODIES = {
  ...REFUND_BODIES,
  file: { type: "string", format: "binary", description: "The file, byte for byte, in the platform's own format." },
  quote: {
    title: "QuoteRequest",
    oneOf: [
      form(
        '`orders`: "all" with or without a `currency`',
        {
          orders: all,
          currency: { ...currency, description: "Only what is in it; absent: in every currency." },
          ...HOW_TO_CHANGE,
        },
        ["orders"],
      ),
      form(ORDERS_BY_ID, { orders: orderIds, ...HOW_TO_CHANGE }, ["orders"]),
    ],
  },
  payment: {
    title: "PaymentRequest",
    oneOf: [
      form("`quoteId` with its `fingerprint`", { quoteId: id("quo"), fingerprint, ...HOW_TO_PAY }, [
        "quoteId",
        "fingerprint",
      ]),
      form(ALL_ORDERS, { orders: all, currency, ...HOW_TO_PAY }, ["orders", "currency"]),
      form(ORDERS_BY_ID, { orders: orderIds, ...HOW_TO_PAY }, ["orders"]),
    ],
  },
  ...DECISION_BODIES,
  link: {
    title: "LinkRequest",
    oneOf: [
      form("the `buyerId`", { platform, userId, buyerId }, ["platform", "userId", "buyerId"]),
      form("`merchant` with `orderNo`", { platform, userId, merchant, orderNo }, [
        "platform",
        "userId",
        "merchant",
        "orderNo",
      ]),
    ],
  },
  claim: {
    title: "LinkClaimRequest",
    ...object(
      {
        token: text("^[\\w-]+\\.[\\w-]+\\.[\\w-]+$", "The token that the platform gave its buyer: a compact JWS.", {
          maxLength: 4096,
          writeOnly: true,
        }),
      },
      ["token"],
    ),
  },
  linkFile: { type: "string", format: "binary", description: "CSV: a header row, then a link a line." },
  feeRule: ruleBody("FeeRuleRequest", "fee-rule"),
  settlementRule: ruleBody("SettlementRuleRequest", "settlement-rule"),
  payoutPreview: { title: "PayoutPreviewRequest", ...object(payees) },
  payoutRun: {
    title: "PayoutRunRequest",
    ...object({ ...payees, confirmation: text("^[0-9a-f]{64}$", "That of the preview of the same parameters.") }, [
      "confirmation",
    ]),
  },
  reconciliation: RECONCILIATION_BODY,
  delivered: {
    title: "DeliveryNote",
    ...object({ deliveredAt: { ...moment, description: "ISO 8601 with a zone, not to come; absent: now." } }),
  },
  endpoint: {
    title: "EndpointRequest",
    ...object(
      {
        platform: { ...platform, description: "Operators: whose endpoint it is. Platforms may leave it out." },
        url: text("^https?://[!-~]+$", "Where events are sent.", { maxLength: 2048 }),
      },
      ["url"],
    ),
  },
} as const satisfies Record<string, Schema>;

/** A line of a file of links. */
export const LINK_ROW: Schema = object({ platform, buyerId, userId }, ["platform", "buyerId", "userId"]);

const seconds: Schema = { type: "integer", minimum: 0 };
const claims = {
  iss: platform,
  aud: { const: "mergepay:link" },
  exp: seconds,
  iat: seconds,
  nbf: seconds,
  jti: text("^[!-~]{8,255}$", "Unique for the platform: a token is used once."),
};
/** The claims of a platform's token that says who a buyer is: `buyerId`, or `merchant` and `orderNo`. */
export const LINK_TOKEN: Schema = object({ ...claims, buyerId, merchant, orderNo }, ["iss", "aud", "exp", "jti"]);

/** Of an upload; what they hold is read and refused by itself. */
export const UPLOAD_HEADERS: Schema = {
  type: "object",
  properties: {
    "mergepay-manifest": {
      type: "string",
      description:
        'What the file holds, as JSON: `{"sha256":"...","records":2,"totals":{"USD":"12.30"}}`. A file that holds anything else creates nothing.',
    },
    "mergepay-manifest-signature": {
      type: "string",
      description:
        "Of platforms: the Standard Webhooks signature over the manifest's text, with the same webhook-id and webhook-timestamp.",
    },
  },
};

/** @param maximumChars the longest key @param what it is the key of */
export const idempotencyHeaders = (maximumChars: number, what: string): Schema => ({
  type: "object",
  required: ["idempotency-key"],
  properties: {
    "idempotency-key": text("^[ -~]+$", `Printable ASCII; the same key with the same body is the same ${what}.`, {
      maxLength: maximumChars,
    }),
  },
});

const linkFields = {
  id: word,
  platform: word,
  userId: word,
  buyerId: word,
  merchant: word,
  orderNo: word,
  createdAt: time,
};
const endpointFields = { ...shown, platform: word, url: word };
const delivery = object(
  {
    id: word,
    eventId: word,
    endpointId: word,
    platform: word,
    state: { enum: ["pending", "delivered", "dead"] },
    tries: count,
    lastStatus: { type: "integer" },
    lastError: word,
  },
  ["id", "eventId", "endpointId", "platform", "state", "tries"],
);
const plugin = object(
  {
    id: word,
    state: { enum: ["running", "refused"] },
    version: word,
    title: word,
    error: object({ code: word, reason: word }, ["code", "reason"]),
  },
  ["id", "state"],
);
const inbox = object(
  {
    groups: {
      type: "array",
      items: object(
        { platform: word, merchant: word, total: ref("money"), orders: { type: "array", items: ref("order") } },
        ["platform", "merchant", "total", "orders"],
      ),
    },
    totals: { type: "array", items: object({ total: ref("money"), orders: count }, ["total", "orders"]) },
    next: word,
  },
  ["groups", "totals"],
);

const linkImport = object(
  {
    lines: { ...count, description: "Lines below the header." },
    made: count,
    known: { ...count, description: "Links that were there already." },
    claimed: { ...count, description: "Waiting orders that now are their users'." },
    rejected: count,
    rejects: {
      type: "array",
      items: object({ line: count, code: word, field: word, reason: word }, ["line", "code", "reason"]),
    },
    more: { type: "boolean", description: "More lines were rejected than are listed." },
  },
  ["lines", "made", "known", "claimed", "rejected", "rejects", "more"],
);

export const ANSWERS = {
  file: ref("file-report"),
  remapPlan: ref("remap-plan"),
  fileOrDryRun: { oneOf: [ref("file-report"), ref("dry-run")] },
  reject: ref("record-reject"),
  order: ref("order"),
  chargeback: ref("chargeback"),
  claim: ref("claim"),
  takeBack: ref("take-back"),
  quote: ref("quote"),
  payment: ref("payment"),
  paid: {
    oneOf: [
      ref("payment"),
      object(
        {
          payments: { type: "array", items: ref("payment"), description: "One for each currency, in their order." },
        },
        ["payments"],
      ),
    ],
  },
  review: ref("review"),
  refund: ref("refund"),
  refundPreview: ref("refund-preview"),
  line: ref("settlement-line"),
  payout: ref("payout"),
  payoutPreview: ref("payout-preview"),
  statement: ref("statement"),
  break: ref("break"),
  reconciliation: RECONCILIATION_ANSWER,
  feeVersion: ref("fee-version"),
  settlementRuleVersion: ref("settlement-rule-version"),
  handover: object({ orderId: word, deliveredAt: time }, ["orderId", "deliveredAt"]),
  entry: ref("journal-entry"),
  balance: ref("balance"),
  ledgerDay: ref("ledger-day"),
  ledgerDayTotal: ref("ledger-day-total"),
  audit: ref("audit-entry"),
  event: ref("event"),
  inbox,
  link: object(linkFields, ["id", "platform", "userId", "createdAt"]),
  newLink: object({ ...linkFields, claimed: { ...count, description: "Waiting orders that now are the user's." } }, [
    "id",
    "platform",
    "userId",
    "createdAt",
    "claimed",
  ]),
  endedLink: object({ released: count }, ["released"]),
  linkImport,
  endpoint: object(endpointFields, ["id", "platform", "url", "createdAt"]),
  newEndpoint: object(
    { ...endpointFields, secret: { ...word, description: "Signs the deliveries; shown this once." } },
    ["id", "platform", "url", "createdAt", "secret"],
  ),
  delivery,
  plugin,
  live: object({ ok: { const: true } }, ["ok"]),
  ready: object({ ok: { type: "boolean" }, checks: { type: "object", additionalProperties: word } }, ["ok", "checks"]),
  problem: ref("problem"),
} as const satisfies Record<string, Schema>;
