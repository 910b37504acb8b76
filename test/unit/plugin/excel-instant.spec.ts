import { expect } from "chai";
import fc from "fast-check";
import { excelInstant } from "../../../core/plugin/contract.ts";

describe("dates of spreadsheets", () => {
  const cases: readonly (readonly [serial: string, system: 1900 | 1904, instant: string | undefined])[] = [
    ["45292", 1900, "2024-01-01T00:00:00"],
    ["45292.5", 1900, "2024-01-01T12:00:00"],
    ["45292.520833333336", 1900, "2024-01-01T12:30:00"],
    ["45292.52083333333", 1900, "2024-01-01T12:30:00"],
    ["45292.123456789", 1900, "2024-01-01T02:57:46.667"],
    ["45292.999999999", 1900, "2024-01-02T00:00:00"],
    ["4.5292E4", 1900, "2024-01-01T00:00:00"],
    ["4.52925e+4", 1900, "2024-01-01T12:00:00"],
    ["452925E-1", 1900, "2024-01-01T12:00:00"],
    ["1", 1900, "1900-01-01T00:00:00"],
    ["59", 1900, "1900-02-28T00:00:00"],
    ["60", 1900, undefined],
    ["61", 1900, "1900-03-01T00:00:00"],
    ["0.5", 1900, undefined],
    ["2958465", 1900, "9999-12-31T00:00:00"],
    ["2958466", 1900, undefined],
    ["0", 1904, "1904-01-01T00:00:00"],
    ["43830", 1904, "2024-01-01T00:00:00"],
    ["2957003", 1904, "9999-12-31T00:00:00"],
    ["2957004", 1904, undefined],
    ["-1", 1900, undefined],
    ["", 1900, undefined],
    ["45292,5", 1900, undefined],
    ["0x10", 1900, undefined],
    ["1E99", 1900, undefined],
    ["2024-01-01", 1900, undefined],
  ];
  for (const [serial, system, instant] of cases)
    it(`${serial} from ${system} is ${instant ?? "none"}`, () =>
      expect(excelInstant(serial, system)).to.equal(instant));

  it("every day and second comes back", () =>
    fc.assert(
      fc.property(fc.integer({ min: 61, max: 2_958_465 }), fc.integer({ min: 0, max: 86_399 }), (day, second) => {
        const instant = new Date((day - 25_569) * 86_400_000 + second * 1000).toISOString().slice(0, 19);
        // As such programs write it: the number nearest to it.
        expect(excelInstant(`${day + second / 86_400}`)).to.equal(instant);
        if (day > 1462) expect(excelInstant(`${day - 1462 + second / 86_400}`, 1904)).to.equal(instant);
      }),
    ));
});
