import { expect } from "chai";
import fc from "fast-check";
import { daysAfter, isZone } from "../../../core/settlement/days.ts";

describe("days of a zone", () => {
  const cases: readonly [name: string, at: string, days: number, zone: string, begins: string][] = [
    ["none: at once", "2026-03-01T12:34:56.789Z", 0, "Asia/Shanghai", "2026-03-01T12:34:56.789Z"],
    ["UTC", "2026-03-01T23:59:59.999Z", 1, "UTC", "2026-03-02T00:00:00.000Z"],
    ["at midnight it is the new day", "2026-03-01T00:00:00.000Z", 1, "UTC", "2026-03-02T00:00:00.000Z"],
    ["over the end of a leap February", "2028-02-28T12:00:00.000Z", 2, "UTC", "2028-03-01T00:00:00.000Z"],
    [
      "a zone that is ahead: its next day has begun",
      "2026-03-01T16:00:00.000Z",
      1,
      "Asia/Shanghai",
      "2026-03-02T16:00:00.000Z",
    ],
    [
      "a zone that is ahead: its day is not over",
      "2026-03-01T15:59:59.999Z",
      1,
      "Asia/Shanghai",
      "2026-03-01T16:00:00.000Z",
    ],
    ["a zone that is behind", "2026-01-01T04:00:00.000Z", 1, "America/New_York", "2026-01-01T05:00:00.000Z"],
    ["into summer time", "2026-03-07T12:00:00.000Z", 2, "America/New_York", "2026-03-09T04:00:00.000Z"],
    ["into winter time", "2026-10-31T12:00:00.000Z", 2, "America/New_York", "2026-11-02T05:00:00.000Z"],
    ["clocks that leap over midnight", "2018-11-03T12:00:00.000Z", 1, "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"],
    ["clocks that show midnight twice", "2018-02-16T12:00:00.000Z", 2, "America/Sao_Paulo", "2018-02-18T03:00:00.000Z"],
    ["half an hour off", "2026-03-01T12:00:00.000Z", 1, "Asia/Kolkata", "2026-03-01T18:30:00.000Z"],
    ["14 hours ahead", "2026-03-01T09:59:59.000Z", 1, "Pacific/Kiritimati", "2026-03-01T10:00:00.000Z"],
  ];
  for (const [name, at, days, zone, begins] of cases)
    it(name, () => {
      expect(daysAfter(at, days, zone)).to.equal(begins);
    });

  it("are counted on and on: n and m days are n + m days, never in the past", () => {
    const zones = fc.constantFrom(
      "UTC",
      "Europe/Berlin",
      "America/Sao_Paulo",
      "Asia/Kathmandu",
      "Pacific/Apia",
      "Africa/Cairo",
    );
    const time = fc.date({
      min: new Date("2012-02-01T00:00:00Z"),
      max: new Date("2037-12-31T00:00:00Z"),
      noInvalidDate: true,
    });
    const count = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(time, count, count, zones, (date, n, m, zone) => {
        const at = date.toISOString();
        expect(daysAfter(daysAfter(at, n, zone), m, zone)).to.equal(daysAfter(at, n + m, zone));
        expect(daysAfter(at, n, zone) > at).to.equal(true);
      }),
    );
  });

  it("know their zones", () => {
    for (const zone of ["UTC", "Asia/Shanghai", "Etc/GMT+8"]) expect(isZone(zone), zone).to.equal(true);
    for (const zone of ["", "Mars/Olympus", "../UTC", "GMT+25"]) expect(isZone(zone), zone).to.equal(false);
  });
});
