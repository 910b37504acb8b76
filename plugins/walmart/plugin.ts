import {
  definePlatform,
  exactSum,
  instantOf,
  isZero,
  money,
  plainText,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

interface Amount {
  readonly currency: string;
  readonly amount: string;
}

/** A purchase order as it passed order.schema.json: all text, elements that may repeat are arrays. */
interface Order {
  readonly purchaseOrderId: string;
  readonly customerOrderId?: string;
  readonly customerEmailId?: string;
  readonly orderDate: string;
  readonly orderLines: { readonly orderLine: readonly Line[] };
}

interface Line {
  readonly item: { readonly productName: string; readonly sku?: string };
  readonly charges: { readonly charge: readonly Charge[] };
  readonly orderLineQuantity?: { readonly amount?: string };
  readonly orderLineStatuses: { readonly orderLineStatus: readonly { readonly status: string }[] };
  readonly refund?: unknown;
}

interface Charge {
  readonly chargeAmount: Amount;
  readonly tax?: { readonly taxAmount?: Amount } | "";
}

/** An amount that the buyer owes, with where it stands in the record. */
interface Owed extends Amount {
  readonly at: string;
}

const OPEN = new Set(["Created", "Acknowledged", "Shipped", "Delivered"]);
const MAX_ITEMS = 1000;

const statusesOf = (line: Line): readonly string[] =>
  line.orderLineStatuses.orderLineStatus.map(({ status }) => status.trim());

const isCancelled = (line: Line): boolean => statusesOf(line).every((status) => status === "Cancelled");

/** Charge and tax amounts are those of the whole line, whatever its quantity: they are added, never multiplied. */
function owedFor(line: Line, index: number): readonly Owed[] {
  return line.charges.charge.flatMap(({ chargeAmount, tax }, number) => {
    const at = `/orderLines/orderLine/${index}/charges/charge/${number}`;
    const taxAmount = tax === undefined || tax === "" ? undefined : tax.taxAmount;
    return [
      { ...chargeAmount, at: `${at}/chargeAmount` },
      ...(taxAmount === undefined ? [] : [{ ...taxAmount, at: `${at}/tax/taxAmount` }]),
    ];
  });
}

function itemOf({ item, orderLineQuantity }: Line): NonNullable<PlatformOrder["items"]>[number] {
  const quantity = orderLineQuantity?.amount;
  return {
    name: plainText(item.productName, 1024),
    ...(item.sku ? { sku: plainText(item.sku, 256) } : {}),
    ...(quantity ? { quantity } : {}),
  };
}

export default definePlatform<Order>({
  title: "Walmart Marketplace",
  input: {
    format: "xml",
    records: ["/list/elements/order", "/order"],
    namespace: "http://walmart.com/mp/v3/orders",
    arrays: [
      "orderLines/orderLine",
      "orderLines/orderLine/charges/charge",
      "orderLines/orderLine/orderLineStatuses/orderLineStatus",
    ],
  },
  schema: "order.schema.json",
  currencies: ["USD", "CAD", "MXN"],
  fees: { percent: "2.5", fixed: { USD: "0.30" } },
  settlementAccount: "walmart-settlement",
  defaultMerchant: "walmart-seller",
  map(order, { merchant }) {
    const named = { merchant, orderNo: order.purchaseOrderId };
    const lines = order.orderLines.orderLine;
    const live = lines.map((line, index) => ({ line, index })).filter(({ line }) => !isCancelled(line));
    if (live.length === 0) return { cancel: named, reason: "All lines of the order are cancelled." };
    const refunded = (line: Line) => (line.refund ?? "") !== "" || statusesOf(line).includes("Refund");
    if (lines.some(refunded)) return { notOwed: named, reason: "The order was refunded, in part or whole." };
    for (const { line, index } of live) {
      const field = `/orderLines/orderLine/${index}/orderLineStatuses`;
      const other = statusesOf(line).find((status) => !OPEN.has(status) && status !== "Cancelled");
      if (other !== undefined)
        return { reject: "The line is in a status that does not tell whether it is owed.", field };
    }
    // The charge may be that of all units or of those left: the payer must not be asked for a guess, nor go on owing what an earlier file said.
    if (live.some(({ line }) => statusesOf(line).includes("Cancelled")))
      return { notOwed: named, reason: "A part of a line is cancelled; its charges do not tell what is still owed." };
    const owed = live.flatMap(({ line, index }) => owedFor(line, index));
    const currency = owed[0]?.currency ?? "";
    const stranger = owed.find((amount) => amount.currency !== currency);
    if (stranger !== undefined)
      return { reject: "The amounts of one order are in several currencies.", field: `${stranger.at}/currency` };
    const total = exactSum(owed.map(({ amount }) => amount));
    if (isZero(total)) return { notOwed: named, reason: "There is nothing to pay: the charges are zero." };
    const placedAt = instantOf(order.orderDate);
    if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/orderDate" };
    const mail = (order.customerEmailId ?? "").trim().toLowerCase();
    const customerOrder = plainText(order.customerOrderId ?? "", 128);
    return [
      {
        ...named,
        amount: money(total, currency),
        placedAt,
        title: customerOrder === "" ? `Order ${order.purchaseOrderId}` : `Order ${customerOrder}`,
        items: live.slice(0, MAX_ITEMS).map(({ line }) => itemOf(line)),
        ...(mail === "" ? {} : { buyerId: `email:${mail}` }),
      },
    ];
  },
});
