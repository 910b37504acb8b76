import {
  closedOrder,
  exactSum,
  instantFrom,
  isZero,
  money,
  plainText,
  withoutPadding,
  type Closed,
  type MapContext,
  type Mapped,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

/** An order of the REST API as it passed order.schema.json; Magento 1 has `order_items` and `addresses`. */
export interface Order {
  readonly increment_id: string;
  readonly status: string;
  readonly state?: string | null;
  readonly grand_total: string;
  readonly base_grand_total?: string | null;
  readonly total_paid?: string | null;
  readonly total_due?: string | null;
  readonly order_currency_code?: string | null;
  readonly base_currency_code?: string | null;
  readonly store_currency_code?: string | null;
  readonly created_at: string;
  readonly customer_id?: string | null;
  readonly customer_email?: string | null;
  readonly items?: readonly Item[] | null;
  readonly line_items?: readonly LineItem[] | null;
  readonly order_items?: { readonly data_item?: readonly Item[] } | "";
  readonly addresses?: { readonly data_item?: readonly Address[] } | "";
}

interface Item {
  readonly name?: string | null;
  readonly sku?: string | null;
  readonly qty_ordered?: string | null;
  readonly parent_item_id?: string | null;
}

interface LineItem {
  readonly name?: string | null;
  readonly sku?: string | null;
  readonly qty?: string | null;
}

interface Address {
  readonly email?: string;
  readonly address_type?: string;
}

const OPEN = new Set(["new", "pending", "pending_payment"]);
const CLOSED = new Map<string, Closed>([
  ["canceled", { cancel: "The order is cancelled." }],
  ["closed", { notOwed: "The order is closed: it was refunded." }],
  ["complete", { notOwed: "The order is complete." }],
]);
/** On hold, or under review: the order may be released, or cancelled. */
const HELD = new Set(["holded", "fraud"]);
const MAX_ITEMS = 1000;

/** Why nothing is to be paid for the order, or undefined when it is open. */
function closedBecause(order: Order): Closed | undefined {
  const { status, state } = order;
  // A shop may name statuses as it likes; the state behind it is one of a fixed list.
  const closed = CLOSED.get(status) ?? CLOSED.get(state ?? "");
  if (closed !== undefined) return closed;
  if (isZero(dueOf(order))) return { notOwed: "There is nothing to pay: nothing is due." };
  if (HELD.has(status)) return { skip: "The order is held." };
  return OPEN.has(state || status)
    ? undefined
    : { skip: "The order is in a status that does not say that it is owed." };
}

/**
 * The currency of `grand_total`. Magento 1 may leave it out: then it is the shop's only when both of its currencies and both
 * totals are the same.
 */
function currencyOf(order: Order): string | undefined {
  if (order.order_currency_code) return order.order_currency_code;
  const { base_currency_code: base, store_currency_code: store, base_grand_total: total } = order;
  return base && base === store && total === order.grand_total ? base : undefined;
}

/** What is due: told by Magento 2; the total less what was paid where it is not. */
const dueOf = (order: Order): string =>
  order.total_due || exactSum([order.grand_total], order.total_paid ? [order.total_paid] : []);

const linesOf = ({ order_items: old, items }: Order): readonly Item[] =>
  (old === "" || old === undefined ? (items ?? []) : (old.data_item ?? [])).filter(
    // The variant that a configurable product stands for is told twice.
    ({ parent_item_id: parent }) => !parent,
  );

function itemsOf(order: Order): NonNullable<PlatformOrder["items"]> {
  const lines = [
    ...linesOf(order).map(({ name, sku, qty_ordered: quantity }) => ({ name, sku, quantity })),
    ...(order.line_items ?? []).map(({ name, sku, qty: quantity }) => ({ name, sku, quantity })),
  ];
  return lines.slice(0, MAX_ITEMS).map(({ name, sku, quantity }) => ({
    name: plainText(name ?? "", 1024) || "Item",
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(quantity ? { quantity: quantity.replace(/\.0+$/, "") } : {}),
  }));
}

/** Customers are counted within one shop; a guest has nothing but a mail address. */
function buyerOf(order: Order, merchant: string): string | undefined {
  if (order.customer_id && !/^0+$/.test(order.customer_id)) return `${merchant}/customer:${order.customer_id}`;
  const addresses = order.addresses === "" ? [] : (order.addresses?.data_item ?? []);
  const billing = addresses.find(({ address_type: type }) => type === "billing");
  const mail = (order.customer_email || billing?.email || "").trim().toLowerCase();
  return mail === "" ? undefined : `guest:${mail}`;
}

/** An order of the REST API of Magento 2 or Magento 1: four decimals, whatever the currency has. */
export function mapOrder(order: Order, { merchant }: MapContext): Mapped {
  const named = { merchant, orderNo: order.increment_id };
  const closed = closedBecause(order);
  if (closed !== undefined) return closedOrder(named, closed);
  const currency = currencyOf(order);
  if (currency === undefined)
    return { reject: "The order does not tell the currency of its total.", field: "/order_currency_code" };
  const placedAt = instantFrom(order.created_at, "YYYY-MM-DD hh:mm:ss");
  if (placedAt === undefined) return { reject: "There is no such date and time.", field: "/created_at" };
  const buyerId = buyerOf(order, merchant);
  const items = itemsOf(order);
  return [
    {
      ...named,
      amount: money(withoutPadding(dueOf(order), currency), currency),
      placedAt,
      title: `Order ${order.increment_id}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(items.length === 0 ? {} : { items }),
    },
  ];
}
