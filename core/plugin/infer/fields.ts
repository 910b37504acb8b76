import { exponentOf } from "../../money/currency.ts";
import { type DateForm, formOf } from "./dates.ts";
import { isOfOrder, type Leaf, mostly } from "./leaves.ts";
import { type Candidate, type Names, rank } from "./rank.ts";
import { phraseOf } from "./words.ts";

const NUMBER_CHARS = 128;
const BUYER_CHARS = 256;

const ORDER_NUMBER: Names = {
  fit: [
    [/^(?:sales|sale|web|shop)? ?(?:order|trade) (?:number|sn|code|reference|ref)$/, 1],
    [/^increment id$/, 0.97],
    [/^(?:purchase )?order id$|^tid$/, 0.95],
    // Beside an order's number of its own it is what the buyer calls it.
    [/^(?:purchase order|po) (?:number|sn|code|reference|ref)$/, 0.92],
    [/\border (?:number|id|sn|code|reference|ref)$/, 0.9],
    [/^(?:order|trade)$/, 0.8],
    [/^(?:document|invoice|receipt) (?:number|id)$/, 0.75],
    [/^number$/, 0.7],
    [/^(?:order )?(?:reference|code|id)$/, 0.65],
    [/^(?:order )?name$/, 0.6],
    [/\b(?:number|id|reference)$/, 0.3],
  ],
  spoilt:
    /\b(?:customer|buyer|parent|original|merchant|seller|legacy|related|group|line|item|detail|status|type|shipment|shipping|token|key|version|profile|customization|phone|zip|address|tracking|product|sku|store|shop|payment|transaction|tax|card|account|user|location|channel|external|cart|checkout|quote|cookie|address|currency|alias|buying|party|display|page|settlement)\b/,
  around: /\breference\b/,
};

/** An order's number is there in every record, or in all but those that are wrong. Platforms write 0 where there is none. */
const isNumber = ({ texts, filled }: Leaf, records: number): boolean =>
  mostly(filled, records) &&
  texts.length <= records &&
  mostly(
    texts.filter((text) => !/^0*$/.test(text) && text.length <= NUMBER_CHARS && !/\p{C}/u.test(text)).length,
    records,
  );

/** How well a name fits that holds numbers with a mark in front, such as #1001. */
const CALLED = 0.96;
/** What it takes away that records have the same number. */
const REPEATED = 0.4;

/** The order's number, by names in a record of a name of its own; a name such as `Name` counts only when it holds numbers. */
export function orderNumbers(leaves: readonly Leaf[], records: number, record: string): Candidate[] {
  const fits = rank(leaves.filter(isOfOrder), ORDER_NUMBER, (leaf) => isNumber(leaf, records), record);
  return (
    fits
      .filter(
        ({ leaf }) =>
          !/^name$/i.test(leaf.path.at(-1) ?? "") || leaf.texts.every((text) => /^#?[A-Z-]*\d+[\w-]*$/.test(text)),
      )
      // With such a mark in front it is what people call the order by.
      .map(({ leaf, score }) => ({
        leaf,
        score: leaf.texts.every((text) => /^#\w*\d/.test(text)) ? Math.max(score, CALLED) : score,
      }))
      .map(({ leaf, score }) => ({
        leaf,
        score: new Set(leaf.texts).size === leaf.texts.length ? score : score - REPEATED,
      }))
      .sort((a, b) => b.score - a.score)
  );
}

const CURRENCY: Names = {
  fit: [
    [/^(?:order|document|invoice|total) currency(?: code| id)?$/, 1],
    [/^currency(?: code| id| iso)?$/, 0.95],
    [/\bcurrency\b/, 0.7],
  ],
  spoilt: /\b(?:base|store|global|shop|presentment|settlement|tax|target|source|local)\b/,
};

const isCurrency = ({ texts }: Leaf): boolean => {
  const told = texts.filter((text) => text !== "");
  return mostly(told.filter((text) => exponentOf(text.toUpperCase()) !== undefined).length, told.length);
};

/**
 * Where an amount's currency stands: beside it, as an attribute of it, else the order's own. The amount's place may be one of a line;
 * where none is known, the order's own it is.
 */
export function currencyOf(leaves: readonly Leaf[], amount: Leaf | undefined): Candidate | undefined {
  const ofOrder = leaves.filter(isOfOrder);
  if (amount === undefined) return rank(ofOrder, CURRENCY, isCurrency)[0];
  const place = amount.path.slice(0, -1).join("\u0000");
  const beside = leaves.filter(
    ({ path }) => path.length === amount.path.length && path.slice(0, -1).join("\u0000") === place,
  );
  const [near] = rank(beside, CURRENCY, isCurrency);
  const grouped = amount.path.length > 1 && amount.path[0] !== "rows";
  if (near !== undefined && (grouped || isOfOrder(amount))) return near;
  const isThere = (leaf: Leaf): boolean => isCurrency(leaf) && mostly(leaf.filled, amount.filled);
  const [own] = rank(ofOrder, CURRENCY, isThere);
  if (own !== undefined || near !== undefined || !isOfOrder(amount) || amount.path[0] === "rows") return own ?? near;
  // Told on the lines alone: it is that of all of them.
  return rank(
    leaves.filter((leaf) => !isOfOrder(leaf)),
    CURRENCY,
    isThere,
  )[0];
}

const BUYER: Names = {
  fit: [
    [/^(?:buyer|customer|payer|purchaser) (?:user )?(?:id|code|number|nick|username|reference)$/, 1],
    [/^id (?:buyer|customer|payer|client)$/, 0.95],
    [/^(?:buyer|customer|payer)$/, 0.8],
    [/^(?:buyer|customer|order customer|payer) (?:mail|email|email address|email id|nick)$/, 0.7],
    [/^(?:contact |billing )?(?:email|e mail|mail)(?: id| address)?$/, 0.5],
    [/^user (?:id|name)$|^member id$/, 0.5],
  ],
  spoilt: /\b(?:seller|merchant|store|shop|staff|group|address|shipping|tax|supplier|vendor)\b/,
};

export const buyers = (leaves: readonly Leaf[]): Candidate[] =>
  rank(
    leaves.filter(isOfOrder),
    BUYER,
    ({ texts, filled }) => filled > 0 && texts.every((text) => text.length <= BUYER_CHARS && !/\p{C}/u.test(text)),
  );

const PERSON = /^\p{L}[\p{L}.'’-]*(?:,? \p{L}[\p{L}.'’-]*){1,4}$/u;

/** Whether a place holds names of people: two may have the same. */
export const holdsPeople = ({ texts }: Leaf): boolean => texts.some((text) => PERSON.test(text.trim()));

const MERCHANT: Names = {
  fit: [
    [/^(?:seller|merchant|vendor|supplier|shop) (?:user )?(?:id|code|nick|number)$/, 0.9],
    [/^(?:seller|merchant|shop) (?:name)$/, 0.6],
  ],
  spoilt: /\b(?:item|order|line|sku|product|address|tax)\b/,
};

export const merchants = (leaves: readonly Leaf[], records: number): Candidate[] =>
  rank(
    leaves.filter(isOfOrder),
    MERCHANT,
    ({ texts, filled }) => filled === records && texts.every((text) => text.length <= 128 && !/[\p{C}/]/u.test(text)),
  );

const PLACED: Names = {
  fit: [
    [/^(?:order|purchase|purchase order|placed|issue) (?:date|time|at|on|date time)$/, 1],
    [/^(?:order )?(?:created|creation) ?(?:at|date|time|on|gmt)?$|^(?:order )?(?:create|add) (?:time|date)$/, 0.9],
    [/^date (?:created|add|placed|ordered)(?: gmt)?$/, 0.9],
    [/^(?:placed|ordered)(?: at| on)?$|^display order date time$/, 0.85],
    [/^date$/, 0.6],
  ],
  spoilt: /\b(?:customer|updated|modified|ship|delivery|invoice|payment)\b/,
};

/** When the order was placed, and the form of the texts. */
export function placedAt(leaves: readonly Leaf[]): (Candidate & { readonly form: DateForm }) | undefined {
  for (const candidate of rank(leaves.filter(isOfOrder), PLACED, ({ filled }) => filled > 0)) {
    const form = formOf(candidate.leaf.texts.filter((text) => text !== ""));
    // Any number of five digits could be one of days: its name must say so.
    const isDay = form?.kind !== "serial" || /\b(?:date|time|day)\b/.test(phraseOf(candidate.leaf.path));
    if (form !== undefined && isDay) return { ...candidate, form };
  }
  return undefined;
}
