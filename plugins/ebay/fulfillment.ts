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
import { buyerOf, sellerOf } from "./people.ts";

/** An order of the Fulfillment API as it passed fulfillment-order.schema.json. */
export interface FulfillmentOrder {
  readonly orderId: string;
  readonly orderPaymentStatus: string;
  readonly creationDate: string;
  readonly sellerId?: string | null;
  readonly buyer?: {
    readonly username?: string | null;
    readonly buyerRegistrationAddress?: { readonly email?: string | null } | null;
  } | null;
  readonly cancelStatus?: { readonly cancelState?: string | null } | null;
  readonly pricingSummary?: { readonly total?: Money } | null;
  readonly paymentSummary?: {
    readonly payments?: readonly { readonly paymentStatus?: string | null }[] | null;
    readonly refunds?: readonly unknown[] | null;
  } | null;
  readonly lineItems?: readonly LineItem[] | null;
}

interface LineItem {
  readonly title?: string | null;
  readonly sku?: string | null;
  readonly quantity?: string | null;
}

const MAX_ITEMS = 1000;

/** Why nothing is to be paid for the order, or undefined when its buyer has still to pay it. */
function closedBecause(order: FulfillmentOrder): Closed | undefined {
  const { orderPaymentStatus: status, cancelStatus, paymentSummary } = order;
  const cancel = cancelStatus?.cancelState ?? "NONE_REQUESTED";
  if (cancel === "CANCELED") return { cancel: "The order is cancelled." };
  if (status === "PAID") return { notOwed: "The order is paid." };
  if (status.endsWith("REFUNDED") || (paymentSummary?.refunds ?? []).length > 0)
    return { notOwed: "The order was paid and refunded, in part or whole." };
  // The seller may yet refuse to cancel it.
  if (cancel !== "NONE_REQUESTED") return { skip: "The order is about to be cancelled." };
  if (status !== "PENDING" && status !== "FAILED")
    return { skip: "The order is in a status that does not say that it is owed." };
  const tried = (paymentSummary?.payments ?? []).filter(({ paymentStatus }) => paymentStatus !== "FAILED");
  return tried.length > 0 ? { skip: "A payment of the order is under way." } : undefined;
}

function itemOf({ title, sku, quantity }: LineItem): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(title ?? "", 1024) || "Item",
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(quantity ? { quantity } : {}),
  };
}

/** An order of the Fulfillment API. `pricingSummary.total` is what the buyer owes, as the platform says. */
export function mapFulfillmentOrder(order: FulfillmentOrder, { merchant }: MapContext): Mapped {
  const named = { merchant: sellerOf(order.sellerId, merchant), orderNo: order.orderId };
  const closed = closedBecause(order);
  if (closed !== undefined) return closedOrder(named, closed);
  const total = order.pricingSummary?.total;
  if (total === undefined) return { skip: "The order has no total yet." };
  if (isZero(total.value)) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };
  const placedAt = instantOf(order.creationDate);
  if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/creationDate" };
  const lines = order.lineItems ?? [];
  const buyerId = buyerOf(order.buyer?.username, order.buyer?.buyerRegistrationAddress?.email);
  return [
    {
      ...named,
      amount: money(total.value, total.currency),
      placedAt,
      title: `Order ${order.orderId}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(lines.length === 0 ? {} : { items: lines.slice(0, MAX_ITEMS).map(itemOf) }),
    },
  ];
}
