import { expect } from "chai";
import fc from "fast-check";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { recognise } from "../../../core/formats/recognise.ts";
import { readSharedStrings } from "../../../core/formats/xlsx-strings.ts";
import { LIMITS } from "../../../core/limits.ts";
import { gzipSync } from "node:zlib";
import { zipOf } from "./packing.ts";
import { attempt, outcome, pieces, plain, read } from "./reading.ts";
import { sheetOf, textRow, twoSheets, workbookOf, type Workbook } from "./workbook.ts";

const input: InputSpec = { format: "xlsx", columns: ["id"] };
const head = textRow("id", "total");

const workbook1904 =
  "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'>" +
  "<workbookPr date1904='1'/><sheets><sheet name='Orders' sheetId='1' r:id='rId1'/></sheets></workbook>";

/** The rows of all records, or the code of what is wrong. */
async function rowsOf(workbook: Workbook | Buffer, spec = input, changed = {}): Promise<unknown> {
  const file = Buffer.isBuffer(workbook) ? workbook : workbookOf(workbook);
  const seen = plain(await outcome(file, spec, changed));
  if (!Array.isArray(seen)) return seen;
  return seen.map((record: unknown) =>
    typeof record === "string"
      ? record
      : (record as { rows: Record<string, string>[] }).rows.map((row) => Object.values(row)),
  );
}
const cellsOf = async (cell: string, strings = ""): Promise<unknown> => {
  const rows = await rowsOf({ rows: `${head}<row r="2"><c r="A2"><v>1</v></c>${cell}</row>`, strings });
  const [record] = Array.isArray(rows) ? (rows as unknown[]) : [rows];
  return Array.isArray(record) ? (record as string[][])[0]?.[1] : record;
};

describe("workbooks", () => {
  describe("a cell is the text that stands in the file", () => {
    const strings =
      "<si><t>plain</t></si><si><r><rPr><b/></rPr><t>of </t></r><r><t xml:space='preserve'>runs</t></r></si>" +
      "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si><si/><si><t>a_x000D_b_x_</t></si>";
    const cases: readonly (readonly [name: string, cell: string, text: unknown])[] = [
      ["a number", "<c r='B2'><v>12.30</v></c>", "12.30"],
      ["a number as a double has it", "<c r='B2' s='3'><v>0.30000000000000004</v></c>", "0.30000000000000004"],
      ["a number of twenty digits", "<c r='B2' t='n'><v>12345678901234567890</v></c>", "12345678901234567890"],
      ["a number with an exponent", "<c r='B2'><v>1.2E-7</v></c>", "1.2E-7"],
      ["a shared text", "<c r='B2' t='s'><v>0</v></c>", "plain"],
      ["a shared text of runs", "<c r='B2' t='s'><v>1</v></c>", "of runs"],
      ["a shared text without how it is pronounced", "<c r='B2' t='s'><v>2</v></c>", "東京"],
      ["an empty shared text", "<c r='B2' t='s'><v>3</v></c>", ""],
      ["a text with characters that XML does not have", "<c r='B2' t='s'><v>4</v></c>", "a\rb_x_"],
      ["a text in its place", "<c r='B2' t='inlineStr'><is><t> in </t></is></c>", " in "],
      ["a text of runs in its place", "<c r='B2' t='inlineStr'><is><r><t>a</t></r><r><t>b</t></r></is></c>", "ab"],
      ["a formula's result", "<c r='B2'><f>A2*2</f><v>24.6</v></c>", "24.6"],
      ["a formula's text", "<c r='B2' t='str'><f>A2</f><v>x &amp; y</v></c>", "x & y"],
      ["a formula's empty text", "<c r='B2' t='str'><f>A2</f><v></v></c>", ""],
      ["a formula that was never worked out", "<c r='B2'><f>A2*2</f><v></v></c>", "RECORD_MALFORMED @ row 2"],
      ["true", "<c r='B2' t='b'><v>1</v></c>", "TRUE"],
      ["false", "<c r='B2' t='b'><v>0</v></c>", "FALSE"],
      ["an error", "<c r='B2' t='e'><v>#REF!</v></c>", "#REF!"],
      ["a date's number", "<c r='B2' s='1'><v>45292.5</v></c>", "45292.5"],
      ["a date as text", "<c r='B2' t='d'><v>2024-01-01</v></c>", "2024-01-01"],
      ["a cell with a format and nothing in it", "<c r='B2' s='1'/>", ""],
      ["no cell", "", ""],
      ["a cell without its place", "<c><v>7</v></c>", "7"],
      ["a number with a comment inside", "<c r='B2'><v>1<!-- -->00</v></c>", "FILE_FRAME_BROKEN"],
      ["a number with an element inside", "<c r='B2'><v>1<x/>00</v></c>", "FILE_FRAME_BROKEN"],
      ["a shared text with a comment inside", "<c r='B2' t='s'><v>0<?x?></v></c>", "FILE_FRAME_BROKEN"],
      ["a value of another namespace is none", "<c r='B2'><o:v xmlns:o='urn:o'>9</o:v></c>", ""],
      ["two values", "<c r='B2'><v>1</v><v>2</v></c>", "FILE_FRAME_BROKEN"],
      ["a shared text that is not there", "<c r='B2' t='s'><v>5</v></c>", "FILE_FRAME_BROKEN"],
      ["a shared text without a number", "<c r='B2' t='s'><v>x</v></c>", "FILE_FRAME_BROKEN"],
      ["a type that there is not", "<c r='B2' t='money'><v>1</v></c>", "FILE_FRAME_BROKEN"],
      ["a place in another row", "<c r='B3'><v>1</v></c>", "FILE_FRAME_BROKEN"],
      ["a place that is none", "<c r='2B'><v>1</v></c>", "FILE_FRAME_BROKEN"],
      ["a place that is taken", "<c r='A2'><v>1</v></c>", "FILE_FRAME_BROKEN"],
      ["a column behind the last", "<c r='XFE2'><v>1</v></c>", "FILE_FRAME_BROKEN"],
      ["a column behind the header", "<c r='C2'><v>1</v></c>", "RECORD_MALFORMED @ row 2"],
      ["a column behind the header without text", "<c r='XFD2' s='1'/>", ""],
    ];
    for (const [name, cell, text] of cases) it(name, async () => expect(await cellsOf(cell, strings)).to.equal(text));
  });

  const cases: readonly (readonly [name: string, workbook: Workbook | Buffer, rows: unknown, spec?: InputSpec])[] = [
    ["rows are records", { rows: head + textRow("1", "2.50") + textRow("2", "") }, [[["1", "2.50"]], [["2", ""]]]],
    [
      "rows without text are none",
      { rows: `<row/><row><c s="1"/></row>${head}<row r="7"/>${textRow("1", "2")}` },
      [[["1", "2"]]],
    ],
    ["a header alone", { rows: head }, []],
    ["columns are trimmed and of any order", { rows: textRow(" total ", "id ") + textRow("2", "1") }, [[["2", "1"]]]],
    [
      "neighbouring rows with the same value are one record",
      { rows: head + textRow("1", "2") + textRow("1", "3") + textRow("2", "4") },
      [
        [
          ["1", "2"],
          ["1", "3"],
        ],
        [["2", "4"]],
      ],
      { ...input, groupBy: "id" },
    ],
    [
      "rows that lack the value are together as in a table",
      { rows: textRow("total", "id") + textRow("1") + textRow("2") },
      [
        [
          ["1", ""],
          ["2", ""],
        ],
      ],
      { ...input, groupBy: "id" },
    ],
    [
      "parts in another order, and stored",
      { rows: head + textRow("1", "2"), reversed: true, how: { method: 0 } },
      [[["1", "2"]]],
    ],
    [
      "zip64, with sizes behind the parts",
      { rows: head + textRow("1", "2"), how: { zip64: true, descriptor: "signed" } },
      [[["1", "2"]]],
    ],
    [
      "no shared texts",
      {
        rows: head + textRow("1", "2"),
        parts: { "xl/sharedStrings.xml": "<sst xmlns='http://purl.oclc.org/ooxml/spreadsheetml/main'/>" },
      },
      [[["1", "2"]]],
    ],
    ["the first sheet with cells", { rows: head + textRow("1", "2"), parts: twoSheets(head) }, [[["1", "2"]]]],
    [
      "the sheet that is declared, hidden or not",
      { rows: head, parts: twoSheets(head + textRow("3", "4")) },
      [[["3", "4"]]],
      { ...input, sheet: "Second" },
    ],
    ["a sheet that is not there", { rows: head }, "FILE_NOT_RECOGNISED", { ...input, sheet: "Invoices" }],
    [
      "a sheet without cells",
      { rows: head, parts: twoSheets(head) },
      "FILE_NOT_RECOGNISED",
      { ...input, sheet: "Chart" },
    ],
    ["a column that is missing", { rows: head }, "FILE_NOT_RECOGNISED", { ...input, columns: ["order"] }],
    ["nothing in the sheet", { rows: "" }, "FILE_NOT_RECOGNISED"],
    ["the same column twice", { rows: textRow("id", "id") }, "FILE_FRAME_BROKEN"],
    ["days from another year", { rows: head, parts: { "xl/workbook.xml": workbook1904 } }, "FILE_NOT_RECOGNISED"],
    [
      "days from the year that is declared",
      { rows: head + textRow("1", "2"), parts: { "xl/workbook.xml": workbook1904 } },
      [[["1", "2"]]],
      { ...input, dates: 1904 },
    ],
    [
      "another office document",
      {
        parts: {
          "_rels/.rels": "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'/>",
        },
      },
      "FILE_NOT_RECOGNISED",
    ],
    ["a zip file that is no office document", zipOf([{ content: "id,total\n" }]), "FILE_NOT_RECOGNISED"],
    ["a table", Buffer.from("id,total\n1,2\n"), "FILE_NOT_RECOGNISED"],
    [
      "an old workbook, or one with a password",
      Buffer.from("d0cf11e0a1b11ae1".padEnd(1024, "0"), "hex"),
      "FILE_NOT_RECOGNISED",
    ],
    ["nothing", Buffer.alloc(0), "FILE_EMPTY"],
    [
      "a sheet that is not there in the file",
      { parts: { "xl/worksheets/sheet1.xml": undefined } },
      "FILE_FRAME_BROKEN",
    ],
    [
      "a sheet with a DOCTYPE",
      { sheet: `<!DOCTYPE x>${sheetOf(head).replace(/<\?.*\?>\s*/, "")}` },
      "FILE_FRAME_BROKEN",
    ],
    ["a sheet that is cut off", { sheet: sheetOf(head).slice(0, -10) }, "FILE_FRAME_BROKEN"],
    [
      "a sheet of a namespace that is not known",
      { sheet: sheetOf(head).replace("2006/main", "2007/main") },
      "FILE_FRAME_BROKEN",
    ],
    ["a sheet in another encoding", { sheet: sheetOf(head).replace("UTF-8", "UTF-16") }, "FILE_FRAME_BROKEN"],
    ["rows out of order", { rows: `<row r="5"/><row r="4"/>` }, "FILE_FRAME_BROKEN"],
    ["a row twice", { rows: `<row r="5"/><row r="5"/>` }, "FILE_FRAME_BROKEN"],
    ["a row behind the last", { rows: `<row r="1048577"/>` }, "FILE_FRAME_BROKEN"],
    ["a row's number that is none", { rows: `<row r="x"/>` }, "FILE_FRAME_BROKEN"],
    ["nested without end", { rows: "<row>".repeat(1000) }, "FILE_FRAME_BROKEN"],
    [
      "a part twice",
      zipOf([
        { name: "xl/a.xml", content: "" },
        { name: "xl/A.xml", content: "" },
      ]),
      "FILE_ARCHIVE_UNSUPPORTED",
    ],
    ["a part with a wrong sum", { rows: head, how: { said: { crc: 1 } } }, "FILE_ARCHIVE_BROKEN"],
    ["a part with a wrong size", { rows: head, how: { said: { size: 9 } } }, "FILE_ARCHIVE_BROKEN"],
    ["a password", { rows: head, how: { flags: 1 } }, "FILE_ARCHIVE_UNSUPPORTED"],
    ["another method", { rows: head, how: { method: 12 } }, "FILE_ARCHIVE_UNSUPPORTED"],
  ];
  for (const [name, workbook, rows, spec] of cases)
    it(name, async () => expect(await rowsOf(workbook, spec)).to.deep.equal(rows));

  it("its records have the numbers of their rows", async () => {
    const file = workbookOf({
      rows: `${head}<row r="4"><c r="A4"><v>1</v></c></row><row r="9"><c r="A9"><v>2</v></c></row>`,
    });
    expect((await read(file, input)).map(({ record, position }) => [record, position])).to.deep.equal([
      [0, "row 4"],
      [1, "row 9"],
    ]);
  });

  it("is cut anywhere: refused", async () => {
    const file = workbookOf({ rows: head + textRow("1", "2") });
    for (let end = 8; end < file.length; end++)
      expect(await rowsOf(file.subarray(0, end)), `cut at ${end}`).to.equal("FILE_ARCHIVE_BROKEN");
  });

  it("any byte is changed: refused, or read as it was", async () => {
    const file = workbookOf({ rows: head + textRow("1", "2"), how: { method: 0 } });
    const whole = JSON.stringify([[["1", "2"]]]);
    const seen = new Set<string>();
    for (let at = 8; at < file.length; at += 7) {
      const copy = Buffer.from(file);
      copy[at] = (copy[at] ?? 0) ^ 0x01;
      seen.add(JSON.stringify(await rowsOf(copy)));
    }
    expect([...seen].filter((result) => result !== whole && !/^"FILE_[A-Z_]+"$/.test(result))).to.deep.equal([]);
  });

  it("texts come back as they went in, shared or not, whatever the pieces", async () => {
    const xml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\r", "&#13;");
    const word = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((text) => !/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]|_x|[\ud800-\udfff]/u.test(text));
    const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 20 }), sizes, async (rows, cut) => {
        const strings = rows.map(([, text]) => `<si><t>${xml(text)}</t></si>`).join("");
        const body = rows.map(
          ([text], index) => `<row><c t="inlineStr"><is><t>${xml(text)}</t></is></c><c t="s"><v>${index}</v></c></row>`,
        );
        const file = workbookOf({ rows: head + body.join(""), strings });
        const records = await read(file, input, cut);
        expect(records.map((record) => plain("value" in record ? record.value : record.refused))).to.deep.equal(
          rows.map(([id, total]) => ({ rows: [{ id, total }] })),
        );
      }),
      { numRuns: 100 },
    );
  });

  describe("is bounded", () => {
    it("a cell and a row have the limits of any field and record", async () => {
      const rows = head + textRow("12345", "1") + textRow("123456", "1") + textRow("1", "2");
      expect(await rowsOf({ rows }, input, { fieldBytes: 5 })).to.deep.equal([
        [["12345", "1"]],
        "FIELD_TOO_LARGE id @ row 3",
        [["1", "2"]],
      ]);
      const wide = head + textRow("12345", "1234") + textRow("12345", "12345") + textRow("1", "2");
      expect(await rowsOf({ rows: wide }, input, { recordBytes: 10 })).to.deep.equal([
        [["12345", "1234"]],
        "RECORD_TOO_LARGE @ row 3",
        [["1", "2"]],
      ]);
      const long = textRow("x".repeat(100_000), "1");
      expect(await rowsOf({ rows: head + long }, input, { recordBytes: 1000 })).to.deep.equal([
        "RECORD_TOO_LARGE @ row 2",
      ]);
    });

    it("a shared text is as long as a field, and no longer", async () => {
      const strings = `<si><t>${"é".repeat(5)}</t></si><si><t>${"é".repeat(5)}x</t></si><si><t>${"_x000A_".repeat(10)}</t></si><si><t>${"_x000A_".repeat(11)}</t></si>`;
      const cell = (index: number) => `<row><c t="s"><v>${index}</v></c></row>`;
      const rows = textRow("id") + [0, 1, 2, 3].map(cell).join("");
      expect(await rowsOf({ rows, strings }, input, { fieldBytes: 10 })).to.deep.equal([
        [["ééééé"]],
        "FIELD_TOO_LARGE id @ row 3",
        [["\n".repeat(10)]],
        "FIELD_TOO_LARGE id @ row 5",
      ]);
    });

    it("of a shared text that is too long no more is kept than shows it", async () => {
      const part = async function* () {
        yield `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>${"x".repeat(100_000)}</t></si></sst>`;
      };
      const strings = await readSharedStrings("xl/sharedStrings.xml", part(), 10);
      expect(strings.at(0)).to.have.length(11);
    });

    it("a header has at most 1,024 columns", async () => {
      const names = Array.from({ length: 1025 }, (_, index) => (index === 0 ? "id" : `c${index}`));
      expect(await rowsOf({ rows: textRow(...names.slice(0, 1024)) })).to.deep.equal([]);
      expect(await rowsOf({ rows: textRow(...names) })).to.equal("FILE_FRAME_BROKEN");
    });

    const blown = " ".repeat(10 * 1024 * 1024);
    const bombs: readonly (readonly [part: string, workbook: Workbook])[] = [
      ["sheet", { sheet: sheetOf(head) + blown }],
      ["list of texts", { rows: head, strings: blown }],
      ["workbook", { rows: head, parts: { "xl/workbook.xml": blown } }],
    ];
    for (const [part, workbook] of bombs)
      it(`a bomb in its ${part} is refused`, async () => expect(await rowsOf(workbook)).to.equal("FILE_ARCHIVE_RATIO"));

    it("a part is no longer than a file may be", async () =>
      expect(await rowsOf({ rows: head, strings: "x".repeat(5000) }, input, { fileBytes: 5000 })).to.equal(
        "FILE_TOO_LARGE",
      ));

    it("a workbook is no larger than can be held", async () => {
      const file = workbookOf({
        rows: head,
        parts: { "xl/media/image1.png": "x".repeat(32 * 1024 * 1024) },
        how: { method: 0 },
      });
      expect(await rowsOf(file)).to.equal("FILE_TOO_LARGE");
    });

    it("more texts than can be held are refused", async () => {
      const word = (index: number) => Math.imul(index, 2_654_435_761).toString(36);
      const strings = Array.from({ length: 14_000 }, (_, index) => {
        const words = Array.from({ length: 350 }, (_word, at) => word(index * 350 + at));
        return `<si><t>${words.join(" ")}</t></si>`;
      }).join("");
      expect(await rowsOf({ rows: head, strings })).to.equal("FILE_TOO_LARGE");
    });
  });

  describe("is told from other files", () => {
    const kinds: readonly InputSpec[] = [{ format: "csv", columns: ["id"] }, input, { format: "json" }];
    const book = workbookOf({ rows: head });
    const told: readonly (readonly [name: string, file: Buffer, inputs: readonly InputSpec[], kind: unknown])[] = [
      ["by its packing", book, kinds, 1],
      ["whatever part comes first", workbookOf({ rows: head, reversed: true }), kinds, 1],
      ["a packed table is a table", zipOf([{ content: "id,total\n1,2\n" }]), kinds, 0],
      ["a table is one", Buffer.from("id,total\n"), kinds, 0],
      ["where no workbooks are sent", book, [{ format: "csv", columns: ["id"] }], "FILE_NOT_RECOGNISED"],
      ["packed once more", gzipSync(book), kinds, "FILE_ARCHIVE_UNSUPPORTED"],
    ];
    for (const [name, file, inputs, kind] of told)
      it(name, async () => {
        const seen = await attempt(async () => {
          const recognised = await recognise(pieces(file, [1000]), inputs, LIMITS.fileBytes);
          let size = 0;
          for await (const piece of recognised.bytes) size += piece.length;
          expect(size).to.be.greaterThan(0);
          return recognised.kind;
        });
        expect(seen).to.equal(kind);
      });
  });
});
