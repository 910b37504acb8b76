import { expect } from "chai";
import { Decimal } from "decimal.js";
import * as fc from "fast-check";
import { addsUp, exactProduct, exactSum, isZero, runningSum, unscaled } from "../../../core/money/decimal.ts";

const Exact = Decimal.clone({ precision: 100 });
/** Plain decimal text that is not negative, with up to six decimals. */
const decimal = fc
  .tuple(fc.bigInt(0n, 10n ** 12n), fc.integer({ min: 0, max: 6 }))
  .map(([units, scale]) => unscaled(units, scale));
const scaleOf = (text: string): number => text.split(".")[1]?.length ?? 0;

describe("exact arithmetic on decimal text", () => {
  for (const [total, scale, text] of [
    [1230n, 2, "12.30"],
    [-1230n, 2, "-12.30"],
    [5n, 0, "5"],
    [-5n, 0, "-5"],
    [5n, 1, "0.5"],
    [-5n, 3, "-0.005"],
    [0n, 0, "0"],
    [0n, 2, "0.00"],
  ] as const)
    it(`${total} of 10^-${scale} is ${text}`, () => expect(unscaled(total, scale)).to.equal(text));

  it("sums with as many decimals as the part that has the most, whichever comes first", () => {
    expect(exactSum(["1.5", "2.25", "3"])).to.equal("6.75");
    expect(exactSum(["2.25", "1.5"], ["3"])).to.equal("0.75");
    expect(exactSum(["1"], ["1.001"])).to.equal("-0.001");
    expect(exactSum(["0.10"], ["0.10"])).to.equal("0.00");
    expect(exactSum([])).to.equal("0");
  });

  it("says the sum so far, and goes on", () => {
    const sum = runningSum();
    expect(sum.text()).to.equal("0");
    sum.plus("1.5");
    expect(sum.text()).to.equal("1.5");
    sum.minus("0.25");
    sum.plus("-5");
    expect(sum.text()).to.equal("-3.75");
  });

  it("is what exact decimals come to, for any parts", () => {
    const parts = fc.array(decimal, { maxLength: 12 });
    fc.assert(
      fc.property(parts, parts, (plus, minus) => {
        const value = plus.reduce((sum, part) => sum.plus(part), new Exact(0));
        const want = minus.reduce((sum, part) => sum.minus(part), value);
        expect(exactSum(plus, minus)).to.equal(want.toFixed(Math.max(0, ...[...plus, ...minus].map(scaleOf))));
      }),
    );
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(exactProduct(a, b)).to.equal(new Exact(a).times(b).toFixed(scaleOf(a) + scaleOf(b)));
      }),
    );
  });

  for (const [total, plus, minus, tolerance, fits] of [
    ["10.00", ["7", "3"], [], "0", true],
    ["10.00", ["7", "4"], ["1.00"], "0", true],
    ["10.01", ["7", "3"], [], "0", false],
    ["10.01", ["7", "3"], [], "0.01", true],
    ["9.99", ["7", "3"], [], "0.01", true],
    ["9.98", ["7", "3"], [], "0.01", false],
    ["10.02", ["7", "3"], [], "0.01", false],
    ["0", [], [], "0", true],
    ["1", [], [], "0", false],
    ["5", ["5"], ["0.5"], "0.4", false],
  ] as const)
    it(`${total} ${fits ? "is" : "is not"} ${plus.join(" + ")} less ${minus.join(" and ")} within ${tolerance}`, () =>
      expect(addsUp(total, plus, minus, tolerance)).to.equal(fits));

  it("tells zero, however it is written", () => {
    for (const zero of ["0", "00", "0.0", "0.00", "000.000"]) expect(isZero(zero), zero).to.equal(true);
    for (const other of ["", "1", "10", "0.01", "0.", ".0", "-0", "0.00.0", "0 ", "10.0", "0.001"])
      expect(isZero(other), other).to.equal(false);
  });
});
