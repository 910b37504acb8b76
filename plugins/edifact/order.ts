import {
  instantFrom,
  isZero,
  money,
  plainText,
  type MapContext,
  type Mapped,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";
import { faultAt, isFault, partOf, qualified, sectionsOf, type Fault, type Line, type Message } from "./message.ts";
import { currencyOf, quantityOf, totalOf } from "./total.ts";

/** Kinds of orders (UN/EDIFACT 1001): order, rush order, call-off, purchase order; a blank one is an order too. */
const KINDS = new Set(["", "220", "224", "226", "105"]);
/** Functions of a message (1225): original, replacement, duplicate, or not told. */
const ORIGINAL = new Set(["", "9", "5", "7"]);
const CANCELLATION = "1";
const FORMS: Readonly<Record<string, string>> = {
  "102": "YYYYMMDD",
  "203": "YYYYMMDDhhmm",
  "204": "YYYYMMDDhhmmss",
};
/** Lists of numbers (3055) in which every party of the world has its own: GS1's and D&B's. */
const GLOBAL = new Set(["9", "16"]);
/** Numbers that the supplier gave to its buyers. */
const BY_SUPPLIER = "91";
const MAX_ITEMS = 1000;

type Header = ReturnType<typeof sectionsOf>["header"];

/** A party's number that no other party has, as it may be part of an id; undefined when it has none. */
function globalNumber(header: Header, role: string): string | undefined {
  const party = qualified(header, "NAD", role);
  const number = plainText(partOf(party, 1), 64).replaceAll("/", " ");
  return number !== "" && GLOBAL.has(partOf(party, 1, 2)) ? number : undefined;
}

/** Who ordered, as an id that no other buyer of the platform has. */
function buyerOf(header: Header, merchant: string): string | Fault {
  const known = globalNumber(header, "BY");
  if (known !== undefined) return known;
  const party = qualified(header, "NAD", "BY");
  const number = plainText(partOf(party, 1), 64);
  if (number !== "" && partOf(party, 1, 2) === BY_SUPPLIER) return `${merchant}:${number}`;
  return faultAt(
    "The buyer has no number that no other buyer has: GS1's (9), D&B's (16) or its supplier's (91).",
    party,
    1,
  );
}

function itemOf(line: Line, message: Message): NonNullable<PlatformOrder["items"]>[number] {
  const [lin] = line;
  const described = line.find((segment) => segment.tag === "IMD" && partOf(segment, 2, 3) !== "");
  const sku = plainText(partOf(lin, 2), 256);
  const quantity = quantityOf(line, message);
  return {
    name: plainText(`${partOf(described, 2, 3)} ${partOf(described, 2, 4)}`, 1024) || sku || "Item",
    ...(sku === "" ? {} : { sku }),
    ...(quantity === "" || quantity.length > 32 ? {} : { quantity }),
  };
}

/** An ORDERS message of directories D.96A to D.01B and later. */
export function mapOrder(message: Message, context: MapContext): Mapped {
  if (message.test) return { skip: "The interchange is marked as a test." };
  const sections = sectionsOf(message);
  const { header, lines, summary } = sections;
  const bgm = header.find(({ tag }) => tag === "BGM");
  const number = partOf(bgm, 1);
  if (bgm === undefined || number.trim() === "") return faultAt("The message has no number of the order.", bgm, 1);
  if (!KINDS.has(partOf(bgm, 0))) return { skip: "It is a document of another kind than an order." };
  const merchant = globalNumber(header, "SU") ?? context.merchant;
  const buyer = buyerOf(header, merchant);
  const does = partOf(bgm, 2);
  if (isFault(buyer)) return buyer;
  // Buyers number their orders themselves: two of them may send the same number to one supplier.
  const named = { merchant, orderNo: `${buyer}/${number}` };
  if (named.orderNo.length > 128) return faultAt("The order's number is too long.", bgm, 1);
  if (does === CANCELLATION) return { cancel: named, reason: "The buyer's message cancels the order." };
  if (!ORIGINAL.has(does)) return { skip: "The message changes an order; what is owed in all is not told." };
  const counted = qualified(summary, "CNT", "2");
  if (counted !== undefined && partOf(counted, 0, 1).replace(/^0+(?=\d)/, "") !== String(lines.length))
    return faultAt(`The message has ${lines.length} lines, not as many as it counts.`, counted, 0, 1);
  const currency = currencyOf(sections);
  const total = totalOf(message, sections, isFault(currency) ? "" : currency);
  if (total === undefined) return { skip: "The order tells no prices: what is owed comes with its invoice." };
  if (isFault(currency)) return currency;
  if (isFault(total)) return total;
  if (isZero(total)) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };
  const placed = qualified(header, "DTM", "137");
  const code = partOf(placed, 0, 2);
  const form = Object.hasOwn(FORMS, code) ? FORMS[code] : undefined;
  const placedAt = form === undefined ? undefined : instantFrom(partOf(placed, 0, 1), form);
  if (placedAt === undefined) return faultAt("There is no such date of the message.", placed, 0, 1);
  return [
    {
      ...named,
      amount: money(total, currency),
      placedAt,
      title: plainText(`Order ${number}`, 512),
      buyerId: `party:${buyer}`,
      ...(lines.length === 0 ? {} : { items: lines.slice(0, MAX_ITEMS).map((line) => itemOf(line, message)) }),
    },
  ];
}
