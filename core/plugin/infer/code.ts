import { exponentOf } from "../../money/currency.ts";
import type { NumberStyle } from "../amounts.ts";
import { plainText } from "../plain-text.ts";
import type { Inference } from "./infer.ts";
import { EACH, type Leaf, pointerOf, shownPath } from "./leaves.ts";
import { confidenceOf } from "./rank.ts";
import type { Total } from "./totals.ts";
import { memberOf, typeOf } from "./types.ts";
import { same, usesOf } from "./uses.ts";
import { wordsOf } from "./words.ts";

/** What a written plugin is, besides its proposals. */
export interface Written {
  readonly text: string;
  /** What the sample can't tell, a sentence each: the marked lines of the text. */
  readonly needed: readonly string[];
}

/** What marks a line that its author has to fill in or look at. */
export const MARK = "NEEDED";
const LOW = "low";
/** Words in the name of records that are hardly orders. */
const NOT_ORDERS =
  /\b(?:refunds?|payouts?|transactions?|remittance|advice|payments?|credit|returns?|events?|settlements?)\b/;

/** The plugin.ts that maps what a sample proposes. @param contract how the folder imports the contract */
export function pluginCode(id: string, title: string, inference: Inference, contract: string): Written {
  const code = parts(inference);
  const { needed, imports, constants, body } = code;
  const need = markerOf(needed);
  const table = isTable(inference);
  const type = table ? `{ readonly rows: readonly [Row${code.rows ? ", ...Row[]" : ""}] }` : "Order";
  const currencies =
    code.currency === undefined ? '[CURRENCY || "USD"]' : JSON.stringify(code.currency).replaceAll(",", ", ");
  // A parameter that nobody reads is named so.
  const order = body.some((line) => /\border[.?[]/.test(line)) ? "order" : "_order";
  const head = table ? (code.rows ? "{ rows }" : `{ rows: [${order}] }`) : order;
  const lines = [
    "/** What is read of a record that passed order.schema.json: all numbers are text. */",
    `interface ${table ? "Row" : "Order"} ${typeOf(usesOf(inference).map((use) => ({ ...use, path: table ? use.path.slice(2) : use.path })))}`,
    "",
    ...constants.flatMap((constant) => [constant]),
    ...(constants.length === 0 ? [] : [""]),
    `export default definePlatform<${type}>({`,
    `  title: ${JSON.stringify(title)},`,
    ...(inference.doctype
      ? [`  ${need("the sample has a DOCTYPE, which is refused; the platform must send its files without.")}`]
      : []),
    ...(inference.encoding === "likely"
      ? [`  ${need("several encodings would take the sample; look at its names with `plugin try`.")}`]
      : []),
    `  input: ${shownInput(inference)},`,
    `  schema: "order.schema.json",`,
    `  currencies: ${currencies},${code.currency === undefined ? "" : ` ${need("all currencies that the platform settles in; the sample has these.")}`}`,
    `  fees: {}, ${need('what the operator keeps, such as { percent: "2.9", fixed: { USD: "0.30" } }.')}`,
    `  settlementAccount: "${id}-settlement", ${need("the platform's account at the bank.")}`,
    `  defaultMerchant: "${id}",`,
    `  map(${head}, { merchant }) {`,
    ...(table && code.rows ? [`    const [${order}] = rows;`] : []),
    ...body.map((line) => `    ${line}`),
    "  },",
    "});",
    "",
  ];
  const names = ["definePlatform", ...imports].sort((a, b) => a.localeCompare(b));
  const text = `import { ${names.join(", ")} } from ${JSON.stringify(contract)};\n\n${lines.join("\n")}`;
  return {
    text: text.includes("{ merchant }") && !/\bmerchant,/.test(text) ? text.replace(", { merchant }", "") : text,
    needed,
  };
}

/** Makes the comment of a marked line and keeps its reason. Names of the sample's fields stand in reasons: they must not end the comment. */
const markerOf =
  (needed: string[]) =>
  (reason: string): string => {
    const text = plainText(reason, 300);
    needed.push(text);
    return `// ${MARK}: ${text}`;
  };

const isTable = ({ input }: Inference): boolean => input.format === "csv" || input.format === "tsv";

/** The input with the columns that the mapping reads, as code. */
function shownInput(inference: Inference): string {
  const { input } = inference;
  const columns = isTable(inference)
    ? usesOf(inference).flatMap(({ path, needed }) => (needed ? [path[2] ?? ""] : []))
    : [];
  const spec = columns.length === 0 ? input : { ...input, columns: [...new Set(columns)] };
  const fields = Object.entries(spec).map(
    ([name, value]) => `${name}: ${JSON.stringify(value).replaceAll('","', '", "')}`,
  );
  const short = `{ ${fields.join(", ")} }`;
  return short.length <= 105 ? short : `{\n    ${fields.join(",\n    ")},\n  }`;
}

interface Parts {
  readonly needed: string[];
  readonly imports: Set<string>;
  readonly constants: string[];
  readonly body: string[];
  /** The code looks at several rows of a table's record. */
  rows: boolean;
  /** Currencies of the sample; undefined when it tells none. */
  currency: readonly string[] | undefined;
}

function parts(inference: Inference): Parts {
  const { proposals } = inference;
  const uses = usesOf(inference);
  const { orderNo, total, currency, buyer, merchant, placed, items, closed } = proposals;
  const table = isTable(inference);
  const made: Parts = {
    needed: [],
    imports: new Set(["isZero", "money", "withoutPadding"]),
    constants: [],
    body: [],
    rows: false,
    currency: undefined,
  };
  const { needed, imports, constants, body } = made;
  const need = markerOf(needed);
  const check = (score: number, what: string): string =>
    confidenceOf(score) === LOW ? ` ${need(`is this ${what}? Its name leaves doubt.`)}` : "";
  const isSure = ({ path }: Leaf): boolean => uses.some((use) => use.needed && same(use.path, path));
  const at = (leaf: Leaf): string => access("order", table ? leaf.path.slice(2) : leaf.path, isSure(leaf));
  const inLine = (leaf: Leaf, level: number): string => access("line", leaf.path.slice(level), isSure(leaf));

  const [name = ""] = "records" in inference.input ? (inference.input.records ?? []) : [];
  if (NOT_ORDERS.test(wordsOf(name)))
    body.push(need(`the records are at ${name}, which sounds like something else; are they orders to be paid?`));
  status();
  const amount = amountOf();
  const placedLine = dates();
  const fields = [
    merchant === undefined ? "merchant," : `merchant: ${at(merchant.leaf)},${check(merchant.score, "the merchant")}`,
    orderNo === undefined
      ? "orderNo: ORDER_NO,"
      : `orderNo: ${at(orderNo.leaf)},${check(orderNo.score, "the order's number")}`,
    amount,
    ...buyerLine(),
    ...placedLine,
    ...itemLines(),
  ];
  body.push("return [", "  {", ...fields.map((field) => `    ${field}`), "  },", "];");
  return made;

  function status(): void {
    if (closed.status === undefined && closed.cancelledAt === undefined) {
      body.push(need("nothing in the sample tells which orders are paid or cancelled already; skip them here."));
    }
    if (closed.status !== undefined) {
      const { of, open } = closed.status;
      const mark = closed.all
        ? need("these sound paid or cancelled; leave only those whose orders are still to be paid.")
        : "// Nobody must pay twice: an order in any other status is skipped.";
      constants.push(`const OPEN = ${JSON.stringify(open).replaceAll('","', '", "')}; ${mark}`);
      body.push(
        `const status = ${at(of)} ?? "";`,
        "if (!OPEN.includes(status)) return { skip: `Nothing says that an order in status ${status} is still to be paid.` };",
      );
    }
    if (closed.cancelledAt !== undefined)
      body.push(`if (${at(closed.cancelledAt)}) return { skip: "The order was cancelled." };`);
  }

  function amountOf(): string {
    if (orderNo === undefined) {
      constants.push(
        `const ORDER_NO = ""; ${need("which field is the order's number? None has it in every record, under a name that says so.")}`,
      );
      body.push(
        'if (ORDER_NO === "") return { reject: "plugin.ts does not say yet which field is the order\'s number." };',
      );
    }
    if (total === undefined) {
      constants.push(
        `const TOTAL = ""; ${need("the sample tells no total, and no prices of lines that would add up to one.")}`,
      );
      body.push('if (TOTAL === "") return { reject: "plugin.ts does not say yet how much is to be paid." };');
    }
    const value = total === undefined ? "TOTAL" : "total";
    const told = total?.kind === "field" && total.style !== undefined ? "told" : "total";
    if (total?.kind === "field") {
      body.push(`const ${told} = ${at(total.of)};${check(total.score, "the order's total")}`);
      if (!isSure(total.of))
        body.push(
          `if (!${told}) return { reject: "The order tells no total.", field: ${JSON.stringify(pointerOf(total.of.path))} };`,
        );
    }
    if (total?.kind === "lines") sum(total);
    const code = currencyLines(total);
    if (total?.kind === "field" && total.style !== undefined) {
      body.push(
        `const total = ${styled(told, total.style, code, imports)};`,
        `if (total === undefined) return { reject: "The total is not written as declared.", field: ${JSON.stringify(pointerOf(total.of.path))} };`,
      );
    }
    body.push(`if (isZero(${value})) return { skip: "There is nothing to pay: the total is zero." };`);
    if (total?.kind === "lines") currencyOfLines(total);
    return `amount: money(withoutPadding(${value}, ${code}), ${code}),`;
  }

  function sum(lines: Total & { readonly kind: "lines" }): void {
    imports.add("exactSum");
    made.rows ||= table;
    const { of, times, plus, minus } = lines;
    const level = of.path.lastIndexOf(EACH) + 1;
    const own = (leaf: Leaf): string => inLine(leaf, level);
    body.push(`const lines = ${elements(of.path.slice(0, level), table, isSure(of))};`);
    const piece = times === undefined ? own(of) : `exactProduct(${own(of)}, ${own(times)})`;
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
    const less = minus.length === 0 ? "" : `, ${list(minus.map(own))}`;
    const short = ({ path }: Leaf): string => shownPath(path.slice(path.lastIndexOf(EACH) + 1));
    const names = [of, ...plus].map(short).join(" + ");
    const words = `${names}${times === undefined ? "" : ` x ${short(times)}`}${minus.map((leaf) => ` - ${short(leaf)}`).join("")}`;
    body.push(need(`no field tells the total; is it the sum of ${words}?`));
    body.push(`const total = exactSum(${list([piece, ...plus.map(own)])}${less});`);
  }

  function currencyLines(amountIs: Total | undefined): string {
    if (currency === undefined) {
      constants.push(
        `const CURRENCY = ""; ${need('the sample tells no currency; write the code of the platform\'s, such as "EUR".')}`,
      );
      body.push(
        'if (CURRENCY === "") return { reject: "plugin.ts does not say yet which currency the amounts are in." };',
      );
      return "CURRENCY";
    }
    made.currency = [...new Set(currency.leaf.texts.filter((text) => exponentOf(text) !== undefined))].sort();
    if (amountIs?.kind === "lines" && currency.leaf.path.includes(EACH)) return "currency";
    body.push(`const currency = ${at(currency.leaf)};${check(currency.score, "the currency of the total")}`);
    if (!isSure(currency.leaf))
      body.push(
        `if (!currency) return { reject: "The order tells no currency.", field: ${JSON.stringify(pointerOf(currency.leaf.path))} };`,
      );
    return "currency";
  }

  function currencyOfLines(lines: Total & { readonly kind: "lines" }): void {
    if (currency?.leaf.path.includes(EACH) !== true) return;
    const level = lines.of.path.lastIndexOf(EACH) + 1;
    const own = inLine(currency.leaf, level);
    body.push(
      `const [currency, ...others] = new Set(lines.map((line) => ${own}));`,
      'if (!currency || others.length > 0) return { reject: "The lines are not all of one currency." };',
    );
  }

  function buyerLine(): string[] {
    if (buyer === undefined) return [];
    body.push(
      `const buyerId = ${at(buyer.leaf)}?.trim();${check(buyer.score, "who buys, in the platform's own naming")}`,
    );
    // Platforms write 0 for a guest.
    return ["...(!buyerId || /^0+$/.test(buyerId) ? {} : { buyerId }),"];
  }

  function dates(): string[] {
    if (placed === undefined) return [];
    const { form, leaf } = placed;
    const call = { iso: "instantOf", epoch: "epochInstant", form: "instantFrom" }[form.kind];
    imports.add(call);
    let more = "";
    if (form.kind === "epoch") more = `, "${form.unit}"`;
    if (form.kind === "form") more = `, "${form.form}"`;
    if (form.kind === "form" && form.local) {
      constants.push(
        `const ZONE = "UTC"; ${need('the zone of the times in the file, which tell none, such as "Asia/Shanghai".')}`,
      );
      more += ", ZONE";
    }
    body.push(
      `const placed = ${at(leaf)};`,
      `const placedAt = placed ? ${call}(placed${more}) : null;`,
      `if (placedAt === undefined) return { reject: "There is no such date and time.", field: ${JSON.stringify(pointerOf(leaf.path))} };`,
    );
    return ["...(placedAt === null ? {} : { placedAt }),"];
  }

  function itemLines(): string[] {
    if (items === undefined) return [];
    imports.add("plainText");
    made.rows ||= table;
    const level = items.name.path.indexOf(EACH) + 1;
    const own = (leaf: Leaf): string => inLine(leaf, level);
    const { name, sku, quantity } = items;
    return [
      `items: ${elements(name.path.slice(0, level), table, false)}.slice(0, 1000).map((line) => ({`,
      `  name: plainText(${own(name)} ?? "", 1024),`,
      ...(sku === undefined ? [] : [`  sku: plainText(${own(sku)} ?? "", 256),`]),
      ...(quantity === undefined ? [] : [`  ...(${own(quantity)} ? { quantity: ${own(quantity)} } : {}),`]),
      "})),",
    ];
  }
}

function styled(
  text: string,
  style: NumberStyle | "minor" | undefined,
  currency: string,
  imports: Set<string>,
): string {
  if (style === undefined) return text;
  imports.add(style === "minor" ? "fromMinorUnits" : "decimalFrom");
  if (style === "minor") return `fromMinorUnits(${text}, ${currency})`;
  const { decimal, grouping = "" } = style;
  return `decimalFrom(${text}, { decimal: "${decimal}", grouping: "${grouping}" })`;
}

/** Code that reads a path; where the schema does not promise it, objects on the way may not be there. */
const access = (root: string, path: readonly string[], sure: boolean): string =>
  path.reduce((code, name, at) => code + memberOf(name, at > 0 && !sure), root);

/** Code for all elements of the arrays on a path that ends with one. @param sure the schema promises them */
function elements(path: readonly string[], table: boolean, sure: boolean): string {
  if (table) return "rows";
  let code = "";
  let from = 0;
  for (let at = path.indexOf(EACH); at >= 0; at = path.indexOf(EACH, at + 1)) {
    const list = access(code === "" ? "order" : "line", path.slice(from, at), sure) + (sure ? "" : " ?? []");
    if (code === "") code = sure ? list : `(${list})`;
    else code += `.flatMap((line) => ${list})`;
    from = at + 1;
  }
  return code;
}
