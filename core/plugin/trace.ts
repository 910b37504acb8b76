import { pointerOf } from "./infer/leaves.ts";
import { instantOf } from "./instant.ts";
import type { PlatformOrder } from "./contract.ts";

/** One field of an order beside the place of the record that holds the same. */
export interface Traced {
  readonly field: string;
  readonly value: string;
  /** JSON Pointer into the record and the text there; absent when the plugin made the value of several, or of none. */
  readonly from?: { readonly pointer: string; readonly text: string };
}

/** Texts shorter than this are found in others by chance. */
const PART_CHARS = 4;

/**
 * Lays an order's fields beside the places of its record that they come from, as far as the texts tell: the same text, the same amount with
 * other zeros, the same instant, or a part of the value.
 */
export function traceOf(order: PlatformOrder, record: unknown): Traced[] {
  const texts = textsOf(record);
  const { merchant, orderNo, amount, buyerId, placedAt, payBy, title, items } = order;
  const found = (fits: (text: string) => boolean): Pick<Traced, "from"> => {
    const from = texts.find(({ text }) => fits(text));
    return from === undefined ? {} : { from };
  };
  const named = (field: string, value: string): Traced => {
    const same = found((text) => text.trim() === value);
    const part = found((text) => text.length >= PART_CHARS && value.includes(text));
    return { field, value, ...(same.from === undefined ? part : same) };
  };
  return [
    named("merchant", merchant),
    named("orderNo", orderNo),
    { field: "amount", value: amount.value, ...found((text) => bare(text) === bare(amount.value)) },
    { field: "currency", value: amount.currency, ...found((text) => text === amount.currency) },
    ...(buyerId === undefined ? [] : [named("buyerId", buyerId)]),
    ...(placedAt === undefined
      ? []
      : [{ field: "placedAt", value: placedAt, ...found((text) => isAt(text, placedAt)) }]),
    ...(payBy === undefined ? [] : [{ field: "payBy", value: payBy, ...found((text) => isAt(text, payBy)) }]),
    ...(title === undefined ? [] : [named("title", title)]),
    ...(items === undefined
      ? []
      : [{ field: "items", value: `${items.length}`, ...found((text) => text.trim() === items[0]?.name) }]),
  ];
}

/** All texts of a record with their places. */
function textsOf(record: unknown): { pointer: string; text: string }[] {
  const found: { pointer: string; text: string }[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value === "string" && value !== "") found.push({ pointer: pointerOf(path), text: value });
    if (typeof value !== "object" || value === null) return;
    for (const [name, field] of Object.entries(value)) visit(field, [...path, name]);
  };
  visit(record, []);
  return found;
}

/** An amount without zeros that mean nothing. */
const bare = (text: string): string => (/^\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text);

/** A date without marks, with or without a time. */
const COMPACT = /^\d{8}(?:\d{4}|\d{6})?$/;

const isAt = (text: string, instant: string): boolean =>
  text === instant ||
  instantOf(text) === instant ||
  (text.length >= 10 && instant.startsWith(text.slice(0, 10))) ||
  (COMPACT.test(text) && instant.startsWith(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`));
