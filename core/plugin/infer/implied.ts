import { currencyOfAddress, currencyOfCountry, currencyOfSite } from "./countries.ts";
import { exponentOf } from "../../money/currency.ts";
import { isOfOrder, type Leaf, mostly, shownPath } from "./leaves.ts";
import { told } from "./numbers.ts";
import type { Total } from "./totals.ts";
import { phraseOf, wordsOf } from "./words.ts";

/** What stands in for a currency's code where no field of the sample has one. */
export type Implied =
  /** Texts of a field, each of one currency; blank where only people can know which. */
  | {
      readonly kind: "field";
      readonly of: Leaf;
      readonly codes: ReadonlyMap<string, string>;
      /** `amount`: the sign stands in the amount itself. */
      readonly by: "country" | "sign" | "number" | "amount";
    }
  /** All amounts are in it: `of` is the place or the text that says so. */
  | { readonly kind: "all"; readonly code: string; readonly of: string; readonly by: "country" | "name" | "document" };

/** Signs of one currency alone, or of one that most of those who write it mean. */
const SIGNS: Readonly<Record<string, string>> = {
  "€": "EUR",
  "£": "GBP",
  "₹": "INR",
  "₩": "KRW",
  "₺": "TRY",
  "₽": "RUB",
  "₫": "VND",
  "฿": "THB",
  "₱": "PHP",
  "₪": "ILS",
  "₴": "UAH",
  zł: "PLN",
  Kč: "CZK",
  Ft: "HUF",
  R$: "BRL",
  US$: "USD",
  A$: "AUD",
  C$: "CAD",
  HK$: "HKD",
  NT$: "TWD",
  S$: "SGD",
  元: "CNY",
  円: "JPY",
};

const SIGN = /\bcurrency (?:symbol|sign)$/;
const REFERENCE = /^(?:currency|order currency)(?: id)?$|^id currency$/;
const COUNTRY = /^(?:\w+ )?(?:country|land|pays|pa[ií]s|paese|国家)(?: code| id| name| iso(?: code)?)?$/;
const SITE = /\b(?:marketplace|channel|site|store|shop|domain|host)\b/;
const ADDRESS = /\b(?:address|state|province|region|receiver|consignee)\b/;

/** So many numbers of currencies are listed. */
const NUMBERS_MAX = 12;
/** As much of a file is looked at for its marks. */
const BEGINNING_CHARS = 16_384;

/**
 * What the currency may be taken from when the sample tells no code: by the surest first.
 * @param total the amount's own place
 * @param text of the sample, where its currency may stand outside of the records; undefined where that can't be
 */
export function impliedCurrency(
  leaves: readonly Leaf[],
  records: number,
  total: Total | undefined,
  text: string | undefined,
): Implied | undefined {
  if (total?.kind === "field" && total.code !== undefined)
    return { kind: "all", code: total.code, of: shownPath(total.of.path), by: "name" };
  if (total?.kind === "field" && total.signs !== undefined) {
    const codes = new Map(total.signs.map((sign) => [sign, codeOf(sign) ?? ""]));
    return { kind: "field", of: total.of, codes, by: "amount" };
  }
  const own = leaves.filter((leaf) => isOfOrder(leaf) && mostly(leaf.filled, records));
  const place = byPlace(own);
  return bySign(own) ?? byNumber(own, place) ?? (text === undefined ? undefined : byDocument(text, leaves)) ?? place;
}

const phrased = (own: readonly Leaf[], name: RegExp): Leaf[] => own.filter(({ path }) => name.test(phraseOf(path)));

/** The currency of a sign, or of a code. */
const codeOf = (sign: string): string | undefined =>
  Object.hasOwn(SIGNS, sign.trim()) ? SIGNS[sign.trim()] : exponentOf(sign) === undefined ? undefined : sign;

function bySign(own: readonly Leaf[]): Implied | undefined {
  for (const of of phrased(own, SIGN)) {
    const codes = codesOf(of, codeOf);
    if (codes !== undefined) return { kind: "field", of, codes, by: "sign" };
  }
  return undefined;
}

/**
 * Where the order is from, when that is told and all of the sample are from where the same is paid: an order from elsewhere may be in that
 * currency too, or not.
 */
function byPlace(own: readonly Leaf[]): Implied | undefined {
  const places: { readonly of: Leaf; readonly codes: ReadonlyMap<string, string>; readonly isSite: boolean }[] = [];
  for (const of of own) {
    const isSite = SITE.test(wordsOf(of.path.join(" ")));
    if (!isSite && !COUNTRY.test(phraseOf(of.path))) continue;
    const codes = codesOf(of, COUNTRY.test(phraseOf(of.path)) ? currencyOfCountry : currencyOfSite);
    if (codes !== undefined) places.push({ of, codes, isSite });
  }
  const addresses = own.filter(({ path }) => ADDRESS.test(wordsOf(path.join(" "))));
  const address = addresses.find((leaf) => codesOf(leaf, currencyOfAddress) !== undefined);
  const all = new Set(places.flatMap(({ codes }) => [...codes.values()]));
  if (address !== undefined) all.add("CNY");
  const [code, ...others] = all;
  if (code === undefined || others.length > 0) return undefined;
  const place = places.find(({ isSite }) => isSite) ?? places[0];
  if (place !== undefined) return { kind: "field", of: place.of, codes: place.codes, by: "country" };
  return address === undefined ? undefined : { kind: "all", code, of: shownPath(address.path), by: "country" };
}

/** A currency that is named by a number or word of the platform's own, or a sign that several have. If the sample has one alone, it may be that of where its orders are from. */
function byNumber(own: readonly Leaf[], place: Implied | undefined): Implied | undefined {
  const [of] = [...phrased(own, REFERENCE), ...phrased(own, SIGN)];
  const numbers = [...new Set(told(of?.texts ?? []))];
  if (of === undefined || numbers.length === 0 || numbers.length > NUMBERS_MAX) return undefined;
  const [code = ""] = place?.kind === "all" ? [place.code] : (place?.codes.values() ?? []);
  return {
    kind: "field",
    of,
    codes: new Map(numbers.map((text) => [text, numbers.length === 1 ? code : ""])),
    by: "number",
  };
}

/** A declaration of a currency in the text of a document: `"currency": "EUR"`, `currency="EUR"`, `<Currency>EUR<`, `Currency: EUR`. */
const DECLARED =
  /(?<!\b(?:base|shop|store|settlement|local|target|source)[ _-])(?<name>\b[\p{L}_][\p{L}\p{N}_-]{0,40})"?\s{0,4}[:=>;,\t]\s{0,4}"?(?<code>[A-Z]{3})(?=["<;,\s]|$)/gu;
const NAME = /^(?:order |report |document )?currency(?: code| iso)?$/;

/** The currency that the document says once, outside of its records. */
function byDocument(text: string, leaves: readonly Leaf[]): Implied | undefined {
  const said = [...text.slice(0, BEGINNING_CHARS).matchAll(DECLARED)].filter(
    ({ groups }) => NAME.test(wordsOf(groups?.["name"] ?? "")) && exponentOf(groups?.["code"] ?? "") !== undefined,
  );
  const [only, ...others] = said;
  const code = only?.groups?.["code"];
  if (only === undefined || code === undefined || others.length > 0) return undefined;
  const isInRecords = leaves.some(
    ({ path, texts }) => /currency/.test(wordsOf(path.join(" "))) && texts.includes(code),
  );
  return isInRecords ? undefined : { kind: "all", code, of: only[0], by: "document" };
}

/** What each text of a place means; undefined when one of them is not known, or there is none. */
function codesOf(of: Leaf, currency: (text: string) => string | undefined): ReadonlyMap<string, string> | undefined {
  const codes = new Map<string, string>();
  for (const text of told(of.texts)) {
    const code = currency(text);
    if (code === undefined) return undefined;
    codes.set(text, code);
  }
  return codes.size === 0 ? undefined : codes;
}
