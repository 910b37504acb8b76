const SERIAL = /^(\d{1,7})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/;
const DAY_MS = 86_400_000n;
/** 31 December 9999, the last day that spreadsheets know, counted from 1900. */
const LAST_DAY = 2_958_465n;
/** Days from the first one that each system counts from to 1 January 1970. */
const DAYS_TO_1970 = { 1900: 25_569n, 1904: 24_107n };

/**
 * The date and time that a spreadsheet's serial number stands for, as it would show it: `45292.5` is `2024-01-01T12:00:00`. To the
 * nearest millisecond, which is more than such a number holds. A spreadsheet knows no zone: say which it is.
 * @param serial the cell's text as the reader gives it
 * @param system the year that the workbook counts from: 1900, or 1904 as old ones of a Mac do
 * @returns undefined when it is no such number; for 29 February 1900, which these programs believe in; for a time without a day
 */
export function excelInstant(serial: string, system: 1900 | 1904 = 1900): string | undefined {
  const [, whole, fraction = "", exponent = "0"] = SERIAL.exec(serial) ?? [];
  if (whole === undefined) return undefined;
  // As many digits behind the point as the text has: all of it is exact until the last step.
  const scale = fraction.length - Number.parseInt(exponent, 10);
  const digits = BigInt(whole + fraction) * 10n ** BigInt(Math.max(-scale, 0));
  const unit = 10n ** BigInt(Math.max(scale, 0));
  const ms = (digits * DAY_MS * 2n + unit) / (unit * 2n);
  let day = ms / DAY_MS;
  if (system === 1900) {
    if (day === 0n || day === 60n) return undefined;
    // The day that never was is counted, so that days before it are one number lower.
    if (day < 60n) day += 1n;
  }
  const days = day - DAYS_TO_1970[system];
  if (day > LAST_DAY - (system === 1904 ? 1462n : 0n)) return undefined;
  const instant = new Date(Number(days * DAY_MS + (ms % DAY_MS)));
  return instant.toISOString().replace(/(?:\.000)?Z$/, "");
}
