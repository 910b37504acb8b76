/** How likely a field is to be what an order needs, by its name and value: from 0, not at all, to 1. */
import { exponentOf } from "../../money/currency.ts";
import { dateFormOf } from "./dates.ts";

/** A leaf of a record: where it is, its name in words, and its text. */
export interface Leaf {
  readonly pointer: string;
  /** Words of the last two names on the way to it, in lower case: `order total amount`. */
  readonly words: string;
  /** Words of its own name. */
  readonly own: string;
  /** Names on the way to it. */
  readonly depth: number;
  readonly text: string;
}

export const wordsOf = (name: string): string =>
  name
    .replace(/^[@#]/, "")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .toLowerCase();

/** The first pattern that fits decides. */
const scored = (text: string, table: readonly (readonly [RegExp, number])[]): number =>
  table.find(([pattern]) => pattern.test(text))?.[1] ?? 0;

const deeper = (leaf: Leaf, factor: number): number => factor ** Math.max(leaf.depth - 1, 0);

const SOMEBODY_ELSES =
  /\b(client|cart|user|customer|buyer|parent|original|alias|store|shop|seller|item|line|product|sku|payment|transaction|account|address|batch|settlement|session|quote)\b/;

export function numberScore(leaf: Leaf): number {
  if (leaf.text.length > 128 || /^0*$/.test(leaf.text)) return 0;
  const date = dateFormOf(leaf.text)?.kind;
  if (date === "iso" || date === "form") return 0;
  const byName = scored(leaf.own, [
    [/^(purchase |customer )?order (no|nr|num|number|reference)$/, 1],
    [/\b(sales|customer|display) order (id|no|number|code)$/, 0.7],
    [/^(increment id|purchase order id|tid|bgm|order no)$/, 1],
    [/\border (id|name|code)$|^orderid$/, 0.96],
    [/^(trade|invoice|document) (no|number|id)$/, 0.9],
    [/^number$/, 0.9],
    [/^name$/, /^#?\w*\d+$/.test(leaf.text) ? 0.92 : 0.1],
    [/^reference$/, 0.72],
    [/^(code|id)$/, 0.75],
    [/\b(number|id)$/, 0.4],
  ]);
  const foreign = SOMEBODY_ELSES.test(leaf.words.replace(/customer order/, "order")) ? 0.3 : 1;
  return byName * foreign * deeper(leaf, 0.7);
}

const DECIMAL = /^-?\d{1,3}(?:[., '\u00a0\u202f]?\d{3})*(?:[.,]\d{1,8})?$|^-?\d+(?:[.,]\d{1,8})?$/;
const NOT_THE_TOTAL =
  /\b(tax|taxes|vat|gst|shipping|delivery|postage|post|discount|discounts|sub|subtotal|fee|fees|refund|refunded|excl|products|quantity|qty|count|weight|point|points|real|rate|percent|results|size|base|adjust|allowance|charge|prepaid|exclusive|line extension|due seller|handling|saved|commission|pages|entries|extension|available)\b/;

export function amountScore(leaf: Leaf): number {
  if (!DECIMAL.test(leaf.text) || !/\d/.test(leaf.text)) return 0;
  const byName = scored(leaf.words, [
    [/\b(grand total|payable amount|order total|total price|total amount|amount due|total due)\b/, 1],
    [/\btotal paid tax incl\b/, 0.97],
    [/\border payment\b/, 0.96],
    [/\btotal( (value|amount))?$/, 0.95],
    [/^payment$|\bpayment$/, 0.8],
    [/\btotal\b/, 0.7],
    [/\bamount$/, 0.5],
    [/\b(price|value)$/, 0.25],
  ]);
  return byName * (NOT_THE_TOTAL.test(leaf.words) ? 0.2 : 1) * deeper(leaf, 0.9);
}

export function currencyScore(leaf: Leaf): number {
  if (!/^[A-Z]{3}$/.test(leaf.text) || exponentOf(leaf.text) === undefined) return 0;
  return (
    scored(leaf.words, [
      [/\b(base|global|store|shop|default) currency\b/, 0.9],
      [/currency/, 1],
      [/./, 0.3],
    ]) * deeper(leaf, 0.95)
  );
}

export function buyerScore(leaf: Leaf): number {
  if (leaf.text === "" || leaf.text.includes("*") || /\b(seller|staff|vendor|recipient)\b/.test(leaf.words)) return 0;
  if (/^0+$/.test(leaf.text)) return 0;
  return (
    scored(leaf.own, [
      [/^(customer|buyer) (id|user id|no|number)$|^id customer$|^buyer (open uid|user id)$/, 1],
      [/^(buyer nick|pin|username)$/, 0.9],
      [/email/, leaf.text.includes("@") ? 0.85 : 0],
    ]) * deeper(leaf, 0.9)
  );
}

export function merchantScore(leaf: Leaf): number {
  if (leaf.text === "" || leaf.text.includes("*") || leaf.text.includes("/") || leaf.text.length > 128) return 0;
  return scored(leaf.own, [[/^(seller|merchant|vender|vendor|shop) (id|nick|user id|name)$/, 0.9]]) * deeper(leaf, 0.8);
}

export function dateScore(leaf: Leaf): number {
  const form = dateFormOf(leaf.text);
  if (form === undefined) return 0;
  // Any number of five digits could be one of days: its name must say so.
  if (form.kind === "serial" && !/\b(date|time|day)\b/.test(leaf.own)) return 0;
  const foreign =
    /\b(updated?|modified|changed?|paid|pay|payment|ship|shipped|deliver|delivery|cancell?ed|closed|due|processed|from|to|end|start)\b/.test(
      leaf.words,
    );
  return (
    scored(leaf.own, [
      [/^(created|created at|created time|creation date|date created( gmt)?|created on)$/, 1],
      [/^(order|purchase|placed|issue) ?(date|at|time|create time)$|^date add$|^order create time$/, 1],
      [/\b(created|create|order|purchase|placed|issue)\b/, 0.9],
      [/^(date|time)$/, 0.7],
      [/\b(date|time)\b/, 0.5],
    ]) *
    (foreign ? 0.2 : 1) *
    deeper(leaf, 0.8)
  );
}

export const statusScore = (leaf: Leaf): number =>
  leaf.text.length > 40
    ? 0
    : scored(leaf.own, [
        [/^(order |financial |order payment |payment )?(status|state)$|^current state$/, 1],
        [/\b(status|state)$/, 0.6],
      ]) * deeper(leaf, 0.5);
