import { expect } from "chai";
import fc from "fast-check";
import type { Encoding } from "../../../core/formats/contract.ts";
import { decode } from "../../../core/formats/decode.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { outcome, pieces, plain } from "./reading.ts";

async function text(
  bytes: readonly number[] | Uint8Array,
  encoding: Encoding,
  sizes?: readonly number[],
): Promise<string> {
  let result = "";
  try {
    for await (const part of decode(pieces(Uint8Array.from(bytes), sizes), encoding)) result += part;
  } catch (error) {
    if (error instanceof MergepayError) return error.type;
    throw error;
  }
  return result;
}

const utf16 = (of: string, order: "le" | "be"): Uint8Array => {
  const bytes = Buffer.from(of, "utf16le");
  return order === "le" ? bytes : bytes.swap16();
};

describe("encodings", () => {
  const bad = "FILE_ENCODING_INVALID";
  const cases: readonly (readonly [
    name: string,
    bytes: readonly number[] | Uint8Array,
    encoding: Encoding,
    result: string,
  ])[] = [
    ["UTF-8", Buffer.from("aé文😀"), "utf-8", "aé文😀"],
    ["UTF-8 with a mark", [0xef, 0xbb, 0xbf, 0x61], "utf-8", "a"],
    ["a mark only", [0xef, 0xbb, 0xbf], "utf-8", ""],
    ["a mark that is not at the start is text", [0x61, 0xef, 0xbb, 0xbf], "utf-8", "a\ufeff"],
    ["a wrong byte", [0x61, 0xff, 0x62], "utf-8", bad],
    ["an overlong form", [0xc0, 0x80], "utf-8", bad],
    ["half a surrogate pair in UTF-8", [0xed, 0xa0, 0x80], "utf-8", bad],
    ["a character cut off at the end", [0x61, 0xe6, 0x96], "utf-8", bad],
    ["a character cut off by another", [0xe6, 0x96, 0x61], "utf-8", bad],
    ["half of a mark", [0xef, 0xbb], "utf-8", bad],
    ["GB18030 where UTF-8 is declared", [0xb6, 0xa9, 0xb5, 0xa5], "utf-8", bad],
    ["GB18030 of two bytes", [0xb6, 0xa9, 0xb5, 0xa5, 0x41], "gb18030", "订单A"],
    ["GB18030 of four bytes", [0x94, 0x39, 0xfc, 0x36], "gb18030", "😀"],
    ["GB18030 with a mark", [0x84, 0x31, 0x95, 0x33, 0x41], "gb18030", "A"],
    ["GB18030 cut off", [0xb6], "gb18030", bad],
    ["a wrong byte of GB18030", [0xff, 0x41], "gb18030", bad],
    ["UTF-16 little end first", utf16("aé文😀", "le"), "utf-16le", "aé文😀"],
    ["UTF-16 big end first", utf16("aé文😀", "be"), "utf-16be", "aé文😀"],
    ["UTF-16 with its mark", utf16("\ufeffa", "le"), "utf-16le", "a"],
    ["UTF-16 with the mark of the other order", utf16("\ufeffa", "be"), "utf-16le", bad],
    ["UTF-16 with an odd byte", [0x61, 0x00, 0x62], "utf-16le", bad],
    ["half a surrogate pair in UTF-16", [0x3d, 0xd8, 0x61, 0x00], "utf-16le", bad],
    ["half a surrogate pair at the end of UTF-16", [0x61, 0x00, 0x3d, 0xd8], "utf-16le", bad],
    ["the second half alone in UTF-16", [0xde, 0x00, 0x00, 0x61], "utf-16be", bad],
    ["true Latin-1", [0x41, 0xe9, 0x80, 0xff], "iso-8859-1", "Aé\u0080ÿ"],
    ["windows-1252", [0x41, 0xe9, 0x80, 0x99, 0x9f, 0xff], "windows-1252", "Aé€™Ÿÿ"],
    ["a byte that windows-1252 leaves open", [0x41, 0x81], "windows-1252", bad],
  ];
  for (const [name, bytes, encoding, result] of cases)
    it(name, async () => {
      expect(await text(bytes, encoding)).to.equal(result);
      expect(await text(bytes, encoding, [1]), "byte by byte").to.equal(result);
    });

  it("text is the same however the bytes are cut", async () => {
    const encode: readonly (readonly [Encoding, (of: string) => Uint8Array])[] = [
      ["utf-8", (of) => Buffer.from(of)],
      ["utf-16le", (of) => utf16(of, "le")],
      ["utf-16be", (of) => utf16(of, "be")],
    ];
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }),
        fc.constantFrom(...encode),
        sizes,
        async (of, [encoding, bytesOf], cut) => {
          fc.pre(!/^[\ufeff\ufffe]/.test(of));
          expect(await text(bytesOf(of), encoding, cut)).to.equal(of);
        },
      ),
    );
  });

  it("a piece larger than what is decoded at a time loses nothing", async () => {
    const of = "文é😀a".repeat(20_000);
    expect(await text(Buffer.from(of), "utf-8")).to.equal(of);
    expect(await text(utf16(of, "be"), "utf-16be")).to.equal(of);
  });

  it("each format is read in each encoding", async () => {
    const gbk = [...Buffer.from('[{"a":"'), 0xb6, 0xa9, ...Buffer.from('"}]')];
    expect(plain(await outcome(Uint8Array.from(gbk), { format: "json", encoding: "gb18030" }))).to.deep.equal([
      { a: "订" },
    ]);
    const xml = [...Buffer.from('<?xml version="1.0" encoding="GBK"?><o>'), 0xb6, 0xa9, ...Buffer.from("</o>")];
    expect(await outcome(Uint8Array.from(xml), { format: "xml", encoding: "gb18030", records: ["/o"] })).to.deep.equal([
      "订",
    ]);
    expect(await outcome(Uint8Array.from(xml), { format: "xml", records: ["/o"] })).to.equal("FILE_ENCODING_INVALID");
    const wide = utf16('\ufeff<?xml version="1.0" encoding="UTF-16"?><o>文</o>', "le");
    expect(await outcome(wide, { format: "xml", encoding: "utf-16le", records: ["/o"] })).to.deep.equal(["文"]);
    const latin = Buffer.from("id\té\n1\tß\n", "latin1");
    expect(plain(await outcome(latin, { format: "tsv", encoding: "iso-8859-1", columns: ["é"] }))).to.deep.equal([
      { rows: [{ id: "1", é: "ß" }] },
    ]);
    expect(await outcome(latin, { format: "tsv", columns: ["é"] })).to.equal("FILE_ENCODING_INVALID");
    expect(await outcome(latin, { format: "ndjson" })).to.equal("FILE_ENCODING_INVALID");
  });
});
