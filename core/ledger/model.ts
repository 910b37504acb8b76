import { MergepayError } from "../errors/errors.ts";
import { type ChainSpec, UNSEALED } from "../chain/model.ts";
import { assertCharted } from "./chart.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { JournalEntry, Money } from "../../schemas/types.generated.ts";

export interface StoredEntry extends Doc, Omit<JournalEntry, "id"> {}

export const JOURNAL: CollectionSpec = {
  name: "journal",
  indexes: [{ name: "reference", keys: ["reference", "_id"] }, { name: "at", keys: ["at", "_id"] }, UNSEALED],
};

export const JOURNAL_CHAIN: ChainSpec = {
  name: "journal",
  entries: JOURNAL,
  blocks: { name: "journal-blocks", indexes: [] },
};

export const showEntry = ({ _id, ...entry }: StoredEntry): JournalEntry => ({ id: _id, ...entry });

const negative = (minor: bigint, currency: string): Money => moneyOf(-minor, currency);

/** True when the lines sum to zero in every currency. */
export function isBalanced(lines: StoredEntry["lines"]): boolean {
  const sums = new Map<string, bigint>();
  for (const { amount } of lines) sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + minorOfMoney(amount));
  return [...sums.values()].every((sum) => sum === 0n);
}

/** Throws INTERNAL unless the lines sum to zero in every currency, on accounts of the chart. */
export function assertBookable({ _id, lines }: Pick<StoredEntry, "_id" | "lines">): void {
  if (!isBalanced(lines))
    throw new MergepayError("INTERNAL", `The journal entry ${_id} does not sum to zero; it was not written.`);
  assertCharted(_id, lines);
}

/**
 * The entry of a succeeded payment: the bank owes us the deduction; we owe the merchants their nets, the platforms their fees and whoever collects it the tax on these.
 */
export function paymentEntry(paymentId: string, bank: string, lines: readonly StoredLine[], at: string): StoredEntry {
  const owed = new Map<string, bigint>();
  let total = 0n;
  const owe = (account: string, amount: Money) => {
    const minor = minorOfMoney(amount);
    owed.set(account, (owed.get(account) ?? 0n) + minor);
    total += minor;
  };
  const currency = lines[0]?.gross.currency ?? "";
  for (const { platform, merchant, net, fee, tax = moneyOf(0n, currency) } of lines) {
    owe(`merchant:${platform}/${merchant}`, net);
    owe(`fees:${platform}`, moneyOf(minorOfMoney(fee) - minorOfMoney(tax), currency));
    owe(`fee-tax:${platform}`, tax);
  }
  const credits = [...owed].filter(([, minor]) => minor !== 0n);
  return {
    _id: `jrn_${paymentId.slice("pay_".length)}`,
    kind: "payment",
    reference: paymentId,
    lines: [
      { account: `bank:${bank}`, amount: moneyOf(total, currency) },
      ...credits.map(([account, minor]) => ({ account, amount: negative(minor, currency) })),
    ],
    at,
  };
}

/** The entry of late money that is held no longer: its payment's own entry books it, with what is owed by it. */
export function lateMoneyTakenEntry(paymentId: string, bank: string, amount: Money, at: string): StoredEntry {
  return {
    _id: `jrn_${paymentId.slice("pay_".length)}_taken`,
    kind: "late_money_taken",
    reference: paymentId,
    lines: [
      {
        account: "suspense:late-money",
        amount,
        explanation: `The orders of ${paymentId} were still open, and are paid by this money.`,
      },
      { account: `bank:${bank}`, amount: negative(minorOfMoney(amount), amount.currency) },
    ],
    at,
  };
}

/** The entry of money that came after its payment had failed: held until an operator decides. */
export function lateMoneyEntry(paymentId: string, bank: string, amount: Money, at: string): StoredEntry {
  return {
    _id: `jrn_${paymentId.slice("pay_".length)}_late`,
    kind: "late_money",
    reference: paymentId,
    lines: [
      { account: `bank:${bank}`, amount },
      {
        account: "suspense:late-money",
        amount: negative(minorOfMoney(amount), amount.currency),
        explanation: `The bank took this money for ${paymentId} after it had failed; an operator decides whose it is.`,
      },
    ],
    at,
  };
}
