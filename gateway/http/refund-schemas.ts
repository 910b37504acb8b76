/** The bodies of calls by which money goes back. */
import { evidence } from "./payment-schemas.ts";
import {
  bankName,
  form,
  id,
  line,
  merchant,
  object,
  orderIds,
  platform,
  ref,
  type Schema,
  text,
} from "./schema-parts.ts";

/** Of what money is to go back: of the payment, or of some of its orders. */
const refundScope = {
  paymentId: id("pay"),
  platform: { ...platform, description: "Only of this platform's orders." },
  merchant: { ...merchant, description: "Only of this merchant's orders; with `platform`." },
  orders: { ...orderIds, minItems: 1, maxItems: 1000, description: "Only of these orders of the payment." },
  item: {
    type: "integer",
    minimum: 0,
    maximum: 999,
    description:
      "What it is for: an item of the one order that is named, counted from 0. With an amount, as orders do not tell what an item costs.",
  },
  amount: {
    description: 'How much goes back: { value, currency }, or "all" for all that is left.',
    allOf: [
      { if: { type: "string" }, else: ref("money") },
      { if: { type: "object" }, else: { const: "all" } },
    ],
  },
} as const;
const never: Schema = { properties: { platform: false, merchant: false } };
/** What can be said together of a refund. */
const refundRules = {
  dependentRequired: { merchant: ["platform"], item: ["orders"] },
  dependentSchemas: {
    orders: never,
    item: { properties: { orders: { type: "array", maxItems: 1 }, amount: { type: "object" } } },
  },
} as const;
const reason = line(512, "Why, for whoever is told.");

/** Of lists of what goes back. */
export const needsReview: Schema = { const: "true", description: "Only those that an operator must look at." };

export const REFUND_BODIES = {
  refundPreview: { title: "RefundPreviewRequest", ...object(refundScope, ["paymentId", "amount"]), ...refundRules },
  refund: {
    title: "RefundRequest",
    ...object(
      {
        ...refundScope,
        reason,
        fingerprint: text("^[0-9a-f]{64}$", "That of the preview: what was seen is what goes back."),
      },
      ["paymentId", "amount", "reason", "fingerprint"],
    ),
    ...refundRules,
  },
  chargeback: {
    title: "ChargebackRequest",
    ...object(
      {
        paymentId: id("pay"),
        bankReference: line(100, "The bank's own reference of the booking by which it took the money back."),
        amount: { ...ref("money"), description: "What it took back." },
        bookedAt: { type: "string", format: "date-time", description: "When the bank booked it." },
        reason,
        evidence,
      },
      ["paymentId", "bankReference", "amount", "bookedAt", "reason", "evidence"],
    ),
  },
  claimClosing: {
    title: "ClaimClosingRequest",
    oneOf: [
      form('`how`: "settled": the merchant paid it', { how: { const: "settled" }, bank: bankName, evidence }, [
        "how",
        "bank",
        "evidence",
      ]),
      form('`how`: "written_off"', { how: { const: "written_off" }, evidence }, ["how", "evidence"]),
    ],
  },
  rejection: { title: "RejectionRequest", ...object({ reason }, ["reason"]) },
} as const satisfies Record<string, Schema>;
