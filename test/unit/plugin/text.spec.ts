import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson } from "../../../core/plugin/canonical-json.ts";
import { plainText } from "../../../core/plugin/plain-text.ts";

const characters = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "~",
    "!",
    " ",
    "\t",
    "\n",
    "\u0001",
    "\u0085",
    "\u00a0",
    "\u200f",
    "\u202e",
    "\ud800",
    "\udc00",
    "é",
  ),
  fc.string({ unit: "grapheme", maxLength: 1 }),
);
const texts = fc.array(characters, { maxLength: 12 }).map((parts) => parts.join(""));

describe("Text of records", () => {
  it("becomes one line, without marks of direction and halves of pairs", () => {
    for (const [text, line] of [
      ["", ""],
      ["a b", "a b"],
      [" a b ", "a b"],
      ["a  b\tc\r\nd", "a b c d"],
      ["a\u202eb\u200f", "ab"],
      ["\u00a0a\u0085b", "a b"],
      ["a\ud800", "a\ufffd"],
    ])
      expect(plainText(text ?? "", 20), JSON.stringify(text)).to.equal(line);
    expect(plainText("abcdef", 3)).to.equal("abc");
  });

  it("is the same line when it is made again, and never longer than it may be", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 16 }), (text, chars) => {
        const line = plainText(text, chars);
        expect(line.length).to.be.at.most(chars);
        expect(line).to.match(/^[^\p{Cc}\p{Bidi_Control}\p{Cs}]*$/u);
        expect(line).to.not.match(/^\s|\s\s/u);
        expect(plainText(line.trim(), chars)).to.equal(line.trim());
      }),
    );
  });

  it("has one canonical form of JSON, which reads back as what it was", () => {
    fc.assert(
      fc.property(fc.dictionary(texts, fc.oneof(texts, fc.boolean(), fc.array(texts, { maxLength: 3 }))), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(turned)).to.equal(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
        for (const text of Object.values(value)) expect(canonicalJson(text)).to.equal(JSON.stringify(text));
      }),
    );
    expect(canonicalJson({ b: undefined, a: [null, 1, { d: "x", c: "y" }] })).to.equal(
      '{"a":[null,1,{"c":"y","d":"x"}]}',
    );
  });
});
