import {
  closedOrder,
  defineInput,
  instantOf,
  isZero,
  money,
  type Closed,
  type PlatformInput,
} from "../../core/plugin/contract.ts";
import { buyerOf, CANCELLED, isOtherShop, orderTitle, OTHER_SHOP, PENDING, UNKNOWN } from "./shared.ts";

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

const STATUSES = new Map<string, Closed | "owed">([
  ["Unshipped", "owed"],
  ["PartiallyShipped", "owed"],
  ["Shipped", "owed"],
  ["Canceled", CANCELLED],
  ["Pending", PENDING],
  ["PendingAvailability", PENDING],
]);

/** Why nothing is to be paid for the order, or undefined when it is open. */
function closedBecause(order: Order): Closed | undefined {
  if (isOtherShop(order.SalesChannel)) return OTHER_SHOP;
  const closed = STATUSES.get(order.OrderStatus) ?? UNKNOWN;
  if (closed !== "owed") return closed;
  return (order.PaymentExecutionDetail ?? []).length > 0
    ? { notOwed: "A part of the order is paid in another way; what is left is not told." }
    : undefined;
}

/** Answers of the Selling Partner API, Orders v0: a list, or one order. Its items are another answer, which is not needed. */
export const ordersV0: PlatformInput = defineInput<Order>({
  input: { format: "json", records: ["/payload/Orders", "/payload"], marks: ['"OrderStatus"', '"AmazonOrderId"'] },
  schema: "order-v0.schema.json",
  map(order, { merchant }) {
    const named = { merchant, orderNo: order.AmazonOrderId };
    const closed = closedBecause(order);
    if (closed !== undefined) return closedOrder(named, closed);
    const total = order.OrderTotal ?? undefined;
    if (total === undefined) return { skip: "The order has no total." };
    if (isZero(total.Amount)) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };
    const placedAt = instantOf(order.PurchaseDate);
    if (placedAt === undefined)
      return { reject: "There is no such date and time with a zone.", field: "/PurchaseDate" };
    const buyerId = buyerOf(order.BuyerInfo?.BuyerEmail);
    return [
      {
        ...named,
        amount: money(total.Amount, total.CurrencyCode),
        placedAt,
        title: orderTitle(order.SalesChannel, order.AmazonOrderId),
        ...(buyerId === undefined ? {} : { buyerId }),
      },
    ];
  },
});
