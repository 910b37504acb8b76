import {
  instantOf,
  isZero,
  money,
  plainText,
  type Money,
  type PlatformOrder,
  type Reject,
  type Skip,
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
function closedBecause(order: FulfillmentOrder): string | undefined {
  const { orderPaymentStatus: status, cancelStatus, paymentSummary } = order;
  if (status === "PAID") return "The order is paid.";
  if (status.endsWith("REFUNDED") || (paymentSummary?.refunds ?? []).length > 0)
    return "The order was paid and refunded, in part or whole.";
  const cancel = cancelStatus?.cancelState ?? "NONE_REQUESTED";
  if (cancel !== "NONE_REQUESTED") return "The order is cancelled, or about to be.";
  if (status !== "PENDING" && status !== "FAILED") return "The order is in a status that does not say that it is owed.";
  const tried = (paymentSummary?.payments ?? []).filter(({ paymentStatus }) => paymentStatus !== "FAILED");
  return tried.length > 0 ? "A payment of the order is under way." : undefined;
}

function itemOf({ title, sku, quantity }: LineItem): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(title ?? "", 1024) || "Item",
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(quantity ? { quantity } : {}),
  };
}

/** An order of the Fulfillment API. `pricingSummary.total` is what the buyer owes, as the platform says. */
export function mapFulfillmentOrder(
  order: FulfillmentOrder,
  { merchant }: { readonly merchant: string },
): readonly PlatformOrder[] | Skip | Reject {
  const reason = closedBecause(order);
  if (reason !== undefined) return { skip: reason };
  const total = order.pricingSummary?.total;
  if (total === undefined) return { skip: "The order has no total yet." };
  if (isZero(total.value)) return { skip: "There is nothing to pay: the total is zero." };
  const placedAt = instantOf(order.creationDate);
  if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/creationDate" };
  const lines = order.lineItems ?? [];
  const buyerId = buyerOf(order.buyer?.username, order.buyer?.buyerRegistrationAddress?.email);
  return [
    {
      merchant: sellerOf(order.sellerId, merchant),
      orderNo: order.orderId,
      amount: money(total.value, total.currency),
      placedAt,
      title: `Order ${order.orderId}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(lines.length === 0 ? {} : { items: lines.slice(0, MAX_ITEMS).map(itemOf) }),
    },
  ];
}
