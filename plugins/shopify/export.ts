import {
  closedOrder,
  instantFrom,
  isZero,
  money,
  plainText,
  type Closed,
  type MapContext,
  type Mapped,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { buyerOf, CANCELLED, closedBecause, MAX_ITEMS, NOTHING_TO_PAY, REFUNDED } from "./shared.ts";

/** The rows of one order of the export as they passed export.schema.json; an export may have fewer columns. */
export interface ExportedOrder {
  readonly rows: readonly [Row, ...Row[]];
}

interface Row {
  readonly Name: string;
  readonly "Created at": string;
  readonly Currency: string;
  readonly Total: string;
  readonly Email?: string;
  readonly "Financial Status"?: string;
  readonly "Cancelled at"?: string;
  readonly "Refunded Amount"?: string;
  readonly "Outstanding Balance"?: string;
  readonly "Lineitem name"?: string;
  readonly "Lineitem sku"?: string;
  readonly "Lineitem quantity"?: string;
}

function itemOf(row: Row): NonNullable<PlatformOrder["items"]>[number] {
  const { "Lineitem sku": sku, "Lineitem quantity": quantity } = row;
  return {
    name: plainText(row["Lineitem name"] ?? "", 1024),
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(quantity ? { quantity } : {}),
  };
}

/** Why nothing is to be paid for the order as its first row tells it, or undefined when it is open. */
function closedAs(first: Row, status: string): Closed | undefined {
  if (first["Cancelled at"]) return CANCELLED;
  const closed = closedBecause(status);
  if (closed !== undefined) return closed;
  return isZero(first["Refunded Amount"] || "0") ? undefined : REFUNDED;
}

/** An order of the CSV export: its first row tells the amounts, each row an item. */
export function mapExport({ rows }: ExportedOrder, { merchant }: MapContext): Mapped {
  const [first, ...others] = rows;
  const named = { merchant, orderNo: first.Name };
  const status = (first["Financial Status"] ?? "").trim().toLowerCase();
  const closed = closedAs(first, status);
  if (closed !== undefined) return closedOrder(named, closed);
  const second = others.findIndex(({ Total: total }) => total !== "" && total !== first.Total);
  if (second !== -1)
    return { reject: "Two rows of the order have different totals.", field: `/rows/${second + 1}/Total` };
  if (first.Total === "") return { skip: "The order has no total." };
  const outstanding = first["Outstanding Balance"] ?? "";
  if (status === "partially_paid" && outstanding === "")
    return { notOwed: named, reason: "A part of the order is paid; what is left is not told." };
  const owed = status === "partially_paid" ? outstanding : first.Total;
  if (isZero(owed)) return closedOrder(named, NOTHING_TO_PAY);
  const placedAt = instantFrom(first["Created at"], "YYYY-MM-DD hh:mm:ss Z");
  if (placedAt === undefined)
    return { reject: "There is no such date and time with a zone.", field: "/rows/0/Created at" };
  const buyerId = buyerOf(first.Email);
  const items = rows.filter((row) => plainText(row["Lineitem name"] ?? "", 1) !== "").slice(0, MAX_ITEMS);
  return [
    {
      ...named,
      amount: money(owed, first.Currency),
      placedAt,
      title: `Order ${first.Name}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(items.length === 0 ? {} : { items: items.map(itemOf) }),
    },
  ];
}
