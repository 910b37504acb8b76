import { expect } from "chai";
import fc from "fast-check";
import { addsUp, exactProduct } from "../../../core/money/decimal.ts";
import {
  amountWithSign,
  decimalFrom,
  fromMinorUnits,
  fromScaled,
  type NumberStyle,
  withoutPadding,
} from "../../../core/plugin/amounts.ts";

const point: NumberStyle = { decimal: "." };
const english: NumberStyle = { decimal: ".", grouping: "," };
const german: NumberStyle = { decimal: ",", grouping: "." };
const french: NumberStyle = { decimal: ",", grouping: "\u202f" };

describe("amounts of platforms", () => {
  const styles: readonly (readonly [text: string, style: NumberStyle, plain: string | undefined])[] = [
    ["1234.50", point, "1234.50"],
    ["1,234.50", english, "1234.50"],
    ["1234.50", english, "1234.50"],
    ["1.234,50", german, "1234.50"],
    ["1\u202f234\u202f567,5", french, "1234567.5"],
    ["-12,30", german, "-12.30"],
    ["012.30", point, "12.30"],
    ["000", point, "0"],
    ["12", german, "12"],
    // Another style than the declared one is never guessed
    ["1,234.50", point, undefined],
    ["1.234.50", english, undefined],
    ["1,23", english, undefined],
    ["12,34,567.00", english, undefined],
    ["1234,567.00", english, undefined],
    [",234.00", english, undefined],
    ["1.", point, undefined],
    [".5", point, undefined],
    ["", point, undefined],
    ["-", point, undefined],
    ["+1", point, undefined],
    ["1e3", point, undefined],
    ["１２", point, undefined],
    [" 1", point, undefined],
    ["1.2.3", point, undefined],
  ];
  for (const [text, style, plain] of styles)
    it(`${JSON.stringify(text)} with ${JSON.stringify(style)} is ${String(plain)}`, () =>
      expect(decimalFrom(text, style)).to.equal(plain));

  const signed: readonly (readonly [text: string, number: string | undefined, sign?: string])[] = [
    ["€12.50", "12.50", "€"],
    ["€ 1.250,00", "1.250,00", "€"],
    ["12,50 €", "12,50", "€"],
    ["12.50EUR", "12.50", "EUR"],
    ["US$ 12.50", "12.50", "US$"],
    ["1 250,00 zł", "1 250,00", "zł"],
    ["-$5", undefined],
    ["$-5", "-5", "$"],
    ["12.50", undefined],
    ["€", undefined],
    ["€ 12.50 €", undefined],
    ["EUR EUR 5", undefined],
    ["5 pieces or more", undefined],
    ["", undefined],
  ];
  for (const [text, number, sign] of signed)
    it(`${JSON.stringify(text)} is ${String(number)} with ${String(sign)}`, () =>
      expect(amountWithSign(text)).to.deep.equal(number === undefined ? undefined : { number, sign }));

  it("an amount with a sign is read in time, however long the text", () => {
    const begun = performance.now();
    for (const text of ["1 ".repeat(50_000), "€".repeat(100_000), `€${"1".repeat(100_000)}`, " ".repeat(100_000)])
      expect(amountWithSign(text)).to.equal(undefined);
    expect(performance.now() - begun).to.be.lessThan(1000);
  });

  it("what is written in a style is read in it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 14n }), fc.constantFrom(english, german, french), (minor, style) => {
        const plain = fromScaled(minor.toString(), 2) ?? "";
        const [whole = "", fraction = ""] = plain.split(".");
        const written = whole.replaceAll(/\B(?=(\d{3})+$)/g, style.grouping ?? "") + style.decimal + fraction;
        expect(decimalFrom(written, style)).to.equal(plain);
      }),
    );
  });

  it("a text is read alike with a decimal point and with a decimal comma, whatever it is", () => {
    const text = fc.string({ unit: fc.constantFrom("0", "0", "1", "12", ".", "-"), maxLength: 8 });
    fc.assert(
      fc.property(text, (written) => {
        const turned = written.replaceAll(".", ",");
        expect(decimalFrom(written, english)).to.equal(decimalFrom(turned, german));
      }),
      { numRuns: 2000 },
    );
  });

  const minor: readonly (readonly [text: string, currency: string, plain: string | undefined])[] = [
    ["1230", "USD", "12.30"],
    ["5", "USD", "0.05"],
    ["1230", "JPY", "1230"],
    ["1230", "KWD", "1.230"],
    ["-5", "EUR", "-0.05"],
    ["12.30", "USD", undefined],
    ["01", "USD", undefined],
    ["12", "RMB", undefined],
  ];
  for (const [text, currency, plain] of minor)
    it(`${text} minor units of ${currency} are ${String(plain)}`, () =>
      expect(fromMinorUnits(text, currency)).to.equal(plain));

  const padded: readonly (readonly [text: string, currency: string, kept: string])[] = [
    ["12.500000", "USD", "12.50"],
    ["12.505000", "USD", "12.505000"],
    ["12.5", "USD", "12.5"],
    ["1500.00", "JPY", "1500"],
    ["1500.50", "JPY", "1500.50"],
    ["12", "USD", "12"],
    ["12.00", "XXX", "12.00"],
    ["1e3.000", "USD", "1e3.000"],
  ];
  for (const [text, currency, kept] of padded)
    it(`${text} ${currency} without padding is ${kept}`, () => expect(withoutPadding(text, currency)).to.equal(kept));

  it("a product is exact", () => {
    expect(exactProduct("3", "19.99")).to.equal("59.97");
    expect(exactProduct("0.1", "0.2")).to.equal("0.02");
    expect(exactProduct("0", "19.99")).to.equal("0.00");
  });

  const sums: readonly (readonly [total: string, plus: string[], minus: string[], tolerance: string, fits: boolean])[] =
    [
      ["12.30", ["10", "2.30"], [], "0", true],
      ["12.30", ["10", "3"], ["0.70"], "0", true],
      ["12.30", ["10", "2.31"], [], "0", false],
      ["12.30", ["10", "2.31"], [], "0.01", true],
      ["12.32", ["10", "2.31"], [], "0.01", true],
      ["12.33", ["10", "2.31"], [], "0.01", false],
    ];
  for (const [total, plus, minus, tolerance, fits] of sums)
    it(`${total} = ${plus.join(" + ")} - ${minus.join(" - ")} within ${tolerance}: ${fits}`, () =>
      expect(addsUp(total, plus, minus, tolerance)).to.equal(fits));
});
