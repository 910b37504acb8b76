import type { NumberStyle } from "../amounts.ts";
import type { InputSpec } from "../../formats/contract.ts";
import type { Inference } from "./infer.ts";
import { EACH, type Leaf } from "./leaves.ts";

/** A place of the record that the mapping reads, and what its text must be. */
export interface Use {
  readonly path: readonly string[];
  /** The mapping can't do without it, and every record of the sample has it. */
  readonly needed: boolean;
  /** JSON Schema keywords for its text. */
  readonly text: Readonly<Record<string, string | number>>;
  /** It is true or false in the place of a text. */
  readonly flag?: true;
}

const NAME = { minLength: 1, maxLength: 128, pattern: "^(?=.*\\S)[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+$" };
const MERCHANT = { ...NAME, pattern: "^(?=.*\\S)[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}/]+$" };
const BUYER = { maxLength: 256, pattern: "^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$" };
const DECIMAL = { maxLength: 40, pattern: "^\\d+(?:\\.\\d+)?$" };
const MAYBE_DECIMAL = { maxLength: 40, pattern: "^(?:\\d+(?:\\.\\d+)?)?$" };

/** What `decimalFrom` takes in a style, or nothing at all. */
function writtenAs({ decimal, grouping }: NumberStyle): Use["text"] {
  const [mark = "", group = ""] = [decimal, grouping ?? ""].map((char) => (char === "." ? "\\." : char));
  const grouped = grouping === undefined ? "" : `|\\d{1,3}(?:${group}\\d{3})+`;
  return { maxLength: 40, pattern: `^(?:(?:\\d+${grouped})(?:${mark}\\d+)?)?$` };
}

/** What the proposed mapping reads of a record. */
export function usesOf({ proposals, records }: Inference): Use[] {
  const { orderNo, total, currency, implied, buyer, merchant, placed, items, closed, flags } = proposals;
  const uses: Use[] = [];
  const use = (leaf: Leaf | undefined, needed: boolean, text: Use["text"] = {}): void => {
    if (leaf === undefined) return;
    uses.push({ path: leaf.path, needed: needed && isAlways(records, leaf.path), text });
  };
  // No order is without a number: a record that has none is refused.
  if (orderNo !== undefined) uses.push({ path: orderNo.leaf.path, needed: true, text: NAME });
  if (total?.kind === "field") use(total.of, true);
  if (total?.kind === "lines") {
    const whole = isAlways(records, total.of.path) && total.of.texts.every((text) => text !== "");
    const written = typeof total.style === "object" && "decimal" in total.style ? writtenAs(total.style) : undefined;
    use(total.of, true, written ?? (whole ? DECIMAL : MAYBE_DECIMAL));
    use(total.times, true, DECIMAL);
    for (const part of [...total.plus, ...total.minus]) use(part, false, written ?? MAYBE_DECIMAL);
    use(total.packs, false);
    use(total.gone?.of, false);
  }
  use(currency?.leaf, true);
  if (implied?.kind === "field") use(implied.of, true);
  use(merchant?.leaf, true, MERCHANT);
  use(buyer?.leaf, false, BUYER);
  use(placed?.leaf, false);
  use(closed.status?.of, false);
  use(closed.cancelledAt, false);
  for (const { of, yes } of flags)
    uses.push({ path: of.path, needed: false, text: {}, ...(yes === undefined ? { flag: true } : {}) });
  use(items?.name, false);
  use(items?.sku, false);
  // The quantity may be a part of the amount too.
  if (items?.quantity !== undefined && !uses.some(({ path }) => same(path, items.quantity?.path ?? [])))
    use(items.quantity, false, { maxLength: 32 });
  return uses;
}

export const same = (a: readonly string[], b: readonly string[]): boolean => a.join("\u0000") === b.join("\u0000");

/** Whether every record has a text at a path, in each element of the arrays on the way. */
export function isAlways(records: readonly unknown[], path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return records.every((value) => typeof value === "string");
  return records.every((value) => {
    if (typeof value !== "object" || value === null) return false;
    if (name === EACH) return Array.isArray(value) && isAlways(value, rest);
    return Object.hasOwn(value, name) && isAlways([(value as Readonly<Record<string, unknown>>)[name]], rest);
  });
}

/** Whether records are `{ rows: [...] }`. */
export const isTable = ({ format }: InputSpec): boolean => format === "csv" || format === "tsv" || format === "xlsx";
