import { expect } from "chai";
import fc from "fast-check";
import { isUtf8 } from "node:buffer";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { attempt, outcome, plain, read } from "./reading.ts";

const json: InputSpec = { format: "json", records: ["/da/ta", "/da", ""] };
const xml: InputSpec = { format: "xml", records: ["/l/o"], namespace: "urn:o", arrays: ["i"] };
const csv: InputSpec = { format: "csv", columns: ["id"], groupBy: "id" };

/** Small files that hold each thing that a cut could fall into: characters of many bytes, escapes, quotes, tags, line ends. */
const files: readonly (readonly [name: string, text: string, input: InputSpec])[] = [
  ["json", '\ufeff{"n\\u00e9":-1.5e+3,"da":{"ta":[{"a":"文\\ud83d\\ude00\\"😀"},true,12,[null]],"x":{}}} ', json],
  ["json with an object for its record", '{"m":[{"a":1}],"da":{"ta":12,"b":"é"}}\n', json],
  ["json with a refused record", '[{"a":1,"\\u0061":2},{"__proto__":1},"\\ud800",{"b":"文文文文文文"}]', json],
  ["json that is broken", '{"da":{"ta":[1,2}}', json],
  ["json with a fault outside of records", '{"\\u0064a":{"q":1,"q":2,"ta":[]}}', json],
  ["ndjson", '{"a":"é"}\r\n\r\n[1\n 12.50 \n"文"', { format: "ndjson" }],
  [
    "xml",
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<l xmlns="urn:o" xmlns:p="urn:p"><o no="é&#65;"><i>1</i> <p:q>x</p:q>\r\n文😀&amp;</o><!-- c --><o><![CDATA[]]x]]></o></l>\n',
    xml,
  ],
  [
    "xml with a refused record",
    "<l xmlns='urn:o'><o><a>1<!-- -->00</a></o><o><a>1234567890123</a></o><o>y</o></l>",
    xml,
  ],
  ["xml that is broken", "<l xmlns='urn:o'><o>&x;</o></l>", xml],
  ["csv", '\ufeffid,a\r\n1,"x""y\r\n文"\r\n1,\r\n\r\n"2",z\r3,😀\n', csv],
  ["csv with refused records", 'id,a\n1,x,\n2,5"\n3,1234567890123\n4,é', csv],
  ["csv that is broken", 'id,a\n1,"x"y\n', csv],
  ["tsv", 'id\ta\r\n"1\t文"\n2\t\r', { format: "tsv", columns: ["id"] }],
  ["csv in UTF-8 that is none", "id,a\n1,\u0080", { ...csv, encoding: "utf-16le" }],
];
const small = { fieldBytes: 12, recordBytes: 60 };

describe("however a file is cut into pieces", () => {
  for (const [name, text, input] of files)
    it(`${name} is read the same`, async () => {
      const bytes = Buffer.from(text);
      const records = plain(await attempt(() => read(bytes, input, undefined, small)));
      const whole = plain(await outcome(bytes, input, small));
      expect(plain(await attempt(() => read(bytes, input, [1], small))), "byte by byte").to.deep.equal(records);
      for (let at = 1; at < bytes.length; at++) {
        expect(plain(await attempt(() => read(bytes, input, [at, bytes.length], small))), `cut at ${at}`).to.deep.equal(
          records,
        );
        expect(plain(await outcome(bytes, input, small, [at, bytes.length])), `cut at ${at}`).to.deep.equal(whole);
      }
    });

  it("any of these files, cut anywhere and damaged anywhere, is read the same", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
    const damage = fc.option(
      fc.record({
        at: fc.nat(150),
        byte: fc.constantFrom(0, 9, 10, 13, 34, 44, 45, 48, 60, 62, 91, 92, 93, 123, 125, 255),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), damage, sizes, async ([, text, input], change, cut) => {
        const bytes = Buffer.from(text);
        if (change !== null && change.at < bytes.length) bytes[change.at] = change.byte;
        const whole = plain(await attempt(() => read(bytes, input, undefined, small)));
        const inPieces = plain(await attempt(() => read(bytes, input, cut, small)));
        // A file that is broken in a byte and in its form is refused for what is met first, and bytes are looked at a piece ahead.
        if (typeof whole === "string" && !isUtf8(bytes)) expect(inPieces).to.be.a("string");
        else expect(inPieces).to.deep.equal(whole);
        if (isUtf8(bytes)) await outcome(bytes, input, small, cut);
      }),
      { numRuns: 1000 },
    );
  });
});
