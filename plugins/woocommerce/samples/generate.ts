import { centsText, type GenerateOptions, seededNumbers } from "../../../core/plugin/contract.ts";

const PRODUCTS = [
  ["Oak serving board", "OAK-BOARD-40"],
  ["Linen apron", "APRON-LINEN"],
  ["Stoneware mug, set of 4", "MUG-STONE-4"],
  ["Beeswax candle", "CANDLE-BEE"],
  ["Walnut spoon", "SPOON-WAL"],
  ["Cotton tea towel", ""],
] as const;
const BUYERS = 20;
const START_MS = Date.UTC(2026, 0, 5, 8, 0, 0);

function customerOf(buyer: string | undefined, next: (below: number) => number): [id: number, mail: string] {
  const customer = /(?:^|\/)customer:([0-9]+)$/.exec(buyer ?? "")?.[1];
  if (customer !== undefined) return [Number.parseInt(customer, 10), "one.buyer@example.com"];
  if (buyer !== undefined) return [0, buyer.replace(/^guest:/, "")];
  const number = next(BUYERS);
  return [101 + number, `customer${101 + number}@example.com`];
}

function orderOf(index: number, options: GenerateOptions, isBad: boolean, next: (below: number) => number): string {
  const number = `${options.seed ?? 1}${index.toString().padStart(7, "0")}`;
  const [customer, email] = customerOf(options.buyer, next);
  let total = 0n;
  const lines = Array.from({ length: 1 + next(2) }, (_, line) => {
    const [name, sku] = PRODUCTS[next(PRODUCTS.length)] ?? PRODUCTS[0];
    const quantity = 1 + next(3);
    const price = BigInt(450 + next(9000));
    const subtotal = price * BigInt(quantity);
    total += subtotal;
    return { id: line + 1, name, quantity, sku, subtotal: centsText(subtotal), total: centsText(subtotal), price: centsText(price) };
  });
  const placed = new Date(START_MS + index * 61_000).toISOString().slice(0, 19);
  return JSON.stringify({
    id: 5000 + index,
    parent_id: 0,
    number,
    status: "pending",
    needs_payment: true,
    currency: "USD",
    date_created_gmt: placed,
    date_paid_gmt: null,
    total: isBad ? "12,3x" : centsText(total),
    customer_id: customer,
    billing: { first_name: "Sam", last_name: "Sample", country: "US", email },
    payment_method: "",
    transaction_id: "",
    line_items: lines,
    refunds: [],
  });
}

/**
 * The text, in pieces, of a file of `count` open orders in the platform's own format, with made-up data.
 * @example for (const piece of generate(1000, { seed: 7 })) stream.write(piece)
 */
export function* generate(count: number, options: GenerateOptions = {}): Generator<string> {
  const next = seededNumbers(options.seed ?? 1);
  const bad = new Set(options.bad ?? []);
  yield "[\n";
  for (let index = 0; index < count; index += 1)
    yield `${orderOf(index, options, bad.has(index), next)}${index + 1 < count ? "," : ""}\n`;
  yield "]\n";
}
