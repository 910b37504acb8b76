import { expect } from "chai";
import * as fc from "fast-check";
import { converted, halfToEven, isRate } from "../../../core/money/convert.ts";
import { exponentOf } from "../../../core/money/currency.ts";
import { minorOfMoney, moneyOf } from "../../../core/money/money.ts";

const CURRENCIES = ["USD", "EUR", "JPY", "KWD", "CLF"] as const;
const currency = fc.constantFrom(...CURRENCIES);
/** Rates as text, with up to six decimals. */
const rate = fc
  .record({ units: fc.bigInt(1n, 10n ** 9n), decimals: fc.integer({ min: 0, max: 6 }) })
  .map(({ units, decimals }) => {
    const digits = units.toString().padStart(decimals + 1, "0");
    return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  });
const minors = fc.bigInt(1n, 10n ** 8n);
const tens = (count: number) => 10n ** BigInt(count);

/** Amount and rate as an exact fraction of minor units of the other currency. */
function exact(minor: bigint, from: string, text: string, to: string): [bigint, bigint] {
  const [whole = "0", decimals = ""] = text.split(".");
  return [
    minor * BigInt(whole + decimals) * tens(exponentOf(to) ?? 0),
    tens(decimals.length) * tens(exponentOf(from) ?? 0),
  ];
}

describe("changing money", () => {
  it("is off by half a minor unit at most, or is the least there is; never zero, never negative", () => {
    fc.assert(
      fc.property(minors, currency, rate, currency, (minor, from, text, to) => {
        const [value, by] = exact(minor, from, text, to);
        fc.pre(value / by < 10n ** 15n - 1n);
        const got = minorOfMoney(converted(moneyOf(minor, from), text, to));
        expect(got > 0n).to.equal(true);
        const off = got * by > value ? got * by - value : value - got * by;
        if (got > 1n) expect(2n * off <= by).to.equal(true);
        else expect(2n * value <= 3n * by).to.equal(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("of a total is the sum of its orders' parts, each off by half a minor unit at most", () => {
    fc.assert(
      fc.property(
        fc.array(minors, { minLength: 1, maxLength: 40 }),
        currency,
        rate,
        currency,
        (given, from, text, to) => {
          const [value, by] = exact(
            given.reduce((a, b) => a + b),
            from,
            text,
            to,
          );
          fc.pre(value / by < 10n ** 15n - 1n);
          const parts = given.map((minor) => minorOfMoney(converted(moneyOf(minor, from), text, to)));
          const sum = parts.reduce((a, b) => a + b);
          const least = BigInt(parts.filter((part) => part === 1n).length);
          const off = sum * by > value ? sum * by - value : value - sum * by;
          expect(2n * off <= by * (BigInt(given.length) + least)).to.equal(true);
        },
      ),
    );
  });

  it("at the same rate gives more for more", () => {
    fc.assert(
      fc.property(minors, minors, rate, (a, b, text) => {
        fc.pre(!/^[0-9]{7}/.test(text));
        const of = (minor: bigint) => minorOfMoney(converted(moneyOf(minor, "EUR"), text, "USD"));
        const [small, large] = a < b ? [a, b] : [b, a];
        expect(of(small) <= of(large)).to.equal(true);
      }),
    );
  });

  for (const [value, from, text, to, want] of [
    ["1.00", "USD", "1", "EUR", "1.00"],
    ["0.50", "USD", "0.01", "EUR", "0.01"],
    ["2.50", "USD", "0.01", "EUR", "0.02"],
    ["3.50", "USD", "0.01", "EUR", "0.04"],
    ["2.51", "USD", "0.01", "EUR", "0.03"],
    ["100", "JPY", "0.0067", "USD", "0.67"],
    ["12.34", "USD", "149.25", "JPY", "1842"],
    ["1.005", "KWD", "3.254", "USD", "3.27"],
    ["0.01", "USD", "0.000001", "EUR", "0.01"],
    ["9999999999999.99", "USD", "1", "EUR", "9999999999999.99"],
  ] as const)
    it(`makes ${want} ${to} of ${value} ${from} at ${text}`, () => {
      expect(converted({ value, currency: from }, text, to)).to.deep.equal({ value: want, currency: to });
    });

  it("refuses what is no rate, what is too large and what is no currency", () => {
    const one = { value: "1.00", currency: "USD" };
    expect(() => converted(one, "0", "EUR"))
      .to.throw()
      .with.property("type", "RATE_INVALID");
    expect(() => converted(one, "-1", "EUR"))
      .to.throw()
      .with.property("type", "RATE_INVALID");
    expect(() => converted({ value: "9999999999999.99", currency: "USD" }, "1.01", "EUR"))
      .to.throw()
      .with.property("type", "TOTAL_TOO_LARGE");
    // The least that is too large.
    expect(() => converted({ value: "5000000000000.00", currency: "USD" }, "2", "EUR"))
      .to.throw()
      .with.property("type", "TOTAL_TOO_LARGE");
    for (const [from, to] of [
      ["USD", "XYZ"],
      ["XYZ", "USD"],
    ] as const)
      expect(() => converted({ value: "1.00", currency: from }, "1", to))
        .to.throw()
        .with.property("type", "CURRENCY_UNKNOWN");
  });

  it("knows a rate by its text alone", () => {
    for (const good of ["1", "0.5", "0.000000000001", "999999999999.999999999999"])
      expect(isRate(good), good).to.equal(true);
    const bad = [
      "",
      "0",
      "0.0",
      "-1",
      "+1",
      "1.",
      ".5",
      "01",
      "1e3",
      "0x1",
      "1_0",
      "1,5",
      "NaN",
      "1 ",
      "１",
      "1000000000000",
      1,
      null,
      undefined,
      {},
      ["1"],
    ];
    for (const one of bad) expect(isRate(one), JSON.stringify(one)).to.equal(false);
  });

  it("rounds half to even", () => {
    for (const [value, by, want] of [
      [1n, 2n, 0n],
      [3n, 2n, 2n],
      [5n, 2n, 2n],
      [5n, 4n, 1n],
      [7n, 4n, 2n],
      [0n, 4n, 0n],
    ] as const)
      expect(halfToEven(value, by)).to.equal(want);
  });
});
