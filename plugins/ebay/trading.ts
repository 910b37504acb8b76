import {
  closedOrder,
  instantOf,
  isZero,
  money,
  plainText,
  type Closed,
  type MapContext,
  type Mapped,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { buyerOf, sellerOf } from "./people.ts";

interface Amount {
  readonly "@currencyID": string;
  readonly "#text": string;
}

/** An order of the Trading API as it passed trading-order.schema.json. */
export interface TradingOrder {
  readonly OrderID: string;
  readonly OrderStatus: string;
  readonly AmountPaid?: Amount;
  readonly Total?: Amount;
  readonly PaidTime?: string;
  readonly CreatedTime: string;
  readonly BuyerUserID?: string;
  readonly SellerUserID?: string;
  readonly CheckoutStatus?: { readonly eBayPaymentStatus?: string; readonly Status?: string };
  readonly TransactionArray?: { readonly Transaction?: readonly Transaction[] } | "";
}

interface Transaction {
  readonly Buyer?: { readonly Email?: string } | "";
  readonly Item?: { readonly Title?: string; readonly SKU?: string };
  readonly Variation?: { readonly SKU?: string; readonly VariationTitle?: string };
  readonly QuantityPurchased?: string;
}

const MAX_ITEMS = 1000;

const CLOSED = new Map<string, Closed>([
  ["Cancelled", { cancel: "The order is cancelled." }],
  ["Inactive", { cancel: "The order became a part of another order." }],
  ["Completed", { notOwed: "The order is paid and complete." }],
]);

/** Why nothing is to be paid for the order, or undefined when its buyer has still to pay it. */
function closedBecause(order: TradingOrder): Closed | undefined {
  const { OrderStatus: status, CheckoutStatus: checkout, AmountPaid: paid } = order;
  const closed = CLOSED.get(status);
  if (closed !== undefined) return closed;
  if (order.PaidTime) return { notOwed: "The order is paid: it has a time of payment." };
  if (paid !== undefined && !isZero(paid["#text"]))
    return { notOwed: "A part of the order is paid; what is left is not told." };
  // Of those the seller may yet refuse to cancel some.
  if (status !== "Active")
    return { skip: "The order is about to be cancelled, or in a status that does not say that it is owed." };
  if (checkout?.Status === "Complete") return { notOwed: "The checkout of the order is complete." };
  return checkout?.eBayPaymentStatus?.endsWith("InProcess") === true
    ? { skip: "A payment of the order is under way." }
    : undefined;
}

function itemOf({
  Item: item,
  Variation: variation,
  QuantityPurchased: quantity,
}: Transaction): NonNullable<PlatformOrder["items"]>[number] {
  const sku = variation?.SKU || item?.SKU;
  return {
    name: plainText(variation?.VariationTitle || item?.Title || "Item", 1024),
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(quantity ? { quantity } : {}),
  };
}

/** An order of the Trading API. `Total` is what the buyer owes, with shipping and tax, as the platform says. */
export function mapTradingOrder(order: TradingOrder, { merchant }: MapContext): Mapped {
  const named = { merchant: sellerOf(order.SellerUserID, merchant), orderNo: order.OrderID };
  const closed = closedBecause(order);
  if (closed !== undefined) return closedOrder(named, closed);
  const total = order.Total;
  if (total === undefined) return { skip: "The order has no total yet." };
  if (isZero(total["#text"])) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };
  const placedAt = instantOf(order.CreatedTime);
  if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/CreatedTime" };
  const array = order.TransactionArray;
  const lines = array === "" ? [] : (array?.Transaction ?? []);
  const first = lines[0]?.Buyer;
  const buyerId = buyerOf(order.BuyerUserID, first === "" ? undefined : first?.Email);
  return [
    {
      ...named,
      amount: money(total["#text"], total["@currencyID"]),
      placedAt,
      title: `Order ${order.OrderID}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(lines.length === 0 ? {} : { items: lines.slice(0, MAX_ITEMS).map(itemOf) }),
    },
  ];
}
