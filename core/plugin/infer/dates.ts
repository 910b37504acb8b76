import { epochInstant, instantFrom } from "../dates.ts";
import { instantOf } from "../instant.ts";

/** How a text tells a time: ISO with its zone, a form of `instantFrom`, a count since 1970, or a spreadsheet's count of days. */
export type DateForm =
  | { readonly kind: "iso" }
  | { readonly kind: "form"; readonly form: string; readonly zoned: boolean }
  | { readonly kind: "epoch"; readonly unit: "s" | "ms" }
  | { readonly kind: "serial" };

const FORMS: readonly (readonly [form: string, zoned: boolean])[] = [
  ["YYYY-MM-DD hh:mm:ss Z", true],
  ["YYYY-MM-DDThh:mm:ssZ", true],
  ["EEE, D MMM YYYY hh:mm:ss Z", true],
  ["YYYY-MM-DDThh:mm:ss", false],
  ["YYYY-MM-DD hh:mm:ss", false],
  ["YYYY-MM-DD hh:mm", false],
  ["YYYY-MM-DD", false],
  ["YYYY/MM/DD hh:mm:ss", false],
  ["DD.MM.YYYY hh:mm:ss", false],
  ["DD.MM.YYYY hh:mm", false],
  ["DD.MM.YYYY", false],
  ["YYYYMMDDhhmmss", false],
  ["YYYYMMDDhhmm", false],
  ["YYYYMMDD", false],
];
/** Counts before 2001 and after 2033 are other numbers. */
const EPOCH_S = /^1\d{9}$/;
const EPOCH_MS = /^1\d{12}$/;
/** So are counts of days before 1954 and after 2119. */
const SERIAL = /^[2-7]\d{4}(?:\.\d+)?$/;

/** The way in which a text tells a time; undefined when it tells none that is known here. */
export function dateFormOf(text: string): DateForm | undefined {
  if (instantOf(text) !== undefined) return { kind: "iso" };
  if (EPOCH_MS.test(text) && epochInstant(text, "ms") !== undefined) return { kind: "epoch", unit: "ms" };
  if (EPOCH_S.test(text) && epochInstant(text, "s") !== undefined) return { kind: "epoch", unit: "s" };
  if (SERIAL.test(text)) return { kind: "serial" };
  const found = FORMS.find(([form]) => instantFrom(text, form) !== undefined && plausible(text, form));
  return found === undefined ? undefined : { kind: "form", form: found[0], zoned: found[1] };
}

/** Digits without marks are a date only of this age: any number of eight digits could be one. */
const plausible = (text: string, form: string): boolean =>
  /[^A-Z]/i.test(form.replaceAll(/[YMDhms]/g, "")) || /^(?:19|20)/.test(text);
