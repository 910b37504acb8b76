import { expect } from "chai";
import type { JsonInput } from "../../../core/formats/contract.ts";
import { checkFrame, readRecords } from "../../../core/formats/read.ts";
import { limits, nested, outcome, pieces, plain, read } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const data: JsonInput = { format: "json", records: ["/data", ""] };
const root: JsonInput = { format: "json", records: [""] };
const deep: JsonInput = { format: "json", records: ["/a/b", "/a", ""] };
const ndjson: JsonInput = { format: "ndjson" };

describe("json files", () => {
  const cases: readonly (readonly [name: string, text: string, input: JsonInput, result: unknown])[] = [
    [
      "elements of the array at a path",
      '{"n":1,"data":[{"id":1},{"id":2}],"z":null}',
      data,
      [{ id: "1" }, { id: "2" }],
    ],
    ["the object at a path", '{"data":{"id":1}}', data, [{ id: "1" }]],
    [
      "the root object when the first path is not there",
      '{"id":1,"items":[1,2]}',
      data,
      [{ id: "1", items: ["1", "2"] }],
    ],
    ["the elements of a root array", '[{"id":1},{"id":2}]', data, [{ id: "1" }, { id: "2" }]],
    ["elements that are no objects", '[1,"a",null,[true]]', root, ["1", "a", null, [true]]],
    [
      "the root object at once when it is tried first",
      '{"data":[{"id":1}]}',
      { format: "json", records: ["", "/data"] },
      [{ data: [{ id: "1" }] }],
    ],
    ["the root when no path is declared", '{"id":1}', { format: "json" }, [{ id: "1" }]],
    ["the innermost of nested paths", '{"x":[1],"a":{"y":{},"b":[{"id":1}]}}', deep, [{ id: "1" }]],
    ["the middle of nested paths", '{"x":{"a":1},"a":{"y":{"b":[1]}}}', deep, [{ y: { b: ["1"] } }]],
    ["no records in an empty array", '{"data":[]}', data, []],
    ["a path with an escaped name", '{"a/b":[{"~":1}]}', { format: "json", records: ["/a~1b"] }, [{ "~": "1" }]],
    ["a name that the file escapes", '{"d\\u0061ta":[{"id":1}]}', data, [{ id: "1" }]],
    [
      "numbers by the letter",
      "[[12345678901234567890,1.10,1e400,-0,0.1E+2]]",
      root,
      [["12345678901234567890", "1.10", "1e400", "-0", "0.1E+2"]],
    ],
    [
      "all escapes of strings",
      String.raw`["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é😀\u0000"]`,
      root,
      ['"\\/\b\f\n\r\té😀 é😀\0'],
    ],
    ["a file with a byte order mark", "\ufeff[1]", root, ["1"]],
    ["white space everywhere", ' \r\n\t{ "data" : [ { "id" : 1 } , 2 ] } \n', data, [{ id: "1" }, "2"]],
    [
      "harmless names of prototypes",
      '[{"constructor":1,"prototype":2,"toString":3}]',
      root,
      [{ constructor: "1", prototype: "2", toString: "3" }],
    ],
    // One record
    ["duplicate names in a record", '[{"id":1,"id":1},{"id":2}]', root, ["RECORD_MALFORMED /id @ /0", { id: "2" }]],
    ["duplicate names, one escaped", '[{"a":{"id":1,"i\\u0064":1}}]', root, ["RECORD_MALFORMED /a/id @ /0"]],
    ["duplicate names in the root record", '{"id":1,"id":2}', data, ["RECORD_MALFORMED /id @ "]],
    ["__proto__ in a record", '{"data":[{"__proto__":{"x":1}},{}]}', data, ["RECORD_MALFORMED  @ /data/0", {}]],
    [
      "constructor.prototype in a record",
      '[{"a":{"constructor":{"prototype":{}}}}]',
      root,
      ["RECORD_MALFORMED /a/constructor @ /0"],
    ],
    [
      "half a surrogate pair in a record",
      '["\\ud800","\\udc00","\\ud800\\ud800","\\ud83d\\ude00"]',
      root,
      ["RECORD_MALFORMED  @ /0", "RECORD_MALFORMED  @ /1", "RECORD_MALFORMED  @ /2", "😀"],
    ],
    ["32 levels", nested(32), root, [JSON.parse(nested(31, '"1"'))]],
    ["33 levels", nested(33), root, ["RECORD_TOO_DEEP @ /0"]],
    [
      "33 levels, counted from the top of the file",
      `{"data":[${nested(31)},${nested(30)}]}`,
      data,
      ["RECORD_TOO_DEEP @ /data/0", JSON.parse(nested(30, '"1"'))],
    ],
    ["100,000 levels in a record", `[${nested(100_000)},1]`, root, ["RECORD_TOO_DEEP @ /0", "1"]],
    [
      "a field of 4,097 bytes",
      `[{"a":["${"x".repeat(4097)}"]},{"a":"${"x".repeat(4096)}"}]`,
      root,
      ["FIELD_TOO_LARGE /a/0 @ /0", { a: "x".repeat(4096) }],
    ],
    [
      "a field of 4,098 bytes in 1,366 characters",
      `["${"文".repeat(1366)}","${"文".repeat(1365)}"]`,
      root,
      ["FIELD_TOO_LARGE  @ /0", "文".repeat(1365)],
    ],
    ["a number of 5,000 digits", `[${"1".repeat(5000)}]`, root, ["FIELD_TOO_LARGE  @ /0"]],
    // The file
    ["a path that is not there", '{"orders":[]}', { format: "json", records: ["/data"] }, "FILE_NOT_RECOGNISED"],
    ["nothing but null at the path", '{"data":null}', { format: "json", records: ["/data"] }, "FILE_NOT_RECOGNISED"],
    ["a path inside of an array", '[{"data":[1]}]', { format: "json", records: ["/data"] }, "FILE_NOT_RECOGNISED"],
    ["a root that is no record", '"text"', root, "FILE_NOT_RECOGNISED"],
    [
      "records at two places, the later tried first",
      '{"b":[1],"a":[2]}',
      { format: "json", records: ["/a", "/b"] },
      "FILE_NOT_RECOGNISED",
    ],
    ["duplicate names outside of records", '{"a":1,"a":2,"data":[{}]}', data, "FILE_FRAME_BROKEN"],
    ["duplicate names outside, seen before the records", '{"m":{"x":1,"x":2},"data":[{}]}', data, "FILE_FRAME_BROKEN"],
    ["duplicate names outside, after the records", '{"data":[{}],"m":[{"x":1,"x":2}]}', data, "FILE_FRAME_BROKEN"],
    ["the records twice", '{"data":[{}],"data":[{}]}', data, "FILE_FRAME_BROKEN"],
    ["__proto__ outside of records", '{"__proto__":{},"data":[]}', data, "FILE_FRAME_BROKEN"],
    ["half a surrogate pair outside of records", '{"m":"\\ud800","data":[]}', data, "FILE_FRAME_BROKEN"],
    ["half a surrogate pair in a name outside", '{"\\udc00":1,"data":[]}', data, "FILE_FRAME_BROKEN"],
    ["33 levels outside of records", `{"m":${nested(32)},"data":[]}`, data, "FILE_FRAME_BROKEN"],
    ["a break inside of a record", '[{"id":1},{"id":}]', root, "FILE_FRAME_BROKEN"],
    ["a break inside of a record that is too deep", `[${nested(40, "01")}]`, root, "FILE_FRAME_BROKEN"],
    ["a file cut off", '{"data":[{"id":1}', data, "FILE_FRAME_BROKEN"],
    ["a file cut off in a number", "[1,2", root, "FILE_FRAME_BROKEN"],
    ["more after the document", "[1] x", root, "FILE_FRAME_BROKEN"],
    ["a second document", "[1][2]", root, "FILE_FRAME_BROKEN"],
    ["a trailing comma", '{"data":[1,]}', data, "FILE_FRAME_BROKEN"],
    ["brackets that do not fit", '{"data":[1}]', data, "FILE_FRAME_BROKEN"],
    ["a control character in a string", '["a\nb"]', root, "FILE_FRAME_BROKEN"],
    ["a character that is no white space", "[1,\u00a02]", root, "FILE_FRAME_BROKEN"],
    ["a number with a leading zero", "[012]", root, "FILE_FRAME_BROKEN"],
    ["an unfinished number", "[1.]", root, "FILE_FRAME_BROKEN"],
    ["an escape that there is not", '["\\x41"]', root, "FILE_FRAME_BROKEN"],
    ["an unfinished escape", '["\\u12g4"]', root, "FILE_FRAME_BROKEN"],
    ["NaN", "[NaN]", root, "FILE_FRAME_BROKEN"],
    ["100,000 open brackets", "[".repeat(100_000), root, "FILE_FRAME_BROKEN"],
    ["no bytes", "", root, "FILE_EMPTY"],
    ["white space only", " \n\t ", root, "FILE_EMPTY"],
    ["a byte order mark only", "\ufeff", root, "FILE_EMPTY"],
    // A line a record
    ["a record a line", '{"id":1}\n\n  \r\n{"id":2}\r\n[3]', ndjson, [{ id: "1" }, { id: "2" }, ["3"]]],
    [
      "a broken line",
      '{"id":1}\n{"id":\n{"id":3}\n',
      ndjson,
      [{ id: "1" }, "RECORD_MALFORMED /id @ line 2", { id: "3" }],
    ],
    ["two values in a line", '{"id":1} {"id":2}\n{"id":3}', ndjson, ["RECORD_MALFORMED  @ line 1", { id: "3" }]],
    [
      "a line that is too deep",
      `${nested(33)}\n${nested(32)}`,
      ndjson,
      ["RECORD_TOO_DEEP @ line 1", JSON.parse(nested(32, '"1"'))],
    ],
    ["lines of white space only", "\n \n", ndjson, "FILE_EMPTY"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => expect(plain(await outcome(text, input))).to.deep.equal(result));

  it("a record of exactly the limit is taken, one byte more is refused, and the next is read", async () => {
    const text = '[{"a":"12345"},{"a":"123456"},{"a":"12é5"},{"a":"12é56"},{}]';
    const result = ["RECORD_TOO_LARGE @ /1", "RECORD_TOO_LARGE @ /3"];
    for (const sizes of [[1], [7], [1000]])
      expect(plain(await outcome(text, root, { recordBytes: 13 }, sizes))).to.deep.equal([
        { a: "12345" },
        result[0],
        { a: "12é5" },
        result[1],
        {},
      ]);
    const lines = text.slice(1, -1).replaceAll("},", "}\n");
    for (const sizes of [[1], [7], [1000]])
      expect(plain(await outcome(lines, ndjson, { recordBytes: 13 }, sizes))).to.deep.equal([
        { a: "12345" },
        "RECORD_TOO_LARGE @ line 2",
        { a: "12é5" },
        "RECORD_TOO_LARGE @ line 4",
        {},
      ]);
  });

  it("objects of records inherit nothing", async () => {
    const [record] = await read('[{"a":{}}]', root);
    const value = record !== undefined && "value" in record ? (record.value as { a: object }) : expect.fail("refused");
    for (const one of [value, value.a]) {
      const inherited: unknown = Object.getPrototypeOf(one);
      expect(Reflect.ownKeys(inherited as object), "properties of the prototype").to.deep.equal([]);
      expect(Object.getPrototypeOf(inherited)).to.equal(null);
      expect(Object.isFrozen(inherited)).to.equal(true);
    }
  });

  it("positions are JSON Pointers, lines for ndjson", async () => {
    const positions = async (text: string, input: JsonInput): Promise<string[]> =>
      (await read(text, input)).map((record) => record.position);
    expect(await positions('{"data":[{},{}]}', data)).to.deep.equal(["/data/0", "/data/1"]);
    expect(await positions("[{},{}]", data)).to.deep.equal(["/0", "/1"]);
    expect(await positions("{}\n\n{}", ndjson)).to.deep.equal(["line 1", "line 3"]);
  });

  it("an error of the file says where", async () => {
    const failure = await checkFrame(pieces('{\n "data": [\n  x'), data, limits()).then(
      () => expect.fail("taken"),
      (error: Error) => error.message,
    );
    expect(failure).to.contain("line 3, character 3");
  });

  it("records come batch by batch while the file is still being read", async () => {
    let ended = false;
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("[1,2,");
      yield Buffer.from("3");
      ended = true;
      yield Buffer.from("]");
    }
    const batches = readRecords(slow(), root, limits())[Symbol.asyncIterator]();
    const first = await batches.next();
    expect(first.value).to.have.length(2);
    expect(ended).to.equal(false);
    await batches.return?.();
  });

  it("a string of 64 MB refuses its record and is never held", async () => {
    const file = { head: '[{"a":"', part: "x".repeat(65_536), times: 1024, tail: '"},{"b":1}]' };
    expect(await readInSmallHeap({ ...file, input: root })).to.deep.equal(["RECORD_TOO_LARGE", { b: "1" }]);
    expect(await readInSmallHeap({ ...file, head: '{"a":"', tail: "\n", input: ndjson })).to.deep.equal([
      "RECORD_TOO_LARGE",
    ]);
  });

  it("more names outside of records than a record may hold refuse the file", async () => {
    const names = Array.from({ length: 200 }, (_, at) => `"name${at}":1`).join(",");
    expect(await outcome(`{${names},"data":[]}`, data, { recordBytes: 1000 })).to.equal("FILE_FRAME_BROKEN");
    expect(await outcome(`{"${"n".repeat(2000)}":1,"data":[]}`, data, { recordBytes: 1000 })).to.equal(
      "FILE_FRAME_BROKEN",
    );
    expect(await outcome(`{${names}}`, data, { recordBytes: 1000 })).to.deep.equal(["RECORD_TOO_LARGE @ "]);
  });
});
