import {
  instantFrom,
  isZero,
  money,
  plainText,
  type MapContext,
  type Mapped,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

/** Text of an element: attributes that say which scheme or list it is of are beside it. */
type Text = string | { readonly "#text"?: string };

interface Amount {
  readonly "@currencyID": string;
  readonly "#text": string;
}

interface Role {
  readonly SupplierAssignedAccountID?: Text;
  readonly Party?: {
    readonly EndpointID?: Text;
    readonly PartyName?: readonly { readonly Name?: Text }[];
    readonly PartyIdentification?: readonly { readonly ID?: Text }[];
  };
}

interface Item {
  readonly Name?: Text;
  readonly SellersItemIdentification?: { readonly ID?: Text };
}

interface Totals {
  readonly PayableAmount?: Amount;
}

interface Document {
  readonly ID: Text;
  readonly IssueDate: Text;
}

/** An Order as it passed order.schema.json. */
export interface Order extends Document {
  readonly SellerSupplierParty: Role;
  readonly BuyerCustomerParty?: Role;
  readonly AnticipatedMonetaryTotal?: Totals;
  readonly OrderLine?: readonly { readonly LineItem: { readonly Quantity?: Text; readonly Item?: Item | "" } }[];
}

/** An Invoice as it passed invoice.schema.json. */
export interface Invoice extends Document {
  readonly InvoiceTypeCode?: Text;
  readonly AccountingSupplierParty: Role;
  readonly AccountingCustomerParty?: Role;
  readonly LegalMonetaryTotal?: Totals;
  readonly InvoiceLine?: readonly { readonly InvoicedQuantity?: Text; readonly Item?: Item | "" }[];
}

/** Types of invoices that ask for money (UN/CEFACT 1001): commercial, corrected, self-billed; the third is a word of UBL 2.0's own example. */
const ASKING = new Set(["", "380", "384", "389", "SalesInvoice"]);
const MAX_ITEMS = 1000;

const textOf = (text: Text | undefined): string => (typeof text === "string" ? text : (text?.["#text"] ?? ""));

const nameOf = (role: Role | undefined): string =>
  plainText(textOf(role?.Party?.PartyName?.[0]?.Name).replaceAll("/", " "), 128);

const idOf = (role: Role | undefined): string =>
  textOf(role?.Party?.PartyIdentification?.[0]?.ID) || textOf(role?.Party?.EndpointID);

/** The number under which the seller knows the buyer counts with that seller only; an id of a scheme is the buyer's everywhere. */
function buyerOf(role: Role | undefined, seller: string): string | undefined {
  const account = plainText(textOf(role?.SupplierAssignedAccountID), 64);
  if (account !== "") return `${seller}/account:${account}`;
  const party = plainText(idOf(role), 128);
  return party === "" ? undefined : `party:${party}`;
}

/** A day, with or without the zone that UBL allows; without one it is a day in UTC. */
const dayOf = (text: string): string | undefined => instantFrom(text, "YYYY-MM-DD") ?? instantFrom(text, "YYYY-MM-DDZ");

function itemOf(item: Item | "" | undefined, quantity: string): NonNullable<PlatformOrder["items"]>[number] {
  const { Name: name, SellersItemIdentification: own } = item === "" || item === undefined ? {} : item;
  const sku = plainText(textOf(own?.ID), 256);
  return {
    name: plainText(textOf(name), 1024) || "Item",
    ...(sku === "" ? {} : { sku }),
    ...(quantity === "" || quantity.length > 32 ? {} : { quantity }),
  };
}

interface Parts {
  readonly kind: string;
  readonly document: Document;
  readonly seller: Role;
  readonly buyer: Role | undefined;
  readonly totals: Totals | undefined;
  readonly items: NonNullable<PlatformOrder["items"]>;
}

function orderOf({ kind, document, seller, buyer, totals, items }: Parts, { merchant }: MapContext): Mapped {
  const payable = totals?.PayableAmount;
  if (payable === undefined) return { skip: `The ${kind.toLowerCase()} tells no payable amount.` };
  const value = payable["#text"];
  const name = nameOf(seller) || plainText(idOf(seller).replaceAll("/", " "), 128) || merchant;
  const named = { merchant: name, orderNo: textOf(document.ID) };
  if (isZero(value)) return { notOwed: named, reason: "There is nothing to pay: the payable amount is zero." };
  if (value.startsWith("-"))
    return { notOwed: named, reason: "There is nothing to pay: the payable amount is below zero." };
  const placedAt = dayOf(textOf(document.IssueDate));
  if (placedAt === undefined) return { reject: "There is no such day.", field: "/IssueDate" };
  const buyerId = buyerOf(buyer, name);
  return [
    {
      ...named,
      amount: money(value, payable["@currencyID"]),
      placedAt,
      title: plainText(`${kind} ${named.orderNo}`, 512),
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(items.length === 0 ? {} : { items: items.slice(0, MAX_ITEMS) }),
    },
  ];
}

/** An Order: what the seller expects to be paid, `AnticipatedMonetaryTotal/PayableAmount`. */
export const mapOrder = (order: Order, context: MapContext): Mapped =>
  orderOf(
    {
      kind: "Order",
      document: order,
      seller: order.SellerSupplierParty,
      buyer: order.BuyerCustomerParty,
      totals: order.AnticipatedMonetaryTotal,
      items: (order.OrderLine ?? []).map(({ LineItem: line }) => itemOf(line.Item, textOf(line.Quantity))),
    },
    context,
  );

/** An Invoice: `LegalMonetaryTotal/PayableAmount`, which is less what was paid before. */
export function mapInvoice(invoice: Invoice, context: MapContext): Mapped {
  if (!ASKING.has(textOf(invoice.InvoiceTypeCode))) return { skip: "The invoice is of a type that asks for no money." };
  return orderOf(
    {
      kind: "Invoice",
      document: invoice,
      seller: invoice.AccountingSupplierParty,
      buyer: invoice.AccountingCustomerParty,
      totals: invoice.LegalMonetaryTotal,
      items: (invoice.InvoiceLine ?? []).map((line) => itemOf(line.Item, textOf(line.InvoicedQuantity))),
    },
    context,
  );
}
