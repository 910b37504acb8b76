import { expect } from "chai";
import fc from "fast-check";
import type { JsonInput, XmlInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { limits, outcome, pieces, plain, read } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const json: JsonInput = {
  format: "json",
  records: ["/orders"],
  join: [{ records: "/lines", key: "/order", on: "/id", as: "lines" }],
};
const two: JsonInput = {
  ...json,
  join: [
    { records: "/lines", key: "/of/order", on: "/id", as: "lines" },
    { records: "/people/list", key: "/id", on: "/buyer", as: "buyers" },
  ],
};
const xml: XmlInput = {
  format: "xml",
  records: ["/shop/orders/order"],
  arrays: ["rows/tax"],
  join: [{ records: "/shop/orderRows/row", key: "@order", on: "id", as: "rows" }],
};

describe("records whose parts lie apart in a document", () => {
  const cases: readonly (readonly [name: string, text: string, input: JsonInput | XmlInput, result: unknown])[] = [
    [
      "parts behind their records",
      '{"orders":[{"id":1},{"id":2}],"lines":[{"order":2,"a":"x"},{"order":1,"a":"y"},{"order":2,"a":"z"}]}',
      json,
      [
        { id: "1", lines: [{ order: "1", a: "y" }] },
        {
          id: "2",
          lines: [
            { order: "2", a: "x" },
            { order: "2", a: "z" },
          ],
        },
      ],
    ],
    [
      "parts before their records",
      '{"lines":[{"order":2,"a":"x"},{"order":1,"a":"y"}],"orders":[{"id":1},{"id":2}]}',
      json,
      [
        { id: "1", lines: [{ order: "1", a: "y" }] },
        { id: "2", lines: [{ order: "2", a: "x" }] },
      ],
    ],
    [
      "a number and a text of the same key",
      '{"orders":[{"id":"7"}],"lines":[{"order":7}]}',
      json,
      [{ id: "7", lines: [{ order: "7" }] }],
    ],
    [
      "records without parts",
      '{"orders":[{"id":1},{"id":2}],"lines":[]}',
      json,
      [
        { id: "1", lines: [] },
        { id: "2", lines: [] },
      ],
    ],
    ["no parts in the file", '{"orders":[{"id":1}]}', json, [{ id: "1", lines: [] }]],
    ["no records", '{"orders":[],"lines":[]}', json, []],
    [
      "one part that is not in a list",
      '{"orders":[{"id":1}],"lines":{"order":1}}',
      json,
      [{ id: "1", lines: [{ order: "1" }] }],
    ],
    [
      "several kinds of parts, one of them for several records",
      '{"people":{"list":[{"id":"p","n":"P"}]},"orders":[{"id":1,"buyer":"p"},{"id":2,"buyer":"p"}],"lines":[{"of":{"order":2}}]}',
      two,
      [
        { id: "1", buyer: "p", lines: [], buyers: [{ id: "p", n: "P" }] },
        { id: "2", buyer: "p", lines: [{ of: { order: "2" } }], buyers: [{ id: "p", n: "P" }] },
      ],
    ],
    [
      "names of prototypes and texts with quotes",
      '{"orders":[{"id":"a\\"\\u0000","constructor":1}],"lines":[{"order":"a\\"\\u0000","toString":"文\\n"}]}',
      json,
      [{ id: 'a"\0', constructor: "1", lines: [{ order: 'a"\0', toString: "文\n" }] }],
    ],
    [
      "xml: elements joined by an attribute",
      '<shop><orders><order><id>1</id></order><order><id>2</id></order></orders><orderRows><row order="2"><tax>1</tax></row><row order="1"/></orderRows></shop>',
      xml,
      [
        { id: "1", rows: [{ "@order": "1" }] },
        { id: "2", rows: [{ "@order": "2", tax: ["1"] }] },
      ],
    ],
    [
      "xml: parts before, names of prototypes",
      '<shop><orderRows><row order="1"><__proto__>x</__proto__></row></orderRows><orders><order><id>1</id></order></orders></shop>',
      xml,
      [JSON.parse('{"id":"1","rows":[{"@order":"1","__proto__":"x"}]}')],
    ],
    [
      "xml: neither records nor their parent",
      '<shop><orderRows><row order="1"/></orderRows></shop>',
      xml,
      "FILE_NOT_RECOGNISED",
    ],
    // One record
    [
      "parts of a record that is not there, once for each",
      '{"orders":[{"id":1}],"lines":[{"order":8},{"order":9},{"order":8}]}',
      json,
      [{ id: "1", lines: [] }, "RECORD_ORPHANED /order @ /lines/0", "RECORD_ORPHANED /order @ /lines/1"],
    ],
    [
      "a record that can't be read, and its parts",
      '{"orders":[{"id":1,"id":1},{"id":2}],"lines":[{"order":1},{"order":2}]}',
      json,
      ["RECORD_MALFORMED /id @ /orders/0", { id: "2", lines: [{ order: "2" }] }, "RECORD_ORPHANED /order @ /lines/0"],
    ],
    [
      "a record without its key, or that is no object",
      '{"orders":[{"no":1},[1],{"id":null},{"id":{}}]}',
      json,
      [
        "RECORD_MALFORMED /id @ /orders/0",
        "RECORD_MALFORMED @ /orders/1",
        "RECORD_MALFORMED /id @ /orders/2",
        "RECORD_MALFORMED /id @ /orders/3",
      ],
    ],
    [
      "a record that has a member of the parts' name",
      '{"orders":[{"id":1,"lines":[]}],"lines":[{"order":1}]}',
      json,
      ["RECORD_MALFORMED lines @ /orders/0"],
    ],
    // The file
    ["a part that can't be read", '{"orders":[{"id":1}],"lines":[{"order":1,"a":1,"a":2}]}', json, "FILE_FRAME_BROKEN"],
    ["a part that names no record", '{"orders":[{"id":1}],"lines":[{"a":1}]}', json, "FILE_FRAME_BROKEN"],
    ["a part that is no object", '{"orders":[{"id":1}],"lines":[1]}', json, "FILE_FRAME_BROKEN"],
    ["parts alone", '{"lines":[{"order":1}]}', json, "FILE_NOT_RECOGNISED"],
    ["parts twice", '{"orders":[],"lines":[],"lines":[]}', json, "FILE_FRAME_BROKEN"],
    ["a file cut off behind the records", '{"orders":[{"id":1}],', json, "FILE_FRAME_BROKEN"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => {
      for (const sizes of [[1], [7], [1000]])
        expect(plain(await outcome(text, input, {}, sizes))).to.deep.equal(result);
    });

  const orders = '{"orders":[{"id":"1"},{"id":"2"}],"lines":[{"order":"1"},{"order":"2","a":"é"}]}';
  const failureOf = async (text: string, heldChars?: number): Promise<MergepayError> =>
    checkFrame(pieces(text), json, limits(heldChars === undefined ? {} : { heldChars })).then(
      () => expect.fail("taken"),
      (error: unknown) => (error instanceof MergepayError ? error : expect.fail("another error")),
    );

  it("a record with its parts of exactly the limit is taken, one byte more is refused", async () => {
    const whole = '{"id":"2","lines":[{"order":"2","a":"é"}]}';
    const recordBytes = Buffer.byteLength(whole);
    for (const sizes of [[1], [7], [1000]]) {
      expect(await outcome(orders, json, { recordBytes }, sizes)).to.have.length(2);
      expect(plain(await outcome(orders, json, { recordBytes: recordBytes - 1 }, sizes))).to.deep.equal([
        { id: "1", lines: [{ order: "1" }] },
        "RECORD_TOO_LARGE @ /orders/1",
      ]);
    }
  });

  it("what is held is taken to the limit, one character more refuses the file at its place", async () => {
    // Each costs 100, its text and its key and position: 9 + 10 + 1 for a record, 13 or 21 and 1 + 8 for a part.
    const held = 2 * 120 + 122 + 130;
    for (const sizes of [[1], [7], [1000]]) {
      expect(await outcome(orders, json, { heldChars: held }, sizes)).to.have.length(2);
      expect(await outcome(orders, json, { heldChars: held - 1 }, sizes)).to.equal("FILE_PARTS_TOO_LARGE");
    }
    expect((await failureOf(orders, held - 1)).data.position).to.equal("/lines/1");
  });

  it("parts that many records have count for each of them", async () => {
    const part = `{"order":"1","a":"${"x".repeat(2000)}"}`;
    const many = (count: number): string =>
      `{"lines":[${part}],"orders":[${Array.from({ length: count }, () => '{"id":"1"}').join(",")}]}`;
    expect(await outcome(many(5), json, { heldChars: 12_000 })).to.have.length(5);
    expect(await outcome(many(6), json, { heldChars: 12_000 })).to.equal("FILE_PARTS_TOO_LARGE");
  });

  it("a part that names no record says its place and field", async () => {
    const failure = await failureOf('{"orders":[],"lines":[{"order":1},{"a":1}]}');
    expect(failure.data).to.deep.equal({ position: "/lines/1", field: "/order" });
  });

  it("records that were held are given out some at a time, all of them", async () => {
    const list = (make: (at: number) => string): string => Array.from({ length: 1200 }, (_, at) => make(at)).join(",");
    const text = `{"orders":[${list((at) => `{"id":${at}}`)}],"lines":[${list((at) => `{"order":${at + 600}}`)}]}`;
    const records = await read(text, json);
    expect(records.map((record) => record.record)).to.deep.equal(Array.from({ length: 1800 }, (_, at) => at));
    expect(records.filter((record) => "refused" in record)).to.have.length(600);
  });

  it("documents made of orders and lines are put together as they were", async () => {
    const line = fc.record({ order: fc.constantFrom("1", "2", "é"), a: fc.string({ unit: "grapheme", maxLength: 5 }) });
    const sizes = fc.constantFrom([1], [7], [1000]);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.boolean(), sizes, async (lines, first, size) => {
        const all = [{ id: "1" }, { id: "2" }, { id: "é" }];
        const text = JSON.stringify(first ? { lines, orders: all } : { orders: all, lines });
        const expected = all.map(({ id }) => ({ id, lines: lines.filter(({ order }) => order === id) }));
        expect(plain(await outcome(text, json, {}, size))).to.deep.equal(expected);
      }),
    );
  });

  it("a document of 80 MB is refused at what may be held", async () => {
    const part = `{"order":"1","a":"${"x".repeat(60)}"},`;
    const file = { head: '{"orders":[],"lines":[', part: part.repeat(1000), times: 1000, tail: "{}]}" };
    expect(await readInSmallHeap({ ...file, input: json, heldChars: 8_000_000 })).to.equal("FILE_PARTS_TOO_LARGE");
  });

  it("a small text that is cut out of a large one does not keep the large one", async () => {
    const note = "y".repeat(40_000);
    const part = `<row order="a-long-order-number-#"/><x>${note}</x><!-- ${note} -->`;
    const file = { head: "<shop><orders/><orderRows>", part, times: 1000, tail: "</orderRows></shop>", input: xml };
    const records = await readInSmallHeap({ ...file, numbered: true });
    expect(records).to.deep.equal(Array.from({ length: 1000 }, () => "RECORD_ORPHANED"));
  });

  it("the check of the frame keeps no text of what may be held", async () => {
    const fields = Array.from({ length: 5 }, (_, at) => `"f${at}":"${"x".repeat(4000)}"`).join(",");
    const file = {
      head: '{"orders":[{"id":1}],"lines":[',
      part: `{"order":1,${fields}},`,
      times: 1500,
      tail: '{"order":1}]}',
    };
    expect(await readInSmallHeap({ ...file, input: json, frameOnly: true })).to.equal(1);
  });
});
