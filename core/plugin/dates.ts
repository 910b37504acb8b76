/**
 * Dates and times as platforms write them, made UTC instants. Nothing is guessed: the form, and the zone where the text has none, are
 * declared by the plugin. Whatever is not exactly of the form, or is no day of the calendar, is undefined.
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Parts of a form and what they stand for in a text, longest first. */
const PARTS = {
  YYYY: String.raw`(?<year>\d{4})`,
  MMM: `(?<monthName>${MONTHS.join("|")})`,
  EEE: "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
  SSS: String.raw`(?<fraction>\d{1,9})`,
  MM: String.raw`(?<month>\d{2})`,
  DD: String.raw`(?<day>\d{2})`,
  hh: String.raw`(?<hour>[01]\d|2[0-3])`,
  mm: String.raw`(?<minute>[0-5]\d)`,
  ss: String.raw`(?<second>[0-5]\d)`,
  D: String.raw`(?<day>\d{1,2})`,
  Z: String.raw`(?<zone>Z|GMT|UTC?|[+-]\d{2}:?\d{2})`,
} as const;

const compiled = new Map<string, RegExp>();

/** The pattern of a form. Made once for each form, and forms stand in the code of plugins. */
function patternOf(form: string): RegExp {
  const known = compiled.get(form);
  if (known !== undefined) return known;
  const parts = new RegExp(Object.keys(PARTS).join("|"), "g");
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
  let source = "";
  let from = 0;
  for (const { 0: part, index } of form.matchAll(parts)) {
    source += literal(form.slice(from, index)) + PARTS[part as keyof typeof PARTS];
    from = index + part.length;
  }
  const pattern = new RegExp(`^${source}${literal(form.slice(from))}$`);
  compiled.set(form, pattern);
  return pattern;
}

const shown = (epochMs: number): string => new Date(epochMs).toISOString().replace(".000Z", "Z");

/**
 * The instant of a text of a declared form, in UTC: `2026-03-01T09:30:00Z`; undefined when the text has another form or there is no such
 * day or time. Forms are made of `YYYY MM DD D MMM EEE hh mm ss SSS Z` (MMM and EEE in English, D with one digit or two, Z an offset or
 * GMT) and whatever else stands between them. A form without a time is the day's midnight. A time that a change of clocks skips
 * is undefined; of one that comes twice the first is meant.
 * @param zone IANA name such as `Asia/Shanghai`, for forms without `Z`; without either the text is UTC
 * @example instantFrom("01.03.2026 09:30", "DD.MM.YYYY hh:mm", "Europe/Berlin")
 * @example instantFrom("Sun, 1 Mar 2026 09:30:00 +0100", "EEE, D MMM YYYY hh:mm:ss Z") // RFC 2822
 * @example instantFrom("20260301", "YYYYMMDD") // CCYYMMDD
 */
export function instantFrom(text: string, form: string, zone = "UTC"): string | undefined {
  const found = patternOf(form).exec(text)?.groups;
  if (found === undefined) return undefined;
  const { year = "1970", day = "1", hour = "0", minute = "0", second = "0", fraction = "0" } = found;
  const month = found["monthName"] === undefined ? int(found["month"] ?? "1") - 1 : MONTHS.indexOf(found["monthName"]);
  const ms = int(fraction.padEnd(3, "0").slice(0, 3));
  const local = Date.UTC(int(year), month, int(day), int(hour), int(minute), int(second), ms);
  const there = new Date(local);
  // Date rolls 30 February over into March, and a year below 100 into the 20th century.
  if (there.getUTCDate() !== int(day) || there.getUTCMonth() !== month || there.getUTCFullYear() !== int(year))
    return undefined;
  const offset = found["zone"];
  if (offset !== undefined) return shown(local - offsetOf(offset));
  return zone === "UTC" ? shown(local) : localInstant(local, zone);
}

const int = (digits: string): number => Number.parseInt(digits, 10);

function offsetOf(text: string): number {
  const parts = /^([+-])(\d{2}):?(\d{2})$/.exec(text);
  if (parts === null) return 0;
  const [, sign, hours = "0", minutes = "0"] = parts;
  return (int(hours) * 60 + int(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of a zone show at an instant, as if it were UTC. */
function clockOf(epochMs: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const digits = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...digits, second: "numeric" });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, int(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((epochMs % 1000) + 1000) % 1000);
}

const DAY_MS = 24 * 60 * 60_000;

/** The first instant at which the clocks of a zone show this time; undefined when they never do. */
function localInstant(local: number, zone: string): string | undefined {
  // No zone changes its clocks twice within two days: the offsets a day before and after are all that there are.
  const offsets = [local - DAY_MS, local + DAY_MS].map((near) => clockOf(near, zone) - near);
  const candidates = offsets.map((offset) => local - offset).filter((epochMs) => clockOf(epochMs, zone) === local);
  return candidates.length === 0 ? undefined : shown(Math.min(...candidates));
}

/** The instant of whole seconds or milliseconds since 1970 as text; undefined unless 9 to 11, or 12 to 14, plain digits. */
export function epochInstant(text: string, unit: "s" | "ms"): string | undefined {
  const digits = unit === "s" ? /^[1-9]\d{8,10}$/ : /^[1-9]\d{11,13}$/;
  if (!digits.test(text)) return undefined;
  return shown(int(text) * (unit === "s" ? 1000 : 1));
}
