import {
  definePlatform,
  epochInstant,
  exactSum,
  isZero,
  money,
  plainText,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

/** A sale order as it passed order.schema.json: all numbers are text. */
interface Order {
  readonly code: string;
  readonly displayOrderCode?: string | null;
  readonly channel?: string | null;
  readonly displayOrderDateTime?: string | null;
  readonly status: string;
  readonly cod: boolean;
  readonly currencyCode: string;
  readonly customerCode?: string | null;
  readonly notificationEmail?: string | null;
  readonly saleOrderItems: readonly Item[];
  readonly returns?: readonly unknown[] | null;
}

interface Item {
  readonly itemName?: string | null;
  readonly itemSku?: string | null;
  readonly statusCode: string;
  readonly totalPrice: string;
  readonly prepaidAmount?: string | null;
  readonly voucherValue?: string | null;
  readonly storeCredit?: string | null;
}

interface Live {
  readonly item: Item;
  readonly index: number;
}

const OPEN = new Set(["CREATED", "PROCESSING"]);
/** Statuses of an item that has not left the warehouse: its cash can't have been collected. */
const IN_HOUSE = new Set(["CREATED", "FULFILLABLE", "UNFULFILLABLE"]);
const MAX_ITEMS = 1000;

/** Why nothing is to be paid for the order, or undefined when its buyer still owes it. */
function closedBecause({ status, cod, returns, saleOrderItems }: Order): string | undefined {
  if (status === "CANCELLED") return "The order is cancelled.";
  if (!OPEN.has(status)) return "The order is in a status that does not say that it is owed.";
  if (!cod) return "The order is paid on its sales channel.";
  if ((returns ?? []).length > 0) return "A part of the order was returned; what is owed is not told.";
  const live = saleOrderItems.filter(({ statusCode }) => statusCode !== "CANCELLED");
  if (live.length === 0) return "All items of the order are cancelled.";
  if (live.some(({ statusCode }) => !IN_HOUSE.has(statusCode)))
    return "The order is under way; its cash may have been collected.";
  return undefined;
}

/** Money of another kind than cash was used for the item. */
const usedCredit = ({ item }: Live): boolean =>
  [item.voucherValue, item.storeCredit].some((credit) => !isZero(credit ?? "0"));

function buyerOf({ customerCode, notificationEmail }: Order): string | undefined {
  if (customerCode) return `customer:${customerCode}`;
  const mail = (notificationEmail ?? "").trim().toLowerCase();
  return mail === "" ? undefined : `email:${mail}`;
}

function itemOf({ item: { itemName, itemSku } }: Live): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(itemName || itemSku || "Item", 1024),
    ...(itemSku ? { sku: plainText(itemSku, 256) } : {}),
    quantity: "1",
  };
}

export default definePlatform<Order>({
  title: "Unicommerce",
  // Invoices have no such field: they are not recognised.
  input: { format: "json", records: ["/saleOrderDTO", ""], marks: ['"saleOrderItems"'] },
  schema: "order.schema.json",
  currencies: ["INR", "USD", "AED", "SAR", "SGD"],
  fees: { percent: "1.8" },
  settlementAccount: "unicommerce-settlement",
  defaultMerchant: "unicommerce-seller",
  map(order, { merchant }) {
    const reason = closedBecause(order);
    if (reason !== undefined) return { skip: reason };
    const live = order.saleOrderItems
      .map((item, index) => ({ item, index }))
      .filter(({ item }) => item.statusCode !== "CANCELLED");
    if (live.some(usedCredit)) return { skip: "A voucher or store credit was used; what is left to pay is not told." };
    const prepaid = live.map(({ item }) => item.prepaidAmount ?? "0");
    const total = exactSum(
      live.map(({ item }) => item.totalPrice),
      prepaid,
    );
    if (isZero(total)) return { skip: "There is nothing to pay: prices less what was paid before are zero." };
    const placed = order.displayOrderDateTime;
    const placedAt = placed ? epochInstant(placed, "ms") : null;
    if (placedAt === undefined) return { reject: "There is no such time.", field: "/displayOrderDateTime" };
    const buyerId = buyerOf(order);
    const shown = plainText(order.displayOrderCode ?? "", 128) || order.code;
    return [
      {
        merchant,
        orderNo: order.code,
        amount: money(total, order.currencyCode),
        title: plainText(`${order.channel ?? ""} order ${shown}`, 512),
        items: live.slice(0, MAX_ITEMS).map(itemOf),
        ...(placedAt === null ? {} : { placedAt }),
        ...(buyerId === undefined ? {} : { buyerId }),
      },
    ];
  },
});
