import { definePlatform, instantOf, isZero, money, plainText, type PlatformOrder } from "../../core/plugin/contract.ts";
import { isPriced, owedFor, type AmountColumns } from "./amount.ts";
import { notPayables } from "./not-payable.ts";
import { orders2026 } from "./orders-2026.ts";
import { ordersV0 } from "./orders-v0.ts";
import { buyerOf, MAX_ITEMS, orderTitle } from "./shared.ts";

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

/** Order statuses in which the order is owed; pending orders have no prices yet, returned and lost ones are not owed. */
const OPEN = new Set([
  "unshipped",
  "partiallyshipped",
  "partially shipped",
  "shipping",
  "shipped",
  "complete",
  "shipped - delivered to buyer",
  "shipped - out for delivery",
  "shipped - picked up",
]);
const CANCELLED = new Set(["cancelled", "canceled"]);
const CURRENCIES = "USD CAD MXN BRL EUR GBP SEK PLN TRY INR JPY AUD SGD AED SAR EGP ZAR";

const word = (text: string): string => text.trim().toLowerCase();

/** Why nothing is to be paid for the order as its status columns tell it, or undefined when it is open. */
function closedBecause(rows: readonly Row[]): string | undefined {
  for (const row of rows) {
    const status = word(row["order-status"]);
    if (CANCELLED.has(status)) return "The order is cancelled.";
    if (status === "pending") return "The order is pending, not priced yet.";
    if (!OPEN.has(status)) return "The order is in a status that does not say that it is owed.";
    // Orders of other shops that are only shipped from the platform's stores: their buyers pay elsewhere.
    if (word(row["sales-channel"]).startsWith("non-amazon")) return "The order was not placed on the platform.";
  }
  return rows.every((row) => CANCELLED.has(word(row["item-status"])))
    ? "All items of the order are cancelled."
    : undefined;
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

export default definePlatform<{ readonly rows: readonly Row[] }>({
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
    const reason = closedBecause(rows);
    if (reason !== undefined) return { skip: reason };
    const live = rows
      .map((row, index) => ({ row, index }))
      .filter(({ row }) => !CANCELLED.has(word(row["item-status"])));
    const [first] = live;
    if (first === undefined) return { skip: "All items of the order are cancelled." };
    const priced = live.filter(({ row }) => isPriced(row));
    const columns = [
      ["currency", strayOf(priced, "currency")],
      ["buyer-email", strayOf(live, "buyer-email")],
      ["sales-channel", strayOf(live, "sales-channel")],
    ] as const;
    for (const [column, stray] of columns)
      if (stray !== undefined)
        return { reject: `The rows of the order do not agree in ${column}.`, field: `/rows/${stray.index}/${column}` };
    const total = owedFor(priced.map(({ row }) => row));
    if (isZero(total)) return { skip: "There is nothing to pay: prices less discounts are zero." };
    const currency = priced[0]?.row.currency ?? "";
    if (currency === "")
      return { reject: "The row has amounts but no currency.", field: `/rows/${priced[0]?.index ?? 0}/currency` };
    const placedAt = instantOf(first.row["purchase-date"]);
    if (placedAt === undefined)
      return { reject: "There is no such date and time with a zone.", field: `/rows/${first.index}/purchase-date` };
    const buyerId = buyerOf(first.row["buyer-email"]);
    const orderNo = first.row["amazon-order-id"];
    const items = live.filter(({ row }) => plainText(row["product-name"], 1) !== "").slice(0, MAX_ITEMS);
    return [
      {
        merchant,
        orderNo,
        amount: money(total, currency),
        placedAt,
        title: orderTitle(first.row["sales-channel"], orderNo),
        ...(buyerId === undefined ? {} : { buyerId }),
        ...(items.length === 0 ? {} : { items: items.map(itemOf) }),
      },
    ];
  },
});
