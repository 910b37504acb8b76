import { expect } from "chai";
import fc from "fast-check";
import { allocate, percentOf } from "../../../core/money/allocate.ts";

describe("allocation by largest remainder", () => {
  const cases: readonly [total: bigint, weights: bigint[], parts: bigint[]][] = [
    [100n, [1n, 1n, 1n], [34n, 33n, 33n]],
    [1n, [1n, 1n], [1n, 0n]],
    [5n, [3n, 7n], [2n, 3n]],
    [10n, [0n, 0n, 0n], [4n, 3n, 3n]],
    [0n, [5n, 9n], [0n, 0n]],
    [7n, [1n, 2n, 4n], [1n, 2n, 4n]],
    [10n, [2n, 1n, 3n], [3n, 2n, 5n]],
    [10n, [3n, 2n, 1n], [5n, 3n, 2n]],
    [3n, [5n, 7n, 8n], [1n, 1n, 1n]],
    [7n, [3n], [7n]],
  ];
  for (const [total, weights, parts] of cases)
    it(`${total} over ${weights.join(":")} is ${parts.join(", ")}`, () => {
      expect(allocate(total, weights)).to.deep.equal(parts);
    });

  it("never loses or makes a unit, and no part is a whole unit away from its exact share", () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), weights, (total, shares) => {
        const parts = allocate(total, shares);
        const sum = shares.reduce((a, b) => a + b, 0n);
        expect(parts.reduce((a, b) => a + b, 0n)).to.equal(total);
        if (sum === 0n) return;
        // Who has a unit more had no smaller remainder than who has not; of equal ones, who comes first.
        const ranked = shares
          .map((share, i) => ({ i, rest: (total * share) % sum, more: parts[i] !== (total * share) / sum }))
          .toSorted((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest > b.rest ? -1 : 1));
        const extra = ranked.map(({ more }) => more);
        expect(extra.lastIndexOf(true)).to.be.lessThan(extra.includes(false) ? extra.indexOf(false) : extra.length);
        parts.forEach((part, i) => {
          const distance = part * sum - total * (shares[i] ?? 0n);
          expect(distance < sum && distance > -sum).to.equal(true);
        });
      }),
    );
  });
});

describe("allocation", () => {
  for (const [what, total, weights] of [
    ["nothing to split over", 1n, []],
    ["a total below zero", -1n, [1n]],
    ["a weight below zero", 1n, [2n, -1n]],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(() => allocate(total, weights))
        .to.throw("allocate takes a total and weights that are not negative, one weight at least.")
        .with.property("type", "INTERNAL");
    });
});

describe("a percentage is rounded half to even", () => {
  const cases: readonly [minor: bigint, percent: string, result: bigint][] = [
    [1000n, "2.9", 29n],
    [50n, "1", 0n],
    [150n, "1", 2n],
    [250n, "1", 2n],
    [251n, "1", 3n],
    [999_999_999_999_999n, "100", 999_999_999_999_999n],
    [999_999_999_999_999n, "33.333333", 333_333_330_000_000n],
    [1000n, "0", 0n],
    [1000n, "100.000000", 1000n],
    // 500,000,009,999,999.49999999: fewer digits would make a half of it.
    [999_999_999_999_999n, "50.000001", 500_000_009_999_999n],
  ];
  for (const [minor, percent, result] of cases)
    it(`${percent} % of ${minor} is ${result}`, () => {
      expect(percentOf(minor, percent)).to.equal(result);
    });
  for (const percent of ["-1", "101", "1e1", "", "2,9", "1.1234567", "0x2", "100.1", "100.0000000", "100.", "01", "1."])
    it(`${JSON.stringify(percent)} is no percentage`, () => {
      expect(() => percentOf(1n, percent))
        .to.throw("A percentage is plain decimal text from 0 to 100, such as 2.9.")
        .with.property("type", "CONFIG_INVALID");
    });
});
