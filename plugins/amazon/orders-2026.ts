import {
  defineInput,
  instantOf,
  isZero,
  money,
  plainText,
  type PlatformInput,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { buyerOf, MAX_ITEMS, orderTitle } from "./shared.ts";

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

const OPEN = new Set(["UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"]);

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
    const { fulfillmentStatus: status } = order.fulfillment;
    if (status.startsWith("CANCEL")) return { skip: "The order is cancelled." };
    if (status.startsWith("PENDING")) return { skip: "The order is pending, not priced yet." };
    if (!OPEN.has(status)) return { skip: "The order is in a status that does not say that it is owed." };
    const total = order.proceeds?.grandTotal ?? undefined;
    if (total === undefined) return { skip: "The order has no total." };
    if (isZero(total.amount)) return { skip: "There is nothing to pay: the total is zero." };
    const placedAt = instantOf(order.createdTime);
    if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/createdTime" };
    const buyerId = buyerOf(order.buyer?.buyerEmail);
    const items = (order.orderItems ?? []).slice(0, MAX_ITEMS).map(itemOf);
    return [
      {
        merchant,
        orderNo: order.orderId,
        amount: money(total.amount, total.currencyCode),
        placedAt,
        title: orderTitle(order.salesChannel?.marketplaceName, order.orderId),
        ...(buyerId === undefined ? {} : { buyerId }),
        ...(items.length === 0 ? {} : { items }),
      },
    ];
  },
});
