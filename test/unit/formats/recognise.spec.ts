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
    ["nothing at all is left to the first kind's reader", "", 0],
    ["a mark behind the first 64 KiB does not count", `["${"x".repeat(65_536)}","orders"]`, "FILE_NOT_RECOGNISED"],
  ];
  for (const [name, source, kind] of cases) it(name, async () => expect(await kindOf(source)).to.equal(kind));

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
