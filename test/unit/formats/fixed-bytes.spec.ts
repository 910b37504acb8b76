import { expect } from "chai";
import fc from "fast-check";
import { widthsIn } from "../../../core/formats/byte-widths.ts";
import type { Encoding, FixedInput } from "../../../core/formats/contract.ts";
import { readRecords } from "../../../core/formats/read.ts";
import { fixedLooksLike } from "../../../core/formats/fixed.ts";
import { LIMITS } from "../../../core/limits.ts";

const NAMED: FixedInput = {
  format: "fixed",
  width: "bytes",
  encoding: "shift_jis",
  columns: [
    { name: "no", from: 1, to: 4 },
    { name: "name", from: 5, to: 12 },
    { name: "total", from: 13, to: 18 },
  ],
};

async function read(bytes: Uint8Array, input: FixedInput): Promise<string[]> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 3) yield bytes.subarray(at, at + 3);
  }
  const found: string[] = [];
  for await (const batch of readRecords(pieces(), input, LIMITS))
    for (const raw of batch)
      found.push(
        "refused" in raw
          ? `${raw.position}: ${raw.refused.code} ${raw.refused.reason}`
          : (raw.value as { rows: Record<string, string>[] }).rows.map((row) => Object.values(row).join("|")).join("/"),
      );
  return found;
}

const ascii = (text: string): number[] => [...Buffer.from(text)];
/** 東京 and ﾄｳ in Shift_JIS, 北京 in GBK, a character of four bytes in GB18030. */
const TOKYO = [0x93, 0x8c, 0x8b, 0x9e];
const TO = [0xc4, 0xb3];
const BEIJING = [0xb1, 0xb1, 0xbe, 0xa9];
const FOUR = [0x82, 0x30, 0x81, 0x30];

describe("fixed-width files whose places are bytes", () => {
  const cases: readonly (readonly [
    name: string,
    bytes: readonly number[],
    input: FixedInput,
    found: readonly string[],
  ])[] = [
    [
      "characters of two bytes and half-width ones of one take their bytes",
      [
        ...ascii("A1  "),
        ...TOKYO,
        ...ascii("    "),
        ...ascii(" 12.50\r\nA2  "),
        ...TO,
        ...ascii("Y     "),
        ...ascii("  3.00\n"),
      ],
      NAMED,
      ["A1|東京|12.50", "A2|ﾄｳY|3.00"],
    ],
    [
      "GB18030: two bytes and four",
      [...ascii("A1  "), ...BEIJING, ...FOUR, ...ascii(" 12.50\n")],
      { ...NAMED, encoding: "gb18030" },
      [`A1|北京${new TextDecoder("gb18030").decode(Uint8Array.from(FOUR))}|12.50`],
    ],
    [
      "UTF-8",
      [...Buffer.from("A1  東京éé"), ...Buffer.from(" 12.50").subarray(2)],
      { ...NAMED, encoding: "utf-8" },
      ["A1|東京é|é2.50"],
    ],
    [
      "a character across the edge of a column refuses its record, told by its place",
      [...ascii("A1 "), ...TOKYO, ...ascii("     "), ...ascii(" 12.50\nA2  "), ...TOKYO, ...ascii("     12.50\n")],
      NAMED,
      [
        'line 1: RECORD_MALFORMED Line 1 has a character, U+6771, in bytes 4 to 5; the column "no" is bytes 1 to 4.',
        "A2|東京|12.50",
      ],
    ],
    [
      "a line of as many characters, and too many bytes",
      [...ascii("A1  "), ...TOKYO, ...ascii("      "), ...ascii(" 12.50\n")],
      NAMED,
      ["line 1: RECORD_MALFORMED Line 1 has 20 bytes instead of 18."],
    ],
    [
      "a character that the encoding writes in two ways",
      [...ascii("A1  "), 0x82, 0x35, 0x90, 0x37, ...ascii("     12.50 \n")],
      { ...NAMED, encoding: "gb18030", length: 16 },
      [
        'line 1: RECORD_MALFORMED Line 1 has the character U+9FB4, which its encoding has in two ways of different lengths; the column "name" is bytes 5 to 12.',
      ],
    ],
  ];
  for (const [name, bytes, input, found] of cases)
    it(name, async () => expect(await read(Uint8Array.from(bytes), input)).to.deep.equal(found));

  it("are told from others by the bytes of a line", () => {
    expect(fixedLooksLike(NAMED, "A1  東京     12.50\n")).to.equal(true);
    expect(fixedLooksLike(NAMED, "A1  東京       12.50\n")).to.equal(false);
  });

  it("count each character as many bytes as its encoding gives it, wherever it comes from", () => {
    const encodings: readonly Encoding[] = [
      "utf-8",
      "utf-16le",
      "utf-16be",
      "gb18030",
      "shift_jis",
      "iso-8859-1",
      "windows-1252",
    ];
    const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 });
    let decoded = 0;
    fc.assert(
      fc.property(fc.constantFrom(...encodings), bytes, (encoding, sequence) => {
        let text: string;
        try {
          text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(sequence));
        } catch {
          return;
        }
        decoded += 1;
        const widths = Array.from(text, widthsIn(encoding));
        if (!widths.includes(undefined))
          expect(widths.reduce<number>((sum, width) => sum + (width ?? 0), 0)).to.equal(sequence.length);
      }),
      { numRuns: 5000 },
    );
    expect(decoded).to.be.above(1000);
  });

  it("know the characters that GB18030 has both at two bytes and at four, and no others", () => {
    const decoder = new TextDecoder("gb18030", { fatal: true });
    const width = widthsIn("gb18030");
    const wrong: string[] = [];
    for (let at = 0; at < 39_420; at++) {
      const [a, b, c, d] = [Math.floor(at / 12_600), Math.floor(at / 1260) % 10, Math.floor(at / 10) % 126, at % 10];
      const char = decoder.decode(Uint8Array.of(0x81 + a, 0x30 + b, 0x81 + c, 0x30 + d));
      if (width(char) !== 4) wrong.push(char);
    }
    expect(wrong.map(width)).to.deep.equal(Array.from({ length: 18 }, () => undefined));
  });
});
