import { expect } from "chai";
import fc from "fast-check";
import { isUtf8 } from "node:buffer";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { attempt, outcome, plain, read } from "./reading.ts";

const json: InputSpec = { format: "json", records: ["/da/ta", "/da", ""] };
const xml: InputSpec = { format: "xml", records: ["/l/o"], namespace: "urn:o", arrays: ["i"] };
const csv: InputSpec = { format: "csv", columns: ["id"], groupBy: "id" };
const edi: InputSpec = { format: "edi", syntax: "iso9735", messages: ["ORDERS"] };
const x12: InputSpec = { format: "edi", syntax: "x12", messages: ["850"] };
const fixed: InputSpec = {
  format: "fixed",
  columns: [
    { name: "kind", from: 1, to: 1 },
    { name: "id", from: 2, to: 5 },
  ],
  kinds: { column: "kind", opens: "O", details: [{ is: "O" }, { is: "L" }], trailer: { is: "T" } },
};
const ISA =
  "ISA*00*          *00*          *ZZ*SENDER         *ZZ*US             *260301*0930*U*00401*000000077*0*P*>~";

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
  [
    "edi",
    "UNA:+,? '\r\nUNB+UNOC:3+S+U+1:2+7'UNH+1+ORDERS:D'FTX+文?+?'??:😀'\r\nUNT+3+1'UNZ+1+7'\r\nUNA|^.  ~UNB^U|3^S^U^1|2^8~UNZ^0^8~\n",
    edi,
  ],
  ["edi with refused messages", "UNB+U:3+S+U+1:2+7'UNH+1+ORDERS:D'UNT+9+1'UNH+2+ORDRSP'UNT+2+2'UNZ+2+7'", edi],
  ["edi that is broken", "UNB+U:3+S+U+1:2+7'UNH+1+ORDERS:D'UNT+2+1'UNZ+2+7'", edi],
  ["x12", `${ISA}\r\nGS*PO*S*U*1*2*9~ST*850*1~BEG*é>文~SE*3*1~GE*1*9~IEA*1*000000077~\r\n`, x12],
  ["fixed", "O文é  \r\nL\ud83d\ude00 12\r\n\r\nO12  \rL12\nT    \n", fixed],
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
        at: fc.nat(200),
        byte: fc.constantFrom(
          0,
          9,
          10,
          13,
          32,
          34,
          39,
          42,
          43,
          44,
          45,
          48,
          58,
          60,
          62,
          63,
          91,
          92,
          93,
          123,
          125,
          126,
          255,
        ),
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
