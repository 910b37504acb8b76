import { isOfOrder, type Leaf } from "./leaves.ts";
import { type Names, rank } from "./rank.ts";
import { wordsOf } from "./words.ts";

/** What the file tells of an order that is not to be paid (any more). */
export interface Closed {
  /** Orders are taken in the statuses of `open` only. */
  readonly status?: { readonly of: Leaf; readonly open: readonly string[]; readonly closed: readonly string[] };
  /** An order with something here was cancelled. */
  readonly cancelledAt?: Leaf;
  /** True when all orders of the sample sound paid or cancelled, by their status. Those that sound paid are in `open` then, if there are any. */
  readonly all: boolean;
  /** True when all were cancelled by what `cancelledAt` says. */
  readonly allCancelled: boolean;
  /** Statuses of `open` that may as well be of paid orders, such as `processing`. */
  readonly doubtful: readonly string[];
}

const STATUS: Names = {
  fit: [
    [/^(?:order )?(?:payment|financial|paid|pay) (?:status|state)$|^(?:status|state) (?:payment|paid)$/, 1],
    [/^(?:order|trade|purchase order|invoice) (?:status|state)$/, 0.95],
    [/^status$|^state$/, 0.9],
    [/^(?:status|state) (?:code|name)$/, 0.7],
  ],
  spoilt:
    /\b(?:address|shipping|billing|fulfillment|fulfilment|tax|hold|cod|refund|machine|checkout|cancel|delivery)\b/,
};
const LINE_STATUS: Names = {
  fit: [[/^(?:item |line |order line |product )?(?:status|state)(?: code| name)?$/, 1]],
  spoilt: /\b(?:shipping|delivery|fulfillment|fulfilment|tax|invoice|payment)\b/,
};
const CANCELLED: Names = {
  fit: [[/^(?:date )?cancell?ed(?: at| on| date| time)?$|^cancell?ation (?:date|time)$|^cancel (?:date|time)$/, 1]],
};

/** Words of a status whose order is not to be paid, or not any more. */
const CLOSED =
  /\b(?:cancell?ed|cancell?ation|void|voided|refunded|draft|trash|paid|captured|completed?|closed?|finished|settled|failed|rejected|expired|abandoned|returned)\b|\bpartial(?:ly)?(?: payment)?$/;
/** Those of them of orders that were fine, and are for the author to tell from orders still to be paid. Of one that is paid in part nobody knows what is owed. */
const PAID =
  /\b(?:paid|captured|completed?|closed?|finished|settled|partially refunded|partial refund)\b|\bpartial(?:ly)?(?: payment)?$/;
const STILL_OPEN = /\b(?:un|not|no|non|never|awaiting|wait) ?(?:paid|completed?|captured)\b|\bpartially completed?\b/;
const STATUSES_MAX = 12;
/** Words of a status whose order is surely not paid yet; others may be of goods under way, which most platforms send when they are paid. */
const SURELY_OPEN =
  /\b(?:open|new|created|placed|unpaid|pending|due|overdue|awaiting payment|on hold|payment pending|wait buyer pay|to be paid|not paid)\b/;
/** A date of today's world, or seconds since 1970: nothing was at `0000-00-00`. */
const MOMENT = /\b(?:19|20)\d\d|^\d{10,13}$/;
/** Words of a line's status whose goods nobody gets, or gives back. */
const GONE = /\b(?:cancell?ed|cancell?ation|refunded|returned|rejected|void|voided)\b/;

const soundsClosed = (text: string): boolean => CLOSED.test(wordsOf(text)) && !STILL_OPEN.test(wordsOf(text));

/** What a record in a status that sounds closed says of its order. What may yet be owed is skipped: the others are for good. */
export function outcomeOf(status: string): "cancel" | "notOwed" | "skip" {
  const words = wordsOf(status);
  if (/\b(?:cancell?ed|cancell?ation|void|voided)\b/.test(words)) return "cancel";
  return /\b(?:draft|trash|failed|rejected|expired|abandoned|closed?)\b/.test(words) ? "skip" : "notOwed";
}

/** A status is one of few words. */
const isStatus = ({ texts, filled }: Leaf, records: number): boolean => {
  const told = new Set(texts.filter((text) => text !== ""));
  const words = [...told].every((text) => /\p{L}/u.test(text) && text.length <= 40);
  return filled === records && texts.length === records && words && told.size <= STATUSES_MAX;
};

/** The status of an order's lines, where some of the sample are not to be paid. */
export function lineStatusOf(
  lines: readonly Leaf[],
): { readonly of: Leaf; readonly statuses: readonly string[] } | undefined {
  const isGone = (text: string): boolean => GONE.test(wordsOf(text));
  for (const { leaf: of } of rank(lines, LINE_STATUS, ({ texts }) => texts.some(isGone)))
    return { of, statuses: [...new Set(of.texts.filter(isGone))] };
  return undefined;
}

/** Proposes which orders of the sample are still to be paid. */
export function closedOf(leaves: readonly Leaf[], records: number): Closed {
  const own = leaves.filter(isOfOrder);
  const of = rank(own, STATUS, (leaf) => isStatus(leaf, records)).find(({ score }) => score >= 0.5)?.leaf;
  const cancelledAt = rank(own, CANCELLED, ({ texts }) => texts.every((text) => text === "" || MOMENT.test(text)))[0]
    ?.leaf;
  const seen = of === undefined ? [] : [...new Set(of.texts)];
  const all = of !== undefined && seen.every(soundsClosed);
  const closed = seen.filter((text) => soundsClosed(text) && !(all && PAID.test(wordsOf(text))));
  const open = seen.filter((text) => !closed.includes(text));
  return {
    all,
    allCancelled: cancelledAt !== undefined && cancelledAt.filled >= records,
    doubtful: all ? [] : open.filter((text) => !SURELY_OPEN.test(wordsOf(text)) && !STILL_OPEN.test(wordsOf(text))),
    ...(of === undefined ? {} : { status: { of, open, closed } }),
    ...(cancelledAt === undefined ? {} : { cancelledAt }),
  };
}
