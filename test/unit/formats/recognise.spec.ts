import { expect } from "chai";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { LIMITS } from "../../../core/limits.ts";
import { recognise } from "../../../core/formats/recognise.ts";
import { attempt, pieces, type Source } from "./reading.ts";

const kinds: readonly InputSpec[] = [
  { format: "json", records: ["/orders"], marks: ['"orders"'] },
  { format: "json", records: [""], marks: ['"invoice"', '"total"'] },
  { format: "xml", records: ["/order"], encoding: "utf-16le" },
  { format: "xml", records: ["/order"] },
  { format: "tsv", columns: ["id", "total"] },
  { format: "csv", columns: ["id", "total"] },
  { format: "ndjson" },
  {
    format: "fixed",
    columns: [{ name: "kind", from: 3, to: 4 }],
    kinds: { column: "kind", details: [{ is: "OR" }], header: { is: "HD" } },
  },
  { format: "fixed", columns: [{ name: "id", from: 1, to: 5 }] },
  { format: "edi", syntax: "x12", messages: ["850"] },
  { format: "edi", syntax: "iso9735", messages: ["ORDERS"] },
];

const kindOf = (source: Source, inputs = kinds): Promise<unknown> =>
  attempt(async () => (await recognise(pieces(source, [7]), inputs, LIMITS.fileBytes)).kind);

describe("the kind of a file", () => {
  const cases: readonly (readonly [name: string, source: Source, kind: unknown])[] = [
    ["by a mark", '{"orders":[]}', 0],
    ["by all marks of a kind", '{"invoice":1,"total":2}', 1],
    ["not by some of the marks", '[{"invoice":1}]', "FILE_NOT_RECOGNISED"],
    ["the next kind of its form, when the marks are missing", '{"invoice":1}', 6],
    ["by the first character", "\ufeff <order/>", 3],
    ["in its encoding", Buffer.from("\ufeff<order/>", "utf16le"), 2],
    ["by the columns of the header, in any order", "total\tid\n1\t2\n", 4],
    ["by the delimiter of the header", 'id,"total"\n1,2\n', 5],
    ["not by columns that stand in a row", "a,b\nid,total\n", "FILE_NOT_RECOGNISED"],
    ["by the kind of the first line, blanks before it counted", "  HD\n  OR\n", 7],
    ["not by a kind that no such file begins with", "  OR\n", "FILE_NOT_RECOGNISED"],
    ["by the length of the first line that is not blank", "\r\n12345\r\n", 8],
    ["by the segment that X12 begins with", "ISA*00*", 9],
    ["by the segment that ISO 9735 begins with", "\r\nUNB+UNOC", 10],
    ["nothing at all is left to the first kind's reader", "", 0],
    ["a mark behind the first 64 KiB does not count", `["${"x".repeat(65_536)}","orders"]`, "FILE_NOT_RECOGNISED"],
  ];
  for (const [name, source, kind] of cases) it(name, async () => expect(await kindOf(source)).to.equal(kind));

  const encodings: readonly InputSpec[] = [{ format: "json" }, { format: "json", encoding: "gb18030" }];
  const chinese = Buffer.from([0x22, 0xd6, 0xd0, 0xce, 0xc4, 0x22]);
  const inEncodings: readonly (readonly [name: string, source: Source, kind: number])[] = [
    ["UTF-8", '{"title":"中文"}', 0],
    ["the second encoding, when the first does not have the bytes", Buffer.concat([Buffer.from("["), chinese]), 1],
    ["the first, when the bytes are of none, for its reader to say where", Buffer.from([0x7b, 0xff, 0xff]), 0],
    ["a character that the first 64 KiB cut", `["${"x".repeat(65_533)}中"]`, 0],
  ];
  for (const [name, source, kind] of inEncodings)
    it(`by encoding: ${name}`, async () => expect(await kindOf(source, encodings)).to.equal(kind));

  it("by what it begins with, whatever white space there is", async () => {
    const list: readonly InputSpec[] = [{ format: "json", begins: '{"items":[' }, { format: "json" }];
    expect(await kindOf('{\n  "items" : [ 1 ] }', list)).to.equal(0);
    expect(await kindOf('{ "no": 1, "items": [1] }', list)).to.equal(1);
    expect(await kindOf('{ "no": 1 }', list.slice(0, 1))).to.equal("FILE_NOT_RECOGNISED");
  });

  it("by the encoding that XML declares, also where all bytes are ASCII", async () => {
    const kinds: readonly InputSpec[] = [
      { format: "xml", records: ["/order"] },
      { format: "xml", records: ["/order"], encoding: "iso-8859-1" },
    ];
    const declared = (label: string) => `<?xml version="1.0" encoding='${label}'?><order/>`;
    expect(await kindOf(declared("ISO-8859-1"), kinds)).to.equal(1);
    expect(await kindOf(declared("UTF-8"), kinds)).to.equal(0);
    expect(await kindOf(declared("KOI8-R"), kinds)).to.equal("FILE_NOT_RECOGNISED");
  });

  const headless: readonly InputSpec[] = [
    {
      format: "csv",
      header: false,
      columns: ["kind", "id"],
      kinds: { column: "kind", details: [{ is: "D" }], header: { is: "H" }, trailer: { is: "T" } },
    },
    {
      format: "csv",
      header: false,
      columns: ["kind", "id"],
      kinds: { column: "kind", details: [{ is: "O" }, { is: "L" }] },
    },
    { format: "csv", header: false, columns: ["a", "b", "c"] },
  ];
  const rows: readonly (readonly [name: string, source: string, kind: number | string])[] = [
    ["a table without a header by its header of the file", "H\nD,1\n", 0],
    ["not by a row that can't be the first", "D,1\n", "FILE_NOT_RECOGNISED"],
    ["by the first row's kind", '"L",1\n', 1],
    ["by the number of cells", "1,2,3", 2],
  ];
  for (const [name, source, kind] of rows) it(name, async () => expect(await kindOf(source, headless)).to.equal(kind));

  it("one kind without marks takes every file, for its reader to judge", async () =>
    expect(await kindOf("junk", [{ format: "xml", records: ["/order"] }])).to.equal(0));

  it("all bytes are there afterwards", async () => {
    const text = `{"orders":["${"é".repeat(100_000)}"]}`;
    const { bytes } = await recognise(pieces(text, [1000]), kinds, LIMITS.fileBytes);
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    expect(Buffer.concat(parts).toString()).to.equal(text);
  });
});
