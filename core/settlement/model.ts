import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import { MergepayError } from "../errors/errors.ts";
import { percentOf } from "../money/allocate.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type {
  FeeRule,
  FeeVersion,
  Money,
  SelectedOrder,
  SettlementLine,
  SettlementRule,
} from "../../schemas/types.generated.ts";
import { daysAfter } from "./days.ts";
import { feeRuleInWords } from "./fee-rule.ts";
import { type Fee, feesOf } from "./fees.ts";

export interface StoredLine extends Doc, Omit<SettlementLine, "id"> {}

/** A line as kept: what is shown, whom it is owed to, and how often a payout has claimed it. */
export interface KeptLine extends StoredLine {
  /** `platform/merchant/currency`: what is paid out together. */
  payee: string;
  /** Counts the payouts that took it: each claims it as it was when it was planned, so that one that is late claims nothing. */
  claims: number;
  /** When it came to the merchant's account with us: the order of statements, which do not change once their time is over. */
  postedAt: string;
}

/** A merchant has no slash in it. */
export const payeeOf = ({ platform, merchant, net }: Pick<StoredLine, "platform" | "merchant" | "net">): string =>
  `${platform}/${merchant}/${net.currency}`;

/** A version of a rule as stored; `key` is its `ownerKey`. */
export interface StoredVersion<R> extends Doc, Omit<FeeVersion, "id" | "rule">, Audited {
  key: string;
  rule: R | null;
}

/** `platform/merchant`, or `platform/` for all merchants of the platform. */
export const ownerKey = (platform: string, merchant = ""): string => `${platform}/${merchant}`;

const versionsIn = (name: string): CollectionSpec => ({
  name,
  indexes: [
    { name: "version", keys: ["key", "version"], unique: true },
    { name: "platform", keys: ["platform", "_id"] },
    AUDITS_PENDING,
  ],
});
export const FEE_RULES = versionsIn("fee-rules");
export const SETTLEMENT_RULES = versionsIn("settlement-rules");

/** The version that counts at an instant: the latest `from` that has come, the higher version of two. */
export const versionAt = <R>(versions: readonly StoredVersion<R>[], at: string): StoredVersion<R> | undefined =>
  versions
    .filter(({ from }) => from <= at)
    .toSorted((a, b) => (a.from === b.from ? a.version - b.version : a.from < b.from ? -1 : 1))
    .at(-1);

/** A rule as a payment has frozen it: whatever is set later, its orders go by this one. */
export interface FrozenRule<R> {
  readonly platform: string;
  /** Absent: every merchant of the platform that has none of its own here. */
  readonly merchant?: string;
  /** The version's id, or `plugin:<version>`. */
  readonly id: string;
  readonly rule: R;
}

/** The rules in force when a payment was made. */
export interface FrozenRules {
  readonly feeRules: readonly FrozenRule<FeeRule>[];
  /** Absent: operators have set none. */
  readonly settlementRules?: readonly FrozenRule<SettlementRule>[];
}

/** That an order was delivered, and when; `_id` is the order's. Noted once, whether or not it is paid yet. */
export interface StoredHandover extends Doc {
  platform: string;
  deliveredAt: string;
  /** The operator who said so; absent: its platform. */
  by?: string;
}

export const HANDOVERS: CollectionSpec = { name: "handovers", indexes: [] };

export const LINES: CollectionSpec = {
  name: "settlement-lines",
  indexes: [
    { name: "payment", keys: ["paymentId", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "order", keys: ["orderId", "_id"] },
    { name: "payee", keys: ["payee", "state", "_id"] },
    { name: "posted", keys: ["payee", "postedAt", "_id"] },
    { name: "state", keys: ["state", "payableAt"] },
    { name: "payout", keys: ["payoutId", "_id"] },
  ],
};

/** Lines of earlier versions have no kind: they are those of orders. */
export function showLine({
  _id,
  payee: _payee,
  claims: _claims,
  postedAt: _posted,
  ...line
}: KeptLine): SettlementLine {
  return { id: _id, ...line, kind: line.kind ?? "order" };
}

/** What an earlier version wrote as `due`, without a payee: nothing held it, so it can be paid out. */
export const adopted = (
  line: StoredLine,
): Pick<KeptLine, "kind" | "payee" | "claims" | "postedAt" | "state" | "payableAt"> => ({
  kind: "order",
  payee: payeeOf(line),
  claims: 0,
  postedAt: line.createdAt,
  state: "payable",
  payableAt: line.createdAt,
});

/** What a succeeded payment gives to its merchants. */
export interface Settled {
  readonly paymentId: string;
  readonly total: Money;
  readonly orders: readonly SelectedOrder[];
  readonly rules: FrozenRules;
  readonly at: string;
}

/** The rule of an order's merchant among those that were frozen. */
export function ruleOf<R>(
  { platform, merchant }: SelectedOrder,
  rules: readonly FrozenRule<R>[],
): FrozenRule<R> | undefined {
  const own = rules.filter((rule) => rule.platform === platform);
  return own.find((rule) => rule.merchant === merchant) ?? own.find((rule) => rule.merchant === undefined);
}

type Timing = Pick<StoredLine, "state" | "payableAt" | "awaits">;

/** What becomes of lines whose time is known: payable then, or at once. */
const payableFrom = (payableAt: string, now: string): Timing => ({
  state: payableAt <= now ? "payable" : "held",
  payableAt,
});

/** When a line can be paid out: `days` of the hold and, for what is kept in reserve, of the reserve, one after the other. */
function timingOf({ hold, zone = "UTC" }: SettlementRule, at: string, reserveDays: readonly number[] = []): Timing {
  const days = [hold?.days ?? 0, ...reserveDays];
  if (hold?.after === "delivery") return { state: "due", awaits: { days, zone } };
  return payableFrom(afterAll(at, days, zone), at);
}

const afterAll = (at: string, days: readonly number[], zone: string): string =>
  days.reduce((moment, count) => daysAfter(moment, count, zone), at);

/** A line that waited for its order's delivery, when that is known. @param now from when on it is looked at */
export function delivered({ awaits }: Pick<StoredLine, "awaits">, deliveredAt: string, now: string): Timing {
  return payableFrom(awaits === undefined ? now : afterAll(deliveredAt, awaits.days, awaits.zone), now);
}

/**
 * One line an order: gross = net + fee, and all lines together are the orders to the last minor unit, as is the deduction at the rates that were locked. Where the merchant has a reserve, beside
 * it one that keeps a part of the net back and one that gives it back later.
 * Ids come from the payment, so that writing them twice writes them once.
 * @throws INTERNAL when money would be lost or made, or an order has no fee rule
 */
export function linesOf({ paymentId, total, orders, rules, at }: Settled): StoredLine[] {
  const feeOf = new Map<string, Fee & { from: FrozenRule<FeeRule> }>();
  for (const [from, ofRule] of Map.groupBy(orders, (order) => ruleOf(order, rules.feeRules))) {
    if (from === undefined) continue;
    for (const own of Map.groupBy(ofRule, ({ amount }) => amount.currency).values()) {
      const fees = feesOf(
        from.rule,
        own.map(({ amount }) => amount),
      );
      own.forEach(({ orderId }, index) => feeOf.set(orderId, { fee: 0n, tax: 0n, ...fees[index], from }));
    }
  }
  const lines = orders.flatMap((order, index): StoredLine[] => {
    const charged = feeOf.get(order.orderId);
    if (charged === undefined)
      throw new MergepayError("INTERNAL", `No fee rule was frozen for ${order.platform}; nothing was settled.`);
    const { orderId, platform, merchant, orderNo, amount } = order;
    const { fee, tax, from } = charged;
    const { currency } = amount;
    const settlement = ruleOf(order, rules.settlementRules ?? [])?.rule ?? {};
    const line: StoredLine = {
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
      rule: { id: from.id, says: feeRuleInWords(from.rule, currency) },
      ...timingOf(settlement, at),
      createdAt: at,
    };
    return [line, ...reserveOf(line, settlement)];
  });
  if (!conserves(orders, lines, total))
    throw new MergepayError("INTERNAL", `The settlement lines of ${paymentId} are not its total; nothing was settled.`);
  return lines;
}

/** That nothing is lost or made: in each currency the lines are the orders, and what the orders take of the total is the total. */
function conserves(orders: readonly SelectedOrder[], lines: readonly StoredLine[], total: Money): boolean {
  const left = new Map<string, bigint>();
  const add = ({ currency }: Money, minor: bigint) => left.set(currency, (left.get(currency) ?? 0n) + minor);
  for (const { amount } of orders) add(amount, minorOfMoney(amount));
  for (const { net, fee } of lines) add(net, -minorOfMoney(net) - minorOfMoney(fee));
  const charged = orders.reduce((sum, { amount, charged: own = amount }) => sum + minorOfMoney(own), 0n);
  const inOne = orders.every(({ amount, charged: own = amount }) => own.currency === total.currency);
  return inOne && charged === minorOfMoney(total) && [...left.values()].every((minor) => minor === 0n);
}

/** The two lines of a reserve, which sum to zero; none when there is nothing to keep. */
function reserveOf(line: StoredLine, rule: SettlementRule): StoredLine[] {
  const kept = rule.reserve === undefined ? 0n : percentOf(minorOfMoney(line.net), rule.reserve.percent);
  if (rule.reserve === undefined || kept === 0n) return [];
  const { tax: _tax, rule: _rule, awaits: _awaits, payableAt: _at, ...own } = line;
  const { currency } = line.net;
  const [back, forth, none] = [moneyOf(-kept, currency), moneyOf(kept, currency), moneyOf(0n, currency)];
  const at = line.createdAt;
  return [
    {
      ...own,
      ...timingOf(rule, at),
      _id: `${line._id}_r`,
      kind: "reserve",
      of: line._id,
      gross: back,
      fee: none,
      net: back,
    },
    {
      ...own,
      ...timingOf(rule, at, [rule.reserve.days]),
      _id: `${line._id}_s`,
      kind: "release",
      of: line._id,
      gross: forth,
      fee: none,
      net: forth,
    },
  ];
}
