import {
  closedOrder,
  definePlatform,
  instantOf,
  money,
  plainText,
  type Closed,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

/** An order of the REST API as it passed order.schema.json: numbers are text, booleans are booleans. */
interface Order {
  readonly number: string;
  readonly status: string;
  readonly currency: string;
  readonly total: string;
  readonly needs_payment?: boolean | "true" | "false" | null;
  readonly customer_id?: string | null;
  readonly billing?: { readonly email?: string | null } | null;
  readonly transaction_id?: string | null;
  readonly date_created_gmt?: string | null;
  readonly date_paid_gmt?: string | null;
  readonly refunds?: readonly unknown[] | null;
  readonly line_items?: readonly Line[] | null;
}

interface Line {
  readonly name?: string | null;
  readonly sku?: string | null;
  readonly quantity?: string | null;
}

const DRAFT: Closed = { skip: "The order is a draft." };
/** Statuses that close an order, whatever else it says. */
const CLOSED = new Map<string, Closed>([
  ["cancelled", { cancel: "The order is cancelled." }],
  ["trash", { cancel: "The order is in the shop's trash." }],
  ["refunded", { notOwed: "The order was paid and refunded." }],
  ["draft", DRAFT],
  ["auto-draft", DRAFT],
  ["checkout-draft", DRAFT],
]);
/** Statuses in which the shop wants no payment from its buyer any more: it has one, or takes it on delivery. */
const SETTLED = new Set(["processing", "completed"]);
const AWAITING = new Set(["pending", "on-hold", "failed"]);
const ZERO = /^0+(\.0+)?$/;
const MAX_ITEMS = 1000;
const CURRENCIES =
  "USD EUR GBP AUD BRL CAD CHF CNY CZK DKK HKD HUF INR JPY KRW KWD " +
  "MXN MYR NOK NZD PLN RON SEK SGD THB TRY TWD ZAR";

/**
 * Why nothing is to be paid for the order, or undefined when it is open. Whoever pays must not pay twice, so an order is
 * open only when the shop says so. Where it may yet become so, it is skipped: the other outcomes are for good.
 */
function closedBecause(order: Order): Closed | undefined {
  const closed = CLOSED.get(order.status);
  if (closed !== undefined) return closed;
  // Money went back, so money had come in; the file does not tell what is still owed.
  if ((order.refunds ?? []).length > 0) return { notOwed: "The order was paid and refunded, in part or whole." };
  if (ZERO.test(order.total)) return { notOwed: "There is nothing to pay: the total is zero." };
  const needs = order.needs_payment ?? undefined;
  // The shop's own word goes before the date of a payment that may have been taken back since.
  if (needs === true || needs === "true") return undefined;
  if (order.date_paid_gmt) return { notOwed: "The order is already paid." };
  if (SETTLED.has(order.status)) return { notOwed: `The order is ${order.status}: it needs no payment.` };
  if (needs !== undefined) return { skip: "The shop says that the order needs no payment." };
  if (!AWAITING.has(order.status))
    return { skip: `Nothing says that an order in status ${order.status} is still to be paid.` };
  if (order.status === "on-hold" && order.transaction_id)
    return { skip: "A payment of the order awaits its confirmation." };
  return undefined;
}

/**
 * A registered customer has a number, which counts within one shop only: two shops' customers 42 are two people. A guest has nothing but the
 * mail address.
 */
function buyerOf(order: Order, merchant: string): string | undefined {
  const customer = order.customer_id ?? "0";
  if (!/^0+$/.test(customer)) return `${merchant}/customer:${customer}`;
  const mail = (order.billing?.email ?? "").trim().toLowerCase();
  return mail === "" ? undefined : `guest:${mail}`;
}

function itemsOf(lines: readonly Line[]): NonNullable<PlatformOrder["items"]> {
  return lines
    .filter((line) => plainText(line.name ?? "", 1) !== "")
    .slice(0, MAX_ITEMS)
    .map((line) => ({
      name: plainText(line.name ?? "", 1024),
      ...(line.sku ? { sku: plainText(line.sku, 256) } : {}),
      ...(line.quantity ? { quantity: line.quantity } : {}),
    }));
}

function titleOf(orderNo: string, names: readonly string[]): string {
  const [first, ...others] = names;
  if (first === undefined) return `Order ${orderNo}`;
  return plainText(`Order ${orderNo}: ${first}`, 480) + (others.length > 0 ? ` and ${others.length} more` : "");
}

export default definePlatform<Order>({
  title: "WooCommerce",
  input: { format: "json", records: ["/data", ""] },
  schema: "order.schema.json",
  currencies: CURRENCIES.split(" "),
  fees: { percent: "2.9", fixed: { USD: "0.30", EUR: "0.25", GBP: "0.20" } },
  settlementAccount: "woocommerce-settlement",
  defaultMerchant: "woocommerce-shop",
  map(order, { merchant }) {
    const named = { merchant, orderNo: order.number };
    const closed = closedBecause(order);
    if (closed !== undefined) return closedOrder(named, closed);
    const placedAt = order.date_created_gmt ? instantOf(`${order.date_created_gmt}Z`) : null;
    if (placedAt === undefined) return { reject: "There is no such date and time in UTC.", field: "/date_created_gmt" };
    const buyerId = buyerOf(order, merchant);
    const items = itemsOf(order.line_items ?? []);
    const names = items.map((item) => item.name);
    return [
      {
        ...named,
        amount: money(order.total, order.currency),
        title: titleOf(order.number, names),
        ...(buyerId === undefined ? {} : { buyerId }),
        ...(placedAt === null ? {} : { placedAt }),
        ...(items.length === 0 ? {} : { items }),
      },
    ];
  },
});
