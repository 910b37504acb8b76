import { expect } from "chai";
import fc from "fast-check";
import type { MergepayError } from "../../../core/errors/errors.ts";
import { exponentOf } from "../../../core/money/currency.ts";
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
      ...["usd", "RMB", "cny", "USDT", "US", "", "XXX", "ＵＳＤ", "constructor"].flatMap((currency) =>
        ["1.00", "1.5", "1"].map((value) => [value, currency, "CURRENCY_UNKNOWN"] as const),
      ),
    ];
    for (const [value, currency, result] of cases)
      it(`${JSON.stringify(value)} ${currency} -> ${result}`, () => {
        expect(outcome(() => canonicalMoney(value, currency))).to.equal(result);
      });

    for (const [value, currency, type, words] of [
      ["secret-value", "USD", "AMOUNT_INVALID", "The amount is not plain decimal text such as 12.30"],
      ["1.005", "USD", "AMOUNT_INVALID", "The amount has 3 decimals; its currency takes 2."],
      ["10000000000000", "USD", "AMOUNT_INVALID", "The amount is 10^15 minor units or more."],
      ["0", "USD", "AMOUNT_INVALID", "The amount is not above zero."],
      ["1", "secret", "CURRENCY_UNKNOWN", "The currency is not an ISO 4217 code in capitals"],
    ] as const)
      it(`says where and why ${value} ${currency} is refused, without the value`, () => {
        for (const field of ["/total", undefined])
          try {
            canonicalMoney(value, currency, field);
            expect.fail("taken");
          } catch (error) {
            const { type: code, message, data } = error as MergepayError;
            expect([code, data]).to.deep.equal([type, field === undefined ? {} : { field }]);
            expect(message).to.contain(words).and.not.contain("secret");
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

  it("zero has no sign", () => {
    expect(moneyOf(0n, "USD")).to.deep.equal({ value: "0.00", currency: "USD" });
    expect(moneyOf(-1n, "JPY").value).to.equal("-1");
  });

  it("currencies are the codes for payment of ISO 4217: so many of each number of decimals", () => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
    const codes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
    const byDecimals = Map.groupBy(codes, exponentOf);
    const count = (decimals: number) => byDecimals.get(decimals)?.length;
    expect([0, 1, 2, 3, 4].map(count)).to.deep.equal([17, undefined, 131, 7, 2]);
    expect(byDecimals.size).to.equal(5);
  });

  it("sums exactly, refusing mixed currencies, nothing, and 10^15 minor units", () => {
    expect(sumMoney([moneyOf(10n, "USD"), moneyOf(20n, "USD")])).to.deep.equal({ value: "0.30", currency: "USD" });
    expect(outcome(() => sumMoney([moneyOf(1n, "USD"), moneyOf(1n, "EUR")]))).to.equal("CURRENCIES_MIXED");
    expect(outcome(() => sumMoney([]))).to.equal("SELECTION_EMPTY");
    expect(sumMoney([moneyOf(MINOR_LIMIT - 2n, "USD"), moneyOf(1n, "USD")]).value).to.equal("9999999999999.99");
    expect(outcome(() => sumMoney([moneyOf(MINOR_LIMIT - 1n, "USD"), moneyOf(1n, "USD")]))).to.equal("TOTAL_TOO_LARGE");
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
        expect(beyond).to.throw("The amount is 10^15 minor units or more.").with.property("type", "AMOUNT_INVALID");
    });
});
