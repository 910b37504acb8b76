import {
  closedOrder,
  definePlatform,
  instantOf,
  isZero,
  money,
  plainText,
  type Closed,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { isPriced, owedFor, type AmountColumns } from "./amount.ts";
import { notPayables } from "./not-payable.ts";
import { orders2026 } from "./orders-2026.ts";
import { ordersV0 } from "./orders-v0.ts";
import { buyerOf, CANCELLED, isOtherShop, MAX_ITEMS, orderTitle, OTHER_SHOP, PENDING, UNKNOWN } from "./shared.ts";

/** A row of the report as it passed order.schema.json. */
interface Row extends AmountColumns {
  readonly "amazon-order-id": string;
  readonly "purchase-date": string;
  readonly "order-status": string;
  readonly "product-name": string;
  readonly sku: string;
  readonly "item-status": string;
  readonly quantity: string;
  readonly currency: string;
  /** In reports that a seller joined with the buyers' mail addresses; the plain report has no buyer. */
  readonly "buyer-email"?: string;
}

interface Live {
  readonly row: Row;
  readonly index: number;
}

const GONE: Closed = { notOwed: "The goods were returned, refused or lost." };
/** Order statuses by what they say of the order's payment; pending orders have no prices yet. */
const STATUSES = new Map<string, Closed | "owed">([
  ["unshipped", "owed"],
  ["partiallyshipped", "owed"],
  ["partially shipped", "owed"],
  ["shipping", "owed"],
  ["shipped", "owed"],
  ["complete", "owed"],
  ["shipped - delivered to buyer", "owed"],
  ["shipped - out for delivery", "owed"],
  ["shipped - picked up", "owed"],
  ["cancelled", CANCELLED],
  ["canceled", CANCELLED],
  ["shipped - returned to seller", GONE],
  ["shipped - returning to seller", GONE],
  ["shipped - rejected by buyer", GONE],
  ["shipped - undeliverable", GONE],
  ["shipped - lost in transit", GONE],
  ["shipped - damaged", GONE],
  ["pending", PENDING],
]);
const UNCLEAR: Closed = { skip: "The rows of the order are in statuses that do not agree on whether it is owed." };
const CURRENCIES = "USD CAD MXN BRL EUR GBP SEK PLN TRY INR JPY AUD SGD AED SAR EGP ZAR";

const word = (text: string): string => text.trim().toLowerCase();

const isCancelled = (row: Row): boolean => STATUSES.get(word(row["item-status"])) === CANCELLED;

/** Why nothing is to be paid for the order as its status columns tell it, or undefined when it is open. */
function closedBecause(rows: readonly Row[]): Closed | undefined {
  if (rows.some((row) => isOtherShop(row["sales-channel"]))) return OTHER_SHOP;
  const [told, other] = new Set(rows.map((row) => STATUSES.get(word(row["order-status"])) ?? UNKNOWN));
  if (other !== undefined) return UNCLEAR;
  return told === "owed" ? undefined : told;
}

/** The first row whose column says something else than the first row of the order. */
const strayOf = (live: readonly Live[], column: "currency" | "buyer-email" | "sales-channel"): Live | undefined =>
  live.find(({ row }) => word(row[column] ?? "") !== word(live[0]?.row[column] ?? ""));

function itemOf({ row }: Live): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(row["product-name"], 1024),
    ...(row.sku === "" ? {} : { sku: plainText(row.sku, 256) }),
    ...(row.quantity === "" ? {} : { quantity: row.quantity }),
  };
}

/** What the report must have to be this report; it has more, which are not needed. */
const COLUMNS = [
  "amazon-order-id",
  "purchase-date",
  "order-status",
  "sales-channel",
  "product-name",
  "sku",
  "item-status",
  "quantity",
  "currency",
  "item-price",
  "item-tax",
  "shipping-price",
  "shipping-tax",
  "gift-wrap-price",
  "gift-wrap-tax",
  "item-promotion-discount",
  "ship-promotion-discount",
];

export default definePlatform<{ readonly rows: readonly [Row, ...Row[]] }>({
  title: "Amazon",
  input: {
    format: "tsv",
    groupBy: "amazon-order-id",
    columns: COLUMNS,
  },
  schema: "order.schema.json",
  also: [ordersV0, orders2026, ...notPayables],
  currencies: CURRENCIES.split(" "),
  fees: { percent: "3.2", fixed: { USD: "0.30", EUR: "0.25", GBP: "0.20" } },
  settlementAccount: "amazon-settlement",
  defaultMerchant: "amazon-seller",
  map({ rows }, { merchant }) {
    const named = { merchant, orderNo: rows[0]["amazon-order-id"] };
    const closed = closedBecause(rows);
    if (closed !== undefined) return closedOrder(named, closed);
    const live = rows.map((row, index) => ({ row, index })).filter(({ row }) => !isCancelled(row));
    const [first] = live;
    if (first === undefined) return { cancel: named, reason: "All items of the order are cancelled." };
    const priced = live.filter(({ row }) => isPriced(row));
    const columns = [
      ["currency", strayOf(priced, "currency")],
      ["buyer-email", strayOf(live, "buyer-email")],
      ["sales-channel", strayOf(live, "sales-channel")],
    ] as const;
    for (const [column, stray] of columns)
      if (stray !== undefined)
        return { reject: `The rows of the order do not agree in ${column}.`, field: `/rows/${stray.index}/${column}` };
    const [prime] = priced;
    if (prime === undefined) return { skip: "The order is not priced yet." };
    const total = owedFor(priced.map(({ row }) => row));
    if (isZero(total)) return { notOwed: named, reason: "There is nothing to pay: prices less discounts are zero." };
    const { currency } = prime.row;
    if (currency === "")
      return { reject: "The row has amounts but no currency.", field: `/rows/${prime.index}/currency` };
    const placedAt = instantOf(first.row["purchase-date"]);
    if (placedAt === undefined)
      return { reject: "There is no such date and time with a zone.", field: `/rows/${first.index}/purchase-date` };
    const buyerId = buyerOf(first.row["buyer-email"]);
    const items = live.filter(({ row }) => plainText(row["product-name"], 1) !== "").slice(0, MAX_ITEMS);
    return [
      {
        ...named,
        amount: money(total, currency),
        placedAt,
        title: orderTitle(first.row["sales-channel"], named.orderNo),
        ...(buyerId === undefined ? {} : { buyerId }),
        ...(items.length === 0 ? {} : { items: items.map(itemOf) }),
      },
    ];
  },
});
