import {
  closedOrder,
  definePlatform,
  epochInstant,
  exactSum,
  isZero,
  money,
  plainText,
  type Closed,
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
const CLOSED = new Map<string, Closed>([
  ["CANCELLED", { cancel: "The order is cancelled." }],
  ["COMPLETE", { notOwed: "The order is complete." }],
]);
/** Statuses of an item that has not left the warehouse: its cash can't have been collected. */
const IN_HOUSE = new Set(["CREATED", "FULFILLABLE", "UNFULFILLABLE"]);
/** Statuses of an item that has left it: its cash is with the carrier, or will be. */
const SENT = new Set(["DISPATCHED", "SHIPPED", "DELIVERED"]);
const MAX_ITEMS = 1000;

/** Money of another kind than cash was used for the item. */
const usedCredit = ({ item }: Live): boolean =>
  [item.voucherValue, item.storeCredit].some((credit) => !isZero(credit ?? "0"));

/** Why nothing is to be paid for the order, or undefined when its buyer still owes it. */
function closedBecause({ status, cod, returns }: Order, live: readonly Live[]): Closed | undefined {
  const closed = CLOSED.get(status);
  if (closed !== undefined) return closed;
  if (live.length === 0) return { cancel: "All items of the order are cancelled." };
  if (!cod) return { notOwed: "The order is paid on its sales channel." };
  if ((returns ?? []).length > 0) return { notOwed: "A part of the order was returned; what is owed is not told." };
  if (live.some(({ item }) => SENT.has(item.statusCode)))
    return { notOwed: "The order is under way: its cash is collected on delivery." };
  if (!OPEN.has(status)) return { skip: "The order is in a status that does not say that it is owed." };
  if (live.some(({ item }) => !IN_HOUSE.has(item.statusCode)))
    return { skip: "An item is in a status that does not say whether it has left the warehouse." };
  return live.some(usedCredit)
    ? { notOwed: "A voucher or store credit was used; what is left to pay is not told." }
    : undefined;
}

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
    const named = { merchant, orderNo: order.code };
    const live = order.saleOrderItems
      .map((item, index) => ({ item, index }))
      .filter(({ item }) => item.statusCode !== "CANCELLED");
    const closed = closedBecause(order, live);
    if (closed !== undefined) return closedOrder(named, closed);
    const prepaid = live.map(({ item }) => item.prepaidAmount ?? "0");
    const total = exactSum(
      live.map(({ item }) => item.totalPrice),
      prepaid,
    );
    if (isZero(total))
      return { notOwed: named, reason: "There is nothing to pay: prices less what was paid before are zero." };
    const placed = order.displayOrderDateTime;
    const placedAt = placed ? epochInstant(placed, "ms") : null;
    if (placedAt === undefined) return { reject: "There is no such time.", field: "/displayOrderDateTime" };
    const buyerId = buyerOf(order);
    const shown = plainText(order.displayOrderCode ?? "", 128) || order.code;
    return [
      {
        ...named,
        amount: money(total, order.currencyCode),
        title: plainText(`${order.channel ?? ""} order ${shown}`, 512),
        items: live.slice(0, MAX_ITEMS).map(itemOf),
        ...(placedAt === null ? {} : { placedAt }),
        ...(buyerId === undefined ? {} : { buyerId }),
      },
    ];
  },
});
