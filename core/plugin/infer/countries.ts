/**
 * Well-known facts about countries: what is paid in them. Only those with one currency that is legal tender, as ISO 4217 lists them: a currency, then
 * the countries' codes of ISO 3166.
 */
const PAID_IN = [
  "AED AE ARE, ARS AR ARG, AUD AU AUS, BDT BD BGD, BHD BH BHR, BOB BO BOL, BRL BR BRA, CAD CA CAN, CHF CH CHE LI LIE, CLP CL CHL",
  "CNY CN CHN, COP CO COL, CRC CR CRI, CZK CZ CZE, DKK DK DNK, DOP DO DOM, DZD DZ DZA, EGP EG EGY, GBP GB GBR UK, GEL GE GEO",
  "GHS GH GHA, GTQ GT GTM, HKD HK HKG, HNL HN HND, HUF HU HUN, IDR ID IDN, ILS IL ISR, INR IN IND, ISK IS ISL, JMD JM JAM",
  "JOD JO JOR, JPY JP JPN, KES KE KEN, KRW KR KOR, KWD KW KWT, KZT KZ KAZ, LKR LK LKA, MAD MA MAR, MOP MO MAC, MUR MU MUS",
  "MXN MX MEX, MYR MY MYS, NGN NG NGA, NIO NI NIC, NOK NO NOR, NPR NP NPL, NZD NZ NZL, OMR OM OMN, PEN PE PER, PHP PH PHL",
  "PKR PK PAK, PLN PL POL, PYG PY PRY, QAR QA QAT, RON RO ROU, RSD RS SRB, RUB RU RUS, SAR SA SAU, SEK SE SWE, SGD SG SGP",
  "THB TH THA, TND TN TUN, TRY TR TUR, TWD TW TWN, TZS TZ TZA, UAH UA UKR, UGX UG UGA, USD US USA PR PRI, UYU UY URY",
  "UZS UZ UZB, VND VN VNM, XAF CM CMR GA GAB, XOF CI CIV SN SEN, ZAR ZA ZAF, ZMW ZM ZMB",
  "EUR AD AND AT AUT BE BEL BG BGR CY CYP DE DEU EE EST ES ESP FI FIN FR FRA GR GRC HR HRV IE IRL IT ITA LT LTU LU LUX LV LVA",
  "EUR MC MCO ME MNE MT MLT NL NLD PT PRT SI SVN SK SVK SM SMR",
];

/** Languages in which countries' names are known. */
const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "zh-Hans", "ja"];

const CURRENCIES: ReadonlyMap<string, string> = new Map(
  PAID_IN.flatMap((row) => row.split(", ")).flatMap((group) => {
    const [currency = "", ...countries] = group.split(" ");
    return countries.map((country) => [country, currency] as const);
  }),
);

let names: ReadonlyMap<string, string> | undefined;

/** Names of countries in small letters, and their codes. */
function codesByName(): ReadonlyMap<string, string> {
  const codes = [...CURRENCIES.keys()].filter((code) => code.length === 2 && code !== "UK");
  names ??= new Map(
    LANGUAGES.flatMap((language) => {
      const shown = new Intl.DisplayNames(language, { type: "region" });
      return codes.map((code) => [(shown.of(code) ?? "").toLowerCase(), code] as const);
    }),
  );
  return names;
}

/** What is paid in a country, by its code of two or three letters or by its name; undefined where that is not known. */
export const currencyOfCountry = (country: string): string | undefined =>
  CURRENCIES.get(country) ?? CURRENCIES.get(codesByName().get(country.trim().toLowerCase()) ?? "");

/** Domains that are named as countries are, and used all over the world. */
const WORLDWIDE = new Set(["AD", "CO", "ME"]);

/** What is paid in the country that a site's name ends with, such as `shop.co.uk`. */
export function currencyOfSite(name: string): string | undefined {
  const country = /[\w-]\.([a-z]{2})\/?$/i.exec(name.trim())?.[1]?.toUpperCase() ?? "";
  return WORLDWIDE.has(country) ? undefined : CURRENCIES.get(country);
}

/** The provinces of mainland China, with the cities and regions of their rank: what an address there begins with. */
const PROVINCES =
  /^(?:中国)?(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆)(?:市|省|$|.*自治区)/;

/** What is paid where an address of this text is: Chinese files often tell no country. */
export const currencyOfAddress = (text: string): string | undefined =>
  PROVINCES.test(text.trim()) ? "CNY" : undefined;
