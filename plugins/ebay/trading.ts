import {
  instantOf,
  isZero,
  money,
  plainText,
  type PlatformOrder,
  type Reject,
  type Skip,
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

/** Why nothing is to be paid for the order, or undefined when its buyer has still to pay it. */
function closedBecause(order: TradingOrder): string | undefined {
  const { OrderStatus: status, CheckoutStatus: checkout, AmountPaid: paid } = order;
  if (status.startsWith("Cancel")) return "The order is cancelled, or about to be.";
  if (order.PaidTime) return "The order is paid: it has a time of payment.";
  if (status !== "Active") return "The order is in a status that does not say that it is owed.";
  if (paid !== undefined && !isZero(paid["#text"])) return "A part of the order is paid; what is left is not told.";
  if (checkout?.Status === "Complete") return "The checkout of the order is complete.";
  if (checkout?.eBayPaymentStatus?.endsWith("InProcess") === true) return "A payment of the order is under way.";
  return undefined;
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
export function mapTradingOrder(
  order: TradingOrder,
  { merchant }: { readonly merchant: string },
): readonly PlatformOrder[] | Skip | Reject {
  const reason = closedBecause(order);
  if (reason !== undefined) return { skip: reason };
  const total = order.Total;
  if (total === undefined) return { skip: "The order has no total yet." };
  if (isZero(total["#text"])) return { skip: "There is nothing to pay: the total is zero." };
  const placedAt = instantOf(order.CreatedTime);
  if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/CreatedTime" };
  const array = order.TransactionArray;
  const lines = array === "" ? [] : (array?.Transaction ?? []);
  const first = lines[0]?.Buyer;
  const buyerId = buyerOf(order.BuyerUserID, first === "" ? undefined : first?.Email);
  return [
    {
      merchant: sellerOf(order.SellerUserID, merchant),
      orderNo: order.OrderID,
      amount: money(total["#text"], total["@currencyID"]),
      placedAt,
      title: `Order ${order.OrderID}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(lines.length === 0 ? {} : { items: lines.slice(0, MAX_ITEMS).map(itemOf) }),
    },
  ];
}
