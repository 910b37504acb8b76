import { defineInput, instantOf, isZero, money, plainText, type PlatformInput } from "../../core/plugin/contract.ts";
import { buyerOf, orderTitle } from "./shared.ts";

/** An order of the Orders API v0 as it passed order-v0.schema.json. */
interface Order {
  readonly AmazonOrderId: string;
  readonly OrderStatus: string;
  readonly PurchaseDate: string;
  readonly SalesChannel?: string | null;
  readonly OrderTotal?: { readonly CurrencyCode: string; readonly Amount: string } | null;
  readonly PaymentExecutionDetail?: readonly unknown[] | null;
  readonly BuyerInfo?: { readonly BuyerEmail?: string | null } | null;
}

const OPEN = new Set(["Unshipped", "PartiallyShipped", "Shipped"]);

/** Why nothing is to be paid for the order, or undefined when it is open. */
function closedBecause(order: Order): string | undefined {
  if (order.OrderStatus === "Canceled") return "The order is cancelled.";
  if (order.OrderStatus.startsWith("Pending")) return "The order is pending, not priced yet.";
  if (!OPEN.has(order.OrderStatus)) return "The order is in a status that does not say that it is owed.";
  if (plainText(order.SalesChannel ?? "", 128).startsWith("Non-Amazon"))
    return "The order was not placed on the platform.";
  if ((order.PaymentExecutionDetail ?? []).length > 0)
    return "A part of the order is paid in another way; what is left is not told.";
  return undefined;
}

/** Answers of the Selling Partner API, Orders v0: a list, or one order. Its items are another answer, which is not needed. */
export const ordersV0: PlatformInput = defineInput<Order>({
  input: { format: "json", records: ["/payload/Orders", "/payload"], marks: ['"OrderStatus"', '"AmazonOrderId"'] },
  schema: "order-v0.schema.json",
  map(order, { merchant }) {
    const reason = closedBecause(order);
    if (reason !== undefined) return { skip: reason };
    const total = order.OrderTotal ?? undefined;
    if (total === undefined) return { skip: "The order has no total." };
    if (isZero(total.Amount)) return { skip: "There is nothing to pay: the total is zero." };
    const placedAt = instantOf(order.PurchaseDate);
    if (placedAt === undefined)
      return { reject: "There is no such date and time with a zone.", field: "/PurchaseDate" };
    const buyerId = buyerOf(order.BuyerInfo?.BuyerEmail);
    return [
      {
        merchant,
        orderNo: order.AmazonOrderId,
        amount: money(total.Amount, total.CurrencyCode),
        placedAt,
        title: orderTitle(order.SalesChannel, order.AmazonOrderId),
        ...(buyerId === undefined ? {} : { buyerId }),
      },
    ];
  },
});
