import { expect } from "chai";
import fc from "fast-check";
import { isPlainInstant } from "../../core/plain-instant.ts";
import { instantOf } from "../../core/plugin/instant.ts";

const day = (year: number, month: number, date: number): string =>
  [year.toString().padStart(4, "0"), month.toString().padStart(2, "0"), date.toString().padStart(2, "0")].join("-");

describe("An instant that is plain at a glance", () => {
  it("is a day of the calendar, on every day that may be written", () => {
    for (const year of [0, 1, 1900, 2000, 2026, 2028, 9999])
      for (let month = 0; month <= 13; month += 1)
        for (let date = 0; date <= 32; date += 1) {
          const text = `${day(year, month, date)}T09:30:00Z`;
          const there = new Date(text);
          const exists = !Number.isNaN(there.getTime()) && there.toISOString() === text.replace("Z", ".000Z");
          const always = exists && !(month === 2 && date === 29);
          expect(isPlainInstant(text), text).to.equal(always);
          // What it says nothing of is decided as before.
          expect(instantOf(text), text).to.equal(exists ? text : undefined);
          expect(instantOf(text.replace("Z", "+00:00")), text).to.equal(exists ? text : undefined);
        }
  });

  it("has a time of the day, whole seconds or milliseconds, and the zone Z", () => {
    const at = (hour: number, minute: number, second: number): string =>
      `2026-03-01T${[hour, minute, second].map((part) => part.toString().padStart(2, "0")).join(":")}Z`;
    const upTo = (most: number) => fc.integer({ min: 0, max: most });
    fc.assert(
      fc.property(upTo(30), upTo(70), upTo(70), (hour, minute, second) => {
        expect(isPlainInstant(at(hour, minute, second))).to.equal(hour < 24 && minute < 60 && second < 60);
      }),
    );
    const others = [
      "2026-03-01T09:30:00.0Z",
      "2026-03-01T09:30:00.0000Z",
      "2026-03-01T09:30:00+00:00",
      "2026-03-01t09:30:00z",
      "2026-03-01 09:30:00Z",
    ];
    for (const text of [...others, "2026-03-01T09:30:00Z\n", "٢٠٢٦-03-01T09:30:00Z"])
      expect(isPlainInstant(text), text).to.equal(false);
  });

  it("is given back in the one form that instants are kept in", () => {
    for (const ms of ["000", "001", "010", "123", "999"]) {
      const text = `2026-03-01T09:30:00.${ms}Z`;
      expect(isPlainInstant(text)).to.equal(true);
      const kept = new Date(text).toISOString().replace(".000Z", "Z");
      for (const zone of ["Z", "+00:00", "-00:00"]) expect(instantOf(text.replace("Z", zone)), zone).to.equal(kept);
      for (const wrong of ["Z+00:00", "+00:00+00:00", "+0000"])
        expect(instantOf(text.replace("Z", wrong)), wrong).to.equal(undefined);
    }
  });
});
