import {
  exactProduct,
  exactSum,
  instantFrom,
  isZero,
  money,
  plainText,
  withoutPadding,
  type MapContext,
  type PlatformOrder,
  type Reject,
  type Skip,
} from "../../core/plugin/contract.ts";
import { numberOf, partOf, qualified, sectionsOf, type Line, type Message, type Segment } from "./message.ts";

/** Kinds of orders (UN/EDIFACT 1001): order, blanket call-off, rush, call-off; a blank one is an order too. */
const KINDS = new Set(["", "220", "221", "224", "226", "105"]);
/** Functions of a message (1225): original, replacement, duplicate, or not told. */
const ORIGINAL = new Set(["", "9", "5", "7"]);
/** Amounts of the whole message (5025), the most telling first: due, total, total less allowances. */
const TOTALS = ["9", "86", "128"];
/** Prices for one unit (5125): net, and as agreed for the calculation. */
const UNIT_PRICES = new Set(["AAA", "CAL"]);
const FORMS: Readonly<Record<string, string>> = {
  "102": "YYYYMMDD",
  "203": "YYYYMMDDhhmm",
  "204": "YYYYMMDDhhmmss",
};
const MAX_ITEMS = 1000;

interface Fault {
  readonly reject: string;
  readonly field: string;
}

/** Why nothing is to be paid for the message, or undefined when it is an order. */
function closedBecause(bgm: Segment): string | undefined {
  if (!KINDS.has(partOf(bgm, 0))) return "It is a document of another kind than an order.";
  const does = partOf(bgm, 2);
  if (does === "1") return "The message cancels an order.";
  return ORIGINAL.has(does) ? undefined : "The message changes an order; what is owed in all is not told.";
}

/** What a line costs: its own amount, or price by quantity; undefined when it tells no price. */
function amountOf(line: Line, message: Message): string | undefined | Fault {
  const told = partOf(qualified(line, "MOA", "203"), 0, 1);
  if (told !== "") return numberOf(told, message) ?? { reject: "The amount of a line is not a number.", field: "/MOA" };
  const price = line.find(({ tag }) => tag === "PRI");
  if (price === undefined) return undefined;
  if (!UNIT_PRICES.has(partOf(price, 0)) || !["", "1"].includes(partOf(price, 0, 4)))
    return { reject: "The price of a line is not that of one unit; what it costs is not told.", field: "/PRI" };
  const unit = numberOf(partOf(price, 0, 1), message);
  const quantity = numberOf(partOf(qualified(line, "QTY", "21"), 0, 1), message);
  if (unit === undefined || quantity === undefined)
    return { reject: "The price or quantity of a line is not a number.", field: "/PRI" };
  return exactProduct(quantity, unit);
}

/** The order's own total, else the sum of its lines; undefined when there are no prices at all. */
function totalOf(message: Message, lines: readonly Line[], summary: readonly Segment[]): string | undefined | Fault {
  for (const qualifier of TOTALS) {
    const told = partOf(qualified(summary, "MOA", qualifier), 0, 1);
    if (told !== "")
      return numberOf(told, message) ?? { reject: "The total of the order is not a number.", field: "/MOA" };
  }
  const parts: string[] = [];
  for (const line of lines) {
    const amount = amountOf(line, message);
    if (typeof amount === "object") return amount;
    if (amount !== undefined) parts.push(amount);
  }
  if (parts.length === 0) return undefined;
  if (parts.length < lines.length)
    return { reject: "Some lines have a price and some have none; what is owed is not told.", field: "/LIN" };
  return exactSum(parts);
}

function itemOf(line: Line): NonNullable<PlatformOrder["items"]>[number] {
  const [lin] = line;
  const described = line.find((segment) => segment.tag === "IMD" && partOf(segment, 2, 3) !== "");
  const sku = plainText(partOf(lin, 2), 256);
  const quantity = partOf(qualified(line, "QTY", "21"), 0, 1);
  return {
    name: plainText(`${partOf(described, 2, 3)}${partOf(described, 2, 4)}`, 1024) || sku || "Item",
    ...(sku === "" ? {} : { sku }),
    ...(quantity === "" || quantity.length > 32 ? {} : { quantity }),
  };
}

/** An ORDERS message of directories D.96A to D.01B and later. */
export function mapOrder(message: Message, { merchant }: MapContext): readonly PlatformOrder[] | Skip | Reject {
  const { header, lines, summary } = sectionsOf(message);
  const bgm = header.find(({ tag }) => tag === "BGM");
  const orderNo = partOf(bgm, 1);
  if (bgm === undefined || orderNo === "") return { reject: "The message has no number of the order.", field: "/BGM" };
  const reason = closedBecause(bgm);
  if (reason !== undefined) return { skip: reason };
  const total = totalOf(message, lines, summary);
  if (total === undefined) return { skip: "The order tells no prices: what is owed comes with its invoice." };
  if (typeof total === "object") return total;
  if (isZero(total)) return { skip: "There is nothing to pay: the total is zero." };
  const currency = partOf(qualified(header, "CUX", "2"), 0, 1);
  if (currency === "") return { reject: "The order tells no currency of its prices.", field: "/CUX" };
  const placed = qualified(header, "DTM", "137");
  const form = FORMS[partOf(placed, 0, 2)];
  const placedAt = form === undefined ? undefined : instantFrom(partOf(placed, 0, 1), form);
  if (placedAt === undefined) return { reject: "There is no such date of the message.", field: "/DTM" };
  const buyer = plainText(partOf(qualified(header, "NAD", "BY"), 1), 200);
  const supplier = plainText(partOf(qualified(header, "NAD", "SU"), 1).replaceAll("/", " "), 128);
  return [
    {
      merchant: supplier || merchant,
      orderNo,
      // Price by quantity has as many decimals as both together.
      amount: money(withoutPadding(total, currency), currency),
      placedAt,
      title: plainText(`Order ${orderNo}`, 512),
      ...(buyer === "" ? {} : { buyerId: `party:${buyer}` }),
      ...(lines.length === 0 ? {} : { items: lines.slice(0, MAX_ITEMS).map(itemOf) }),
    },
  ];
}
