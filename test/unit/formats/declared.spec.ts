import { expect } from "chai";
import type { FixedInput, InputSpec, JsonInput, TableInput, XmlInput } from "../../../core/formats/contract.ts";
import { declarationFault, isHeld } from "../../../core/formats/declared.ts";

const table: TableInput = { format: "csv", columns: ["kind", "id", "amount"], header: false };
const fixed: FixedInput = {
  format: "fixed",
  columns: [
    { name: "kind", from: 1, to: 2 },
    { name: "id", from: 3, to: 6 },
  ],
};
const json: JsonInput = { format: "json", records: ["/orders"] };
const xml: XmlInput = { format: "xml", records: ["/shop/orders/order"] };
const lines = { records: "/lines", key: "/order", on: "/id", as: "lines" };
const details = [{ is: "D" }];
const trailer = { is: "T", sums: [{ column: "amount", of: "amount" }] };

describe("what a plugin declares of its files", () => {
  /** The last column: the field that is at fault, or nothing. */
  const cases: readonly (readonly [name: string, input: InputSpec, field: string | undefined])[] = [
    ["columns alone", table, undefined],
    ["rows apart without a column to group by", { ...table, scattered: true }, "/scattered"],
    ["a group by no column", { ...table, groupBy: "no" }, "/groupBy"],
    ["a group by a column that the file's header may have", { ...table, header: true, groupBy: "no" }, undefined],
    ["kinds with totals", { ...table, groupBy: "id", kinds: { column: "kind", details, trailer } }, undefined],
    ["kinds by no column", { ...table, kinds: { column: "no", details } }, "/kinds/column"],
    [
      "a kind that lacks the column to group by",
      {
        ...table,
        groupBy: "id",
        kinds: { column: "kind", details: [...details, { is: "L", columns: ["kind", "sku"] }] },
      },
      "/kinds/details/1",
    ],
    ["a kind twice", { ...table, kinds: { column: "kind", details, trailer: { is: "D" } } }, "/kinds"],
    [
      "a total in no column",
      { ...table, kinds: { column: "kind", details, trailer: { ...trailer, columns: ["kind", "id"] } } },
      "/kinds/trailer",
    ],
    [
      "a total of no column",
      { ...table, kinds: { column: "kind", details, header: { is: "H", sums: [{ column: "amount", of: "no" }] } } },
      "/kinds/header",
    ],
    [
      "a total of a column of one kind",
      {
        ...table,
        kinds: {
          column: "kind",
          details: [...details, { is: "L", columns: ["kind", "price"] }],
          trailer: { is: "T", sums: [{ column: "amount", of: "price" }] },
        },
      },
      undefined,
    ],
    [
      "a currency that one kind does not have",
      {
        ...table,
        kinds: {
          column: "kind",
          details: [...details, { is: "L", columns: ["kind", "currency"] }],
          trailer: { is: "T", currency: { column: "id", of: "currency" } },
        },
      },
      "/kinds/details/0",
    ],
    [
      "a count of a kind that there is not",
      { ...table, kinds: { column: "kind", details, trailer: { is: "T", count: { column: "id", of: ["X"] } } } },
      "/kinds/trailer/count/of",
    ],
    ["rows behind one of another kind", { ...table, kinds: { column: "kind", details, opens: "D" } }, undefined],
    ["rows behind one of no kind", { ...table, kinds: { column: "kind", details, opens: "X" } }, "/kinds/opens"],
    [
      "rows behind one of another kind, and by a column",
      { ...table, groupBy: "id", kinds: { column: "kind", details, opens: "D" } },
      "/kinds/opens",
    ],
    ["columns by their places", fixed, undefined],
    ["places by kind", { ...fixed, kinds: { column: "kind", details, trailer: { is: "T" } } }, undefined],
    ["a place that ends before it begins", { ...fixed, columns: [{ name: "a", from: 2, to: 1 }] }, "/columns/0/to"],
    [
      "two columns of one name",
      { ...fixed, columns: [...fixed.columns, { name: "id", from: 7, to: 8 }] },
      "/columns/2/name",
    ],
    ["lines shorter than their columns", { ...fixed, length: 5 }, "/length"],
    ["places by a kind in no column", { ...fixed, kinds: { column: "no", details } }, "/kinds/column"],
    ["places grouped by no column", { ...fixed, groupBy: "no" }, "/groupBy"],
    ["parts and totals", { ...json, join: [lines], control: { count: "/sum/count" } }, undefined],
    [
      "parts and totals in xml",
      { ...xml, join: [{ ...lines, records: "/shop/rows/row" }], control: { count: "/shop/@n" } },
      undefined,
    ],
    ["parts in ndjson", { ...json, format: "ndjson", join: [lines] }, "/join"],
    ["totals in ndjson", { ...json, format: "ndjson", control: { count: "/n" } }, "/control"],
    ["parts and two places of records", { ...json, records: ["/orders", ""], join: [lines] }, "/records"],
    ["parts at the place of the records", { ...json, join: [{ ...lines, records: "/orders" }] }, "/join/0/records"],
    ["parts inside of the records", { ...json, join: [{ ...lines, records: "/orders/lines" }] }, "/join/0/records"],
    ["totals inside of the record at the top", { format: "json", control: { count: "/n" } }, "/control/count"],
    [
      "totals around the records",
      { ...xml, control: { sums: [{ total: "/shop/orders", of: "a" }] } },
      "/control/sums/0/total",
    ],
    ["two parts at one place", { ...json, join: [lines, { ...lines, as: "rows" }] }, "/join/0/records"],
    ["two parts under one name", { ...json, join: [lines, { ...lines, records: "/rows" }] }, "/join/1/as"],
  ];
  for (const [name, input, field] of cases) it(name, () => expect(declarationFault(input)?.field).to.equal(field));

  it("only workbooks and files with parts that lie apart are held", () =>
    expect(
      [
        { ...table, scattered: true },
        { ...json, join: [lines] },
        { format: "xlsx", columns: ["id"] },
        { ...table, groupBy: "id" },
        { ...json, control: { count: "/n" } },
      ].map((input) => isHeld(input as InputSpec)),
    ).to.deep.equal([true, true, true, false, false]));
});
