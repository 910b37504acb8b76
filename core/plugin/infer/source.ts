import type { DateForm } from "./dates.ts";
import type { Found, Lines } from "./fields.ts";
import { linesTellTotal, type Proposal } from "./proposal.ts";

export interface SourceNames {
  readonly id: string;
  readonly title: string;
  /** How plugin.ts imports the contract. */
  readonly contract: string;
  readonly schema: string;
}

const text = (value: unknown): string => JSON.stringify(value);

const confidence = (found: Found): string => {
  const percent = Math.min(Math.round(found.confidence * 100), 99);
  return percent >= 90
    ? `sure (${percent} %)`
    : percent >= 65
      ? `likely (${percent} %)`
      : `CHECK: a guess (${percent} %)`;
};

/** One marked line for what the file does not tell. */
const needed = (name: string, what: string): string => `const ${name}: string = ""; // NEEDED: ${what}`;

function amountLines({ fields, style, padded }: Proposal, use: (name: string) => string): string[] {
  const { amount, lines } = fields;
  const plain = style.decimal === "." && style.grouping === undefined;
  if (amount !== undefined) {
    const read = `${use("textAt")}(record, ${text(amount.pointer)})`;
    const styled = plain ? read : `${use("decimalFrom")}(${read}, ${text(style)}) ?? ""`;
    const name = padded ? "told" : "total";
    return [`const ${name} = ${styled}; // ${confidence(amount)}`];
  }
  if (lines === undefined || !linesTellTotal(lines))
    return [needed("total", "no field looks like the order's total; add up its parts with exactSum")];
  return [
    `// CHECK: the file tells no total; this adds up its lines.`,
    `const parts = ${use("listAt")}(record, ${text(lines.pointer)}).map((line) => ${partOf(lines, use)});`,
    `if (parts.some((part) => part === undefined)) return { reject: "A line has no price.", field: ${text(lines.pointer)} };`,
    `const ${padded || lines.total === undefined ? "told" : "total"} = ${use("exactSum")}(parts.flatMap((part) => part ?? []));`,
  ];
}

function partOf({ total, price = "", quantity = "" }: Lines, use: (name: string) => string): string {
  const number = (pointer: string): string =>
    `${use("decimalFrom")}(${use("textAt")}(line, ${text(pointer)}), { decimal: "." })`;
  if (total !== undefined) return number(total);
  return `{
      const [price, quantity] = [${number(price)}, ${number(quantity)}];
      return price === undefined || quantity === undefined ? undefined : ${use("exactProduct")}(price, quantity);
    }`;
}

function dateLines(found: Found | undefined, form: DateForm | undefined, use: (name: string) => string): string[] {
  if (found === undefined || form === undefined) return [];
  const read = "placed";
  const made =
    form.kind === "iso"
      ? `${use("instantOf")}(${read})`
      : form.kind === "epoch"
        ? `${use("epochInstant")}(${read}, ${text(form.unit)})`
        : `${use("instantFrom")}(${read}, ${text(form.form)})`;
  const zone =
    form.kind === "form" && !form.zoned ? " CHECK: no zone is told, UTC is taken; add the zone as third argument" : "";
  return [
    `const placed = ${use("textAt")}(record, ${text(found.pointer)}); // ${confidence(found)}`,
    `const placedAt = ${made};${zone === "" ? "" : ` //${zone}`}`,
    `if (placed !== "" && placedAt === undefined) return { reject: "There is no such date.", field: ${text(found.pointer)} };`,
  ];
}

function itemLines(lines: Lines | undefined, use: (name: string) => string): string[] {
  if (lines?.name === undefined) return [];
  const parts = [`name: ${use("plainText")}(${use("textAt")}(line, ${text(lines.name)}), 1024)`];
  if (lines.sku !== undefined) parts.push(`sku: ${use("plainText")}(${use("textAt")}(line, ${text(lines.sku)}), 256)`);
  if (lines.quantity !== undefined)
    parts.push(`quantity: ${use("plainText")}(${use("textAt")}(line, ${text(lines.quantity)}), 32)`);
  return [
    `const items = ${use("listAt")}(record, ${text(lines.pointer)}).slice(0, 1000).map((line) => ({ ${parts.join(", ")} }));`,
  ];
}

/** The text of plugin.ts for a proposal: what is sure stands as it is, what is not is one marked line each (CHECK, NEEDED). */
export function pluginSource(proposal: Proposal, { id, title, contract, schema }: SourceNames): string {
  const used = new Set(["definePlatform", "isZero", "money"]);
  const use = (name: string): string => {
    used.add(name);
    return name;
  };
  const { fields, input, currencies, statuses, padded, dateForm } = proposal;
  const { number, currency, buyer, merchant, date, status, lines } = fields;
  const summed = fields.amount === undefined && linesTellTotal(lines);
  const trimmed = padded || (summed && lines?.total === undefined);
  const body = [
    number === undefined
      ? needed("orderNo", "no field looks like the order's number")
      : `const orderNo = ${use("textAt")}(record, ${text(number.pointer)}); // ${confidence(number)}`,
    merchant === undefined
      ? "const named = { merchant, orderNo };"
      : `const named = { merchant: ${use("textAt")}(record, ${text(merchant.pointer)}) || merchant, orderNo }; // ${confidence(merchant)}`,
    ...(status === undefined
      ? [
          "// CHECK: the file tells no status; take back what is cancelled (cancel) or paid (notOwed), or somebody pays twice.",
        ]
      : [
          `// CHECK: take back what is cancelled (cancel) or paid (notOwed), skip what is not owed yet, or somebody pays twice: ${status.pointer} is ${statuses.map(text).join(", ")} here.`,
        ]),
    currency === undefined
      ? needed("currency", 'the file tells no currency; its ISO 4217 code, such as "EUR"')
      : `const currency = ${use("textAt")}(record, ${text(currency.pointer)}); // ${confidence(currency)}`,
    ...amountLines(proposal, use),
    ...(trimmed ? [`const total = ${use("withoutPadding")}(told, currency);`] : []),
    ...proposal.missing.map((what) => missingLine(what)),
    `if (isZero(total)) return { notOwed: named, reason: "There is nothing to pay: the total is zero." };`,
    ...dateLines(date, dateForm, use),
    ...(buyer === undefined
      ? []
      : [`const buyerId = ${use("textAt")}(record, ${text(buyer.pointer)}); // ${confidence(buyer)}`]),
    ...itemLines(lines, use),
    "return [",
    "  {",
    "    ...named,",
    "    amount: money(total, currency),",
    "    title: `Order ${orderNo}`,",
    ...(date === undefined || dateForm === undefined ? [] : ["    ...(placedAt === undefined ? {} : { placedAt }),"]),
    ...(buyer === undefined ? [] : ['    ...(buyerId === "" ? {} : { buyerId }),']),
    ...(lines?.name === undefined ? [] : ["    items,"]),
    "  },",
    "];",
  ];
  const codes = currencies.length === 0 ? ["EUR", "USD"] : currencies;
  return `import { ${[...used].sort((a, b) => a.localeCompare(b)).join(", ")} } from ${text(contract)};

// Made from a sample file. Lines marked NEEDED must be filled in; lines marked CHECK want a look.
export default definePlatform<unknown>({
  title: ${text(title)},
  input: ${JSON.stringify(input)},
  schema: ${text(schema)},
  currencies: ${text(codes)}, // CHECK: all that the platform settles in
  fees: {}, // CHECK: what the platform keeps, such as { percent: "2.9", fixed: { EUR: "0.30" } }
  settlementAccount: ${text(`${id}-settlement`)},
  defaultMerchant: ${text(id)},
  map(record, { merchant }) {
${body.map((line) => `    ${line}`).join("\n")}
  },
});
`;
}

const missingLine = (what: string): string => {
  const [name = ""] = what.split(":");
  const variable = name.includes("number") ? "orderNo" : name.includes("amount") ? "total" : "currency";
  return `if (${variable} === "") return { reject: ${text(`plugin.ts does not say ${what}.`)} };`;
};
