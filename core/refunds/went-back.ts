/** What money that went back does to the books, the same for refunds and for what banks took back: pure. */
import { minorOfMoney, moneyOf } from "../money/money.ts";
import { accountSums, type StoredEntry } from "../ledger/model.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { Money, RefundPart } from "../../schemas/types.generated.ts";

/** A part with all that is between merchant and platform. */
export type StoredPart = RefundPart & { readonly fee: Money; readonly net: Money };

/** Money of a payment that went back, and who gave it. */
export interface WentBack {
  /** Of the refund or chargeback. */
  readonly id: string;
  readonly kind: "refund" | "chargeback";
  readonly paymentId: string;
  readonly bank: string;
  /** All that the bank has no longer: the parts, and what is nobody's. */
  readonly amount: Money;
  readonly parts: readonly StoredPart[];
  /** It had come late, and was never anybody's. */
  readonly late: boolean;
  /** Why what is beyond the parts is on suspense, and on which account. */
  readonly excess?: { readonly account: `suspense:${string}`; readonly amount: Money; readonly explanation: string };
  /** ISO 8601: when the bank booked it. */
  readonly at: string;
}

const tailOf = (id: string): string => id.slice(id.indexOf("_") + 1);
export const back = (money: Money): Money => moneyOf(-minorOfMoney(money), money.currency);

/** What of the debit the parts are, in its minor units. */
export const debitedOf = (parts: readonly Pick<StoredPart, "gross" | "charged">[]): bigint =>
  parts.reduce((sum, { gross, charged = gross }) => sum + minorOfMoney(charged), 0n);

/** The settlement lines by which merchants give back: what they are owed less. Ids come from what takes it, so that twice writes once. */
export function backLines(
  { id, kind, paymentId, parts, at }: WentBack,
  lineIds: ReadonlyMap<string, string>,
): StoredLine[] {
  return parts.map(({ orderId, platform, merchant, orderNo, gross, fee, tax, net }, index): StoredLine => {
    const of = lineIds.get(orderId);
    return {
      _id: `stl_${tailOf(id)}_${String(index + 1).padStart(4, "0")}`,
      kind,
      ...(of === undefined ? {} : { of }),
      reference: id,
      paymentId,
      orderId,
      platform,
      merchant,
      orderNo,
      gross: back(gross),
      fee: back(fee),
      ...(tax === undefined ? {} : { tax: back(tax) }),
      net: back(net),
      state: "payable",
      payableAt: at,
      createdAt: at,
    };
  });
}

/**
 * The entry of money that went back: the bank has it no longer; merchants and platforms are owed less (over `fx` accounts, where that is in another
 * currency), or, of money that came late, suspense.
 */
export function backEntry({ id, kind, paymentId, parts, bank, amount, late, excess, at }: WentBack): StoredEntry {
  const owed = accountSums();
  for (const { platform, merchant, net, fee, tax } of parts) {
    const taxed = tax === undefined ? 0n : minorOfMoney(tax);
    owed.add(`merchant:${platform}/${merchant}`, minorOfMoney(net), net.currency);
    owed.add(`fees:${platform}`, minorOfMoney(fee) - taxed, fee.currency);
    owed.add(`fee-tax:${platform}`, taxed, fee.currency);
  }
  for (const { gross, charged } of parts) {
    if (charged === undefined) continue;
    owed.add(`fx:${charged.currency}`, minorOfMoney(charged), charged.currency);
    owed.add(`fx:${gross.currency}`, -minorOfMoney(gross), gross.currency);
  }
  const ofParts = debitedOf(parts);
  const explanation = `${id} gave the late money of ${paymentId} back.`;
  const fromLate =
    ofParts === 0n ? [] : [{ account: "suspense:late-money", amount: moneyOf(ofParts, amount.currency), explanation }];
  return {
    _id: `jrn_${tailOf(id)}`,
    kind,
    reference: id,
    lines: [
      ...(late ? fromLate : owed.lines()),
      ...(excess === undefined ? [] : [excess]),
      { account: `bank:${bank}`, amount: back(amount) },
    ],
    at,
  };
}
