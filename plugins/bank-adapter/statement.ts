/** What a driver gave as a page of a statement, when it is one: every line whole, amounts canonical, nothing but what the contract names. */
import { moneyOf, minorOf, type StatementLine, type StatementPage } from "../../core/plugin/bank-contract.ts";

/** Lines of one page: whatever they hold, it fits into one message of the bus. */
const LINES = 1_000;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const text = (value: unknown, maxChars: number): value is string =>
  typeof value === "string" && value !== "" && value.length <= maxChars;

function lineOf(given: unknown): StatementLine | undefined {
  const { bankReference, bankRequestId, amount, direction, bookedAt } = (given ?? {}) as Partial<StatementLine>;
  const { reversal } = (given ?? {}) as { readonly reversal?: unknown };
  if (!text(bankReference, 100) || !text(bookedAt, 24) || !INSTANT.test(bookedAt)) return undefined;
  if (bankRequestId !== undefined && !text(bankRequestId, 100)) return undefined;
  if (reversal !== undefined && reversal !== true) return undefined;
  if (direction !== "debit" && direction !== "credit") return undefined;
  try {
    const { value = "", currency = "" } = amount ?? {};
    const canonical = moneyOf(minorOf(value, currency), currency);
    if (canonical.value !== value || value.startsWith("-")) return undefined;
    return {
      bankReference,
      ...(bankRequestId === undefined ? {} : { bankRequestId }),
      amount: canonical,
      direction,
      bookedAt,
      ...(reversal === undefined ? {} : { reversal }),
    };
  } catch {
    // The money module's word on an amount that is none: the page is no statement.
    return undefined;
  }
}

export function statementPage(given: unknown): StatementPage | undefined {
  const { items, next } = (given ?? {}) as { items?: unknown; next?: unknown };
  if (!Array.isArray(items) || items.length > LINES || (next !== undefined && !text(next, 200))) return undefined;
  const lines = items.map(lineOf);
  if (lines.includes(undefined)) return undefined;
  return { items: lines.filter((line) => line !== undefined), ...(next === undefined ? {} : { next }) };
}
