import { currencyCode } from "./currency-code.ts";
import type { DateForm } from "./dates.ts";
import { endByFlags } from "./flags.ts";
import { holdsPeople } from "./fields.ts";
import type { Inference } from "./infer.ts";
import { depthOf, EACH, isOfOrder, type Leaf, pointerOf, shownPath } from "./leaves.ts";
import type { LinesTotal } from "./lines.ts";
import { markerOf } from "./marks.ts";
import type { Style } from "./numbers.ts";
import { confidenceOf } from "./rank.ts";
import { outcomeOf } from "./status.ts";
import type { Total } from "./totals.ts";
import { memberOf, typeOf } from "./types.ts";
import { type Parts, type Unfinished, unknownsOf } from "./unknown.ts";
import { isTable, same, usesOf } from "./uses.ts";
import { wordsOf } from "./words.ts";

const LOW = "low";
/** Words in the name of records that are hardly orders. */
const NOT_ORDERS =
  /\b(?:refunds?|payouts?|transactions?|remittance|advice|payments?|credit|returns?|events?|settlements?|drafts?|quotes?|quotations?|carts?|punch ?outs?|changes?|cancell?ations?)\b/;
/** The same, in the name of a field of theirs. */
const OF_NO_ORDER =
  /^(?:credit ?memo|credit note|payout|remittance|adjustment (?:negative|positive)|refunded (?:by|payment)|settlement (?:id|start|end))\b/;

/** What of the mapping has been made so far. */
interface Made extends Unfinished {
  /** The code looks at several rows of a table's record. */
  rows: boolean;
  currencies: readonly string[] | undefined;
}

/** The mapping of records whose places have names. */
export function mappingOf(inference: Inference): Parts {
  const { proposals } = inference;
  const uses = usesOf(inference);
  const { orderNo, total, partial, paid, buyer, merchant, placed, items, closed, flags } = proposals;
  const table = isTable(inference.input);
  const made: Made = {
    needed: [],
    imports: new Set(["isZero", "money", "withoutPadding"]),
    constants: [],
    body: [],
    rows: false,
    currencies: undefined,
  };
  const { needed, imports, constants, body } = made;
  const need = markerOf(needed);
  const unknown = unknownsOf(made);
  const check = (score: number, what: string): string =>
    confidenceOf(score) === LOW ? ` ${need(`is this ${what}? Its name leaves doubt.`)}` : "";
  const isSure = ({ path }: Leaf): boolean => uses.some((use) => use.needed && same(use.path, path));
  const at = (leaf: Leaf): string => access("order", table ? leaf.path.slice(2) : leaf.path, isSure(leaf));
  const inLine = (leaf: Leaf, level: number): string => access("line", leaf.path.slice(level), isSure(leaf));
  const each = (leaf: Leaf): string => elements(leaf.path.slice(0, levelOf(leaf)), { table, sure: isSure(leaf) });
  const currency = currencyCode(proposals, { made, at, inLine, isSure, each, check });

  const telling = noOrderBy(inference);
  if (telling !== undefined) unknown.notOrders(telling);
  nameOrder();
  status();
  const amount = amountOf();
  const placedLine = dates();
  const fields = ["...named,", amount, ...buyerLine(), ...placedLine, ...itemLines()];
  body.push("return [", "  {", ...fields.map((field) => `    ${field}`), "  },", "];");
  // A parameter that nobody reads is named so.
  const name = body.some((line) => /\border[.?[]/.test(line)) ? "order" : "_order";
  if (made.rows) body.unshift(`const [${name}] = rows;`);
  const shape = typeOf(uses.map((use) => ({ ...use, path: table ? use.path.slice(2) : use.path })));
  return {
    ...made,
    types: [
      "/** What is read of a record that passed order.schema.json: all numbers are text. */",
      `interface ${table ? "Row" : "Order"} ${shape}`,
    ],
    record: table ? `{ readonly rows: readonly [Row${made.rows ? ", ...Row[]" : ""}] }` : "Order",
    parameter: made.rows ? "{ rows }" : table ? `{ rows: [${name}] }` : name,
  };

  /** What the order is known by: also a record that takes it back names it so. */
  function nameOrder(): void {
    if (orderNo === undefined) unknown.orderNo("None has it in every record, under a name that says so.");
    body.push(
      "const named = {",
      merchant === undefined
        ? "  merchant,"
        : `  merchant: ${at(merchant.leaf)},${check(merchant.score, "the merchant")}`,
      orderNo === undefined
        ? "  orderNo: ORDER_NO,"
        : `  orderNo: ${at(orderNo.leaf)},${check(orderNo.score, "the order's number")}`,
      "};",
    );
  }

  function status(): void {
    const isTold =
      closed.status !== undefined || closed.cancelledAt !== undefined || flags.some(({ says }) => says === "paid");
    if (!isTold) unknown.status();
    if (closed.status !== undefined) {
      const { of, open, closed: ended } = closed.status;
      constants.push(
        open.length === 0
          ? `const OPEN: readonly string[] = []; ${need(`all orders of the sample sound cancelled, refunded or never placed, so nothing of it is to be paid; list the statuses of orders that are still to be paid, such as ["pending"], or, if these are to be paid all the same, ${listOf(ended)}.`)}`
          : `const OPEN = ${listOf(open)}; ${openMark()}`,
      );
      imports.add("closedOrder").add("type Closed");
      constants.push(
        "/** Statuses that end an order, for good: an earlier file may have given it as open. */",
        ended.length === 0 ? "const ENDED = new Map<string, Closed>();" : "const ENDED = new Map<string, Closed>([",
        ...ended.map((text) => `  [${JSON.stringify(text)}, { ${outcomeOf(text)}: "The order is ${plain(text)}." }],`),
        ...(ended.length === 0 ? [] : ["]);"]),
      );
      body.push(
        `const status = ${at(of)} ?? "";`,
        "if (!OPEN.includes(status))",
        "  return closedOrder(named, ENDED.get(status) ?? { skip: `Nothing says that an order in status ${status} is still to be paid.` });",
      );
    }
    if (closed.cancelledAt !== undefined)
      body.push(
        `if (${at(closed.cancelledAt)}) return { cancel: named, reason: "The order was cancelled." };${
          closed.allCancelled
            ? ` ${need(`all orders of the sample have ${shownPath(closed.cancelledAt.path)}, so nothing of it is to be paid; take the line away if that does not say that an order was cancelled.`)}`
            : ""
        }`,
      );
    endByFlags(flags, made, at);
  }

  function openMark(): string {
    if (closed.all)
      return need(
        'all orders of the sample sound paid, and are taken so that you see what becomes of them; write the statuses of orders that are still to be paid in their place, such as ["pending"], or [] if there are none: nobody must pay twice.',
      );
    if (closed.doubtful.length === 0) return "// Nobody must pay twice: an order in any other status is not taken.";
    return need(
      `is an order still to be paid when it is ${closed.doubtful.join(" or ")}? Leave only statuses of which that is so: nobody must pay twice.`,
    );
  }

  function amountOf(): string {
    if (total === undefined)
      unknown.total(
        paid !== undefined
          ? `${shownPath(paid.path)} says that a part of the total is paid already, or is not due; tell what is still owed.`
          : partial === undefined
            ? "the sample tells no total, and no prices of lines that would add up to one."
            : `no field is called the total, and ${partial.kind === "lines" ? "the lines are not all" : `${shownPath(partial.of.path)} may not be all`}: there is ${partial.beside.map(({ path }) => shownPath(path)).join(", ")} too; add up what is owed.`,
      );
    const value = total === undefined ? "TOTAL" : "total";
    const written = isStyled(total) ? "written" : "total";
    if (total?.kind === "field") field(total, written);
    if (total?.kind === "lines") sum(total, written);
    const code = currency.ofOrder(total);
    // Lines that are all taken back have no currency, and nothing to pay.
    const ofLines = total?.kind === "lines" ? total : undefined;
    if (ofLines !== undefined && isStyled(total)) currency.ofLines(ofLines);
    if (total !== undefined && isStyled(total)) {
      if (isAsked(total.style)) unknown.units(total.of.path, total.style === "likely");
      body.push(
        `const total = ${styled(written, total.style, code, imports)};`,
        `if (total === undefined) return { reject: "The total is not written as declared.", field: ${JSON.stringify(pointerOf(total.of.path))} };`,
      );
    }
    body.push(
      `if (isZero(${value})) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };`,
    );
    if (ofLines !== undefined && !isStyled(total)) currency.ofLines(ofLines);
    return `amount: money(withoutPadding(${value}, ${code}), ${code}),`;
  }

  function field({ of, score, signs }: Extract<Total, { kind: "field" }>, name: string): void {
    const refused = (why: string): string =>
      `return { reject: "${why}", field: ${JSON.stringify(pointerOf(of.path))} };`;
    const doubt = check(score, "the order's total");
    // The total of an order stands in its first row, or in each.
    if ("groupBy" in inference.input && inference.input.groupBy !== undefined) {
      made.rows = true;
      const own = inLine(of, 2);
      body.push(
        `if (rows.some((line) => ${own} && ${own} !== ${at(of)})) ${refused("The rows of the order tell several totals.")}`,
      );
    }
    if (signs === undefined) {
      body.push(`const ${name} = ${at(of)};${doubt}`);
      if (!isSure(of)) body.push(`if (!${name}) ${refused("The order tells no total.")}`);
      return;
    }
    imports.add("amountWithSign");
    body.push(`const signed = amountWithSign(${at(of)}${isSure(of) ? "" : ' ?? ""'});${doubt}`);
    // Where the currency is told elsewhere, other signs than those of the sample are no help.
    const others = proposals.currency === undefined ? "" : ` || !${listOf(signs)}.includes(signed.sign)`;
    body.push(`if (signed === undefined${others}) ${refused("The total is not written as declared.")}`);
    body.push(`const ${name} = signed.number;`);
  }

  function sum(lines: LinesTotal, name: string): void {
    imports.add("exactSum");
    made.rows ||= table;
    const { of, style, times, packs, plus, minus, gone } = lines;
    const level = levelOf(of);
    const own = (leaf: Leaf): string => inLine(leaf, level);
    const isMarked = typeof style === "object" && "decimal" in style;
    const amount = (leaf: Leaf): string => (isMarked ? `plain(${own(leaf)})` : own(leaf));
    if (isMarked)
      constants.push(
        "/** An amount as plain decimals; order.schema.json takes none that is written otherwise. */",
        `const plain = (text: string | null | undefined): string => (text ? (${styled("text", style, "", imports)} ?? text) : "");`,
      );
    if (gone !== undefined)
      constants.push(
        `const GONE = ${listOf(gone.statuses)}; ${need(`lines in such a ${shownPath(gone.of.path.slice(-1))} are left out; are there others that are not to be paid?`)}`,
      );
    body.push(
      `const lines = ${elements(of.path.slice(0, level), {
        table,
        sure: isSure(of),
        ...(gone === undefined
          ? {}
          : { only: { level: levelOf(gone.of), code: `!GONE.includes(${inLine(gone.of, levelOf(gone.of))} ?? "")` } }),
      })};`,
    );
    if (packs !== undefined)
      body.push(
        need(`is a price that of one piece or of a pack? ${shownPath(packs.path.slice(-1))} says how many are in one.`),
        `if (lines.some((line) => ${own(packs)} && ${own(packs)} !== "1"))`,
        `  return { reject: "A line is of packs; ${shownPath(packs.path.slice(-1))} leaves open what it costs." };`,
      );
    const piece = times === undefined ? amount(of) : `exactProduct(${amount(of)}, ${own(times)})`;
    if (times !== undefined) imports.add("exactProduct");
    const listed = (leaves: readonly string[]): string =>
      leaves.length === 1
        ? `lines.map((line) => ${leaves[0] ?? ""})`
        : `lines.flatMap((line) => [${leaves.join(", ")}])`;
    const simple = plus.length + minus.length === 0 && isSure(of) && of.texts.every((text) => text !== "");
    if (!simple)
      constants.push(
        "/** What a line does not tell counts as nothing. */",
        "const told = (parts: readonly (string | null | undefined)[]): string[] =>",
        "  parts.flatMap((part) => (part ? [part] : []));",
      );
    const list = (leaves: readonly string[]): string => (simple ? listed(leaves) : `told(${listed(leaves)})`);
    const less = minus.length === 0 ? "" : `, ${list(minus.map(amount))}`;
    const short = ({ path }: Leaf): string => shownPath(path.slice(path.lastIndexOf(EACH) + 1));
    const names = [of, ...plus].map(short).join(" + ");
    const words = `${names}${times === undefined ? "" : ` x ${short(times)}`}${minus.map((leaf) => ` - ${short(leaf)}`).join("")}`;
    body.push(need(`no field tells the total; is it the sum of ${words}?`));
    body.push(`const ${name} = exactSum(${list([piece, ...plus.map(amount)])}${less});`);
  }

  function buyerLine(): string[] {
    if (buyer === undefined) return [];
    const mark = holdsPeople(buyer.leaf)
      ? ` ${need("these look like names of people, and two may have the same: take what is one buyer's alone, or write undefined, and each order waits until it is linked by its number.")}`
      : check(buyer.score, "who buys, in the platform's own naming");
    body.push(`const buyerId: string | undefined = ${at(buyer.leaf)}?.trim();${mark}`);
    // Platforms write 0 for a guest.
    return ["...(!buyerId || /^0+$/.test(buyerId) ? {} : { buyerId }),"];
  }

  function dates(): string[] {
    if (placed === undefined) return [];
    const { form, leaf } = placed;
    if (form.kind === "serial" || (form.kind === "form" && form.local)) unknown.zone();
    body.push(
      `const placed = ${at(leaf)};`,
      `const placedAt = placed ? ${instantOfPlaced(form)} : null;`,
      `if (placedAt === undefined) return { reject: "There is no such date and time.", field: ${JSON.stringify(pointerOf(leaf.path))} };`,
    );
    return ["...(placedAt === null ? {} : { placedAt }),"];
  }

  /** Code that makes the text `placed` an instant. */
  function instantOfPlaced(form: DateForm): string {
    switch (form.kind) {
      case "iso":
        imports.add("instantOf");
        return "instantOf(placed)";
      case "epoch":
        imports.add("epochInstant");
        return `epochInstant(placed, "${form.unit}")`;
      case "form":
        imports.add("instantFrom");
        return `instantFrom(placed, "${form.form}"${form.local ? ", ZONE" : ""})`;
      case "serial": {
        imports.add("excelInstant").add("instantFrom");
        const { input } = inference;
        const system = input.format === "xlsx" && input.dates === 1904 ? ", 1904" : "";
        return `instantFrom((excelInstant(placed${system}) ?? "").slice(0, 19), "YYYY-MM-DDThh:mm:ss", ZONE)`;
      }
    }
  }

  function itemLines(): string[] {
    if (items === undefined) return [];
    imports.add("plainText");
    made.rows ||= table;
    const level = items.name.path.indexOf(EACH) + 1;
    const own = (leaf: Leaf): string => inLine(leaf, level);
    const { name, sku, quantity } = items;
    return [
      `items: ${elements(name.path.slice(0, level), { table, sure: false })}.slice(0, 1000).map((line) => ({`,
      `  name: plainText(${own(name)} ?? "", 1024),`,
      ...(sku === undefined ? [] : [`  sku: plainText(${own(sku)} ?? "", 256),`]),
      ...(quantity === undefined ? [] : [`  ...(${own(quantity)} ? { quantity: ${own(quantity)} } : {}),`]),
      "})),",
    ];
  }
}

/** What says that the records are hardly orders: the name of where they are, or that of a field. */
function noOrderBy({ input, leaves }: Inference): string | undefined {
  const place = "records" in input ? (input.records?.[0] ?? "") : "";
  if (NOT_ORDERS.test(wordsOf(place.split("/").at(-1) ?? ""))) return place;
  const own = leaves
    .filter((leaf) => isOfOrder(leaf) && depthOf(leaf) <= 2)
    .map((leaf) => ({ leaf, words: wordsOf(leaf.path.at(-1) ?? "") }));
  // What has a count of its own and names its order is about one: an invoice, or a shipment.
  const isCounted = own.some(({ words }) => words === "increment id");
  const field = own.find(({ words }) => OF_NO_ORDER.test(words) || (isCounted && words === "order id"))?.leaf;
  return field === undefined ? undefined : shownPath(field.path);
}

/** A total whose text is yet to be made plain decimals: the amounts of lines in another style are so before they are added up. */
const isStyled = (total: Total | undefined): boolean =>
  total?.style !== undefined &&
  !(total.kind === "lines" && typeof total.style === "object" && "decimal" in total.style);

const isAsked = (style: Style): style is "asked" | "likely" => style === "asked" || style === "likely";

function styled(text: string, style: Style, currency: string, imports: Set<string>): string {
  if (style === undefined) return text;
  if (typeof style === "object" && "digits" in style) {
    imports.add("fromScaled");
    return `fromScaled(${text}, ${style.digits})`;
  }
  imports.add(style === "minor" || isAsked(style) ? "fromMinorUnits" : "decimalFrom");
  if (isAsked(style)) return `UNITS === "minor" ? fromMinorUnits(${text}, ${currency}) : ${text}`;
  if (style === "minor") return `fromMinorUnits(${text}, ${currency})`;
  const { decimal, grouping = "" } = style;
  return `decimalFrom(${text}, { decimal: "${decimal}", grouping: "${grouping}" })`;
}

/** Code that reads a path; where the schema does not promise it, objects on the way may not be there. */
const access = (root: string, path: readonly string[], sure: boolean): string =>
  path.reduce((code, name, at) => code + memberOf(name, at > 0 && !sure), root);

/** A status as it may stand in a sentence. */
const plain = (text: string): string => text.replaceAll(/[^\p{L}\p{N} _-]/gu, "");

/** Texts as code. */
const listOf = (texts: readonly string[]): string => JSON.stringify(texts).replaceAll('","', '", "');

/** Where the element of the innermost array on a leaf's path begins. */
const levelOf = ({ path }: Leaf): number => path.lastIndexOf(EACH) + 1;

interface Elements {
  readonly table: boolean;
  /** The schema promises them. */
  readonly sure: boolean;
  /** Elements of the array at a level are those for which the code about `line` is true. */
  readonly only?: { readonly level: number; readonly code: string };
}

/** Code for all elements of the arrays on a path that ends with one. */
function elements(path: readonly string[], { table, sure, only }: Elements): string {
  const filter = (level: number): string => (only?.level === level ? `.filter((line) => ${only.code})` : "");
  if (table) return `rows${filter(2)}`;
  let code = "";
  let from = 0;
  for (let at = path.indexOf(EACH); at >= 0; at = path.indexOf(EACH, at + 1)) {
    const list = access(code === "" ? "order" : "line", path.slice(from, at), sure) + (sure ? "" : " ?? []");
    if (code === "") code = sure ? list : `(${list})`;
    else code += `.flatMap((line) => ${list})`;
    code += filter(at + 1);
    from = at + 1;
  }
  return code;
}
