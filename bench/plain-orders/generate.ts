import { COLUMNS, type Row } from "./columns.ts";
import { workbook } from "./workbook.ts";

const PRODUCTS = ["Trail running headlamp", "Notebook, dotted, 3 pack", "Espresso tamper 58 mm", "Yoga strap"] as const;
const START_MS = Date.UTC(2026, 0, 5, 8, 0, 0);

function rowOf(index: number): Row {
  return {
    order: `P-${index.toString().padStart(10, "0")}`,
    placed: new Date(START_MS + index * 61_000).toISOString().replace(".000Z", "Z"),
    email: `buyer${index % 997}@example.com`,
    product: PRODUCTS[index % PRODUCTS.length] ?? PRODUCTS[0],
    sku: `SKU-${index % 4_999}`,
    quantity: String(1 + (index % 3)),
    total: `${1 + (index % 900)}.${(index % 100).toString().padStart(2, "0")}`,
    currency: "EUR",
    street: `${1 + (index % 180)} Long Meadow Road`,
    city: "Northwold",
    postcode: String(10_000 + (index % 80_000)),
    country: "GB",
  };
}

const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell}"` : cell);

interface Writer {
  readonly head?: string;
  readonly line: (row: Row) => string;
  readonly foot?: string;
}

const names = COLUMNS.map(([name]) => name);
const elements = (row: Row): string => names.map((name) => `<${name}>${row[name]}</${name}>`).join("");

/** In the order of the plugin's kinds. */
const WRITERS = {
  ndjson: { line: (row) => JSON.stringify(row) },
  xml: { head: "<orders>\n", line: (row) => `<entry>${elements(row)}</entry>`, foot: "</orders>\n" },
  csv: { head: `${names.join(",")}\n`, line: (row) => names.map((name) => quoted(row[name])).join(",") },
  tsv: { head: `${names.join("\t")}\n`, line: (row) => names.map((name) => row[name]).join("\t") },
  fixed: { line: (row) => COLUMNS.map(([name, chars]) => row[name].padEnd(chars)).join("") },
} as const satisfies Readonly<Record<string, Writer>>;

export type Format = keyof typeof WRITERS | "xlsx";

/** The formats that there are, in the order of the plugin's kinds. */
export const FORMATS: readonly Format[] = [...(Object.keys(WRITERS) as (keyof typeof WRITERS)[]), "xlsx"];

function* rows(orders: number): Generator<Row> {
  for (let index = 0; index < orders; index += 1) yield rowOf(index);
}

/** A file of so many orders, in pieces. */
export function* generate(format: Format, orders: number): Generator<string | Uint8Array> {
  if (format === "xlsx") return yield* workbook(rows(orders));
  const { head = "", line, foot = "" }: Writer = WRITERS[format];
  yield head;
  for (const row of rows(orders)) yield `${line(row)}\n`;
  yield foot;
}
