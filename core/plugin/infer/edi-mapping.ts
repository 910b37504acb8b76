import { type EdiLines, type EdiProposals, isPlaces, type Place, shownPlace } from "./edi.ts";
import { markerOf } from "./marks.ts";
import { type Parts, type Unfinished, unknownsOf } from "./unknown.ts";

const TYPES = [
  "interface Segment {",
  "  readonly tag: string;",
  "  readonly elements: readonly (readonly string[])[];",
  "}",
  "",
  "/** What is read of a message that passed order.schema.json; `decimal` is the mark in its numbers. */",
  "interface Order {",
  "  readonly test: boolean;",
  "  readonly decimal: string;",
  "  readonly segments: readonly Segment[];",
  "}",
  "",
  "/** A component of the first segment of a tag, of those with the qualifier where one is given; counted from 0. Blank when there is none. */",
  "const at = (segments: readonly Segment[], tag: string, qualifier: string, element: number, part = 0): string =>",
  '  segments.find((one) => one.tag === tag && (qualifier === "" || one.elements[0]?.[0] === qualifier))?.elements[element]?.[part] ?? "";',
];

/** An order's number as core takes it. */
const NUMBER = "/^(?=.*\\S)[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]{1,128}$/u";

/** The mapping of an interchange's messages: their segments have tags and places, not names. */
export function ediMappingOf(proposals: EdiProposals): Parts {
  const { line, end, purpose, number, placed, currency, total, buyer, merchant, notOrders } = proposals;
  const made: Unfinished = {
    needed: [],
    imports: new Set(["isZero", "money", "withoutPadding"]),
    constants: [],
    body: [],
  };
  const { needed, imports, body } = made;
  const need = markerOf(needed);
  const unknown = unknownsOf(made);

  body.push('if (order.test) return { skip: "The interchange is marked as a test." };', ...sections());
  if (notOrders !== undefined) unknown.notOrders(`the type of the messages, ${notOrders},`);
  if (number === undefined) unknown.orderNo("No message has one where its syntax has it.");
  else
    body.push(
      `const orderNo = ${read("whole", number)};`,
      `if (!${NUMBER}.test(orderNo)) return { reject: "${shownPlace(number)} is no number of an order.", field: "/segments" };`,
    );
  if (merchant !== undefined) imports.add("plainText");
  const seller =
    merchant === undefined
      ? "merchant"
      : `merchant: plainText(${read("whole", merchant)}.replaceAll("/", " "), 128) || merchant`;
  body.push(
    `const named = { ${seller}, ${number === undefined ? "orderNo: ORDER_NO" : "orderNo"} };`,
    `const purpose = ${read("whole", purpose.at)};`,
    `if (${listOf(purpose.cancelled)}.includes(purpose)) return { cancel: named, reason: "The message cancels the order." };`,
    `if (!${listOf(purpose.original)}.includes(purpose)) return { skip: "The message changes an order." };`,
  );
  if (total === undefined)
    unknown.total("the messages tell no total, and no prices of lines that would add up to one.");
  else if (isPlaces(total)) told(total);
  else sum(total);
  if (currency === undefined) unknown.currency();
  else body.push(`const currency = ${read("whole", currency.at)};`);
  const [amount, code] = [total === undefined ? "TOTAL" : "total", currency === undefined ? "CURRENCY" : "currency"];
  body.push(`if (isZero(${amount})) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };`);
  if (buyer !== undefined) imports.add("plainText");
  const fields = [
    "...named,",
    `amount: money(withoutPadding(${amount}, ${code}), ${code}),`,
    ...buyerLine(),
    ...placedLine(),
  ];
  body.push("return [", "  {", ...fields.map((field) => `    ${field}`), "  },", "];");
  return { ...made, currencies: currency?.codes, types: TYPES, record: "Order", parameter: "order" };

  function sections(): string[] {
    const summed = total !== undefined && !isPlaces(total);
    return [
      "const { segments } = order;",
      `const ends = segments.findLastIndex(({ tag }) => tag === "${end}");`,
      "const last = ends < 0 ? segments.length : ends;",
      `const starts = segments.flatMap(({ tag }, index) => (tag === "${line}" ? [index] : []));`,
      "const whole = [...segments.slice(0, starts[0] ?? last), ...segments.slice(last)];",
      ...(summed
        ? ["const lines = starts.map((from, index) => segments.slice(from, starts[index + 1] ?? last));"]
        : []),
    ];
  }

  function decimals(): string[] {
    imports.add("decimalFrom");
    return ['const number = (text: string) => decimalFrom(text, { decimal: order.decimal === "," ? "," : "." });'];
  }

  function told(at: readonly Place[]): void {
    body.push(
      ...decimals(),
      `const total = number(${at.map((place) => read("whole", place)).join(" || ")});`,
      `if (total === undefined) return { reject: "${at.map(shownPlace).join(", ")}: there is no number.", field: "/segments" };`,
    );
  }

  function sum(lines: EdiLines): void {
    imports.add("exactSum");
    body.push(...decimals());
    const decimal = (place: Place): string => `number(${read("line", place)})`;
    if ("amount" in lines) {
      body.push(need(`no segment tells the total; is it the sum of ${shownPlace(lines.amount)}?`));
      body.push(`const parts = lines.map((line) => ${decimal(lines.amount)});`);
    } else {
      imports.add("exactProduct");
      const { price, quantity, basis } = lines;
      const words = `${shownPlace(price)} x ${shownPlace(quantity)}`;
      body.push(need(`no segment tells the total; is it the sum of ${words}, each price that of one piece?`));
      if (basis !== undefined)
        body.push(
          `if (lines.some((line) => !["", "1"].includes(${read("line", basis)})))`,
          '  return { reject: "A price is not that of one piece; what the line costs is not told.", field: "/segments" };',
        );
      body.push(
        "const parts = lines.map((line) => {",
        `  const price = ${decimal(price)};`,
        `  const quantity = ${decimal(quantity)};`,
        "  return price === undefined || quantity === undefined ? undefined : exactProduct(price, quantity);",
        "});",
      );
    }
    body.push(
      'if (parts.includes(undefined)) return { reject: "A line tells no price.", field: "/segments" };',
      "const total = exactSum(parts.flatMap((part) => part ?? []));",
    );
  }

  function buyerLine(): string[] {
    if (buyer === undefined) return [];
    body.push(
      `const buyerId = plainText(${read("whole", buyer)}, 256); ${need("has each buyer a number of its own here, that no other buyer has?")}`,
    );
    return ['...(buyerId === "" ? {} : { buyerId }),'];
  }

  function placedLine(): string[] {
    if (placed?.form.kind !== "form") return [];
    const { at, form } = placed;
    imports.add("instantFrom");
    if (form.local) unknown.zone();
    body.push(
      `const placedAt = instantFrom(${read("whole", at)}, "${form.form}"${form.local ? ", ZONE" : ""});`,
      `if (placedAt === undefined) return { reject: "${shownPlace(at)} is no such date.", field: "/segments" };`,
    );
    return ["placedAt,"];
  }
}

const listOf = (codes: readonly string[]): string => JSON.stringify(codes).replaceAll('","', '", "');

const read = (from: string, { tag, qualifier, element, part }: Place): string =>
  `at(${from}, "${tag}", "${qualifier}", ${element}${part === 0 ? "" : `, ${part}`})`;
