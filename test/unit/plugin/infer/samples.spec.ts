/** Samples that are packed, workbooks, of encodings of the East, or that no reader can tell the columns of. */
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { asMergepayError } from "../../../../core/errors/errors.ts";
import { LIMITS } from "../../../../core/limits.ts";
import { decodeSample } from "../../../../core/plugin/infer/encoding.ts";
import { type Inference, inferSample } from "../../../../core/plugin/infer/infer.ts";
import { pluginFiles } from "../../../../core/plugin/infer/write.ts";
import { zipOf } from "../../formats/packing.ts";
import { sheetOf, textRow, twoSheets, workbookOf } from "../../formats/workbook.ts";

const proposed = (sample: string | Uint8Array, limits = LIMITS): Promise<Inference> =>
  inferSample(Buffer.from(sample), limits);
const failureOf = (sample: string | Uint8Array, limits = LIMITS): Promise<string> =>
  proposed(sample, limits).then(
    () => "proposed",
    (error: unknown) => `${asMergepayError(error).type}: ${asMergepayError(error).message}`,
  );
const sourceOf = (inference: Inference): string => pluginFiles("tea", inference, "contract.ts").files["plugin.ts"];

const csv = "order_no,total,currency\nA-1,12.30,EUR\nA-1,2.00,EUR\nB-2,1.00,EUR\n";
const head = textRow("Order No", "Total", "Currency", "Order Date");
const cell = (value: string): string => `<c><v>${value}</v></c>`;
const orderRow = (no: string, date: string): string =>
  `<row><c t="inlineStr"><is><t>${no}</t></is></c>${cell("12.3")}<c t="inlineStr"><is><t>EUR</t></is></c>${cell(date)}</row>`;
const orders = head + orderRow("A-1", "45292.5") + orderRow("A-2", "45293.25");
const date1904 =
  "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'>" +
  "<workbookPr date1904='1'/><sheets><sheet name='Orders' sheetId='1' r:id='rId1'/></sheets></workbook>";

describe("What a sample proposes that is more than text", () => {
  const plain = { format: "csv", columns: ["order_no"], groupBy: "order_no" };
  const columns = ["Order No", "Total", "Currency", "Order Date"];
  const inputs: readonly (readonly [name: string, sample: Uint8Array, input: unknown])[] = [
    ["packed by gzip", gzipSync(csv), plain],
    ["packed by zip", zipOf([{ content: csv }]), plain],
    ["a workbook", workbookOf({ rows: orders }), { format: "xlsx", columns }],
    [
      "a workbook with titles above its header",
      workbookOf({ rows: textRow("Orders of March") + textRow("") + textRow("printed", "2026-03-31") + orders }),
      { format: "xlsx", titleRows: 2, columns },
    ],
    [
      "a workbook whose orders are on its last sheet",
      workbookOf({ rows: textRow("Notes"), parts: twoSheets(orders) }),
      { format: "xlsx", sheet: "Second", columns },
    ],
    [
      "a workbook of an old Mac",
      workbookOf({ rows: orders, parts: { "xl/workbook.xml": date1904 } }),
      { format: "xlsx", dates: 1904, columns },
    ],
    [
      "a workbook with rows of one order together",
      workbookOf({ rows: head + orderRow("A-1", "45292") + orderRow("A-1", "45292") + orderRow("A-2", "45292") }),
      { format: "xlsx", columns, groupBy: "Order No" },
    ],
  ];
  for (const [name, sample, input] of inputs)
    it(name, async () => {
      const proposal = await proposed(sample);
      expect(proposal.input).to.deep.equal(input);
      expect(proposal.proposals).to.include.keys("orderNo", "total", "currency");
    });

  it("dates of a workbook are its numbers, in the count of its years", async () => {
    expect(sourceOf(await proposed(workbookOf({ rows: orders })))).to.contain("excelInstant(placed)");
    const mac = await proposed(workbookOf({ rows: orders, parts: { "xl/workbook.xml": date1904 } }));
    expect(sourceOf(mac)).to.contain("excelInstant(placed, 1904)");
    const numbers = await proposed(csv.replaceAll("currency", "order_code").replaceAll("EUR", "45292"));
    expect(sourceOf(numbers)).to.not.contain("excelInstant");
  });

  const encodings: readonly (readonly [name: string, hex: string, encoding: string, text: string])[] = [
    ["Japanese with syllables", "928d95b6814582a882bf82e1", "shift_jis", "注文・おちゃ"],
    ["Japanese of characters alone", "938c8b9e93732c928d95b694d48d86", "shift_jis", "東京都,注文番号"],
    ["Chinese, whose bytes Japanese would read too", "d6d0cec42cd6d0cec4", "gb18030", "中文,中文"],
    [
      "Western, whose bytes Japanese would read too",
      "4be475666572205374726de46e6465",
      "windows-1252",
      "Käufer Strmände",
    ],
  ];
  for (const [name, hex, encoding, text] of encodings)
    it(`encodings: ${name}`, async () =>
      expect(await decodeSample(Buffer.from(hex, "hex"))).to.include({ encoding, text }));
  for (const encoding of ["shift_jis", "iso-8859-15"])
    it(`encodings: ${encoding} as XML declares it`, async () =>
      expect((await decodeSample(Buffer.from(`<?xml version="1.0" encoding="${encoding}"?><a/>`))).encoding).to.equal(
        encoding,
      ));

  const refused: readonly (readonly [name: string, sample: string | Uint8Array, message: RegExp])[] = [
    [
      "fixed-width lines",
      "HD20260309          \r\nOR5001    EUR 7.50  \r\nOR5002    EUR 1.00  \r\n",
      /^FILE_NOT_RECOGNISED: .*3 lines .*20 characters.*places of their columns.*format: "fixed"/,
    ],
    [
      "a zip of several files",
      zipOf([
        { name: "a", content: csv },
        { name: "b", content: csv },
      ]),
      /^FILE_ARCHIVE_UNSUPPORTED: .*more than one/,
    ],
    ["gzip that is cut off", gzipSync(csv).subarray(0, -3), /^FILE_ARCHIVE_BROKEN/],
    ["a text document", zipOf([{ name: "word/document.xml", content: "<a/>" }]), /^FILE_NOT_RECOGNISED: .*no workbook/],
    ["nothing", " \n", /^FILE_NOT_RECOGNISED: The sample is empty/],
    ["an empty JSON list", "[]", /^FILE_NOT_RECOGNISED: .*holds no record.*at least one order/],
    ["a letter", "Dear reader,\nthis is none.\n", /^FILE_NOT_RECOGNISED: .*none of the formats/],
    ["a workbook without orders", workbookOf({ rows: head }), /^FILE_NOT_RECOGNISED: .*at least one order.*first row/],
  ];
  for (const [name, sample, message] of refused)
    it(`${name}: says why there is none`, async () => expect(await failureOf(sample)).to.match(message));

  for (const [name, end, why] of [
    ["cut off", "UNT+6+1'", "the file ends before UNZ"],
    ["cut off inside of a message", "", "the file ends before UNT"],
    ["cut off inside of a segment", "MOA+8", "the file ends inside of a segment"],
    ["whose message counts wrongly", "UNT+16+1'UNZ+1+7'", "UNT counts 16, there are 6"],
    ["whose ends do not fit", "UNT+6+1'UNZ+1+8'", "the references of UNB and UNZ differ"],
  ] as const)
    it(`an interchange ${name} is proposed from past that, and says what is wrong`, async () => {
      const begin = "UNB+UNOC:3+401:14+405:14+260309:0815+7'UNH+1+ORDERS:D:96A:UN'BGM+220+E-1+9'CUX+2:EUR:9'UNS+S'";
      const inference = await proposed(`${begin}MOA+86:10.00'${end}`);
      expect(inference.records).to.have.lengthOf(1);
      expect(inference.edi).to.deep.include({ number: { tag: "BGM", qualifier: "", element: 1, part: 0 } });
      expect(sourceOf(inference)).to.match(/^ {2}\/\/ NEEDED: nothing of the sample is taken as it is; .*$/m);
      expect(sourceOf(inference)).to.include(why);
    });
  it("an interchange without a message is none to propose from", async () => {
    const text = "UNB+UNOC:3+401:14+405:14+260309:0815+7'UNZ+1+7'";
    expect(await failureOf(text)).to.match(/^FILE_NOT_RECOGNISED: .*UNZ counts 1, there are 0/);
  });
  it("a packed sample is unpacked as large as a sample may be, and no larger", async () => {
    expect(await failureOf(gzipSync(csv), { ...LIMITS, fileBytes: csv.length })).to.equal("proposed");
    expect(await failureOf(gzipSync(csv), { ...LIMITS, fileBytes: csv.length - 1 })).to.match(/^FILE_TOO_LARGE/);
  });

  it("a sheet that is not a table is no proposal", async () => {
    expect(await failureOf(workbookOf({ sheet: sheetOf("<row r='0'/>") }))).to.match(/^FILE_FRAME_BROKEN/);
  });
});
