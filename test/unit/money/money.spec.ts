import { expect } from "chai";
import fc from "fast-check";
import { MergepayError } from "../../../core/errors/errors.ts";
import { allocate, percentOf } from "../../../core/money/allocate.ts";
import { canonicalMoney, minorOf, MINOR_LIMIT, moneyOf, sumMoney } from "../../../core/money/money.ts";

const outcome = (act: () => { value: string }): string => {
  try {
    return act().value;
  } catch (error) {
    return (error as MergepayError).type;
  }
};

describe("money", () => {
  describe("a platform's amount becomes canonical, or is refused", () => {
    const cases: readonly (readonly [value: string, currency: string, result: string])[] = [
      ["12.30", "USD", "12.30"],
      ["12.3", "USD", "12.30"],
      ["12", "USD", "12.00"],
      ["0.01", "USD", "0.01"],
      ["1200", "JPY", "1200"],
      ["1.5", "JPY", "AMOUNT_INVALID"],
      ["1.005", "CNY", "AMOUNT_INVALID"],
      ["1.005", "KWD", "1.005"],
      ["25.0000", "USD", "AMOUNT_INVALID"],
      ["9999999999999.99", "USD", "9999999999999.99"],
      ["10000000000000.00", "USD", "AMOUNT_INVALID"],
      ["999999999999999", "JPY", "999999999999999"],
      ["1000000000000000", "JPY", "AMOUNT_INVALID"],
      ["100000000000000000.00", "USD", "AMOUNT_INVALID"],
      ...[
        "0",
        "0.00",
        "-1",
        "-0.01",
        "-0",
        "",
        " ",
        "1e3",
        "0x1F",
        "0b1",
        "1_000",
        "+1",
        " 1",
        "1 ",
        ".5",
        "1.",
        "1,000.00",
        "1,5",
        "1.000,00",
        "00.10",
        "01",
        "1..2",
        "1.2.3",
        "NaN",
        "Infinity",
        "１２.３０",
        "١٢",
        "1\u200b2",
        "1\n",
        "$1",
        "1 USD",
        "1e400",
        "--1",
        "１",
      ].map((value) => [value, "USD", "AMOUNT_INVALID"] as const),
      ...["usd", "RMB", "cny", "USDT", "US", "", "XXX", "ＵＳＤ", "constructor"].map(
        (currency) => ["1.00", currency, "CURRENCY_UNKNOWN"] as const,
      ),
    ];
    for (const [value, currency, result] of cases)
      it(`${JSON.stringify(value)} ${currency} -> ${result}`, () => {
        expect(outcome(() => canonicalMoney(value, currency))).to.equal(result);
      });

    it("names the field and does not repeat the value", () => {
      try {
        canonicalMoney("secret-value", "USD", "/total");
        expect.fail("taken");
      } catch (error) {
        expect((error as MergepayError).data.field).to.equal("/total");
        expect((error as MergepayError).message).to.not.contain("secret-value");
      }
    });

    it("refuses a number, which has lost digits already", () => {
      expect(outcome(() => canonicalMoney(12.3 as unknown as string, "USD"))).to.equal("AMOUNT_INVALID");
    });
  });

  it("minor units and text are the same amount, for every currency scale", () => {
    const currency = fc.constantFrom("JPY", "USD", "KWD", "CLF");
    fc.assert(
      fc.property(fc.bigInt({ min: -MINOR_LIMIT + 1n, max: MINOR_LIMIT - 1n }), currency, (minor, code) => {
        const money = moneyOf(minor, code);
        expect(minorOf(money.value, code)).to.equal(minor);
      }),
    );
  });

  it("an amount that is canonical at a glance is what it is by its minor units, for every currency scale", () => {
    const currency = fc.constantFrom("JPY", "USD", "KWD", "CLF");
    const digits = fc.stringMatching(/^(?:0|[1-9][0-9]{0,16}|[0-9]{1,16})$/);
    const text = fc
      .tuple(fc.constantFrom("", "-", "+"), digits, fc.option(fc.stringMatching(/^[0-9]{0,5}$/)))
      .map(([sign, whole, decimals]) => `${sign}${whole}${decimals === null ? "" : `.${decimals}`}`);
    const byMinorUnits = (value: string, code: string) => {
      const minor = minorOf(value, code);
      return minor > 0n ? moneyOf(minor, code) : canonicalMoney("0", code);
    };
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), currency, (value, code) => {
        expect(outcome(() => canonicalMoney(value, code))).to.equal(outcome(() => byMinorUnits(value, code)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("sums exactly, refusing mixed currencies, nothing, and 10^15 minor units", () => {
    expect(sumMoney([moneyOf(10n, "USD"), moneyOf(20n, "USD")])).to.deep.equal({ value: "0.30", currency: "USD" });
    expect(outcome(() => sumMoney([moneyOf(1n, "USD"), moneyOf(1n, "EUR")]))).to.equal("CURRENCIES_MIXED");
    expect(outcome(() => sumMoney([]))).to.equal("SELECTION_EMPTY");
    expect(sumMoney([moneyOf(MINOR_LIMIT - 2n, "USD"), moneyOf(1n, "USD")]).value).to.equal("9999999999999.99");
    expect(outcome(() => sumMoney([moneyOf(MINOR_LIMIT - 1n, "USD"), moneyOf(1n, "USD")]))).to.equal("TOTAL_TOO_LARGE");
  });

  describe("allocation by largest remainder", () => {
    const cases: readonly [total: bigint, weights: bigint[], parts: bigint[]][] = [
      [100n, [1n, 1n, 1n], [34n, 33n, 33n]],
      [1n, [1n, 1n], [1n, 0n]],
      [5n, [3n, 7n], [2n, 3n]],
      [10n, [0n, 0n, 0n], [4n, 3n, 3n]],
      [0n, [5n, 9n], [0n, 0n]],
      [7n, [1n, 2n, 4n], [1n, 2n, 4n]],
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
          parts.forEach((part, i) => {
            const distance = part * sum - total * (shares[i] ?? 0n);
            expect(distance < sum && distance > -sum).to.equal(true);
          });
        }),
      );
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
    ];
    for (const [minor, percent, result] of cases)
      it(`${percent} % of ${minor} is ${result}`, () => {
        expect(percentOf(minor, percent)).to.equal(result);
      });
    for (const percent of ["-1", "101", "1e1", "", "2,9", "1.1234567", "0x2"])
      it(`${JSON.stringify(percent)} is no percentage`, () => {
        expect(() => percentOf(1n, percent))
          .to.throw(MergepayError)
          .with.property("type", "CONFIG_INVALID");
      });
  });
});

describe("the largest amount", () => {
  for (const [currency, most, more] of [
    ["USD", "9999999999999.99", "10000000000000.00"],
    ["JPY", "999999999999999", "1000000000000000"],
    ["KWD", "999999999999.999", "1000000000000.000"],
  ] as const)
    it(`of ${currency} is ${most}, either way and in either direction`, () => {
      const limit = 10n ** 15n;
      expect(minorOf(most, currency)).to.equal(limit - 1n);
      expect(minorOf(`-${most}`, currency)).to.equal(1n - limit);
      expect(moneyOf(limit - 1n, currency).value).to.equal(most);
      expect(moneyOf(1n - limit, currency).value).to.equal(`-${most}`);
      for (const beyond of [
        () => minorOf(more, currency),
        () => minorOf(`-${more}`, currency),
        () => moneyOf(limit, currency),
        () => moneyOf(-limit, currency),
      ])
        expect(beyond).to.throw().with.property("type", "AMOUNT_INVALID");
    });
});
