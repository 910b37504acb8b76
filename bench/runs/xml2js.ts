/** The same XML file by a script as a user would write it: xml2js, ajv and decimal.js, the whole file in memory. */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Decimal } from "decimal.js";
import { parseStringPromise } from "xml2js";
import { answer, given } from "../child.ts";
import { ownPeakBytes } from "../machine.ts";
import type { Row } from "../plain-orders/columns.ts";
import type { FormatResult } from "./format.ts";

export interface Xml2jsParams {
  readonly file: string;
}

const fits = new Ajv2020({ strict: false }).compile<Row>({
  type: "object",
  required: ["order", "placed", "email", "product", "sku", "quantity", "total", "currency"],
  properties: {
    order: { type: "string", minLength: 1 },
    quantity: { type: "string", pattern: "^[0-9]{1,9}$" },
    currency: { type: "string", pattern: "^[A-Z]{3}$" },
    country: { type: "string", pattern: "^[A-Z]{2}$" },
  },
});

const { file } = given<Xml2jsParams>();
const began = performance.now();
const document = (await parseStringPromise(await readFile(file, "utf8"), { explicitArray: false })) as {
  readonly orders: { readonly entry: readonly unknown[] };
};
const orders: object[] = [];
for (const entry of document.orders.entry) {
  if (!fits(entry)) throw new Error("An order does not fit.");
  const { order, total, currency, placed, email, product, sku, quantity } = entry;
  orders.push({
    orderNo: order,
    amount: { value: new Decimal(total).toFixed(2), currency },
    placedAt: new Date(placed).toISOString(),
    buyerId: `email:${email.toLowerCase()}`,
    items: [{ name: product, sku, quantity }],
  });
}
answer<FormatResult>({ ms: performance.now() - began, records: orders.length, peakBytes: ownPeakBytes() });
