/**
 * How values compare, and how they stand in index columns, so that SQLite orders and compares them as MongoDB does:
 * missing and null (equal), then numbers, then text by its UTF-8 bytes, then booleans.
 */
import type { Json } from "../defined.ts";

/** What is bound to an index column: a number, a text, or one byte for a boolean. */
export type Cell = number | string | Uint8Array;

/** Missing and null, as one value that sorts first and that UNIQUE treats as equal to itself (SQL's NULL is not). */
export const NOTHING = Number.NEGATIVE_INFINITY;
const FALSE = Uint8Array.of(0);
const TRUE = Uint8Array.of(1);

/** The column value of a scalar; `undefined` when it is an object or an array. */
export function cellOfScalar(value: unknown): Cell | undefined {
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? TRUE : FALSE;
  return value === null || value === undefined ? NOTHING : undefined;
}

/** The column value of the field at a path. @throws TypeError when there is an object or array, which no index can hold */
export function cellAt(document: Json, segments: readonly string[]): Cell {
  let value: unknown = document;
  for (const segment of segments) {
    if (typeof value !== "object" || value === null) return NOTHING;
    if (Array.isArray(value)) break;
    value = Object.hasOwn(value, segment) ? (value as Json)[segment] : undefined;
  }
  const cell = cellOfScalar(value);
  if (cell === undefined)
    throw new TypeError(`document: ${segments.join(".")} is indexed and must be text, number, boolean or null.`);
  return cell;
}

export const sameCell = (a: Cell, b: Cell): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && a[0] === b[0]);

/** UTF-8 byte order of two texts: UTF-16 order, save that surrogates come after everything else. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    const high = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);
    return high(x) - high(y);
  }
  return a.length - b.length;
}

/** The rank of a value's type in MongoDB's order of types. */
function rank(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === "number") return 1;
  if (typeof value === "string") return 2;
  if (typeof value === "boolean") return 5;
  return Array.isArray(value) ? 4 : 3;
}

/** MongoDB's order of two JSON values; missing equals null. */
export function compareValues(a: unknown, b: unknown): number {
  const kind = rank(a);
  if (kind !== rank(b)) return kind - rank(b);
  if (kind === 0) return 0;
  if (kind === 2) return compareText(a as string, b as string);
  if (kind === 1 || kind === 5) return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  const left = Object.entries(a as Json);
  const right = Object.entries(b as Json);
  for (const [index, [key, value]] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order =
      rank(value) - rank(other[1]) || (kind === 3 ? compareText(key, other[0]) : 0) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The value that a document sorts by. @throws TypeError on an array: which of its values counts differs by direction */
export function sortValue(document: Json, segments: readonly string[]): unknown {
  let value: unknown = document;
  for (const segment of segments) {
    if (Array.isArray(value)) break;
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, segment) ? (value as Json)[segment] : undefined;
  }
  if (Array.isArray(value)) throw new TypeError(`sort: ${segments.join(".")} is an array; sort by scalar fields only.`);
  return value;
}
