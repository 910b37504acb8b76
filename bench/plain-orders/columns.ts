/** The columns of the bench's own orders, and their characters in a file of fixed width. */
export const COLUMNS = [
  ["order", 16],
  ["placed", 20],
  ["email", 32],
  ["product", 40],
  ["sku", 12],
  ["quantity", 4],
  ["total", 10],
  ["currency", 3],
  ["street", 32],
  ["city", 20],
  ["postcode", 8],
  ["country", 2],
] as const;

export type Row = Readonly<Record<(typeof COLUMNS)[number][0], string>>;
