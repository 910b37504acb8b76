import { expect } from "chai";
import fc from "fast-check";
import { epochInstant, instantFrom } from "../../../core/plugin/dates.ts";

const none = undefined;

describe("dates of platforms", () => {
  const cases: readonly (readonly [
    text: string,
    form: string,
    zone: string | undefined,
    instant: string | undefined,
  ])[] = [
    ["2026-03-01 09:30:15", "YYYY-MM-DD hh:mm:ss", "Asia/Shanghai", "2026-03-01T01:30:15Z"],
    ["2026-03-01 09:30:15", "YYYY-MM-DD hh:mm:ss", none, "2026-03-01T09:30:15Z"],
    ["2026-03-01 09:30:15 -0500", "YYYY-MM-DD hh:mm:ss Z", none, "2026-03-01T14:30:15Z"],
    ["2026-03-01T09:30:15+00:00", "YYYY-MM-DDThh:mm:ssZ", none, "2026-03-01T09:30:15Z"],
    ["2026-03-01T09:30:15.123456Z", "YYYY-MM-DDThh:mm:ss.SSSZ", none, "2026-03-01T09:30:15.123Z"],
    ["01.03.2026 09:30", "DD.MM.YYYY hh:mm", "Europe/Berlin", "2026-03-01T08:30:00Z"],
    ["Sun, 1 Mar 2026 09:30:00 GMT", "EEE, D MMM YYYY hh:mm:ss Z", none, "2026-03-01T09:30:00Z"],
    ["20260301", "YYYYMMDD", none, "2026-03-01T00:00:00Z"],
    ["20260301", "YYYYMMDD", "America/New_York", "2026-03-01T05:00:00Z"],
    ["202603010930", "YYYYMMDDhhmm", "Asia/Kolkata", "2026-03-01T04:00:00Z"],
    ["2024-02-29", "YYYY-MM-DD", none, "2024-02-29T00:00:00Z"],
    // Not of the form, or no day or time at all
    ["2026-02-30", "YYYY-MM-DD", none, none],
    ["2026-13-01", "YYYY-MM-DD", none, none],
    ["2026-00-10", "YYYY-MM-DD", none, none],
    ["0001-01-01", "YYYY-MM-DD", none, none],
    ["2026-03-01 24:00:00", "YYYY-MM-DD hh:mm:ss", none, none],
    ["10000-01-01", "YYYY-MM-DD", none, none],
    ["2026-03-01 ", "YYYY-MM-DD", none, none],
    ["２０２６-03-01", "YYYY-MM-DD", none, none],
    ["2026-03-01x", "YYYY-MM-DD", none, none],
    ["1/3/2026", "DD/MM/YYYY", none, none],
    // Clocks that change: a time that is skipped, one that comes twice
    ["2026-03-29 02:30:00", "YYYY-MM-DD hh:mm:ss", "Europe/Berlin", none],
    ["2026-10-25 02:30:00", "YYYY-MM-DD hh:mm:ss", "Europe/Berlin", "2026-10-25T00:30:00Z"],
  ];
  for (const [text, form, zone, instant] of cases)
    it(`${text} as ${form}${zone === undefined ? "" : ` in ${zone}`} is ${String(instant)}`, () =>
      expect(instantFrom(text, form, zone)).to.equal(instant));

  it("what a form is written by, it reads", () => {
    const between = {
      min: new Date("1971-01-01T00:00:00Z"),
      max: new Date("2099-12-31T00:00:00Z"),
      noInvalidDate: true,
    };
    fc.assert(
      fc.property(fc.date(between), (date) => {
        const iso = date.toISOString();
        expect(instantFrom(iso, "YYYY-MM-DDThh:mm:ss.SSSZ")).to.equal(iso.replace(".000Z", "Z"));
      }),
    );
  });

  const epochs: readonly (readonly [text: string, unit: "s" | "ms", instant: string | undefined])[] = [
    ["1772357415", "s", "2026-03-01T09:30:15Z"],
    ["1772357415123", "ms", "2026-03-01T09:30:15.123Z"],
    ["1772357415123", "s", none],
    ["1772357415", "ms", none],
    ["0", "s", none],
    ["-1772357415", "s", none],
    ["1.7e9", "s", none],
  ];
  for (const [text, unit, instant] of epochs)
    it(`${text} ${unit} is ${String(instant)}`, () => expect(epochInstant(text, unit)).to.equal(instant));
});
