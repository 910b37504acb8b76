/** Title rows above a header row, and workbooks of several kinds. */
import { expect } from "chai";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { recognise } from "../../../core/formats/recognise.ts";
import { readRecords } from "../../../core/formats/read.ts";
import { LIMITS } from "../../../core/limits.ts";
import { attempt, limits, outcome, pieces, plain } from "./reading.ts";
import { sheetOf, textRow, twoSheets, workbookOf } from "./workbook.ts";

const SHEET: InputSpec = { format: "xlsx", columns: ["Order", "Total"], titleRows: 3 };
const CSV: InputSpec = { format: "csv", columns: ["Order", "Total"], titleRows: 3 };
const header = textRow("Order", "Note", "Total");
const data = textRow("A-1", "", "1.50") + textRow("A-2", "x", "2.50");
const read = [
  { rows: [{ Order: "A-1", Note: "", Total: "1.50" }] },
  { rows: [{ Order: "A-2", Note: "x", Total: "2.50" }] },
];

describe("tables with titles above their header row", () => {
  const books: readonly (readonly [name: string, rows: string, seen: unknown, input?: InputSpec])[] = [
    ["none", header + data, read],
    [
      "as many as may be, blank rows not counted",
      textRow("Orders") + textRow("") + textRow("March", "2026") + textRow("Order", "all") + header + data,
      read,
    ],
    ["one of which was never worked out", "<row><c><f>NOW()</f></c></row>" + header + data, read],
    ["one more than may be", textRow("a").repeat(4) + header + data, "FILE_NOT_RECOGNISED"],
    [
      "where none may be",
      textRow("Orders") + header + data,
      "FILE_NOT_RECOGNISED",
      { format: "xlsx", columns: ["Order"] },
    ],
    ["and no header row", textRow("Orders") + data, "FILE_NOT_RECOGNISED"],
    [
      "and a header row with a column twice",
      textRow("Orders") + textRow("Order", "Total", "Total") + data,
      "FILE_FRAME_BROKEN",
    ],
    [
      "a row of data that has a column's name stays data",
      header + textRow("Order", "", "Total"),
      [{ rows: [{ Order: "Order", Note: "", Total: "Total" }] }],
    ],
  ];
  for (const [name, rows, seen, input = SHEET] of books)
    it(`of a sheet: ${name}`, async () =>
      expect(plain(await outcome(workbookOf({ rows }), input))).to.deep.equal(seen));

  it("of a table of text, also where kinds of files are told by it", async () => {
    const text = 'Orders of March\n\n"printed, by me",2026-03-31\nOrder,Note,Total\nA-1,,1.50\nA-2,x,2.50\n';
    expect(plain(await outcome(text, CSV))).to.deep.equal(read);
    const kinds: readonly InputSpec[] = [{ format: "csv", columns: ["Order", "Sum"] }, CSV];
    expect(await attempt(async () => (await recognise(pieces(text), kinds, LIMITS.fileBytes)).kind)).to.equal(1);
    const late = "a\n".repeat(4) + text;
    expect(await attempt(async () => (await recognise(pieces(late), kinds, LIMITS.fileBytes)).kind)).to.equal(
      "FILE_NOT_RECOGNISED",
    );
  });
});

describe("workbooks of several kinds", () => {
  const kinds: readonly InputSpec[] = [
    { format: "csv", columns: ["id"] },
    { format: "xlsx", sheet: "Second", columns: ["Order"] },
    { format: "xlsx", columns: ["Order", "Refund"] },
    { format: "xlsx", columns: ["Order"], titleRows: 1 },
    { format: "xlsx", sheet: "Bare", header: false, columns: ["a", "b"] },
  ];
  const second = workbookOf({ rows: textRow("x"), parts: twoSheets(textRow("Order") + textRow("A-1")) });
  const bare = workbookOf({
    rows: textRow("x", "y"),
    parts: {
      "xl/workbook.xml":
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Bare" sheetId="1" r:id="rId1"/></sheets></workbook>',
    },
  });
  const cases: readonly (readonly [name: string, book: Uint8Array, kind: unknown])[] = [
    ["by the name of the sheet", second, 1],
    ["by the columns of the header", workbookOf({ rows: textRow("Refund", "Order") + textRow("1", "2") }), 2],
    ["the next kind when a column is missing", workbookOf({ rows: textRow("Order") + textRow("1") }), 3],
    ["below a title", workbookOf({ rows: textRow("Orders") + textRow("Order") + textRow("1") }), 3],
    ["by the sheet alone where there is no header", bare, 4],
    ["none", workbookOf({ rows: textRow("Invoice") + textRow("1") }), "FILE_NOT_RECOGNISED"],
    ["one whose sheet is broken, for its reader to tell", workbookOf({ sheet: sheetOf("<row r='0'/>") }), 2],
    [
      "one that is no workbook",
      workbookOf({ parts: { "xl/workbook.xml": undefined, "word/document.xml": "<a/>" } }),
      "FILE_NOT_RECOGNISED",
    ],
    ["one that is cut off", workbookOf({ rows: textRow("Order") }).subarray(0, -30), "FILE_ARCHIVE_BROKEN"],
  ];
  for (const [name, book, kind] of cases)
    it(name, async () =>
      expect(await attempt(async () => (await recognise(pieces(book, [101]), kinds, LIMITS.fileBytes)).kind)).to.equal(
        kind,
      ),
    );

  it("all bytes are there afterwards", async () => {
    const { input, bytes } = await recognise(pieces(second, [101]), kinds, LIMITS.fileBytes);
    const values: unknown[] = [];
    for await (const batch of readRecords(bytes, input, limits()))
      values.push(...batch.map((raw) => ("value" in raw ? raw.value : raw)));
    expect(plain(values)).to.deep.equal([{ rows: [{ Order: "A-1" }] }]);
  });
});
