import { depthOf, isOfOrder, type Leaf, shownPath } from "./leaves.ts";
import { markerOf } from "./marks.ts";
import type { Unfinished } from "./unknown.ts";
import { wordsOf } from "./words.ts";

/** A field of an order that says yes or no to what keeps it from being paid. */
export interface Flag {
  readonly of: Leaf;
  readonly says: Meaning;
  /** Texts that say yes; undefined where it is true or false. */
  readonly yes?: readonly string[];
  /** All orders of the sample say yes. */
  readonly all: boolean;
}

type Meaning = "paid" | "refunded" | "cancelled" | "a test";

const NAMES: readonly (readonly [Meaning, RegExp])[] = [
  ["paid", /^(?:is |order |fully |is fully )?paid$/],
  ["refunded", /^(?:is |order |fully |is fully )?refunded$/],
  ["cancelled", /^(?:is |order )?(?:cancell?ed|voided)$/],
  ["a test", /^(?:is )?test(?: ?mode| order)?$|^(?:is )?sandbox$/],
];
/** What may be around such a field without making it one of something else. */
const AROUND = /^(?:orders?|payments?|status|state|flags)$/;
const YES = /^(?:true|yes|y|1|ja)$/i;
const NO = /^(?:false|no|n|0|nein)?$/i;

/** Finds the flags of orders: fields that are true or false, or a text for either. */
export function flagsOf(records: readonly unknown[], leaves: readonly Leaf[]): Flag[] {
  const flags: Flag[] = [];
  for (const of of [...leaves.filter(isOfOrder), ...booleansOf(records)]) {
    const says = meaningOf(of);
    const yes = [...new Set(of.texts.filter((text) => YES.test(text)))];
    if (says === undefined || !of.texts.every((text) => YES.test(text) || NO.test(text))) continue;
    const all = of.filled === records.length && of.texts.every((text) => YES.test(text));
    if (!leaves.includes(of)) flags.push({ of, says, all });
    else if (yes.length > 0) flags.push({ of, says, yes, all });
  }
  return flags;
}

function meaningOf(leaf: Leaf): Meaning | undefined {
  const [name = "", around = "order"] = leaf.path.slice(-depthOf(leaf)).toReversed();
  if (depthOf(leaf) > 2 || !AROUND.test(wordsOf(around))) return undefined;
  return NAMES.find(([, names]) => names.test(wordsOf(name)))?.[0];
}

/** The places of orders and of the objects in them that hold nothing but booleans. */
function booleansOf(records: readonly unknown[]): Leaf[] {
  const found = new Map<string, { path: readonly string[]; values: unknown[] }>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (value === null || Array.isArray(value)) return;
    if (typeof value === "object") {
      if (path.length < 2) for (const [name, field] of Object.entries(value)) visit(field, [...path, name]);
      return;
    }
    const key = path.join("\u0000");
    const place = found.get(key) ?? { path, values: [] };
    found.set(key, place);
    place.values.push(value);
  };
  for (const record of records) visit(record, []);
  return [...found.values()]
    .filter(({ values }) => values.every((value) => typeof value === "boolean"))
    .map(({ path, values }) => ({ path, texts: values.map(String), filled: values.length }));
}

const ENDS: Readonly<Record<Meaning, string>> = {
  paid: '{ notOwed: named, reason: "The order is paid." }',
  refunded: '{ notOwed: named, reason: "The order is refunded." }',
  cancelled: '{ cancel: named, reason: "The order was cancelled." }',
  "a test": '{ skip: "The order is a test." }',
};

/** Has each flag end the orders of which it says yes. @param at code that reads a place of the record */
export function endByFlags(
  flags: readonly Flag[],
  { constants, body, needed }: Unfinished,
  at: (leaf: Leaf) => string,
): void {
  const need = markerOf(needed);
  for (const { of, says, yes, all } of flags) {
    const isYes = yes === undefined ? at(of) : `${JSON.stringify(yes)}.includes(${at(of)} ?? "")`;
    const place = shownPath(of.path);
    if (all && (says === "paid" || says === "a test")) {
      const ends = says === "paid" ? "PAID_ENDS" : "TEST_ENDS";
      constants.push(
        `const ${ends}: boolean = false; ${need(`all orders of the sample are ${says} by ${place}, and are taken so that you see what becomes of them; write true: nobody must pay ${says === "paid" ? "twice" : "for a test"}.`)}`,
      );
      body.push(`if (${ends} && ${isYes}) return ${ENDS[says]};`);
      continue;
    }
    const mark = all
      ? ` ${need(`all orders of the sample are ${says} by ${place}, so nothing of it is to be paid; take the line away if it does not say that.`)}`
      : "";
    body.push(`if (${isYes}) return ${ENDS[says]};${mark}`);
  }
}
