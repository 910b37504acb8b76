/** The rows of a sheet are those of any table: kinds, totals, no header, rows of an order anywhere. */
import { expect } from "chai";
import { asMergepayError } from "../../../core/errors/errors.ts";
import type { InputSpec, SheetInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { limits, outcome, pieces, plain } from "./reading.ts";
import { textRow, workbookOf } from "./workbook.ts";

const sheet = (more: Partial<SheetInput>): InputSpec => ({ format: "xlsx", columns: ["id"], ...more });
const bare = sheet({ header: false, columns: ["id", "total", "note"] });
const apart = sheet({ groupBy: "id", scattered: true });
const kinds = sheet({
  header: false,
  columns: ["kind", "id", "total"],
  kinds: {
    column: "kind",
    details: [{ is: "O" }, { is: "L", columns: ["kind", "sku", "qty", "price", "note"] }],
    opens: "O",
    trailer: {
      is: "T",
      columns: ["kind", "rows", "sum"],
      count: { column: "rows", of: ["O", "L"] },
      sums: [{ column: "sum", of: "total" }],
    },
  },
});
const number = (text: string): string => `<c><v>${text}</v></c>`;

describe("the rows of a sheet", () => {
  const cases: readonly (readonly [name: string, input: InputSpec, rows: string, seen: unknown])[] = [
    [
      "without a header, cells that are not there are empty",
      bare,
      textRow("1") + `<row r="4">${number("2")}${number("7.5")}</row>`,
      [{ rows: [{ id: "1", total: "", note: "" }] }, { rows: [{ id: "2", total: "7.5", note: "" }] }],
    ],
    ["without a header, a cell too many", bare, textRow("1", "2", "3", "4"), ["RECORD_MALFORMED @ row 1"]],
    ["without a header, no rows", bare, "", []],
    [
      "of one order, anywhere",
      apart,
      textRow("id", "sku") + textRow("A", "x") + textRow("B", "y") + textRow("A"),
      [
        {
          rows: [
            { id: "A", sku: "x" },
            { id: "A", sku: "" },
          ],
        },
        { rows: [{ id: "B", sku: "y" }] },
      ],
    ],
    ["that can be of any order", apart, textRow("id", "sku") + textRow("A", "x", "z"), "FILE_FRAME_BROKEN"],
    [
      "of several kinds, each as long as its kind is",
      kinds,
      textRow("O", "1", "7.50") + textRow("L", "S1", "2") + textRow("O", "2", "0.25") + textRow("T", "3", "7.75"),
      [
        {
          rows: [
            { kind: "O", id: "1", total: "7.50" },
            { kind: "L", sku: "S1", qty: "2", price: "", note: "" },
          ],
        },
        { rows: [{ kind: "O", id: "2", total: "0.25" }] },
      ],
    ],
    ["with a sum that is not so", kinds, textRow("O", "1", "7.50") + textRow("T", "1", "7.51"), "FILE_FRAME_BROKEN"],
    ["with a count that is not there", kinds, textRow("O", "1", "7.50") + textRow("T"), "FILE_FRAME_BROKEN"],
    ["without their trailer", kinds, textRow("O", "1", "7.50"), "FILE_FRAME_BROKEN"],
    ["of a kind that is not declared", kinds, textRow("X", "1"), "FILE_FRAME_BROKEN"],
    [
      "with a sum of a formula that was never worked out",
      kinds,
      textRow("O", "1", "7.50") +
        `<row><c t="inlineStr"><is><t>T</t></is></c>${number("1")}<c><f>SUM(C1)</f></c></row>`,
      "FILE_FRAME_BROKEN",
    ],
    [
      "before any that opens an order",
      kinds,
      textRow("L", "S1") + textRow("T", "1", "0"),
      ["RECORD_MALFORMED @ row 1"],
    ],
  ];
  for (const [name, input, rows, seen] of cases)
    it(name, async () => expect(plain(await outcome(workbookOf({ rows }), input))).to.deep.equal(seen));

  it("are told by their numbers", async () => {
    const file = workbookOf({ rows: textRow("O", "1", "7.50") + textRow("T", "1", "7.51") });
    const { message, data } = await checkFrame(pieces(file), kinds, limits()).then(
      () => expect.fail("it was read"),
      asMergepayError,
    );
    expect(message).to.contain("broken at row 2").and.contain('another sum of "total"');
    expect(data).to.deep.equal({ position: "row 2", field: "sum" });
  });
});
