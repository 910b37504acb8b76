/** Statements of banks as they are given, and what comes of them. */
import { type Schema, bankName, count, line, moment, object, ref, text, time, word } from "./schema-parts.ts";

export const RECONCILIATION_BODY = {
  title: "ReconciliationRequest",
  ...object(
    {
      bank: bankName,
      from: moment,
      to: { ...moment, description: "Not included. ISO 8601 with a zone." },
      lines: {
        type: "array",
        maxItems: 10_000,
        description: "The bank's statement of that time, whole; absent: the bank is asked.",
        items: object(
          {
            bankReference: line(100, "The bank's own reference of the booking."),
            bankRequestId: line(100, "The id of our instruction."),
            amount: ref("money"),
            direction: { enum: ["debit", "credit"], description: "On our account: a deduction is a credit." },
            bookedAt: text(
              "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$",
              "ISO 8601, UTC, with milliseconds.",
            ),
            reversal: {
              const: true,
              description:
                "The bank took an earlier booking back; with a deduction's id a debit is a chargeback, and a credit of the same amount gives it up again.",
            },
          },
          ["bankReference", "amount", "direction", "bookedAt"],
        ),
      },
    },
    ["bank", "from", "to"],
  ),
};

export const RECONCILIATION_ANSWER = object(
  {
    bank: word,
    from: time,
    to: time,
    lines: count,
    agreed: count,
    ended: { ...count, description: "Lines that ended what was unknown here." },
    asked: {
      ...count,
      description: "Lines of what is not ended here still; where it is unknown, the bank is asked at once.",
    },
    breaks: count,
    fresh: { ...count, description: "Breaks that were not known before." },
    resolved: { ...count, description: "Open breaks that this statement ended." },
  },
  ["bank", "from", "to", "lines", "agreed", "ended", "asked", "breaks", "fresh", "resolved"],
);

export const QUERY_OF_IMPORT = object(
  {
    bank: bankName,
    zone: line(64, "The time zone of dates and times in the file that name none, such as Europe/Zurich; absent: UTC."),
    dryRun: { const: "true", description: "Only say what would come of it: nothing is kept, and nothing ends by it." },
  },
  ["bank"],
);
export const PARAMS_OF_STATEMENT = object({ id: text("^stm_[0-9a-f]{26}$") }, ["id"]);
export const BANK_FILE: Schema = { type: "string", format: "binary", description: "The file, byte for byte." };

const { from: _from, to: _to, ...outcome } = RECONCILIATION_ANSWER["properties"] as Readonly<Record<string, Schema>>;
export const STATEMENT_REPORT = object(
  {
    id: { ...word, description: "Of the bank's file: the same bytes have the same id." },
    dryRun: { type: "boolean" },
    statements: count,
    entries: count,
    pending: { ...count, description: "Entries that the bank has not booked for good: nothing comes of them." },
    ...outcome,
  },
  ["id", "dryRun", "statements", "entries", "pending", ...Object.keys(outcome)],
);
