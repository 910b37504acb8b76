import { currencyOfAddress, currencyOfCountry, currencyOfSite } from "./countries.ts";
import { isOfOrder, type Leaf, mostly } from "./leaves.ts";
import { told } from "./numbers.ts";
import { phraseOf, wordsOf } from "./words.ts";

/** What stands in for a currency's code where no field of the sample has one. */
export type Implied =
  /** Texts of a field, each of one currency; blank where only people can know which. */
  | {
      readonly kind: "field";
      readonly of: Leaf;
      readonly codes: ReadonlyMap<string, string>;
      readonly by: "country" | "sign" | "number";
    }
  /** All amounts are in it, as far as the sample shows. */
  | { readonly kind: "all"; readonly code: string; readonly by: Leaf };

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

/** What the currency may be taken from when the sample tells no code: by the surest first. */
export function impliedCurrency(leaves: readonly Leaf[], records: number): Implied | undefined {
  const own = leaves.filter((leaf) => isOfOrder(leaf) && mostly(leaf.filled, records));
  const place = byPlace(own);
  return bySign(own) ?? byNumber(own, place) ?? place;
}

const phrased = (own: readonly Leaf[], name: RegExp): Leaf[] => own.filter(({ path }) => name.test(phraseOf(path)));

function bySign(own: readonly Leaf[]): Implied | undefined {
  for (const of of phrased(own, SIGN)) {
    const codes = codesOf(of, (text) => SIGNS[text.trim()]);
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
  return address === undefined ? undefined : { kind: "all", code, by: address };
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
