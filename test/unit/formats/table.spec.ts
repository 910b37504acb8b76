import { expect } from "chai";
import { parse as parseCsv } from "csv-parse/sync";
import fc from "fast-check";
import type { TableInput } from "../../../core/formats/contract.ts";
import { outcome, plain, read } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const csv: TableInput = { format: "csv", columns: ["id"] };
const tsv: TableInput = { format: "tsv", columns: ["id"] };
const grouped: TableInput = { ...csv, groupBy: "id" };
const lastGrouped: TableInput = { ...csv, columns: ["id", "a"], groupBy: "id" };

const row = (...cells: string[]): Record<string, string> => ({ id: cells[0] ?? "", a: cells[1] ?? "" });
const one = (...cells: string[]): unknown => ({ rows: [row(...cells)] });

describe("tables", () => {
  const cases: readonly (readonly [name: string, text: string, input: TableInput, result: unknown])[] = [
    ["a record a row", "id,a\n1,x\n2,y\n", csv, [one("1", "x"), one("2", "y")]],
    ["no line end behind the last row", "id,a\n1,x", csv, [one("1", "x")]],
    ["an empty cell at the very end", "id,a\n1,", csv, [one("1", "")]],
    ["the header only", "id,a\n", csv, []],
    ["the header only, without a line end", "id,a", csv, []],
    ["a byte order mark", "\ufeffid,a\n1,x\n", csv, [one("1", "x")]],
    ["CR LF", "id,a\r\n1,x\r\n", csv, [one("1", "x")]],
    ["CR alone", "id,a\r1,x\r2,y", csv, [one("1", "x"), one("2", "y")]],
    ["line ends mixed", "id,a\n1,x\r\n2,y\r3,z\n", csv, [one("1", "x"), one("2", "y"), one("3", "z")]],
    ["blank lines", "\n \nid,a\n\n1,x\n\r\n\n2,y\n", csv, [one("1", "x"), one("2", "y")]],
    ["quoted cells", 'id,a\n"1","x, ""y""\nz"\n', csv, [one("1", 'x, "y"\nz')]],
    ["quoted empty cells", 'id,a\n"",""\n', csv, [one("", "")]],
    ["cells as they stand", "id,a\n 01 ,\t1e5 \n", csv, [one(" 01 ", "\t1e5 ")]],
    ["formulas as they stand", "id,a\n=1+1,@SUM(A1)\n-1,+2\n", csv, [one("=1+1", "@SUM(A1)"), one("-1", "+2")]],
    ["another delimiter", "id;a\n1;x,y\n", { ...csv, delimiter: ";" }, [one("1", "x,y")]],
    ["tabs, where a quote is a character", 'id\ta\n"1\tx"y"\n', tsv, [one('"1', 'x"y"')]],
    ["spaces around names of columns", "id , a\n1,x\n", csv, [one("1", "x")]],
    [
      "names of prototypes as columns",
      "id,__proto__,constructor\n1,2,3\n",
      csv,
      [{ rows: [JSON.parse('{"id":"1","__proto__":"2","constructor":"3"}')] }],
    ],
    [
      "neighbouring rows of one group",
      "id,a\n1,x\n1,y\n2,z\n1,w\n",
      grouped,
      [{ rows: [row("1", "x"), row("1", "y")] }, one("2", "z"), one("1", "w")],
    ],
    // One record
    ["too few cells", "id,a\n1\n2,y\n", csv, ["RECORD_MALFORMED @ line 2", one("2", "y")]],
    ["too many cells", "id,a\n1,x\n2,1,000.00\n", csv, [one("1", "x"), "RECORD_MALFORMED @ line 3"]],
    ["a quote in a cell without quotes", 'id,a\n1,5" disk\n2,y\n', csv, ["RECORD_MALFORMED @ line 2", one("2", "y")]],
    [
      "a group with a row too long is refused whole",
      "id,a\n1,x\n1,1,5\n1,y\n2,z\n",
      grouped,
      ["RECORD_MALFORMED @ line 2", one("2", "z")],
    ],
    [
      "a group that begins with a broken row",
      "id,a\n1,x\n2,1,5\n2,y\n",
      grouped,
      [one("1", "x"), "RECORD_MALFORMED @ line 3"],
    ],
    [
      "a row that may belong to the group before or after it",
      "a,id\nx,1\ny\nz,2\nw,3\n",
      lastGrouped,
      ["RECORD_MALFORMED @ line 2", "RECORD_MALFORMED @ line 4", { rows: [{ a: "w", id: "3" }] }],
    ],
    [
      "the same before the first group",
      "a,id\ny\nz,2\nw,3\n",
      lastGrouped,
      ["RECORD_MALFORMED @ line 2", "RECORD_MALFORMED @ line 3", { rows: [{ a: "w", id: "3" }] }],
    ],
    [
      "a cell of 4,097 bytes",
      `id,a\n1,${"x".repeat(4097)}\n2,${"文".repeat(1365)}\n3,${"文".repeat(1366)}`,
      csv,
      ["FIELD_TOO_LARGE a @ line 2", one("2", "文".repeat(1365)), "FIELD_TOO_LARGE a @ line 4"],
    ],
    ["a row of 2 MB", `id,a\n1,"${"x\n".repeat(1_000_000)}"\n2,y\n`, csv, ["RECORD_TOO_LARGE @ line 2", one("2", "y")]],
    // The file
    ["a column that is not there", "no,a\n1,x\n", csv, "FILE_NOT_RECOGNISED"],
    ["a column to group by that is not there", "id,a\n1,x\n", { ...csv, groupBy: "b" }, "FILE_NOT_RECOGNISED"],
    ["semicolons where commas are declared", "id;a\n1;x\n", csv, "FILE_NOT_RECOGNISED"],
    ["a column twice", "id,a,a\n1,x,y\n", csv, "FILE_FRAME_BROKEN"],
    ["a quote that is never closed", 'id,a\n1,"x\n2,y\n', csv, "FILE_FRAME_BROKEN"],
    ["text behind a closing quote", 'id,a\n1,"x"y\n', csv, "FILE_FRAME_BROKEN"],
    ["a header larger than a record", `id,${"x".repeat(1_100_000)}\n`, csv, "FILE_FRAME_BROKEN"],
    ["no bytes", "", csv, "FILE_EMPTY"],
    ["white space only", " \t\r\n \n", tsv, "FILE_EMPTY"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => expect(plain(await outcome(text, input))).to.deep.equal(result));

  it("positions are lines of the file, also behind cells of several lines", async () => {
    const text = 'id,a\r\n1,"x\r\ny\nz\rw"\r\n\r\n2,"a\n\n""b"""\n2,c\n3,d\n';
    const positions = async (sizes?: readonly number[]): Promise<string[]> =>
      (await read(text, grouped, sizes)).map((record) => record.position);
    expect(await positions()).to.deep.equal(["line 2", "line 7", "line 11"]);
    expect(await positions([1])).to.deep.equal(["line 2", "line 7", "line 11"]);
  });

  it("a group of exactly the limit is taken, one byte more is refused, and the next is read", async () => {
    const text = "id,a\n1,234\n1,678\n2,234\n2,6789\n3,é4\n3,678\n4,é45\n4,678\n5,x\n";
    for (const sizes of [[1], [7], [1000]])
      expect(plain(await outcome(text, grouped, { recordBytes: 10 }, sizes))).to.deep.equal([
        { rows: [row("1", "234"), row("1", "678")] },
        "RECORD_TOO_LARGE @ line 4",
        { rows: [row("3", "é4"), row("3", "678")] },
        "RECORD_TOO_LARGE @ line 8",
        one("5", "x"),
      ]);
  });

  it("an open quote at the start of 60 MB refuses the file and is never held", async () => {
    const file = { head: 'id,a\n1,"', part: `${"x".repeat(65_535)}\n`, times: 960, tail: "", input: csv };
    expect(await readInSmallHeap(file)).to.equal("FILE_FRAME_BROKEN");
    expect(await readInSmallHeap({ ...file, tail: '"\n2,y\n' })).to.deep.equal(["RECORD_TOO_LARGE", one("2", "y")]);
  });

  it("a group of 64 MB refuses its record and is never held", async () => {
    const file = { head: "id,a\n", part: "1,abcdefgh\n".repeat(6000), times: 1024, tail: "2,y\n", input: grouped };
    expect(await readInSmallHeap(file)).to.deep.equal(["RECORD_TOO_LARGE", one("2", "y")]);
  });

  it("what is written as CSV is read back the same", async () => {
    const cell = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[",\r\n a;]{0,6}$/));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { maxLength: 6 }),
        fc.constantFrom("\n", "\r\n"),
        async (rows, end) => {
          const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const text = ["id,a", ...rows.map((cells) => cells.map(quoted).join(","))].join(end);
          expect(plain(await outcome(text, csv))).to.deep.equal(rows.map((cells) => one(...cells)));
        },
      ),
    );
  });

  it("any table is read as another reader of CSV reads it, or refused", async () => {
    const fragment = fc.constantFrom('"', ",", "\n", "\r\n", "x", "y", '""', " ");
    await fc.assert(
      fc.asyncProperty(fc.array(fragment, { maxLength: 10 }), async (fragments) => {
        const text = `id,a\n${fragments.join("")}`;
        const mine = await outcome(text, csv);
        fc.pre(Array.isArray(mine) && mine.every((record) => typeof record !== "string"));
        const theirs: string[][] = parseCsv(text, {
          record_delimiter: ["\r\n", "\n", "\r"],
          from_line: 2,
          skip_empty_lines: true,
        });
        expect(plain(mine)).to.deep.equal(theirs.map((cells) => one(...cells)));
      }),
      { numRuns: 500 },
    );
  });
});
