import { exactSum } from "../../core/plugin/contract.ts";
/** The columns of a row that make its amount: each is for the whole row, whatever its quantity; blank is zero. */
export interface AmountColumns {
  readonly "sales-channel": string;
  readonly "item-price": string;
  readonly "item-tax": string;
  readonly "shipping-price": string;
  readonly "shipping-tax": string;
  readonly "gift-wrap-price": string;
  readonly "gift-wrap-tax": string;
  readonly "item-promotion-discount": string;
  readonly "ship-promotion-discount": string;
}

const PRICES = ["item-price", "shipping-price", "gift-wrap-price"] as const;
const TAXES = ["item-tax", "shipping-tax", "gift-wrap-tax"] as const;
const DISCOUNTS = ["item-promotion-discount", "ship-promotion-discount"] as const;

/**
 * Storefronts that show prices before tax. Everywhere else the price columns include the tax, and the tax columns only
 * tell how much of it is tax: adding them would charge the tax twice.
 */
const TAX_ON_TOP = new Set(["amazon.com", "amazon.ca"]);

const given = (row: AmountColumns, columns: readonly (keyof AmountColumns)[]): string[] =>
  columns.map((column) => row[column]).filter((text) => text !== "");

/** Whether the row has any amount at all. */
export const isPriced = (row: AmountColumns): boolean => given(row, [...PRICES, ...TAXES, ...DISCOUNTS]).length > 0;

/** What the buyer owes for the rows: prices, and taxes where they come on top, less discounts. */
export function owedFor(rows: readonly AmountColumns[]): string {
  const plus = rows.flatMap((row) => {
    const onTop = TAX_ON_TOP.has(row["sales-channel"].trim().toLowerCase());
    return given(row, onTop ? [...PRICES, ...TAXES] : PRICES);
  });
  return exactSum(
    plus,
    rows.flatMap((row) => given(row, DISCOUNTS)),
  );
}
