import { exponentOf } from "../../money/currency.ts";
import { amountWithSign } from "../amounts.ts";
import type { Leaf } from "./leaves.ts";
import { MINOR, told } from "./numbers.ts";
import { phraseOf, wordsOf } from "./words.ts";

/** Names of amounts, and of what is beside them and is none. */
const AMOUNT =
  /\b(?:total|subtotal|amount|price|sum|cost|costs|value|fee|fees|tax|vat|shipping|postage|discount|money|charge|due|paid|payable|gross|net|refunded)\b/;
const NO_AMOUNT =
  /\b(?:rate|rates|percent|percentage|pct|quantity|qty|count|id|code|weight|factor|ratio|type|points)\b/;
const WHOLE = /^\d+$/;
const DECIMALS = /^(\d+)\.(\d{1,4})$/;
/** What nobody takes a few cents for. */
const SHIPPING = /\b(?:shipping|delivery|freight|postage)\b(?!.*\b(?:tax|discount|vat)\b)/;
/** An order of less than this many cents is hardly one: amounts that all are smaller are not in minor units. */
const LEAST_MINOR = 50;
const SCALE = 4;

/**
 * Whether amounts that are all whole numbers count the currency itself or its minor units. Files of programs write either, and a hundred times
 * too much is the worst that an order can be: where nothing of the sample tells, that is asked.
 * @param codes the currencies of the sample, where it tells any
 * @param text the sample, where it tells numbers from texts: decimals are often written as texts, minor units hardly ever
 */
export function unitsOf(
  total: Leaf,
  leaves: readonly Leaf[],
  codes: readonly string[],
  text = "",
): "whole" | "minor" | "likely" | "asked" {
  if (codes.length > 0 && codes.every((code) => exponentOf(code.toUpperCase()) === 0)) return "whole";
  const own = told(total.texts);
  if (!own.every((text) => WHOLE.test(text)) || own.every((text) => Number(text) < LEAST_MINOR)) return "whole";
  const amounts = leaves.filter((leaf) => leaf !== total && isAmountName(leaf));
  for (const leaf of amounts) {
    const times = timesOf(total, leaf);
    if (times !== undefined) return times;
  }
  if (amounts.some((leaf) => leaf.texts.some((one) => DECIMALS.test(one) || isFewFor(leaf, one)))) return "whole";
  return isText(total, text) ? "likely" : "asked";
}

const isFewFor = ({ path }: Leaf, text: string): boolean =>
  SHIPPING.test(phraseOf(path)) && WHOLE.test(text) && Number(text) > 0 && Number(text) < LEAST_MINOR;

/** Whether the numbers of a place are written as texts in JSON: those behind its name, found in one pass over the sample. */
function isText({ path, texts }: Leaf, text: string): boolean {
  const name = JSON.stringify(path.at(-1) ?? "").replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  const [asText, asNumber] = [new Set<string>(), new Set<string>()];
  for (const [, quoted, bare] of text.matchAll(new RegExp(`${name}\\s*:\\s*(?:"(\\d+)"|(\\d+)\\b)`, "g"))) {
    if (quoted !== undefined) asText.add(quoted);
    if (bare !== undefined) asNumber.add(bare);
  }
  return told(texts).every((number) => asText.has(number) && !asNumber.has(number));
}

function isAmountName({ path }: Leaf): boolean {
  const words = `${phraseOf(path)} ${wordsOf(path.at(-2) ?? "")}`;
  return AMOUNT.test(words) && !NO_AMOUNT.test(phraseOf(path));
}

/** What another amount of the same orders tells: the same with its decimals, for people to read, or in minor units by its name. */
function timesOf(total: Leaf, other: Leaf): "whole" | "minor" | undefined {
  if (other.texts.length !== total.texts.length) return undefined;
  const pairs = total.texts.flatMap((text, at) => {
    const [mine, theirs] = [scaled(text), scaled(other.texts[at] ?? "")];
    return mine === undefined || theirs === undefined || mine === 0n ? [] : [[mine, theirs] as const];
  });
  if (pairs.length === 0) return undefined;
  const isShown = other.texts.some((text) => DECIMALS.test(numberOf(text)));
  if (isShown && pairs.every(([mine, theirs]) => mine === theirs * 100n)) return "minor";
  const isMinor = MINOR.test(phraseOf(other.path)) || /\binteger$/.test(phraseOf(other.path));
  return isMinor && pairs.every(([mine, theirs]) => mine * 100n === theirs) ? "whole" : undefined;
}

/** The number of a text with or without a sign. */
const numberOf = (text: string): string => (amountWithSign(text.trim())?.number ?? text).replaceAll(",", "");

/** A plain number as a whole one. */
function scaled(text: string): bigint | undefined {
  const number = numberOf(text);
  const [, whole = "", decimals = ""] = DECIMALS.exec(WHOLE.test(number) ? `${number}.0` : number) ?? [];
  return whole === "" ? undefined : BigInt(whole + decimals.padEnd(SCALE, "0"));
}
