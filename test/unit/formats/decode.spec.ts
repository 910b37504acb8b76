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

/** Where decoding ends, if it does. */
async function place(bytes: readonly number[] | Uint8Array, encoding: Encoding, sizes?: readonly number[]) {
  try {
    for await (const part of decode(pieces(Uint8Array.from(bytes), sizes), encoding)) expect(part).not.to.equal("");
    return undefined;
  } catch (error) {
    if (!(error instanceof MergepayError)) throw error;
    expect(error.message).to.contain(error.data.position === "byte 0" ? "" : error.data.position);
    return error.data.position;
  }
}

/** The longest beginning that is whole by itself: as simple as can be. A mark of the other byte order is wrong at once. */
function goodPrefix(bytes: Uint8Array, encoding: Encoding): number {
  const open = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
  const isWhole = (part: Uint8Array): boolean => {
    if (encoding === "windows-1252") return !part.some((byte) => open.includes(byte));
    try {
      const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(part);
      return !text.startsWith("\ufffe");
    } catch {
      return false;
    }
  };
  for (let end = bytes.length; end > 0; end--) if (isWhole(bytes.subarray(0, end))) return end;
  return 0;
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
    ["Latin-9: the euro and seven letters more than Latin-1", [0xa4, 0xbc, 0xbe, 0xe9], "iso-8859-15", "€ŒŸé"],
    ["Shift_JIS of two bytes", [0x93, 0xfa, 0x96, 0x7b, 0x41], "shift_jis", "日本A"],
    ["Shift_JIS whose second byte is a backslash", [0x95, 0x5c, 0x5c], "shift_jis", "表\\"],
    ["half-width katakana", [0xb1, 0xdf], "shift_jis", "ｱﾟ"],
    ["characters that NEC and IBM added to Shift_JIS", [0x87, 0x40, 0xfa, 0x40, 0xed, 0x40], "shift_jis", "①ⅰ纊"],
    ["the wave dash of Shift_JIS as Windows has it", [0x81, 0x60, 0x81, 0x7c], "shift_jis", "～－"],
    ["a yen sign's and an overline's place in Shift_JIS are ASCII", [0x5c, 0x7e], "shift_jis", "\\~"],
    ["Shift_JIS cut off", [0x41, 0x93], "shift_jis", bad],
    ["a second byte that Shift_JIS does not have", [0x93, 0x20], "shift_jis", bad],
    ["a pair that Shift_JIS leaves open", [0x81, 0xad], "shift_jis", bad],
    ["a byte that Shift_JIS leaves open", [0x41, 0x80], "shift_jis", bad],
    ["a byte that Shift_JIS leaves open, between its letters", [0xa0, 0xb1], "shift_jis", bad],
    ["a byte behind Shift_JIS", [0xfd], "shift_jis", bad],
    ["windows-1252", [0x41, 0xe9, 0x80, 0x99, 0x9f, 0xff], "windows-1252", "Aé€™Ÿÿ"],
    ["a byte that windows-1252 leaves open", [0x41, 0x81], "windows-1252", bad],
  ];
  for (const [name, bytes, encoding, result] of cases)
    it(name, async () => {
      expect(await text(bytes, encoding)).to.equal(result);
      expect(await text(bytes, encoding, [1]), "byte by byte").to.equal(result);
    });

  describe("the place of the first byte that is wrong", () => {
    const places: readonly (readonly [
      name: string,
      bytes: readonly number[] | Uint8Array,
      encoding: Encoding,
      position: string,
    ])[] = [
      ["the byte", [0x61, 0xff, 0x62], "utf-8", "byte 1"],
      ["where a character begins that another one cuts off", [0x61, 0xe6, 0x96, 0x61], "utf-8", "byte 1"],
      ["where a character begins that the end cuts off", [0x61, 0xc3, 0xa9, 0xe6, 0x96], "utf-8", "byte 3"],
      ["behind a mark, which counts", [0xef, 0xbb, 0xbf, 0x61, 0x80], "utf-8", "byte 4"],
      ["half a pair", [0x61, 0x00, 0x3d, 0xd8, 0x61, 0x00], "utf-16le", "byte 2"],
      ["an odd byte at the end", [0x61, 0x00, 0x62], "utf-16le", "byte 2"],
      ["the other order", [0xfe, 0xff, 0x00, 0x61], "utf-16le", "byte 0"],
      ["the other order, before what is no character", [0xfe, 0xff, 0x00, 0xdc], "utf-16le", "byte 0"],
      ["four bytes that GB18030 leaves open", [0x61, 0xe3, 0x32, 0x9a, 0x36], "gb18030", "byte 1"],
      ["behind Shift_JIS", [0x93, 0xfa, 0xfd, 0x93, 0xfa], "shift_jis", "byte 2"],
      ["a byte that windows-1252 leaves open", [0x61, 0x81], "windows-1252", "byte 1"],
    ];
    for (const [name, bytes, encoding, position] of places)
      it(name, async () => {
        expect(await place(bytes, encoding)).to.equal(position);
        expect(await place(bytes, encoding, [1]), "byte by byte").to.equal(position);
      });

    it("is the same however the bytes are cut, and as many bytes before it can be decoded by themselves", async () => {
      const encodings: readonly Encoding[] = ["utf-8", "utf-16le", "utf-16be", "gb18030", "shift_jis", "windows-1252"];
      // Bytes that mean something in one of the encodings, and pieces of them.
      const part = fc.oneof(
        fc.constantFrom("e69687", "f09f9880", "b6a9", "8130", "9439fc36", "93fa", "955c", "3dd800de", "81", "ff", "61"),
        fc.uint8Array({ minLength: 1, maxLength: 3 }).map((some) => Buffer.from(some).toString("hex")),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(part, { maxLength: 30 }),
          fc.constantFrom(...encodings),
          fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
          async (parts, encoding, cut) => {
            const bytes = Buffer.from(parts.join(""), "hex");
            const expected = goodPrefix(bytes, encoding);
            const seen = await place(bytes, encoding, cut);
            expect(seen).to.equal(expected === bytes.length ? undefined : `byte ${expected}`);
          },
        ),
        { numRuns: 2000 },
      );
    });

    it("is exact behind many pieces, without a byte that is a character by itself", async () => {
      const hanzi = Buffer.from("b6a9".repeat(150_000), "hex");
      hanzi[250_001] = 0xff;
      expect(await place(hanzi, "gb18030", [7777])).to.equal("byte 250000");
      const text = Buffer.from("文é😀a".repeat(30_000));
      const at = text.indexOf("😀", 200_000);
      text[at + 2] = 0x20;
      expect(await place(text, "utf-8", [65_537])).to.equal(`byte ${at}`);
    });
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
    const japan = [...Buffer.from('<?xml version="1.0" encoding="Shift_JIS"?><o>'), 0x95, 0x5c, ...Buffer.from("</o>")];
    const declared = { format: "xml", encoding: "shift_jis", records: ["/o"] } as const;
    expect(await outcome(Uint8Array.from(japan), declared)).to.deep.equal(["表"]);
    const nine = Buffer.from('<?xml version="1.0" encoding="ISO-8859-15"?><o>\u00a4</o>', "latin1");
    expect(await outcome(nine, { ...declared, encoding: "iso-8859-15" })).to.deep.equal(["€"]);
    expect(await outcome(nine, { ...declared, encoding: "iso-8859-1" })).to.equal("FILE_ENCODING_INVALID");
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
