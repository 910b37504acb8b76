import {
  instantFrom,
  isZero,
  money,
  plainText,
  type MapContext,
  type PlatformOrder,
  type Reject,
  type Skip,
} from "../../core/plugin/contract.ts";
import { buyerOf, closedBecause, MAX_ITEMS } from "./shared.ts";

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

/** An order of the CSV export: its first row tells the amounts, each row an item. */
export function mapExport({ rows }: ExportedOrder, { merchant }: MapContext): readonly PlatformOrder[] | Skip | Reject {
  const [first, ...others] = rows;
  if (first["Cancelled at"]) return { skip: "The order is cancelled." };
  const status = (first["Financial Status"] ?? "").trim().toLowerCase();
  const reason = closedBecause(status);
  if (reason !== undefined) return { skip: reason };
  if (!isZero(first["Refunded Amount"] || "0")) return { skip: "The order was paid and refunded, in part or whole." };
  const second = others.findIndex(({ Total: total }) => total !== "" && total !== first.Total);
  if (second !== -1)
    return { reject: "Two rows of the order have different totals.", field: `/rows/${second + 1}/Total` };
  if (first.Total === "") return { skip: "The order has no total." };
  const outstanding = first["Outstanding Balance"] ?? "";
  if (status === "partially_paid" && outstanding === "")
    return { skip: "A part of the order is paid; what is left is not told." };
  const owed = status === "partially_paid" ? outstanding : first.Total;
  if (isZero(owed)) return { skip: "There is nothing to pay: the total is zero." };
  const placedAt = instantFrom(first["Created at"], "YYYY-MM-DD hh:mm:ss Z");
  if (placedAt === undefined)
    return { reject: "There is no such date and time with a zone.", field: "/rows/0/Created at" };
  const buyerId = buyerOf(first.Email);
  const items = rows.filter((row) => plainText(row["Lineitem name"] ?? "", 1) !== "").slice(0, MAX_ITEMS);
  return [
    {
      merchant,
      orderNo: first.Name,
      amount: money(owed, first.Currency),
      placedAt,
      title: `Order ${first.Name}`,
      ...(buyerId === undefined ? {} : { buyerId }),
      ...(items.length === 0 ? {} : { items: items.map(itemOf) }),
    },
  ];
}
