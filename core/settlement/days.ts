/** Days of a time zone. Its rules are those of the IANA database that the runtime carries. */
const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that the runtime does not know */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, made);
  return made;
}

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    // The runtime says so by throwing and in no other way.
    return false;
  }
}

/** What a clock in the zone shows at an instant, as if it were UTC; both in epoch milliseconds. */
function wallClock(epochMs: number, zone: string): number {
  const shown: Record<string, number> = {};
  for (const { type, value: digits } of formatOf(zone).formatToParts(epochMs))
    shown[type] = Number.parseInt(digits, 10);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** When a day begins by the clocks of a zone; undefined when there is no such day. @param day such as 2026-03-01 */
export function dayBegins(day: string, zone: string): string | undefined {
  const midnight = Date.parse(`${day}T00:00:00.000Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  return beginning(midnight, zone);
}

/** @param midnight the beginning of the day as if it were UTC, epoch milliseconds */
function beginning(midnight: number, zone: string): string {
  const offsetAt = (epochMs: number): number => wallClock(epochMs, zone) - epochMs;
  const [before, after] = [midnight - offsetAt(midnight - DAY_MS), midnight - offsetAt(midnight + DAY_MS)];
  const begins = [before, after].toSorted((a, b) => a - b).find((moment) => wallClock(moment, zone) === midnight);
  return new Date(begins ?? before).toISOString();
}

/**
 * When the day begins that is so many days after the day of an instant, by the clocks of a zone; 0 days: the instant itself.
 * Where clocks leap over midnight the day begins with its first moment.
 * @param at ISO 8601, UTC @throws RangeError for a zone that is none
 */
export function daysAfter(at: string, days: number, zone: string): string {
  if (days === 0) return at;
  const shown = wallClock(Date.parse(at), zone);
  return beginning(shown - (shown % DAY_MS) + days * DAY_MS, zone);
}

/** The day that it is at an instant by the clocks of a zone: `2026-03-01`. @throws RangeError for a zone that is none */
export const dayOf = (epochMs: number, zone: string): string =>
  new Date(wallClock(epochMs, zone)).toISOString().slice(0, 10);
