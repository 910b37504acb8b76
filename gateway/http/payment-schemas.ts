import { currency, form, id, line, object, ref, type Schema, text } from "./schema-parts.ts";

const accountId = { ...id("acc"), description: "The account to pay from; absent: the payer's first." };

/** What every form of a request for a quote may say. */
export const HOW_TO_CHANGE = {
  payIn: {
    ...currency,
    description:
      "All of it is paid in this currency, at rates that the bank locks: each order is changed and rounded by itself (half to even, at least one minor unit), and the total is the sum. Absent: each currency by itself.",
  },
  accountId: {
    ...id("acc"),
    description: "Of `payIn`: the account whose bank gives the rates; absent: the payer's first.",
  },
};

/** What every form of a pay request may say. */
export const HOW_TO_PAY = {
  accountId,
  accounts: {
    type: "array",
    maxItems: 50,
    description: "Of a quote over several currencies: the account for each; for others `accountId`.",
    items: object({ currency, accountId: id("acc") }, ["currency", "accountId"]),
  },
  atomicity: {
    enum: ["all_or_nothing", "best_effort"],
    description: "best_effort: orders that can't be had are left out, and the payer agrees to the smaller total.",
  },
  atLeast: {
    type: "integer",
    minimum: 1,
    maximum: 1000,
    description: "Of best_effort: with fewer orders nothing is paid.",
  },
};
const amount: Schema = { ...ref("money"), description: "What was deducted: the payment's total." };
const bookedAt: Schema = { type: "string", format: "date-time", description: "When the bank booked it." };
export const evidence = object(
  {
    text: text("^[^\\p{Cc}]+$", "What was found out, and how.", { minLength: 1, maxLength: 2000 }),
    reference: line(200, "Where it can be looked up: a statement, a letter, a ticket of the bank."),
  },
  ["text", "reference"],
);

/** What is said about a payment or an order that is under way. */
export const DECISION_BODIES = {
  confirmation: {
    title: "ConfirmationRequest",
    ...object(
      {
        challengeId: text("^[!-~]{1,200}$", "The `id` of the challenge that is answered."),
        answer: line(512, "What the payer answers: handed on to the bank, kept nowhere."),
      },
      ["challengeId", "answer"],
    ),
  },
  orderCancellation: {
    title: "OrderCancellation",
    ...object({ reason: line(500, "Why the order is taken back.") }, ["reason"]),
  },
  reviewClaim: {
    title: "ReviewClaim",
    oneOf: [
      form(
        '`decision`: "debited" with the bank\'s reference, `amount` and `bookedAt`',
        {
          decision: { const: "debited" },
          bankReference: line(200, "The bank's own reference."),
          amount,
          bookedAt,
          evidence,
        },
        ["decision", "bankReference", "amount", "bookedAt", "evidence"],
      ),
      form(
        '`decision`: "not_debited"; or, of money that came late, "refund" or "pay_orders"',
        { decision: { enum: ["not_debited", "refund", "pay_orders"] }, evidence },
        ["decision", "evidence"],
      ),
    ],
  },
} as const satisfies Record<string, Schema>;
