import { MergepayError } from "../errors/errors.ts";

/** What an account is: what others owe us, what we owe others, or what a difference made or cost us. */
export type AccountKind = "asset" | "liability" | "result";

export interface AccountRow {
  readonly kind: AccountKind;
  /** The side on which it grows: a positive line is a debit. */
  readonly normal: "debit" | "credit";
  /** What stands behind the colon; absent: the row is one account, without a colon. */
  readonly of?: RegExp;
  readonly purpose: string;
  /** Each of its lines says why it is there. */
  readonly explained?: true;
  /** Entries of earlier versions have it; nothing is booked on it any more. */
  readonly retired?: true;
}

const PLATFORM = "[a-z][a-z0-9-]{0,39}";
const NAME = new RegExp(`^${PLATFORM}$`);
const CURRENCY = /^[A-Z]{3}$/;

/** The chart of accounts: all that a journal line may name, by what stands before the colon. */
export const CHART: Readonly<Record<string, AccountRow>> = Object.freeze({
  bank: {
    kind: "asset",
    normal: "debit",
    of: NAME,
    purpose: "Money at a bank, by driver: what its deductions brought.",
  },
  "payer-clearing": {
    kind: "asset",
    normal: "debit",
    of: NAME,
    purpose: "Money between a payer and a bank, by driver: taken and not yet there, or on its way back.",
  },
  merchant: {
    kind: "liability",
    normal: "credit",
    of: new RegExp(`^${PLATFORM}/[^/]+$`, "su"),
    purpose: "What a merchant of a platform is owed after fees.",
  },
  fees: { kind: "liability", normal: "credit", of: NAME, purpose: "What a platform keeps of its orders, without tax." },
  "fee-tax": {
    kind: "liability",
    normal: "credit",
    of: NAME,
    purpose: "Tax on a platform's fees, kept with them until it is handed over.",
  },
  suspense: {
    kind: "liability",
    normal: "credit",
    of: NAME,
    purpose: "Money of which nobody has decided whose it is: zero, or explained line by line.",
    explained: true,
  },
  held: {
    kind: "liability",
    normal: "credit",
    of: NAME,
    purpose: "Suspense as version 0.1.0 called it.",
    retired: true,
  },
  rounding: { kind: "result", normal: "credit", purpose: "Remainders of published rounding that are nobody's." },
  losses: {
    kind: "result",
    normal: "credit",
    purpose: "What merchants owed and nobody asks for any more: its debits.",
  },
  fx: {
    kind: "result",
    normal: "credit",
    of: CURRENCY,
    purpose:
      "Money changed at locked rates, by currency: what was given for it stands on the `fx` account of the other currency.",
  },
});

/** The row of an account; undefined when the chart has none. */
export function rowOf(account: string): AccountRow | undefined {
  const at = account.indexOf(":");
  const name = at === -1 ? account : account.slice(0, at);
  const row = Object.hasOwn(CHART, name) ? CHART[name] : undefined;
  if (row === undefined) return undefined;
  if (row.of === undefined) return at === -1 ? row : undefined;
  return at !== -1 && row.of.test(account.slice(at + 1)) ? row : undefined;
}

/** True of money of which it is not decided whose it is. */
export const isSuspense = (account: string): boolean => /^(?:suspense|held):/.test(account);

/** What keeps a new line off the books; undefined when nothing does. */
export function faultOfLine({ account, explanation }: { account: string; explanation?: string }): string | undefined {
  const row = rowOf(account);
  if (row === undefined) return `the chart of accounts has no ${account}`;
  if (row.retired === true) return `nothing is booked on ${account} any more`;
  if (row.explained === true && (explanation ?? "") === "") return `the line on ${account} has no explanation`;
  return undefined;
}

/** @throws INTERNAL unless every line is one that the chart takes */
export function assertCharted(
  entryId: string,
  lines: readonly { readonly account: string; readonly explanation?: string }[],
): void {
  for (const line of lines) {
    const fault = faultOfLine(line);
    if (fault !== undefined)
      throw new MergepayError("INTERNAL", `The journal entry ${entryId} was not written: ${fault}.`);
  }
}
