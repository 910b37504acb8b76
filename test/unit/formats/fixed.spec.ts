import { expect } from "chai";
import fc from "fast-check";
import type { FixedColumn, FixedInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { limits, outcome, pieces, plain, read } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const places = (...columns: readonly (readonly [name: string, from: number, to: number])[]): FixedColumn[] =>
  columns.map(([name, from, to]) => ({ name, from, to }));

/** `A1  12.50`: an order a line. */
const flat: FixedInput = { format: "fixed", columns: places(["id", 1, 4], ["amount", 5, 9]) };
const grouped: FixedInput = { ...flat, groupBy: "id" };

/** A header, orders with their lines behind them, a trailer that counts and sums. */
const orders: FixedInput = {
  format: "fixed",
  columns: places(["type", 1, 2], ["id", 3, 6]),
  length: 12,
  kinds: {
    column: "type",
    opens: "OR",
    details: [
      { is: "OR", columns: places(["type", 1, 2], ["id", 3, 6], ["currency", 7, 9]) },
      { is: "LI", columns: places(["sku", 3, 7], ["amount", 8, 12]) },
    ],
    header: { is: "HD" },
    trailer: {
      is: "TR",
      columns: places(["orders", 3, 5], ["total", 6, 12]),
      count: { column: "orders", of: ["OR"] },
      sums: [{ column: "total", of: "amount" }],
    },
  },
};
/** The same without totals. */
const simple: FixedInput = {
  ...orders,
  kinds: { column: "type", opens: "OR", details: orders.kinds?.details ?? [] },
};

const one = (id: string, amount: string): unknown => ({ rows: [{ id, amount }] });
const or = (id: string, currency = "USD") => ({ type: "OR", id, currency });
const li = (sku: string, amount: string) => ({ type: "LI", sku, amount });
const HD = "HD2026      \n";

describe("fixed-width files", () => {
  const cases: readonly (readonly [name: string, text: string, input: FixedInput, result: unknown])[] = [
    ["a record a line", "A1  12.50\nA2   3.00\n", flat, [one("A1", "12.50"), one("A2", "3.00")]],
    ["no line end behind the last line", "A1  12.50", flat, [one("A1", "12.50")]],
    [
      "CR LF, CR, LF and blank lines",
      "\n  \r\nA1  12.50\r\n\r\nA2   3.00\rA3   4.00\n\n",
      flat,
      [one("A1", "12.50"), one("A2", "3.00"), one("A3", "4.00")],
    ],
    ["a byte order mark", "\ufeffA1  12.50\n", flat, [one("A1", "12.50")]],
    ["blanks at the ends kept", " A1  2.50\n", { ...flat, trim: "none" }, [one(" A1 ", " 2.50")]],
    ["blanks at the beginning kept", " A1  2.5 \n", { ...flat, trim: "end" }, [one(" A1", " 2.5")]],
    ["characters are counted, not bytes", "文é🛒 12.50\n", flat, [one("文é🛒", "12.50")]],
    [
      "columns that overlap, and places of no column",
      "A1xx\n",
      {
        format: "fixed",
        columns: places(["all", 1, 2], ["no", 2, 2]),
        length: 4,
      },
      [{ rows: [{ all: "A1", no: "1" }] }],
    ],
    [
      "neighbouring lines of one value",
      "A1  12.50\nA1   3.00\nA2   4.00\n",
      grouped,
      [
        {
          rows: [
            { id: "A1", amount: "12.50" },
            { id: "A1", amount: "3.00" },
          ],
        },
        one("A2", "4.00"),
      ],
    ],
    [
      "orders and the lines behind them",
      `${HD}OR  A1USD   \nLIS-1   2.50\nLIS-2  10.00\nOR  A2EUR   \nOR  A3USD   \nLIS-1   2.50\nTR003  15.00\n`,
      orders,
      [
        { rows: [or("A1"), li("S-1", "2.50"), li("S-2", "10.00")] },
        { rows: [or("A2", "EUR")] },
        { rows: [or("A3"), li("S-1", "2.50")] },
      ],
    ],
    ["header and trailer only", `${HD}TR000   0.00\n`, orders, []],
    // One record
    ["a line that is too short", "A1  12.5\nA2   3.00\n", flat, ["RECORD_MALFORMED @ line 1", one("A2", "3.00")]],
    ["a line that is too long", "A1  12.50\nA2   3.000\n", flat, [one("A1", "12.50"), "RECORD_MALFORMED @ line 2"]],
    ["a line of blanks behind the last column", "A1  12.50 \n", flat, ["RECORD_MALFORMED @ line 1"]],
    [
      "a line that may belong to the record before or after it",
      "A1  12.50\nA1\nA1   3.00\nA2   4.00\n",
      grouped,
      ["RECORD_MALFORMED @ line 1", "RECORD_MALFORMED @ line 4"],
    ],
    [
      "an order's line that is too short refuses the order",
      "OR  A1USD   \nLIS-1   2.5\nOR  A2USD   \n",
      simple,
      ["RECORD_MALFORMED @ line 1", { rows: [or("A2")] }],
    ],
    [
      "an order that is too long, with its lines",
      "OR  A1USD    \nLIS-1   2.50\nOR  A2USD   \n",
      simple,
      ["RECORD_MALFORMED @ line 1", { rows: [or("A2")] }],
    ],
    [
      "lines before the first order",
      "LIS-1   2.50\nLIS-2   2.50\nOR  A2USD   \n",
      simple,
      ["RECORD_MALFORMED @ line 1", { rows: [or("A2")] }],
    ],
    [
      "a line of 2 MB",
      `A1  12.50\n${"x".repeat(2_000_000)}\nA2   3.00\n`,
      flat,
      [one("A1", "12.50"), "RECORD_MALFORMED @ line 2", one("A2", "3.00")],
    ],
    ["a NUL is a character as any other", "A\0  12.50\n", flat, [one("A\0", "12.50")]],
    // The file
    ["a kind that is not declared", `${HD}XX\nTR000   0.00\n`, orders, "FILE_FRAME_BROKEN"],
    ["a line too short for its kind", `${HD}O\nTR000   0.00\n`, orders, "FILE_FRAME_BROKEN"],
    ["no header", "OR  A1USD   \nTR001   0.00\n", orders, "FILE_FRAME_BROKEN"],
    ["a file cut off before its trailer", `${HD}OR  A1USD   \n`, orders, "FILE_FRAME_BROKEN"],
    ["a file cut off inside of its trailer", `${HD}OR  A1USD   \nTR001   0.0`, orders, "FILE_FRAME_BROKEN"],
    ["a line behind the trailer", `${HD}TR000   0.00\nOR  A1USD   \n`, orders, "FILE_FRAME_BROKEN"],
    ["a wrong count", `${HD}OR  A1USD   \nTR002   0.00\n`, orders, "FILE_FRAME_BROKEN"],
    ["a wrong total", `${HD}OR  A1USD   \nLIS-1   2.50\nTR001   2.51\n`, orders, "FILE_FRAME_BROKEN"],
    ["nothing", " \r\n", flat, "FILE_EMPTY"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => {
      for (const sizes of [undefined, [1], [7]])
        expect(plain(await outcome(text, input, {}, sizes))).to.deep.equal(result);
    });

  it("says which line is too short, and how long it must be", async () => {
    const [record] = await read("\nA1  12.5\n", flat);
    expect(record).to.deep.include({ position: "line 2" });
    expect(record).to.have.nested.property("refused.reason", "Line 2 has 8 characters instead of 9.");
  });

  it("says which line is of no kind", async () => {
    const failure = await checkFrame(pieces(`${HD}XX\n`), orders, limits()).then(
      () => expect.fail("taken"),
      (error: unknown) => (error instanceof MergepayError ? error : expect.fail("another error")),
    );
    expect(failure.data.position).to.equal("line 2");
    expect(failure.message).to.contain("of no kind that the platform sends");
  });

  it("a column of 4,097 bytes, and a record of more than a record may be", async () => {
    const wide: FixedInput = { format: "fixed", columns: places(["id", 1, 2], ["text", 3, 4099]), groupBy: "id" };
    const line = (id: string, text: string): string => `${id}${text.padEnd(4097)}\n`;
    expect(plain(await outcome(line("A1", "x".repeat(4097)) + line("A2", "y"), wide))).to.deep.equal([
      "FIELD_TOO_LARGE text @ line 1",
      { rows: [{ id: "A2", text: "y" }] },
    ]);
    expect(
      plain(await outcome(line("A1", "x".repeat(40)).repeat(3) + line("A2", "y"), wide, { recordBytes: 100 })),
    ).to.deep.equal(["RECORD_TOO_LARGE @ line 1", { rows: [{ id: "A2", text: "y" }] }]);
  });

  it("64 MB without a line end, and an order with 64 MB of lines, are never held", async () => {
    const line = { head: "", part: "x".repeat(65_536), times: 1024, tail: "\nA2   3.00\n", input: flat };
    expect(await readInSmallHeap(line)).to.deep.equal(["RECORD_MALFORMED", one("A2", "3.00")]);
    const order = {
      head: "OR  A1USD   \n",
      part: "LIS-1   2.50\n".repeat(5000),
      times: 1000,
      tail: "OR  A2USD   \n",
      input: simple,
    };
    expect(await readInSmallHeap(order)).to.deep.equal(["RECORD_TOO_LARGE", { rows: [or("A2")] }]);
  });

  it("what is written is read back the same", async () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", "é", "中", "\u{1f6d2}", "-", ",", '"'),
      minLength: 1,
      maxLength: 4,
    });
    const padded = (text: string, chars: number): string => text + " ".repeat(chars - Array.from(text).length);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { maxLength: 6 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.nat(9),
        async (rows, end, size) => {
          fc.pre(rows.length > 0);
          const text = rows.map(([id, amount]) => padded(id, 4) + padded(amount, 5) + end).join("");
          expect(plain(await outcome(text, flat, {}, [size + 1]))).to.deep.equal(
            rows.map(([id, amount]) => one(id, amount)),
          );
        },
      ),
    );
  });
});
