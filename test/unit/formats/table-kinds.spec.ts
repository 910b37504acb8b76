import { expect } from "chai";
import fc from "fast-check";
import type { TableInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { exactSum } from "../../../core/money/decimal.ts";
import { limits, outcome, pieces, plain } from "./reading.ts";

const bare: TableInput = { format: "csv", columns: ["id", "a"], header: false };

/** `H,<date>`, `D,<id>,<amount>,<currency>`, `T,<count>,<total>`. */
const framed: TableInput = {
  format: "csv",
  header: false,
  columns: ["kind", "id", "amount", "currency"],
  kinds: {
    column: "kind",
    details: [{ is: "D" }],
    header: { is: "H" },
    trailer: {
      is: "T",
      columns: ["kind", "rows", "total"],
      count: { column: "rows" },
      sums: [{ column: "total", of: "amount" }],
    },
  },
};
/** A trailer for each currency, and the number of all rows in the header. */
const currencies: TableInput = {
  ...framed,
  kinds: {
    column: "kind",
    details: [{ is: "D" }],
    header: { is: "H", columns: ["kind", "rows"], count: { column: "rows", of: ["H", "D", "T"] } },
    trailer: {
      is: "T",
      columns: ["kind", "currency", "rows", "total"],
      count: { column: "rows" },
      sums: [{ column: "total", of: "amount" }],
      currency: { column: "currency", of: "currency" },
    },
  },
};
/** Rows of orders and of their lines, each with columns of its own, in a table with a header row. */
const kinds: TableInput = {
  format: "tsv",
  columns: ["type", "order"],
  groupBy: "order",
  kinds: {
    column: "type",
    details: [{ is: "O" }, { is: "L", columns: ["type", "order", "sku", "price"] }],
    trailer: {
      is: "T",
      count: { column: "order", of: ["O"] },
      sums: [{ column: "total", of: "price" }],
    },
  },
};

/** Lines do not name their order: they are behind it. */
const behind: TableInput = {
  format: "tsv",
  columns: ["type", "order"],
  kinds: { column: "type", opens: "O", details: [{ is: "O" }, { is: "L", columns: ["type", "sku", "price"] }] },
};

const d = (id: string, amount: string, currency = "USD"): unknown => ({
  rows: [{ kind: "D", id, amount, currency }],
});

describe("tables with rows of several kinds", () => {
  const cases: readonly (readonly [name: string, text: string, input: TableInput, result: unknown])[] = [
    [
      "no header: columns by position",
      "1,x\n2,y",
      bare,
      [{ rows: [{ id: "1", a: "x" }] }, { rows: [{ id: "2", a: "y" }] }],
    ],
    ["no header: a row too long", "1,x\n2,y,z\n", bare, [{ rows: [{ id: "1", a: "x" }] }, "RECORD_MALFORMED @ line 2"]],
    [
      "no header: grouped",
      "1,x\n1,y\n",
      { ...bare, groupBy: "id" },
      [
        {
          rows: [
            { id: "1", a: "x" },
            { id: "1", a: "y" },
          ],
        },
      ],
    ],
    [
      "totals that are so",
      "H,20260102\nD,1,10.5,USD\nD,2,2.05,USD\nT,2,12.55\n",
      framed,
      [d("1", "10.5"), d("2", "2.05")],
    ],
    ["totals of nothing", "H\nT,0,0.00\n", framed, []],
    ["totals with zeros before and behind", "H\nD,1,10,USD\nT,000001,0000010.00\n", framed, [d("1", "10")]],
    ["an empty amount adds nothing", "H\nD,1,10,USD\nD,1,,USD\nT,2,10\n", framed, [d("1", "10"), d("1", "")]],
    ["amounts below zero", "H\nD,1,10,USD\nD,2,-10.01,USD\nT,2,-0.01\n", framed, [d("1", "10"), d("2", "-10.01")]],
    [
      "sums beyond what a number holds",
      "H\nD,1,9007199254740993.01,USD\nD,2,0.02,USD\nT,2,9007199254740993.03\n",
      framed,
      [d("1", "9007199254740993.01"), d("2", "0.02")],
    ],
    [
      "a total for each currency, and the number of all rows first",
      "H,5\nD,1,1.50,USD\nD,2,700,JPY\nT,JPY,1,700\nT,USD,1,1.5\n",
      currencies,
      [d("1", "1.50"), d("2", "700", "JPY")],
    ],
    [
      "rows of an order and its lines",
      "type\torder\ttotal\nO\t1\t30\nL\t1\tA\t10\nL\t1\tB\t20\nO\t2\t5\nL\t2\tA\t5\nT\t2\t35\n",
      kinds,
      [
        {
          rows: [
            { type: "O", order: "1", total: "30" },
            { type: "L", order: "1", sku: "A", price: "10" },
            { type: "L", order: "1", sku: "B", price: "20" },
          ],
        },
        {
          rows: [
            { type: "O", order: "2", total: "5" },
            { type: "L", order: "2", sku: "A", price: "5" },
          ],
        },
      ],
    ],
    [
      "rows that belong to the row of another kind before them",
      "type\torder\ttotal\nO\t1\t30\nL\tA\t10\nL\tB\t20\nO\t2\t5\n",
      behind,
      [
        {
          rows: [
            { type: "O", order: "1", total: "30" },
            { type: "L", sku: "A", price: "10" },
            { type: "L", sku: "B", price: "20" },
          ],
        },
        { rows: [{ type: "O", order: "2", total: "5" }] },
      ],
    ],
    [
      "such rows with a fault, and such rows before all others",
      "type\torder\ttotal\nL\tA\t10\nO\t1\t30\nL\tA\nL\tB\t20\nO\t2\t5\n",
      behind,
      ["RECORD_MALFORMED @ line 2", "RECORD_MALFORMED @ line 3", { rows: [{ type: "O", order: "2", total: "5" }] }],
    ],
    [
      "a refused row counts",
      'H\nD,1,5,U"SD\nT,1,5\n',
      {
        ...framed,
        kinds: {
          column: "kind",
          details: [{ is: "D" }],
          header: { is: "H" },
          trailer: { is: "T", columns: ["kind", "rows"], count: { column: "rows" } },
        },
      },
      ["RECORD_MALFORMED @ line 2"],
    ],
    // The file
    ["a wrong count", "H\nD,1,10,USD\nT,2,10\n", framed, "FILE_FRAME_BROKEN"],
    ["a wrong sum", "H\nD,1,10,USD\nT,1,10.01\n", framed, "FILE_FRAME_BROKEN"],
    [
      "a wrong sum of one currency",
      "H,5\nD,1,1.50,USD\nD,2,700,JPY\nT,JPY,1,7\nT,USD,1,1.5\n",
      currencies,
      "FILE_FRAME_BROKEN",
    ],
    [
      "a wrong number of all rows",
      "H,4\nD,1,1.50,USD\nD,2,700,JPY\nT,JPY,1,700\nT,USD,1,1.5\n",
      currencies,
      "FILE_FRAME_BROKEN",
    ],
    ["a currency without a total", "H,4\nD,1,1.50,USD\nD,2,700,JPY\nT,USD,1,1.5\n", currencies, "FILE_FRAME_BROKEN"],
    [
      "a total of a currency that is not there",
      "H,4\nD,1,1.50,USD\nT,USD,1,1.5\nT,EUR,1,1\n",
      currencies,
      "FILE_FRAME_BROKEN",
    ],
    ["two totals of a currency", "H,4\nD,1,1.50,USD\nT,USD,1,1.5\nT,USD,1,1.5\n", currencies, "FILE_FRAME_BROKEN"],
    ["a file cut off before its trailer", "H\nD,1,10,USD\n", framed, "FILE_FRAME_BROKEN"],
    ["a file without its header", "D,1,10,USD\nT,1,10\n", framed, "FILE_FRAME_BROKEN"],
    ["a trailer without a header", "T,0,0\n", framed, "FILE_FRAME_BROKEN"],
    ["two headers", "H\nH\nT,0,0\n", framed, "FILE_FRAME_BROKEN"],
    ["two files in one", "H\nT,0,0\nH\nT,0,0\n", framed, "FILE_FRAME_BROKEN"],
    ["a row behind the trailer", "H\nD,1,10,USD\nT,1,10\nD,1,10,USD\n", framed, "FILE_FRAME_BROKEN"],
    ["a trailer before the rows that it counts", "H\nT,1,10\nD,1,10,USD\n", framed, "FILE_FRAME_BROKEN"],
    ["a kind that is not declared", "H\nX,1\nT,0,0\n", framed, "FILE_FRAME_BROKEN"],
    ["an amount that is no plain decimal text", "H\nD,1,1e1,USD\nT,1,10\n", framed, "FILE_FRAME_BROKEN"],
    ["an amount with a comma", 'H\nD,1,"10,00",USD\nT,1,10\n', framed, "FILE_FRAME_BROKEN"],
    ["a row that is too long, so that no sum is certain", "H\nD,1,1,000,USD\nT,1,1\n", framed, "FILE_FRAME_BROKEN"],
    ["a trailer with a stray quote", 'H\nD,1,10,USD\nT,1,1"0\n', framed, "FILE_FRAME_BROKEN"],
    ["a count that is no number", "H\nT,x,0\n", framed, "FILE_FRAME_BROKEN"],
    ["a total that is no number", "H\nT,0,NaN\n", framed, "FILE_FRAME_BROKEN"],
    ["a trailer that lacks its total", "H\nT,0\n", framed, "FILE_FRAME_BROKEN"],
    ["a header row that lacks a column of the trailer", "type\torder\nO\t1\nT\t1\n", kinds, "FILE_NOT_RECOGNISED"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => {
      for (const sizes of [[1], [7], [1000]])
        expect(plain(await outcome(text, input, {}, sizes))).to.deep.equal(result);
    });

  const sentences: readonly (readonly [text: string, position: string, field: string | undefined, words: string])[] = [
    ["H\nD,1,10,USD\nT,2,10\n", "line 3", "rows", "the trailer row counts 2 rows, there are 1"],
    ["H\nD,1,10,USD\nT,1,10.01\n", "line 3", "total", 'another sum of "amount" than the rows'],
    ["H\nD,1,10,USD\n", "line 2", undefined, "there is no trailer row"],
    ["H\nD,1,ten,USD\nT,1,10\n", "line 2", "amount", "its total can't be verified"],
    ["H\nX,1\nT,0,0\n", "line 2", undefined, "of no kind that the platform sends"],
  ];
  for (const [text, position, field, words] of sentences)
    it(`says at ${position}: ${words}`, async () => {
      const failure = await checkFrame(pieces(text), framed, limits()).then(
        () => expect.fail("taken"),
        (error: unknown) => (error instanceof MergepayError ? error : expect.fail("another error")),
      );
      expect(failure.data.position).to.equal(position);
      expect(failure.data.field).to.equal(field);
      expect(failure.message).to.contain(words);
    });

  it("takes a file by its true totals, and by no other", async () => {
    const amount = fc.tuple(fc.bigInt(-(10n ** 15n), 10n ** 15n), fc.nat(4)).map(([units, scale]) => {
      const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
      const cut = digits.length - scale;
      return `${units < 0n ? "-" : ""}${digits.slice(0, cut)}${scale === 0 ? "" : `.${digits.slice(cut)}`}`;
    });
    await fc.assert(
      fc.asyncProperty(fc.array(amount, { maxLength: 8 }), amount, async (amounts, other) => {
        const file = (total: string): string =>
          `H\n${amounts.map((text, at) => `D,${at},${text},USD\n`).join("")}T,${amounts.length},${total}\n`;
        const total = exactSum(amounts);
        expect(await outcome(file(total), framed)).to.have.length(amounts.length);
        fc.pre(!/^-?0(\.0+)?$/.test(exactSum([total], [other])));
        expect(await outcome(file(other), framed)).to.equal("FILE_FRAME_BROKEN");
      }),
    );
  });
});
