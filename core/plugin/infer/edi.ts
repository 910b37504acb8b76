import type { EdiInput } from "../../formats/contract.ts";
import { exponentOf } from "../../money/currency.ts";
import { type DateForm, formOf } from "./dates.ts";
import { mostly } from "./leaves.ts";

/** A message as the reader gives it. */
interface Message {
  readonly decimal: string;
  readonly segments: readonly Segment[];
}

interface Segment {
  readonly tag: string;
  readonly elements: readonly (readonly string[])[];
}

/** A component of the first segment of a tag; of those whose first component is the qualifier, where there is one. Counted from 0. */
export interface Place {
  readonly tag: string;
  readonly qualifier: string;
  readonly element: number;
  readonly part: number;
}

/** Where a syntax has what of an order; of several places the first that most messages have. */
interface Dialect {
  /** Types of messages that are orders. */
  readonly orders: readonly string[];
  /** What the message is for: the codes of orders as they are first sent, and those that take one back; all others change one. */
  readonly purpose: { readonly at: Place; readonly original: readonly string[]; readonly cancelled: readonly string[] };
  readonly number: readonly Place[];
  readonly placed: readonly Place[];
  readonly currency: readonly Place[];
  readonly total: readonly Place[];
  readonly buyer: readonly Place[];
  readonly merchant: readonly Place[];
  /** The tag that a line begins with, and the one that ends the lines. */
  readonly line: string;
  readonly end: string;
  /** In a line. */
  readonly amount: readonly Place[];
  readonly price: readonly Place[];
  readonly quantity: readonly Place[];
  /** How many pieces a price is of; anything but 1 leaves open what a line costs. */
  readonly basis: readonly Place[];
}

/** `BGM 1`, `MOA:86 0.1`: tag, qualifier, element and part of each place. */
const place = (text: string): Place => {
  const [head = "", at = ""] = text.split(" ");
  const [tag = "", qualifier = ""] = head.split(":");
  const [element = "0", part = "0"] = at.split(".");
  return { tag, qualifier, element: Number(element), part: Number(part) };
};
const places = (text: string): Place[] => text.split(", ").map(place);

const DIALECTS: Readonly<Record<EdiInput["syntax"], Dialect>> = {
  iso9735: {
    orders: ["ORDERS"],
    purpose: { at: place("BGM 2"), original: ["", "9", "5", "7"], cancelled: ["1", "3"] },
    number: places("BGM 1"),
    placed: places("DTM:137 0.1"),
    currency: places("CUX:2 0.1, MOA:9 0.2, MOA:86 0.2, MOA:128 0.2"),
    // What is due, the total, the total less allowances.
    total: places("MOA:9 0.1, MOA:86 0.1, MOA:128 0.1"),
    buyer: places("NAD:BY 1"),
    merchant: places("NAD:SU 1"),
    line: "LIN",
    end: "UNS",
    amount: places("MOA:203 0.1"),
    price: places("PRI:AAA 0.1, PRI:CAL 0.1"),
    quantity: places("QTY:21 0.1"),
    basis: places("PRI:AAA 0.4, PRI:CAL 0.4"),
  },
  x12: {
    orders: ["850"],
    purpose: { at: place("BEG 0"), original: ["", "00", "05", "07"], cancelled: ["01", "03"] },
    number: places("BEG 2"),
    placed: places("BEG 4"),
    currency: places("CUR:BY 1, CUR:SE 1"),
    total: places("AMT:TT 1, AMT:GV 1"),
    buyer: places("N1:BY 3"),
    merchant: places("N1:SU 3, N1:SE 3, N1:VN 3"),
    line: "PO1",
    end: "CTT",
    amount: [],
    price: places("PO1 3"),
    quantity: places("PO1 1"),
    basis: [],
  },
};

/** What the messages of an interchange propose. */
export interface EdiProposals {
  readonly line: string;
  readonly end: string;
  readonly purpose: Dialect["purpose"];
  readonly number: Place | undefined;
  readonly placed: { readonly at: Place; readonly form: DateForm } | undefined;
  readonly currency: { readonly at: Place; readonly codes: readonly string[] } | undefined;
  /** Places of the total, the most telling first; a message has one of them. Or its lines. */
  readonly total: readonly Place[] | EdiLines | undefined;
  readonly buyer: Place | undefined;
  readonly merchant: Place | undefined;
  /** The type of the messages, when they are no orders. */
  readonly notOrders: string | undefined;
}

/** The total as the sum of the lines: of their amounts, or of price by quantity. */
export type EdiLines =
  { readonly amount: Place } | { readonly price: Place; readonly quantity: Place; readonly basis: Place | undefined };

export const isPlaces = (total: readonly Place[] | EdiLines): total is readonly Place[] => Array.isArray(total);

/** The place as people of the trade write it: `MOA+86`, `BEG element 3`. */
export const shownPlace = ({ tag, qualifier, element }: Place): string =>
  qualifier === "" ? `${tag} element ${element + 1}` : `${tag}+${qualifier}`;

/** Finds in messages what their syntax has for an order. */
export function proposeEdi({ syntax, messages: types }: EdiInput, messages: readonly unknown[]): EdiProposals {
  const dialect = DIALECTS[syntax];
  const sections = (messages as readonly Message[]).map(({ segments }) => sectionsOf(segments, dialect));
  const whole = sections.map((section) => section.whole);
  const lines = sections.flatMap((section) => section.lines);
  const among =
    (parts: readonly (readonly Segment[])[]) =>
    (tried: readonly Place[], accepts = (text: string): boolean => text.trim() !== ""): Place | undefined =>
      tried.find((at) => mostly(parts.filter((part) => accepts(textAt(part, at))).length, parts.length));
  const find = among(whole);
  const inLines = among(lines);
  const currency = find(dialect.currency, (text) => exponentOf(text) !== undefined);
  const placed = find(dialect.placed);
  const form = placed === undefined ? undefined : formOf(textsAt(whole, placed));
  const [type = ""] = types;
  return {
    line: dialect.line,
    end: dialect.end,
    purpose: dialect.purpose,
    number: find(dialect.number),
    placed: placed === undefined || form === undefined ? undefined : { at: placed, form },
    currency:
      currency === undefined
        ? undefined
        : {
            at: currency,
            codes: [...new Set(textsAt(whole, currency))].filter((text) => exponentOf(text) !== undefined).sort(),
          },
    total: totalPlaces() ?? linesTotal(),
    buyer: find(dialect.buyer),
    merchant: find(dialect.merchant),
    notOrders: dialect.orders.includes(type) ? undefined : type,
  };

  function totalPlaces(): readonly Place[] | undefined {
    const found = dialect.total.filter((at) => textsAt(whole, at).length > 0);
    const having = whole.filter((segments) => found.some((at) => textAt(segments, at) !== ""));
    return mostly(having.length, whole.length) ? found : undefined;
  }

  function linesTotal(): EdiLines | undefined {
    const amount = inLines(dialect.amount);
    if (amount !== undefined) return { amount };
    const price = inLines(dialect.price);
    const quantity = inLines(dialect.quantity);
    if (price === undefined || quantity === undefined) return undefined;
    return { price, quantity, basis: dialect.basis.find(({ qualifier }) => qualifier === price.qualifier) };
  }
}

/** The segments of a message outside of its lines, and those of each line. */
function sectionsOf(segments: readonly Segment[], { line, end }: Dialect) {
  const ends = segments.findLastIndex(({ tag }) => tag === end);
  const last = ends < 0 ? segments.length : ends;
  const starts = segments.flatMap(({ tag }, at) => (tag === line ? [at] : []));
  return {
    whole: [...segments.slice(0, starts[0] ?? last), ...segments.slice(last)],
    lines: starts.map((from, at) => segments.slice(from, starts[at + 1] ?? last)),
  };
}

const textAt = (segments: readonly Segment[], { tag, qualifier, element, part }: Place): string =>
  segments.find((one) => one.tag === tag && (qualifier === "" || one.elements[0]?.[0] === qualifier))?.elements[
    element
  ]?.[part] ?? "";

const textsAt = (parts: readonly (readonly Segment[])[], at: Place): string[] =>
  parts.map((part) => textAt(part, at)).filter((text) => text !== "");

/** What every message is, as the reader gives it. */
export const EDI_SCHEMA = {
  type: "object",
  required: ["test", "decimal", "segments"],
  properties: {
    test: { type: "boolean" },
    decimal: { enum: [".", ","] },
    segments: {
      type: "array",
      items: {
        type: "object",
        required: ["tag", "elements"],
        properties: {
          tag: { type: "string" },
          elements: { type: "array", items: { type: "array", items: { type: "string" } } },
        },
      },
    },
  },
};
