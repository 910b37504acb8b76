import { expect } from "chai";
import fc from "fast-check";
import { MergepayError } from "../../../core/errors/errors.ts";
import { parseJson, type JsonLimits } from "../../../core/formats/json-value.ts";
import { nested, plain } from "./reading.ts";

const numbers: JsonLimits = { depth: 32, numbers: "number" };
const texts: JsonLimits = { depth: 32, numbers: "text" };

function refusal(text: string, limits: JsonLimits): string {
  try {
    parseJson(text, limits);
    return "taken";
  } catch (error) {
    if (!(error instanceof MergepayError)) throw error;
    return `${error.type} ${error.data.field} @ ${error.data.position}`;
  }
}

describe("strict JSON of a body", () => {
  const taken: readonly (readonly [text: string, asNumbers: unknown, asText: unknown])[] = [
    ["1", 1, "1"],
    ["-0", 0, "-0"],
    ["9007199254740991", 9007199254740991, "9007199254740991"],
    ["1.5e3", 1500, "1.5e3"],
    ["0e-999", 0, "0e-999"],
    [' {"a":[true,false,null,"x"]} ', { a: [true, false, null, "x"] }, { a: [true, false, null, "x"] }],
    ['\ufeff""', "", ""],
    ['{"":{}}', { "": {} }, { "": {} }],
    [
      '{"constructor":{"x":1},"prototype":1}',
      { constructor: { x: 1 }, prototype: 1 },
      { constructor: { x: "1" }, prototype: "1" },
    ],
  ];
  for (const [text, asNumbers, asText] of taken)
    it(`takes ${JSON.stringify(text)}`, () => {
      expect(plain(parseJson(text, numbers))).to.deep.equal(asNumbers);
      expect(plain(parseJson(text, texts))).to.deep.equal(asText);
    });

  const refused: readonly (readonly [name: string, text: string, where: string])[] = [
    ["duplicate names", '{"a":{"b":1,"b":2}}', "/a/b @ character 12"],
    ["__proto__", '{"a":[{"__proto__":1}]}', "/a/0 @ character 7"],
    ["an escaped __proto__", '{"\\u005f_proto__":1}', " @ character 1"],
    ["constructor.prototype", '{"constructor":{"prototype":{}}}', "/constructor @ character 16"],
    ["half a surrogate pair, escaped", '["\\ud800"]', "/0 @ character 2"],
    ["half a surrogate pair, raw", '["\ud800"]', " @ character 0"],
    ["33 levels", nested(33), `${"/0".repeat(32)} @ character 32`],
    ["an open object", '{"a":1', " @ character 6"],
    ["nothing", "", " @ character 0"],
    ["trailing text", "{}}", " @ character 2"],
    ["a single quote", "{'a':1}", " @ character 1"],
    ["a missing colon", '{"a" 1}', "/a @ character 5"],
    ["a control character", '"\u0001"', " @ character 1"],
    ["an unknown escape", '"\\a"', " @ character 1"],
    ["a comment", "[1 /* */]", " @ character 3"],
    ["a word cut off", "[tru]", "/0 @ character 1"],
    ["a plus sign", "[+1]", "/0 @ character 1"],
    ["a pointer with / and ~", '{"a/b~":[01]}', "/a~1b~0/0 @ character 9"],
  ];
  for (const [name, text, where] of refused)
    it(`refuses ${name}`, () => {
      expect(refusal(text, numbers)).to.equal(`JSON_INVALID ${where}`);
      expect(refusal(text, texts)).to.equal(`JSON_INVALID ${where}`);
    });

  for (const number of ["1e400", "-1e400", "9007199254740992", "-12345678901234567890", "1e-999"])
    it(`refuses ${number} as a number and takes it as text`, () => {
      expect(refusal(`{"n":${number}}`, numbers)).to.equal("JSON_INVALID /n @ character 5");
      expect(parseJson(number, texts)).to.equal(number);
    });

  it("refuses a field over its limit, a name included", () => {
    const limits = { depth: 2, fieldBytes: 4 };
    expect(plain(parseJson('{"abcd":"abé"}', limits))).to.deep.equal({ abcd: "abé" });
    expect(refusal('{"a":"abcé"}', limits)).to.equal("JSON_INVALID /a @ character 6");
    expect(refusal('{"abcde":1}', limits)).to.equal("JSON_INVALID  @ character 2");
    expect(refusal("[12345]", limits)).to.equal("JSON_INVALID /0 @ character 1");
  });

  it("no text of 100,000 levels overflows the stack", () => {
    expect(refusal("[".repeat(100_000), numbers)).to.contain("JSON_INVALID");
    expect(refusal('{"a":'.repeat(100_000), numbers)).to.contain("JSON_INVALID");
  });

  it("what JSON writes is read back the same", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5, stringUnit: "grapheme" }),
        fc.constantFrom(undefined, 2),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          fc.pre(!/"__proto__"|e-/.test(text) && !/-?\d{16}/.test(text) && text.isWellFormed());
          expect(plain(parseJson(text, numbers))).to.deep.equal(JSON.parse(text));
        },
      ),
    );
  });

  it("any text is read as JSON reads it, or refused with JSON_INVALID", () => {
    const fragment = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "1",
      "-",
      ".",
      "e",
      "true",
      "null",
      " ",
      "\n",
      "\\u00",
      "0",
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 8 }), (fragments) => {
        const text = fragments.join("");
        const mine = refusal(text, numbers);
        let theirs = true;
        try {
          JSON.parse(text);
        } catch (error) {
          expect(error).to.be.instanceOf(SyntaxError);
          theirs = false;
        }
        if (!theirs) expect(mine).to.contain("JSON_INVALID");
        else if (mine !== "taken") expect(() => parseJson(text, numbers)).to.throw(/same name twice|too large/);
      }),
      { numRuns: 2000 },
    );
  });
});
