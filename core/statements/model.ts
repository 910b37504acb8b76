import type { KeptLine } from "../settlement/model.ts";
import type { StoredPayout } from "../payouts/model.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { Statement, StatementItem } from "../../schemas/types.generated.ts";

/** A settlement line as a statement shows it. */
export function itemOfLine(line: KeptLine): StatementItem {
  const { _id, kind, paymentId, orderId, orderNo, of, reference, gross, fee, tax, net, rule, state } = line;
  const { postedAt, payableAt, payoutId } = line;
  return {
    at: postedAt,
    kind,
    id: _id,
    paymentId,
    orderId,
    orderNo,
    ...(of === undefined ? {} : { of }),
    ...(reference === undefined ? {} : { reference }),
    gross,
    fee,
    ...(tax === undefined ? {} : { tax }),
    net,
    ...(rule === undefined ? {} : { rule: rule.says, ruleId: rule.id }),
    state,
    ...(payableAt === undefined ? {} : { payableAt }),
    ...(payoutId === undefined ? {} : { payoutId }),
  };
}

/** A payout that was paid: what the merchant is owed no longer. */
export function itemOfPayout({ _id, amount, paidAt = "", instruction }: StoredPayout): StatementItem {
  const reference = instruction?.bankReference;
  return {
    at: paidAt,
    kind: "payout",
    id: _id,
    ...(reference === undefined ? {} : { reference }),
    net: moneyOf(-minorOfMoney(amount), amount.currency),
    payoutId: _id,
  };
}

/** The place of an item in its statement: time, then id. */
export const placeOf = ({ at, id }: StatementItem): string => `${at} ${id}`;
export const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ((?:stl|pyo)_[0-9a-z_]{26,60})$/;

const COLUMNS = [
  "at",
  "kind",
  "platform",
  "merchant",
  "orderNo",
  "paymentId",
  "orderId",
  "gross",
  "fee",
  "tax",
  "net",
  "currency",
  "rule",
  "ruleId",
  "state",
  "payableAt",
  "payoutId",
  "of",
  "reference",
  "id",
] as const;

const AMOUNT = /^-?\d+(?:\.\d+)?$/;

/**
 * A cell of CSV (RFC 4180). Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) gets an
 * apostrophe in front; a plain number is a number.
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !AMOUNT.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvRow = (cells: readonly string[]): string => `${cells.map(csvCell).join(",")}\r\n`;
export const csvHead = (): string => csvRow(COLUMNS);

/** The lines of CSV of one page; the opening and the closing balance are rows of their own. */
export function csvOf(page: Statement): string {
  const { platform, merchant, currency, from, to, opening, items, closing } = page;
  const balance = (kind: string, at: string, net: string) => ({ kind, at, net, platform, merchant, currency });
  const rows: Readonly<Record<string, string>>[] = [
    ...(opening === undefined ? [] : [balance("opening", from, opening.value)]),
    ...items.map(({ gross, fee, tax, net, ...item }) => ({
      ...item,
      platform,
      merchant,
      currency,
      gross: gross?.value ?? "",
      fee: fee?.value ?? "",
      tax: tax?.value ?? "",
      net: net.value,
    })),
    ...(closing === undefined ? [] : [balance("closing", to, closing.value)]),
  ];
  return rows.map((row) => csvRow(COLUMNS.map((column) => row[column] ?? ""))).join("");
}
