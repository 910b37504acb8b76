import { expect } from "chai";
import fc from "fast-check";
import type { TableInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { limits, outcome, pieces, plain, read } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const scattered: TableInput = { format: "csv", columns: ["id"], groupBy: "id", scattered: true };
const bare: TableInput = { ...scattered, columns: ["a", "id"], header: false };

const rows = (...pairs: (readonly [string, string])[]): unknown => ({ rows: pairs.map(([id, a]) => ({ id, a })) });
const flipped = (...pairs: (readonly [string, string])[]): unknown => ({ rows: pairs.map(([a, id]) => ({ a, id })) });

describe("tables in which the rows of a record lie apart", () => {
  const cases: readonly (readonly [name: string, text: string, input: TableInput, result: unknown])[] = [
    [
      "records in the order of their first rows",
      "id,a\n2,x\n1,y\n2,z\n3,v\n1,w\n",
      scattered,
      [rows(["2", "x"], ["2", "z"]), rows(["1", "y"], ["1", "w"]), rows(["3", "v"])],
    ],
    [
      "amounts on the first row of an order alone",
      "id,a\n1,10.00\n2,5.00\n1,\n",
      scattered,
      [rows(["1", "10.00"], ["1", ""]), rows(["2", "5.00"])],
    ],
    ["the header only", "id,a\n", scattered, []],
    ["an empty text as a key", "id,a\n,x\n1,y\n,z", scattered, [rows(["", "x"], ["", "z"]), rows(["1", "y"])]],
    [
      "cells with delimiters, line ends, semicolons and NUL",
      'id,a\n1,"x,;\n3,\0"\n2,\0\n1,"""文;"\n',
      scattered,
      [rows(["1", "x,;\n3,\0"], ["1", '"文;']), rows(["2", "\0"])],
    ],
    ["without a header", "x,1\ny,2\nz,1\n", bare, [flipped(["x", "1"], ["z", "1"]), flipped(["y", "2"])]],
    // One record
    [
      "a quote in a cell without quotes",
      'id,a\n1,x\n2,5" disk\n2,y\n1,z\n',
      scattered,
      [rows(["1", "x"], ["1", "z"]), "RECORD_MALFORMED @ line 3"],
    ],
    [
      "a cell of 4,097 bytes",
      `id,a\n1,x\n2,y\n1,${"x".repeat(4097)}\n`,
      scattered,
      ["FIELD_TOO_LARGE a @ line 2", rows(["2", "y"])],
    ],
    [
      "a row of 2 MB",
      `id,a\n1,"${"x\n".repeat(1_000_000)}"\n2,y\n`,
      scattered,
      ["RECORD_TOO_LARGE @ line 2", rows(["2", "y"])],
    ],
    // The file
    ["a row with too few cells, which could be of any record", "id,a\n1,x\n2\n", scattered, "FILE_FRAME_BROKEN"],
    ["a row with too many cells", "id,a\n1,x\n2,1,000.00\n", scattered, "FILE_FRAME_BROKEN"],
    ["a row too large to tell its record", `x,"${"1".repeat(2_000_000)}"\n`, bare, "FILE_FRAME_BROKEN"],
    ["no such column to group by", "no,a\n1,x\n", { ...scattered, columns: ["no"] }, "FILE_NOT_RECOGNISED"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => {
      for (const sizes of [[1_000_000], [7]]) {
        if (text.length > 1_000_000 && sizes[0] === 7) continue;
        expect(plain(await outcome(text, input, {}, sizes))).to.deep.equal(result);
      }
    });

  it("a record of exactly the limit is taken, one byte more is refused, and the next is read", async () => {
    const text = "id,a\n1,234\n3,é4\n2,234\n1,678\n2,6789\n4,é45\n3,678\n4,678\n5,x\n";
    for (const sizes of [[1], [7], [1000]])
      expect(plain(await outcome(text, scattered, { recordBytes: 10 }, sizes))).to.deep.equal([
        rows(["1", "234"], ["1", "678"]),
        rows(["3", "é4"], ["3", "678"]),
        "RECORD_TOO_LARGE @ line 4",
        "RECORD_TOO_LARGE @ line 7",
        rows(["5", "x"]),
      ]);
  });

  it("what is held is taken to the limit, one character more refuses the file at its line", async () => {
    // Each key and each row costs 100, a key its own length, a row that of its cells.
    const text = "id,a\n1,xx\n2,yy\n1,zz\n";
    const held = 2 * 101 + 3 * 104;
    for (const sizes of [[1], [7], [1000]]) {
      expect(await outcome(text, scattered, { heldChars: held }, sizes)).to.have.length(2);
      expect(await outcome(text, scattered, { heldChars: held - 1 }, sizes)).to.equal("FILE_PARTS_TOO_LARGE");
    }
    const failure = await checkFrame(pieces(text), scattered, limits({ heldChars: held - 1 })).then(
      () => expect.fail("taken"),
      (error: unknown) => (error instanceof MergepayError ? error : expect.fail("another error")),
    );
    expect(failure.data.position).to.equal("line 4");
    expect(failure.message).to.contain("line 4").and.to.contain("several files");
  });

  it("a row with other cells than the header says its line", async () => {
    const failure = await checkFrame(pieces("id,a\n1,x\n2\n"), scattered, limits()).then(
      () => expect.fail("taken"),
      (error: unknown) => (error instanceof MergepayError ? error : expect.fail("another error")),
    );
    expect(failure.data.position).to.equal("line 3");
    expect(failure.message).to.contain("Line 3 has 1 cells instead of 2.");
  });

  it("rows in any order make the same records, whatever the pieces", async () => {
    const cell = fc.stringMatching(/^["a,;\n0é]{0,5}$/);
    const key = fc.constantFrom("1", "2", "3", "");
    const sizes = fc.constantFrom([1], [7], [1000]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(key, cell), { maxLength: 12 }), sizes, async (pairs, size) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = ["id,a", ...pairs.map((cells) => cells.map(quoted).join(","))].join("\n");
        const groups = [...Map.groupBy(pairs, ([id]) => id).values()];
        expect(plain(await outcome(text, scattered, {}, size))).to.deep.equal(groups.map((group) => rows(...group)));
      }),
    );
  });

  it("records that were held are given out some at a time, all of them", async () => {
    const text = `id,a\n${Array.from({ length: 2500 }, (_, at) => `${at % 1250},${at}\n`).join("")}`;
    const records = await read(text, scattered);
    expect(records).to.have.length(1250);
    expect(records.map((record) => record.record)).to.deep.equal(records.map((_, at) => at));
  });

  it("a record of 64 MB is refused and never held", async () => {
    const file = { head: "id,a\n", part: "1,abcdefgh\n".repeat(6000), times: 1024, tail: "2,y\n", input: scattered };
    expect(await readInSmallHeap(file)).to.deep.equal(["RECORD_TOO_LARGE", rows(["2", "y"])]);
  });

  it("a file of 64 MB is refused at what may be held", async () => {
    // Records of a few rows, none of them too large by itself.
    const part = Array.from({ length: 1000 }, (_, at) => `${at},${"x".repeat(60)}\n`).join("");
    const file = { head: "id,a\n", part, times: 1000, tail: "", input: scattered, heldChars: 8_000_000 };
    expect(await readInSmallHeap(file)).to.equal("FILE_PARTS_TOO_LARGE");
  });

  it("a small key that is cut out of a large row does not keep the large row", async () => {
    const part = `"#, a long order number","${"y".repeat(40_000)}"\n`;
    const file = { head: "id,a\n", part, times: 800, tail: "", input: scattered, numbered: true as const };
    expect(await readInSmallHeap({ ...file, frameOnly: true })).to.equal(800);
  });
});
