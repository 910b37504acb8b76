import { centsText, type GenerateOptions, seededNumbers } from "../../../core/plugin/contract.ts";

const COLUMNS = [
  "amazon-order-id",
  "merchant-order-id",
  "purchase-date",
  "last-updated-date",
  "order-status",
  "fulfillment-channel",
  "sales-channel",
  "product-name",
  "sku",
  "item-status",
  "quantity",
  "currency",
  "item-price",
  "item-tax",
  "shipping-price",
  "shipping-tax",
  "gift-wrap-price",
  "gift-wrap-tax",
  "item-promotion-discount",
  "ship-promotion-discount",
  "ship-country",
  "buyer-email",
] as const;
const PRODUCTS = [
  ["Trail running headlamp", "TRL-HEAD-1"],
  ["USB-C charger 65 W", "CHG-65-C"],
  ["Notebook, dotted, 3 pack", "NOTE-DOT-3"],
  ["Espresso tamper 58 mm", "TAMP-58"],
  ["Yoga strap", "YOGA-STRAP"],
] as const;
const BUYERS = 20;
const START_MS = Date.UTC(2026, 0, 5, 8, 0, 0);

function rowsOf(index: number, options: GenerateOptions, isBad: boolean, next: (below: number) => number): string {
  const seed = (options.seed ?? 1).toString().padStart(10, "0");
  const placed = new Date(START_MS + index * 61_000).toISOString().replace(".000Z", "+00:00");
  const email = options.buyer?.replace(/^email:/, "") ?? `buyer${1 + next(BUYERS)}@example.com`;
  const rows = Array.from({ length: 1 + next(2) }, (_, line) => {
    const [name, sku] = PRODUCTS[next(PRODUCTS.length)] ?? PRODUCTS[0];
    const quantity = 1 + next(2);
    const price = BigInt(700 + next(8000)) * BigInt(quantity);
    const row: Partial<Record<(typeof COLUMNS)[number], string>> = {
      "amazon-order-id": `${seed.slice(0, -7)}-${seed.slice(-7)}-${index.toString().padStart(7, "0")}`,
      "purchase-date": placed,
      "last-updated-date": placed,
      "order-status": "Unshipped",
      "fulfillment-channel": "Merchant",
      "sales-channel": "Amazon.com",
      "product-name": name,
      sku,
      "item-status": "Unshipped",
      quantity: quantity.toString(),
      currency: "USD",
      "item-price": isBad && line === 0 ? "12,3x" : centsText(price),
      "item-tax": centsText((price * 8n) / 100n),
      "shipping-price": line === 0 ? "4.99" : "",
      "ship-country": "US",
      "buyer-email": email,
    };
    return `${COLUMNS.map((column) => row[column] ?? "").join("\t")}\n`;
  });
  return rows.join("");
}

/**
 * The text, in pieces, of a file of `count` open orders in the platform's own format, with made-up data.
 * @example for (const piece of generate(1000, { seed: 7 })) stream.write(piece)
 */
export function* generate(count: number, options: GenerateOptions = {}): Generator<string> {
  const next = seededNumbers(options.seed ?? 1);
  const bad = new Set(options.bad ?? []);
  yield `${COLUMNS.join("\t")}\n`;
  for (let index = 0; index < count; index += 1) yield rowsOf(index, options, bad.has(index), next);
}
