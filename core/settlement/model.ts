import { MergepayError } from "../errors/errors.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { FeeRule, FeeVersion, Money, SelectedOrder, SettlementLine } from "../../schemas/types.generated.ts";
import { feeRuleInWords } from "./fee-rule.ts";
import { type Fee, feesOf } from "./fees.ts";

export interface StoredLine extends Doc, Omit<SettlementLine, "id"> {}

/** A version of a fee rule as stored. `key` is `platform/merchant`, or `platform/` for all merchants of the platform. */
export interface StoredFeeVersion extends Doc, Omit<FeeVersion, "id"> {
  key: string;
}

export const FEE_RULES: CollectionSpec = {
  name: "fee-rules",
  indexes: [
    { name: "version", keys: ["key", "version"], unique: true },
    { name: "platform", keys: ["platform", "_id"] },
  ],
};

export const showFeeVersion = ({ _id, key: _key, ...version }: StoredFeeVersion): FeeVersion => ({
  id: _id,
  ...version,
});

/** The version that counts at an instant: the latest `from` that has come, the higher version of two. */
export const versionAt = (versions: readonly StoredFeeVersion[], at: string): StoredFeeVersion | undefined =>
  versions
    .filter(({ from }) => from <= at)
    .toSorted((a, b) => (a.from === b.from ? a.version - b.version : a.from < b.from ? -1 : 1))
    .at(-1);

/** A fee rule as a payment has frozen it: whatever is set later, its orders are charged by this one. */
export interface FrozenRule {
  readonly platform: string;
  /** Absent: every merchant of the platform that has none of its own here. */
  readonly merchant?: string;
  /** The version's id, or `plugin:<version>`. */
  readonly id: string;
  readonly rule: FeeRule;
}

export const LINES: CollectionSpec = {
  name: "settlement-lines",
  indexes: [
    { name: "payment", keys: ["paymentId", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
  ],
};

/** Lines of earlier versions have no kind: they are those of orders. */
export const showLine = ({ _id, ...line }: StoredLine): SettlementLine => ({
  id: _id,
  ...line,
  kind: line.kind ?? "order",
});

/** What a succeeded payment gives to its merchants. */
export interface Settled {
  readonly paymentId: string;
  readonly total: Money;
  readonly orders: readonly SelectedOrder[];
  readonly rules: readonly FrozenRule[];
  readonly at: string;
}

/** The rule of an order among those that its payment froze. @throws INTERNAL when there is none */
function ruleOf({ platform, merchant }: SelectedOrder, rules: readonly FrozenRule[]): FrozenRule {
  const own = rules.filter((rule) => rule.platform === platform);
  const found = own.find((rule) => rule.merchant === merchant) ?? own.find((rule) => rule.merchant === undefined);
  if (found === undefined)
    throw new MergepayError("INTERNAL", `No fee rule was frozen for ${platform}; nothing was settled.`);
  return found;
}

/**
 * One line an order: gross = net + fee, and all lines together are the deduction to the last minor unit.
 * Ids come from the payment, so that writing them twice writes them once.
 * @throws INTERNAL when money would be lost or made
 */
export function linesOf({ paymentId, total, orders, rules, at }: Settled): StoredLine[] {
  const feeOf = new Map<string, Fee & { from: FrozenRule }>();
  for (const [from, own] of Map.groupBy(orders, (order) => ruleOf(order, rules))) {
    const fees = feesOf(
      from.rule,
      own.map(({ amount }) => amount),
    );
    own.forEach(({ orderId }, index) => feeOf.set(orderId, { fee: 0n, tax: 0n, ...fees[index], from }));
  }
  const lines = orders.map(({ orderId, platform, merchant, orderNo, amount }, index): StoredLine => {
    const { fee = 0n, tax = 0n, from } = feeOf.get(orderId) ?? {};
    const { currency } = amount;
    return {
      _id: `stl_${paymentId.slice("pay_".length)}_${String(index + 1).padStart(4, "0")}`,
      kind: "order",
      paymentId,
      orderId,
      platform,
      merchant,
      orderNo,
      gross: amount,
      fee: moneyOf(fee, currency),
      net: moneyOf(minorOfMoney(amount) - fee, currency),
      ...(tax === 0n ? {} : { tax: moneyOf(tax, currency) }),
      ...(from === undefined ? {} : { rule: { id: from.id, says: feeRuleInWords(from.rule, currency) } }),
      state: "due",
      createdAt: at,
    };
  });
  const sum = lines.reduce((minor, { net, fee }) => minor + minorOfMoney(net) + minorOfMoney(fee), 0n);
  if (sum !== minorOfMoney(total))
    throw new MergepayError("INTERNAL", `The settlement lines of ${paymentId} are not its total; nothing was settled.`);
  return lines;
}
