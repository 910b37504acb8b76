import {
  closedOrder,
  defineInput,
  instantOf,
  isZero,
  money,
  plainText,
  type Closed,
  type PlatformInput,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { buyerOf, CANCELLED, MAX_ITEMS, orderTitle, PENDING, UNKNOWN } from "./shared.ts";

/** An order of the Orders API of 2026-01-01 as it passed order-2026.schema.json. */
interface Order {
  readonly orderId: string;
  readonly createdTime: string;
  readonly salesChannel?: { readonly marketplaceName?: string | null } | null;
  readonly buyer?: { readonly buyerEmail?: string | null } | null;
  readonly proceeds?: {
    readonly grandTotal?: { readonly amount: string; readonly currencyCode: string } | null;
  } | null;
  readonly fulfillment: { readonly fulfillmentStatus: string };
  readonly orderItems?: readonly Item[] | null;
}

interface Item {
  readonly quantityOrdered?: string | null;
  readonly product?: { readonly title?: string | null; readonly sellerSku?: string | null } | null;
}

const STATUSES = new Map<string, Closed | "owed">([
  ["UNSHIPPED", "owed"],
  ["PARTIALLY_SHIPPED", "owed"],
  ["SHIPPED", "owed"],
  ["CANCELLED", CANCELLED],
  ["PENDING", PENDING],
  ["PENDING_AVAILABILITY", PENDING],
]);

function itemOf({ quantityOrdered, product }: Item): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(product?.title ?? "", 1024) || "Item",
    ...(product?.sellerSku ? { sku: plainText(product.sellerSku, 256) } : {}),
    ...(quantityOrdered ? { quantity: quantityOrdered } : {}),
  };
}

/** Answers of the Selling Partner API, Orders 2026-01-01: a list, or one order. `grandTotal` is with taxes, tips and discounts. */
export const orders2026: PlatformInput = defineInput<Order>({
  input: { format: "json", records: ["/orders", "/order"], marks: ['"orderId"', '"fulfillmentStatus"'] },
  schema: "order-2026.schema.json",
  map(order, { merchant }) {
    const named = { merchant, orderNo: order.orderId };
    const closed = STATUSES.get(order.fulfillment.fulfillmentStatus) ?? UNKNOWN;
    if (closed !== "owed") return closedOrder(named, closed);
    const total = order.proceeds?.grandTotal ?? undefined;
    if (total === undefined) return { skip: "The order has no total." };
    if (isZero(total.amount)) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };
    const placedAt = instantOf(order.createdTime);
    if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/createdTime" };
    const buyerId = buyerOf(order.buyer?.buyerEmail);
    const items = (order.orderItems ?? []).slice(0, MAX_ITEMS).map(itemOf);
    return [
      {
        ...named,
        amount: money(total.amount, total.currencyCode),
        placedAt,
        title: orderTitle(order.salesChannel?.marketplaceName, order.orderId),
        ...(buyerId === undefined ? {} : { buyerId }),
        ...(items.length === 0 ? {} : { items }),
      },
    ];
  },
});
