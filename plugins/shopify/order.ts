import {
  closedOrder,
  instantOf,
  isZero,
  money,
  plainText,
  type Closed,
  type MapContext,
  type Mapped,
  type Money,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { buyerOf, CANCELLED, closedBecause, MAX_ITEMS, NOTHING_TO_PAY, REFUNDED } from "./shared.ts";

/** An order of the Admin API or of a webhook as it passed order.schema.json: ids are text, they have up to 19 digits. */
export interface Order {
  readonly id: string;
  readonly name?: string | null;
  readonly email?: string | null;
  readonly created_at: string;
  readonly cancelled_at?: string | null;
  readonly test?: boolean | null;
  readonly financial_status?: string | null;
  readonly currency: string;
  readonly presentment_currency?: string | null;
  readonly total_price: string;
  readonly total_outstanding?: string | null;
  readonly total_price_set?: MoneyBag | null;
  /** The same after lines were added, changed or taken out; only newer versions tell it. */
  readonly current_total_price?: string | null;
  readonly current_total_price_set?: MoneyBag | null;
  readonly refunds?: readonly unknown[] | null;
  readonly line_items?: readonly LineItem[] | null;
}

interface MoneyBag {
  readonly presentment_money?: { readonly amount: string; readonly currency_code: string };
}

interface LineItem {
  readonly title?: string | null;
  readonly sku?: string | null;
  readonly quantity?: string | null;
}

/** What the buyer owes, in the currency that the buyer saw; undefined when the file does not tell. */
function owedFor(order: Order): Money | undefined {
  const { currency, presentment_currency: shown } = order;
  if (order.financial_status === "partially_paid") {
    // What is outstanding is told in the shop's currency only.
    const left = (shown ?? currency) === currency ? (order.total_outstanding ?? undefined) : undefined;
    return left === undefined ? undefined : money(left, currency);
  }
  const { current_total_price: current, current_total_price_set: currentSet, total_price_set: first } = order;
  const bag = (currentSet ?? (current ? undefined : first))?.presentment_money;
  if (bag !== undefined) return money(bag.amount, bag.currency_code);
  return (shown ?? currency) === currency ? money(current || order.total_price, currency) : undefined;
}

function itemOf({ title, sku, quantity }: LineItem): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(title ?? "", 1024) || "Item",
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(quantity ? { quantity } : {}),
  };
}

/** Why nothing is to be paid for the order, or undefined when it is open. */
function closedAs(order: Order): Closed | undefined {
  // It was never owed, whatever became of it since.
  if (order.test === true) return { skip: "It is a test order." };
  if (order.cancelled_at) return CANCELLED;
  return closedBecause(order.financial_status ?? "") ?? ((order.refunds ?? []).length > 0 ? REFUNDED : undefined);
}

/** An order of the Admin API: `total_price` with taxes, shipping and discounts in it. */
export function mapOrder(order: Order, { merchant }: MapContext): Mapped {
  const orderNo = order.name?.trim() || order.id;
  const named = { merchant, orderNo };
  const closed = closedAs(order);
  if (closed !== undefined) return closedOrder(named, closed);
  const owed = owedFor(order);
  if (owed === undefined)
    return order.financial_status === "partially_paid"
      ? { notOwed: named, reason: "A part of the order is paid; what is left in the buyer's currency is not told." }
      : { skip: "What is to be paid in the buyer's currency is not told." };
  if (isZero(owed.value)) return closedOrder(named, NOTHING_TO_PAY);
  const placedAt = instantOf(order.created_at);
  if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/created_at" };
  const buyerId = buyerOf(order.email);
  const items = (order.line_items ?? []).slice(0, MAX_ITEMS).map(itemOf);
  return [
    {
      ...named,
      amount: owed,
      placedAt,
      title: `Order ${orderNo}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(items.length === 0 ? {} : { items }),
    },
  ];
}
