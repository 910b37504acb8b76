import { epochInstant, instantFrom } from "../dates.ts";
import { instantOf } from "../instant.ts";

/** How the dates of a sample are written. */
export type DateForm =
  | { readonly kind: "iso" }
  | { readonly kind: "epoch"; readonly unit: "s" | "ms" }
  /** A spreadsheet's count of days, without a zone. */
  | { readonly kind: "serial" }
  /** `local`: without a zone, which the file can't tell. */
  | { readonly kind: "form"; readonly form: string; readonly local: boolean };

/** Tried in their order. Forms in which day and month may change places are left out: nothing tells which is which. */
const FORMS = [
  "YYYY-MM-DDThh:mm:ssZ",
  "YYYY-MM-DDThh:mm:ss.SSSZ",
  "YYYY-MM-DDThh:mm:ss",
  "YYYY-MM-DDThh:mm:ss.SSS",
  "YYYY-MM-DDThh:mmZ",
  "YYYY-MM-DD hh:mm:ss Z",
  "YYYY-MM-DD hh:mm:ssZ",
  "YYYY-MM-DD hh:mm:ss",
  "YYYY-MM-DD hh:mm",
  "YYYY-MM-DD",
  "YYYY/MM/DD hh:mm:ss",
  "YYYY/MM/DD hh:mm",
  "YYYY/MM/DD",
  "EEE, D MMM YYYY hh:mm:ss Z",
  "DD.MM.YYYY hh:mm:ss",
  "DD.MM.YYYY hh:mm",
  "DD.MM.YYYY",
  "YYYYMMDDhhmmss",
  "YYYYMMDDhhmm",
  "YYYYMMDD",
];

/** Counts of days before 1954 and after 2119 are other numbers. */
const SERIAL = /^[2-7]\d{4}(?:\.\d+)?$/;

/** The form that all of the texts have; undefined when there is none. */
export function formOf(texts: readonly string[]): DateForm | undefined {
  if (texts.length === 0) return undefined;
  const all = (reads: (text: string) => string | undefined): boolean =>
    texts.every((text) => reads(text) !== undefined);
  if (all(instantOf)) return { kind: "iso" };
  const form = FORMS.find((each) => all((text) => instantFrom(text, each)));
  if (form !== undefined) return { kind: "form", form, local: !form.includes("Z") };
  for (const unit of ["s", "ms"] as const) if (all((text) => epochInstant(text, unit))) return { kind: "epoch", unit };
  return texts.every((text) => SERIAL.test(text)) ? { kind: "serial" } : undefined;
}
