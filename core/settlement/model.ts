import { MergepayError } from "../errors/errors.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { FeeRule } from "../plugin/contract.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Money, SelectedOrder, SettlementLine } from "../../schemas/types.generated.ts";
import { feesOf } from "./fees.ts";

export interface StoredLine extends Doc, Omit<SettlementLine, "id"> {}

export const LINES: CollectionSpec = {
  name: "settlement-lines",
  indexes: [
    { name: "payment", keys: ["paymentId", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
  ],
};

export const showLine = ({ _id, ...line }: StoredLine): SettlementLine => ({ id: _id, ...line });

/** What a succeeded payment gives to its merchants. */
export interface Settled {
  readonly paymentId: string;
  readonly total: Money;
  readonly orders: readonly SelectedOrder[];
  readonly fees: Readonly<Record<string, FeeRule>>;
  readonly at: string;
}

/**
 * One line an order: gross = net + fee, and all lines together are the deduction to the last minor unit.
 * Ids come from the payment, so that writing them twice writes them once.
 * @throws INTERNAL when money would be lost or made
 */
export function linesOf({ paymentId, total, orders, fees, at }: Settled): StoredLine[] {
  const feeOf = new Map<string, bigint>();
  for (const platform of new Set(orders.map((order) => order.platform))) {
    const own = orders.filter((order) => order.platform === platform);
    const parts = feesOf(
      fees[platform] ?? {},
      own.map(({ amount }) => amount),
    );
    own.forEach(({ orderId }, index) => feeOf.set(orderId, parts[index] ?? 0n));
  }
  const lines = orders.map(({ orderId, platform, merchant, orderNo, amount }, index): StoredLine => {
    const fee = feeOf.get(orderId) ?? 0n;
    return {
      _id: `stl_${paymentId.slice("pay_".length)}_${String(index + 1).padStart(4, "0")}`,
      paymentId,
      orderId,
      platform,
      merchant,
      orderNo,
      gross: amount,
      fee: moneyOf(fee, amount.currency),
      net: moneyOf(minorOfMoney(amount) - fee, amount.currency),
      state: "due",
      createdAt: at,
    };
  });
  const sum = lines.reduce((minor, { net, fee }) => minor + minorOfMoney(net) + minorOfMoney(fee), 0n);
  if (sum !== minorOfMoney(total))
    throw new MergepayError("INTERNAL", `The settlement lines of ${paymentId} are not its total; nothing was settled.`);
  return lines;
}
