import { isPlainInstant } from "../plain-instant.ts";

const ISO = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/;

/** An ISO 8601 date and time with its zone, in UTC; undefined when it has another form or there is no such day. */
export function instantOf(text: string): string | undefined {
  const utc = text.endsWith("+00:00") ? `${text.slice(0, -6)}Z` : text;
  if (isPlainInstant(utc)) return utc.endsWith(".000Z") ? `${utc.slice(0, -5)}Z` : utc;
  const day = ISO.exec(text)?.[1];
  if (day === undefined) return undefined;
  // Date rolls 30 February over into March: a day that not every month has must come back as it went in.
  if (day.slice(8) > "28") {
    const midnight = new Date(`${day}T00:00:00Z`);
    if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  }
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString().replace(".000Z", "Z");
}
