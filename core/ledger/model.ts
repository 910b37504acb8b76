import { MergepayError } from "../errors/errors.ts";
import { type ChainSpec, UNSEALED } from "../chain/model.ts";
import { assertCharted } from "./chart.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { JournalEntry, Money, Payment } from "../../schemas/types.generated.ts";

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

/** Sums by account and currency, in the order in which they were first met. */
export function accountSums() {
  const sums = new Map<string, { account: string; currency: string; minor: bigint }>();
  return {
    add(account: string, minor: bigint, currency: string): void {
      const key = `${account} ${currency}`;
      const was = sums.get(key)?.minor ?? 0n;
      sums.set(key, { account, currency, minor: was + minor });
    },
    /** Those that are not zero. */
    lines: (): StoredEntry["lines"] =>
      [...sums.values()]
        .filter(({ minor }) => minor !== 0n)
        .map(({ account, minor, currency }) => ({ account, amount: moneyOf(minor, currency) })),
  };
}

/** What a payment paid, as its entry wants it. */
export type PaidFor = Pick<Payment, "total" | "orders"> & { readonly _id: string; readonly bank: string };

/**
 * The entry of a succeeded payment: the bank owes us the deduction; we owe the merchants their nets, the platforms their fees and whoever collects it the tax on
 * these. What came in another currency than it is owed in goes over the `fx` account of each, so that it sums to zero in every currency.
 */
export function paymentEntry(payment: PaidFor, lines: readonly StoredLine[], at: string): StoredEntry {
  const { _id: paymentId, bank, total, orders } = payment;
  const owed = accountSums();
  for (const { platform, merchant, net, fee, tax } of lines) {
    const taxed = tax === undefined ? 0n : minorOfMoney(tax);
    owed.add(`merchant:${platform}/${merchant}`, -minorOfMoney(net), net.currency);
    owed.add(`fees:${platform}`, taxed - minorOfMoney(fee), fee.currency);
    owed.add(`fee-tax:${platform}`, -taxed, fee.currency);
  }
  for (const { amount, charged } of orders) {
    if (charged === undefined) continue;
    owed.add(`fx:${charged.currency}`, -minorOfMoney(charged), charged.currency);
    owed.add(`fx:${amount.currency}`, minorOfMoney(amount), amount.currency);
  }
  return {
    _id: `jrn_${paymentId.slice("pay_".length)}`,
    kind: "payment",
    reference: paymentId,
    lines: [{ account: `bank:${bank}`, amount: total }, ...owed.lines()],
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
