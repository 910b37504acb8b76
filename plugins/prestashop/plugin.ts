import {
  closedOrder,
  defineInput,
  definePlatform,
  exactSum,
  instantFrom,
  isZero,
  money,
  plainText,
  withoutPadding,
  type Closed,
  type InputSpec,
  type PlatformInput,
} from "../../core/plugin/contract.ts";
import { SHOP } from "./shop.ts";

/** A reference to another resource: its id, with its address beside it. */
type Reference = string | { readonly "#text": string };

/** An order of the web service as it passed order.schema.json. */
interface Order {
  readonly id: string;
  readonly reference?: string;
  readonly id_currency: Reference;
  readonly id_customer?: Reference;
  readonly current_state: Reference;
  readonly valid?: string;
  readonly date_add: string;
  readonly total_paid_tax_incl: string;
  readonly total_paid_real: string;
  readonly associations?: { readonly order_rows?: { readonly order_row?: readonly Row[] } | "" } | "";
}

interface Row {
  readonly product_name?: string;
  readonly product_reference?: string;
  readonly product_quantity?: string;
}

const MAX_ITEMS = 1000;
const RECORDS = ["/prestashop/orders/order", "/prestashop/order"];
const ORDERS: InputSpec = {
  format: "xml",
  records: RECORDS,
  arrays: ["associations/order_rows/order_row"],
  // Other resources hold ids of orders, but no state.
  marks: ["<current_state"],
};

const idOf = (reference: Reference | undefined): string =>
  typeof reference === "string" ? reference : (reference?.["#text"] ?? "");

const rowsOf = ({ associations }: Order): readonly Row[] => {
  const rows = associations === "" ? undefined : associations?.order_rows;
  return rows === "" ? [] : (rows?.order_row ?? []);
};

/** Why nothing is to be paid for the order, of which this much is left to pay, or undefined when the shop waits for it. */
function closedBecause({ current_state: reference, valid }: Order, left: string): Closed | undefined {
  const state = idOf(reference);
  if (SHOP.cancelledStates.includes(state)) return { cancel: "The order is cancelled." };
  if (SHOP.refundedStates.includes(state)) return { notOwed: "The order was paid and refunded." };
  if (valid === "1") return { notOwed: "The order is paid: the shop calls it valid." };
  if (isZero(left)) return { notOwed: "There is nothing to pay: the total is zero, or paid." };
  return SHOP.awaitingStates.includes(state)
    ? undefined
    : { skip: "The order is in a state in which the shop does not wait for its payment." };
}

const orders: PlatformInput<Order> = {
  input: ORDERS,
  schema: "order.schema.json",
  map(order, { merchant }) {
    const named = { merchant, orderNo: order.id };
    const owed = exactSum([order.total_paid_tax_incl], [order.total_paid_real]);
    const closed = closedBecause(order, owed);
    if (closed !== undefined) return closedOrder(named, closed);
    const number = idOf(order.id_currency);
    const currency = Object.hasOwn(SHOP.currencies, number) ? SHOP.currencies[number] : undefined;
    if (currency === undefined)
      return { reject: "The number of the order's currency is not declared in shop.ts.", field: "/id_currency" };
    const placedAt = instantFrom(order.date_add, "YYYY-MM-DD hh:mm:ss", SHOP.zone);
    if (placedAt === undefined) return { reject: "There is no such date and time.", field: "/date_add" };
    const customer = idOf(order.id_customer);
    const items = rowsOf(order).slice(0, MAX_ITEMS);
    return [
      {
        ...named,
        amount: money(withoutPadding(owed, currency), currency),
        placedAt,
        title: plainText(`Order ${order.reference || order.id}`, 512),
        ...(/^[1-9][0-9]*$/.test(customer) ? { buyerId: `${merchant}/customer:${customer}` } : {}),
        ...(items.length === 0
          ? {}
          : {
              items: items.map(({ product_name: name = "", product_reference: sku, product_quantity: quantity }) => ({
                name: plainText(name, 1024) || "Item",
                ...(sku ? { sku: plainText(sku, 256) } : {}),
                ...(quantity ? { quantity } : {}),
              })),
            }),
      },
    ];
  },
};

export default definePlatform<Order>({
  title: "PrestaShop",
  ...orders,
  also: [
    defineInput<Order>({ ...orders, input: { ...ORDERS, encoding: "iso-8859-1" } }),
    defineInput<unknown>({
      input: {
        format: "xml",
        records: ["order_detail", "order_payment", "address", "customer", "order_slip", "order_invoice"].flatMap(
          (name) => [`/prestashop/${name}`, `/prestashop/${name}s/${name}`],
        ),
      },
      schema: "any.schema.json",
      map: () => ({ skip: "It is another resource of the web service, not an order." }),
    }),
  ],
  currencies: [...new Set(Object.values(SHOP.currencies).flatMap((code) => code ?? []))],
  fees: { percent: "2.2", fixed: { EUR: "0.25" } },
  settlementAccount: "prestashop-settlement",
  defaultMerchant: "prestashop-shop",
});
