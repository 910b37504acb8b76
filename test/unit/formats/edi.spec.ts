import { expect } from "chai";
import fc from "fast-check";
import type { EdiInput } from "../../../core/formats/contract.ts";
import { outcome, plain } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const un: EdiInput = { format: "edi", syntax: "iso9735", messages: ["ORDERS"] };
const x12: EdiInput = { format: "edi", syntax: "x12", messages: ["850"] };

const UNB = "UNB+UNOC:3+SENDER:14+US:14+260301:0930+77'";
const UNZ = (count = 1): string => `UNZ+${count}+77'`;
const message = (body: string, no = "1", count?: number): string =>
  `UNH+${no}+ORDERS:D:96A:UN'${body}UNT+${count ?? body.split("'").length + 1}+${no}'`;
const record = (segments: unknown[], reference = "1", decimal = "."): unknown => ({
  type: "ORDERS",
  reference,
  test: false,
  decimal,
  segments,
});
const UNB_TEST = UNB.replace("'", "++++++1'");
const bgm = (no: string) => ({ tag: "BGM", elements: [["220"], [no]] });

const ISA = (element = "*", component = ":", segment = "~"): string =>
  ["ISA", "00", " ".repeat(10), "00", " ".repeat(10), "ZZ", "SENDER".padEnd(15), "ZZ", "US".padEnd(15)]
    .concat(["260301", "0930", "U", "00401", "000000077", "0", "P", component])
    .join(element) + segment;
const GS = "GS*PO*S*U*20260301*0930*9*X*004010~";

describe("EDI interchanges", () => {
  const cases: readonly (readonly [name: string, text: string, input: EdiInput, result: unknown])[] = [
    ["a message", UNB + message("BGM+220+A1'") + UNZ(), un, [record([bgm("A1")])]],
    [
      "two messages, line ends between segments",
      `${UNB}\r\n${message("BGM+220+A1'\r\n")}\n${message("BGM+220+A2'", "2")}\n${UNZ(2)}\n`,
      un,
      [record([bgm("A1")]), record([bgm("A2")], "2")],
    ],
    [
      "components and elements that are left out",
      `${UNB}${message("NAD+BY++::9'")}${UNZ()}`,
      un,
      [record([{ tag: "NAD", elements: [["BY"], [""], ["", "", "9"]] }])],
    ],
    [
      "released separators, and the release character itself",
      `${UNB}${message("FTX+A?+B+C?:D?'E??+??'", "1", 3)}${UNZ()}`,
      un,
      [record([{ tag: "FTX", elements: [["A+B"], ["C:D'E?"], ["?"]] }])],
    ],
    [
      "separators and the decimal mark of its own",
      `UNA|^,  ~UNB^UNOC|3^S^U^260301|0930^77~UNH^1^ORDERS|D|96A|UN~PRI^AAA|12,5?~UNT^3^1~UNZ^1^77~`,
      un,
      [record([{ tag: "PRI", elements: [["AAA", "12,5?"]] }], "1", ",")],
    ],
    [
      "groups",
      `${UNB}UNG+ORDERS+S+U+260301:0930+5+UN+D:96A'${message("BGM+220+A1'")}UNE+1+5'${UNZ()}`,
      un,
      [record([bgm("A1")])],
    ],
    [
      "two interchanges in a file",
      (UNB + message("BGM+220+A1'") + UNZ()).repeat(2),
      un,
      [record([bgm("A1")]), record([bgm("A1")])],
    ],
    [
      "two interchanges with separators of their own",
      `${UNB}${message("BGM+220+A1'")}${UNZ()}\r\nUNA|^,  ~\nUNB^UNOC|3^S^U^260301|0930^77~UNH^1^ORDERS|D~PRI^AAA|12,5?~UNT^3^1~UNZ^1^77~\n`,
      un,
      [record([bgm("A1")]), record([{ tag: "PRI", elements: [["AAA", "12,5?"]] }], "1", ",")],
    ],
    [
      "an interchange that is a test, and one that is not",
      `${UNB_TEST}${message("BGM+220+A1'")}${UNZ()}${UNB}${message("BGM+220+A1'")}${UNZ()}`,
      un,
      [{ ...(record([bgm("A1")]) as object), test: true }, record([bgm("A1")])],
    ],
    ["no messages", UNB + UNZ(0), un, []],
    // One message
    [
      "a wrong count of segments",
      UNB + message("BGM+220+A1'", "1", 9) + message("BGM+220+A2'", "2") + UNZ(2),
      un,
      ["RECORD_MALFORMED UNT @ segment 2", record([bgm("A2")], "2")],
    ],
    ["a wrong reference", `${UNB}UNH+1+ORDERS:D'BGM+220+A1'UNT+3+2'${UNZ()}`, un, ["RECORD_MALFORMED UNT @ segment 2"]],
    [
      "a message of another type beside an order",
      `${UNB}${message("BGM+220+A1'")}UNH+2+INVOIC:D'UNT+2+2'${UNZ(2)}`,
      un,
      [record([bgm("A1")]), "RECORD_MALFORMED @ segment 5"],
    ],
    [
      "a component of 4,097 bytes",
      UNB + message(`FTX+A:${"x".repeat(4097)}'`) + UNZ(),
      un,
      ["FIELD_TOO_LARGE FTX/1 @ segment 2"],
    ],
    [
      "a message larger than a record",
      UNB + message(`FTX+${"y".repeat(4000)}'`.repeat(300)) + message("BGM+220+A2'", "2") + UNZ(2),
      un,
      ["RECORD_TOO_LARGE @ segment 2", record([bgm("A2")], "2")],
    ],
    // The file
    ["no UNZ", UNB + message("BGM+220+A1'"), un, "FILE_FRAME_BROKEN"],
    ["no UNT", `${UNB}UNH+1+ORDERS:D'BGM+220+A1'`, un, "FILE_FRAME_BROKEN"],
    ["UNZ inside of a message", `${UNB}UNH+1+ORDERS:D'${UNZ()}`, un, "FILE_FRAME_BROKEN"],
    ["a wrong count of messages", UNB + message("BGM+220+A1'") + UNZ(2), un, "FILE_FRAME_BROKEN"],
    ["a count that is none", `${UNB}UNZ+one+77'`, un, "FILE_FRAME_BROKEN"],
    ["a wrong reference of the interchange", `${UNB}UNZ+0+78'`, un, "FILE_FRAME_BROKEN"],
    ["a group that is not closed", `${UNB}UNG+ORDERS+S+U+1+5'${UNZ()}`, un, "FILE_FRAME_BROKEN"],
    [
      "a message outside of groups, beside one",
      `${UNB}UNG+ORDERS+S+U+260301:0930+5'UNE+0+5'${message("BGM+220+A1'")}${UNZ()}`,
      un,
      "FILE_FRAME_BROKEN",
    ],
    [
      "a group behind a message outside of groups",
      `${UNB}${message("BGM+220+A1'")}UNG+ORDERS+S+U+260301:0930+5'UNE+0+5'${UNZ()}`,
      un,
      "FILE_FRAME_BROKEN",
    ],
    ["something else behind the interchange", `${UNB}${UNZ(0)}{"orders":[]}`, un, "FILE_FRAME_BROKEN"],
    ["a second interchange that is cut off", `${UNB}${UNZ(0)}${UNB}`, un, "FILE_FRAME_BROKEN"],
    ["a second interchange of which hardly anything is there", `${UNB}${UNZ(0)}UN`, un, "FILE_FRAME_BROKEN"],
    ["a NUL behind the interchange", `${UNB}${UNZ(0)}\0`, un, "FILE_FRAME_BROKEN"],
    ["separators that can't be told apart", `UNA++.? '${UNB}${UNZ(0)}`, un, "FILE_NOT_RECOGNISED"],
    ["a letter for a separator", `UNA:+.?X${UNB}${UNZ(0)}`, un, "FILE_NOT_RECOGNISED"],
    ["a segment outside of messages", `${UNB}BGM+220+A1'${UNZ(0)}`, un, "FILE_FRAME_BROKEN"],
    ["a file cut off inside of a segment", UNB + message("BGM+220+A1'") + "UNZ+1+7", un, "FILE_FRAME_BROKEN"],
    ["an empty segment", `${UNB}'${UNZ(0)}`, un, "FILE_FRAME_BROKEN"],
    ["messages of other types only", `${UNB}UNH+2+ORDRSP:D'UNT+2+2'${UNZ()}`, un, "FILE_NOT_RECOGNISED"],
    ["messages of other types, and broken", `${UNB}UNH+2+ORDRSP:D'UNT+2+2'UNZ+1+78'`, un, "FILE_NOT_RECOGNISED"],
    ["something else", '{"orders":[]}', un, "FILE_NOT_RECOGNISED"],
    ["the other syntax", UNB + UNZ(0), x12, "FILE_NOT_RECOGNISED"],
    ["nothing", " \n", un, "FILE_EMPTY"],
    // X12
    [
      "an X12 interchange",
      `${ISA()}${GS}ST*850*0001~BEG*00*NE*PO-1**20260301~PO1*1*3*EA*12.50~SE*4*0001~GE*1*9~IEA*1*000000077~`,
      x12,
      [
        {
          type: "850",
          reference: "0001",
          test: false,
          decimal: ".",
          segments: [
            { tag: "BEG", elements: [["00"], ["NE"], ["PO-1"], [""], ["20260301"]] },
            { tag: "PO1", elements: [["1"], ["3"], ["EA"], ["12.50"]] },
          ],
        },
      ],
    ],
    [
      "X12 with other separators, a segment a line, a test",
      `${ISA("|", ">", "\n").replace("|P|", "|T|")}${GS.replaceAll("*", "|").replace("~", "\n")}ST|850|1\nREF|A>B|C\n\nSE|3|1\nGE|1|9\nIEA|1|000000077\n\n`,
      x12,
      [
        {
          type: "850",
          reference: "1",
          test: true,
          decimal: ".",
          segments: [{ tag: "REF", elements: [["A", "B"], ["C"]] }],
        },
      ],
    ],
    [
      "X12: a wrong count",
      `${ISA()}${GS}ST*850*1~SE*5*1~GE*1*9~IEA*1*000000077~`,
      x12,
      ["RECORD_MALFORMED SE @ segment 3"],
    ],
    ["X12: a message outside of groups", `${ISA()}ST*850*1~SE*2*1~IEA*0*000000077~`, x12, "FILE_FRAME_BROKEN"],
    [
      "X12: an element separator for the component separator",
      `${ISA("*", "*")}${GS}GE*0*9~IEA*1*000000077~`,
      x12,
      "FILE_NOT_RECOGNISED",
    ],
    ["X12: a wrong control number of the group", `${ISA()}${GS}GE*0*8~IEA*1*000000077~`, x12, "FILE_FRAME_BROKEN"],
    ["X12: a wrong count of groups", `${ISA()}${GS}GE*0*9~IEA*2*000000077~`, x12, "FILE_FRAME_BROKEN"],
    ["X12: no IEA", `${ISA()}${GS}GE*0*9~`, x12, "FILE_FRAME_BROKEN"],
    ["X12: an ISA that is too short", "ISA*00*~", x12, "FILE_NOT_RECOGNISED"],
    [
      "X12: other transaction sets only",
      `${ISA()}${GS}ST*810*1~SE*2*1~GE*1*9~IEA*1*000000077~`,
      x12,
      "FILE_NOT_RECOGNISED",
    ],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => {
      for (const sizes of [undefined, [1], [7]])
        expect(plain(await outcome(text, input, {}, sizes))).to.deep.equal(result);
    });

  it("cut off anywhere it is refused as a whole", async () => {
    const text = UNB + message("BGM+220+A?'1'") + UNZ();
    for (let at = 1; at < text.length; at++)
      expect(await outcome(text.slice(0, at), un), `at ${at}`).to.be.oneOf([
        "FILE_FRAME_BROKEN",
        "FILE_NOT_RECOGNISED",
      ]);
  });

  it("64 MB without a terminator are refused and never held", async () => {
    const file = { head: UNB, part: "x".repeat(65_536), times: 1024, tail: "'", input: un };
    expect(await readInSmallHeap(file)).to.equal("FILE_FRAME_BROKEN");
  });

  it("what is written is read back the same", async () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "é", "+", ":", "'", "?", " ", "中", "\u{1f6d2}"),
      maxLength: 8,
    });
    const elements = fc.array(fc.array(text, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
    const released = (part: string): string => part.replaceAll(/[?+:']/g, "?$&");
    await fc.assert(
      fc.asyncProperty(fc.array(elements, { maxLength: 5 }), fc.nat(9), async (segments, size) => {
        const body = segments.map((one) => `FTX+${one.map((parts) => parts.map(released).join(":")).join("+")}'`);
        const file = UNB + message(body.join(""), "1", segments.length + 2) + UNZ();
        const expected = [record(segments.map((one) => ({ tag: "FTX", elements: one })))];
        expect(plain(await outcome(file, un, {}, [size + 1]))).to.deep.equal(expected);
      }),
    );
  });
});
