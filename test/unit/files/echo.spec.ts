import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { expect } from "chai";
import fc from "fast-check";
import type { Actions, Call } from "../../../core/actions.ts";
import { createEchoes } from "../../../core/files/echo.ts";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { checkFrame, readRecords } from "../../../core/formats/read.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { RecordReject } from "../../../schemas/types.generated.ts";
import { zipOf } from "../formats/packing.ts";
import { attempt } from "../formats/reading.ts";
import { textRow, workbookOf } from "../formats/workbook.ts";

type Rejected = Partial<RecordReject> & { readonly record: number; readonly position: string };
const CSV: InputSpec = { format: "csv", columns: ["no"] };
const GROUPED: InputSpec = { format: "csv", columns: ["no"], groupBy: "no" };
const TSV: InputSpec = { format: "tsv", columns: ["no"] };
const JSON_: InputSpec = { format: "json", records: ["/data"] };
const NDJSON: InputSpec = { format: "ndjson" };
const XML: InputSpec = { format: "xml", records: ["/list/order"] };
const NAMED: InputSpec = { ...XML, namespace: "urn:shop" };

const SHEET: InputSpec = { format: "xlsx", columns: ["no"] };
const FIXED: InputSpec = {
  format: "fixed",
  columns: [
    { name: "no", from: 1, to: 3 },
    { name: "total", from: 4, to: 8 },
  ],
};
const X12 =
  "ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*SELLERCO       *260309*0815*U*00401*000000042*0*P*>~" +
  "GS*PO*B*S*20260309*0815*7*X*004010~ST*850*0001~BEG*00*NE*P1~SE*3*0001~GE*1*7~IEA*1*000000042~";
const EDI: InputSpec = { format: "edi", syntax: "x12", messages: ["850"] };

async function* bytesOf(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

/** The echo of a file; rejects come in pages of two. */
async function echo(
  input: InputSpec,
  file: string | Uint8Array,
  rejects: readonly Rejected[],
): Promise<{ type: string; text: string }> {
  const items = rejects.map((reject) => ({ fileId: "file_1", code: "RECORD_INVALID", reason: "No total.", ...reject }));
  const call = ((name: keyof Actions, params: { after?: string }) => {
    if (name === "platform.inputs") return Promise.resolve({ inputs: [input] });
    const from = Number(params.after ?? "0");
    const next = from + 2 < items.length ? { next: String(from + 2) } : {};
    return Promise.resolve({ items: items.slice(from, from + 2), ...next });
  }) as Call;
  const open = () => bytesOf(file);
  const { type, pieces } = await createEchoes({ call, blobs: { open }, limits: LIMITS })({
    id: "file_1",
    platform: "shop",
  });
  let text = "";
  for await (const piece of pieces) text += piece;
  return { type, text };
}

const table = "no,total\nA,1\nB,=1+1\nC,3\nD,-4.00\n";
const json = '{"data": [{"no": "A", "total": 1.50}, {"no": "B",\n "total": 12345678901234567890}, {"no": "C"}]}';
const xml =
  "<list><order id='1'><no>A</no></order><order id='2'><no>B &amp; C</no><line>x</line><line>y</line></order></list>";

describe("the echo of a file", () => {
  const cases: readonly (readonly [
    name: string,
    input: InputSpec,
    file: string | Uint8Array,
    rejects: readonly Rejected[],
    text: string,
  ])[] = [
    [
      "a table: header, rejected rows, what was wrong",
      CSV,
      table,
      [
        { record: 0, position: "line 2", field: "/total" },
        { record: 2, position: "line 4" },
      ],
      "no,total,mergepay_code,mergepay_reason\r\nA,1,RECORD_INVALID,line 2: /total: No total.\r\nC,3,RECORD_INVALID,line 4: No total.\r\n",
    ],
    [
      "a formula is neutralised, a number below zero is none",
      CSV,
      table,
      [
        { record: 1, position: "line 3" },
        { record: 3, position: "line 5" },
      ],
      "no,total,mergepay_code,mergepay_reason\r\nB,'=1+1,RECORD_INVALID,line 3: No total.\r\nD,-4.00,RECORD_INVALID,line 5: No total.\r\n",
    ],
    [
      "all rows of a record",
      GROUPED,
      "no,line\nA,1\nA,2\nB,3\n",
      [{ record: 0, position: "line 2" }],
      "no,line,mergepay_code,mergepay_reason\r\nA,1,RECORD_INVALID,line 2: No total.\r\nA,2,RECORD_INVALID,line 2: No total.\r\n",
    ],
    [
      "a row that could not be read",
      CSV,
      "no,total\nA\nB,2\n",
      [
        { record: 0, position: "line 2", code: "RECORD_MALFORMED" },
        { record: 1, position: "line 3" },
      ],
      "no,total,mergepay_code,mergepay_reason\r\n,,RECORD_MALFORMED,line 2: No total.\r\nB,2,RECORD_INVALID,line 3: No total.\r\n",
    ],
    [
      "several orders of one record",
      CSV,
      table,
      [
        { record: 0, position: "line 2", code: "ORDER_CONFLICT", reason: "Paid." },
        { record: 0, position: "line 2", code: "RECORD_DUPLICATE", reason: "Twice." },
      ],
      "no,total,mergepay_code,mergepay_reason\r\nA,1,ORDER_CONFLICT RECORD_DUPLICATE,line 2: Paid. Twice.\r\n",
    ],
    ["a table of which nothing was rejected", CSV, table, [], "no,mergepay_code,mergepay_reason\r\n"],
    [
      "tabs",
      TSV,
      "no\ttotal\nA\t1,5\n",
      [{ record: 0, position: "line 2" }],
      "no\ttotal\tmergepay_code\tmergepay_reason\r\nA\t1,5\tRECORD_INVALID\tline 2: No total.\r\n",
    ],
    [
      "JSON: the record's own text, numbers and all",
      JSON_,
      json,
      [
        { record: 0, position: "/data/0" },
        { record: 1, position: "/data/1", field: "/total" },
      ],
      '[{"position":"/data/0","code":"RECORD_INVALID","reason":"No total.","record":{"no": "A", "total": 1.50}},\n' +
        '{"position":"/data/1","code":"RECORD_INVALID","field":"/total","reason":"No total.","record":{"no": "B",\n "total": 12345678901234567890}}]\n',
    ],
    ["JSON of which nothing was rejected", JSON_, json, [], "[]\n"],
    [
      "a record that is elsewhere since the plugin changed",
      JSON_,
      json,
      [{ record: 1, position: "/orders/1" }],
      '[{"position":"/orders/1","code":"RECORD_INVALID","reason":"No total.","record":null}]\n',
    ],
    [
      "a line of JSON",
      NDJSON,
      '{"a":1.0}\n{"a":2.0}\n',
      [{ record: 1, position: "line 2" }],
      '{"position":"line 2","code":"RECORD_INVALID","reason":"No total.","record":{"a":2.0}}\n',
    ],
    [
      "XML in a namespace",
      NAMED,
      '<s:list xmlns:s="urn:shop"><s:order><s:no>A</s:no></s:order></s:list>',
      [{ record: 0, position: "/list/order[1]" }],
      '<?xml version="1.0" encoding="UTF-8"?>\n<rejected>\n<record position="/list/order[1]">' +
        '<error code="RECORD_INVALID">No total.</error><s:order xmlns:s="urn:shop"><s:no>A</s:no></s:order></record>\n</rejected>\n',
    ],
    [
      "XML: the element and what was wrong",
      XML,
      xml,
      [{ record: 1, position: "/list/order[2]", field: "/no", reason: "Not <one>." }],
      '<?xml version="1.0" encoding="UTF-8"?>\n<rejected>\n' +
        '<record position="/list/order[2]"><error code="RECORD_INVALID" field="/no">Not &lt;one&gt;.</error>' +
        "<order id='2'><no>B &amp; C</no><line>x</line><line>y</line></order></record>\n</rejected>\n",
    ],
    [
      "a packed table: its rows, unpacked",
      CSV,
      gzipSync(table),
      [{ record: 0, position: "line 2" }],
      "no,total,mergepay_code,mergepay_reason\r\nA,1,RECORD_INVALID,line 2: No total.\r\n",
    ],
    [
      "a workbook: its rows as a table that a spreadsheet opens",
      SHEET,
      workbookOf({ rows: textRow("no", "total") + textRow("A", "1") + textRow("B", "=1+1") }),
      [{ record: 1, position: "row 3", field: "/rows/0/total" }],
      "no,total,mergepay_code,mergepay_reason\r\nB,'=1+1,RECORD_INVALID,row 3: /rows/0/total: No total.\r\n",
    ],
    [
      "a packed Shift_JIS table, in UTF-8",
      { ...CSV, encoding: "shift_jis" },
      zipOf([{ content: Buffer.from("6e6f0a938c8b9e0a", "hex") }]),
      [{ record: 0, position: "line 2" }],
      "no,mergepay_code,mergepay_reason\r\n東京,RECORD_INVALID,line 2: No total.\r\n",
    ],
    [
      "rows of several kinds: the cells of all",
      {
        format: "csv",
        header: false,
        columns: ["kind", "no"],
        kinds: { column: "kind", details: [{ is: "O" }, { is: "L", columns: ["kind", "sku", "price"] }], opens: "O" },
      },
      "O,A\nL,S1,2.00\n",
      [{ record: 0, position: "line 1" }],
      "kind,no,sku,price,mergepay_code,mergepay_reason\r\n" +
        "O,A,,,RECORD_INVALID,line 1: No total.\r\nL,,S1,2.00,RECORD_INVALID,line 1: No total.\r\n",
    ],
    [
      "fixed-width lines: their texts",
      FIXED,
      gzipSync("A  1.00 \nB  2.00 \n"),
      [{ record: 1, position: "line 2" }],
      '[{"position":"line 2","code":"RECORD_INVALID","reason":"No total.","record":{"rows":[{"no":"B","total":"2.00"}]}}]\n',
    ],
    [
      "a message of an interchange: its segments",
      EDI,
      gzipSync(X12),
      [{ record: 0, position: "segment 3" }],
      '[{"position":"segment 3","code":"RECORD_INVALID","reason":"No total.","record":{"type":"850","reference":"0001","test":false,' +
        '"decimal":".","segments":[{"tag":"BEG","elements":[["00"],["NE"],["P1"]]}]}}]\n',
    ],
  ];
  for (const [name, input, file, rejects, text] of cases)
    it(name, async () => expect((await echo(input, file, rejects)).text).to.equal(text));

  describe("and its file", () => {
    const book = workbookOf({ rows: textRow("no") + textRow("A") });
    const KINDS: readonly InputSpec[] = [SHEET, NDJSON];
    let opened: number;
    let closed: number;
    let echoes: ReturnType<typeof createEchoes>;
    beforeEach(() => {
      opened = closed = 0;
      const open = async function* (fileId: string) {
        opened += 1;
        try {
          yield* bytesOf(fileId === "book" ? book : '{"no":"A"}\n');
        } finally {
          closed += 1;
        }
      };
      const call = ((name: keyof Actions, { fileId }: { fileId?: string }, { platform = "" } = {}) => {
        if (name === "platform.inputs") return Promise.resolve({ inputs: platform === "lines" ? [NDJSON] : KINDS });
        const reject = { record: 0, position: "row 2", code: "RECORD_INVALID", reason: "No total." };
        return Promise.resolve({ items: fileId === "clean" ? [] : [reject] });
      }) as Call;
      echoes = createEchoes({ call, blobs: { open }, limits: LIMITS });
    });
    const begun = async (id: string, platform = "shop") => {
      const { pieces } = await echoes({ id, platform });
      await pieces.next();
      return pieces;
    };

    it("which is closed when nothing of it was rejected, and when nobody wants the rest", async () => {
      for (const id of ["clean", "book"]) {
        const pieces = await begun(id);
        await pieces.return(undefined);
      }
      expect([opened, closed]).to.deep.equal([2, 2]);
    });

    it("two at a time of a platform whose files are held while they are read", async () => {
      const two = [await begun("book"), await begun("book")];
      const third = await attempt(() => begun("book"));
      expect([third, opened]).to.deep.equal(["OVERLOADED", 2]);
      await begun("book", "another shop");
      await two[0]?.return(undefined);
      await begun("book");
      expect(await attempt(() => begun("book"))).to.equal("OVERLOADED");
    });

    it("as many at a time as are asked for, where hardly anything is held", async () => {
      for (let count = 0; count < 5; count++) await begun("lines", "lines");
      expect(opened).to.equal(5);
    });
  });

  it("of a table gives every cell back as it was, whatever it holds", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "ü", "'", ";"), maxLength: 6 });
    const row = fc.record({ no: cell, total: cell });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const file = `${["no,total", ...rows.map(({ no, total }) => `${quoted(no)},${quoted(total)}`)].join("\n")}\n`;
        const rejects: Rejected[] = [];
        for await (const batch of readRecords(bytesOf(file), CSV, LIMITS))
          for (const { record, position } of batch) rejects.push({ record, position });
        const { text } = await echo(CSV, file, rejects);
        const back = parse(text, { columns: true, record_delimiter: "\r\n" }) as Record<string, string>[];
        const safe = (cell: string) => (cell.startsWith("\r") ? `'${cell}` : cell);
        expect(back.map(({ no, total }) => ({ no, total }))).to.deep.equal(
          rows.map(({ no, total }) => ({ no: safe(no), total: safe(total) })),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("of XML is XML, whatever the record holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 12 }), async (reason) => {
        const { text } = await echo(XML, xml, [{ record: 0, position: "/list/order[1]", reason }]);
        const frame = { format: "xml", records: ["/rejected/record"] } as const;
        expect(await checkFrame(bytesOf(text), frame, LIMITS)).to.deep.equal({ records: 1 });
      }),
      { numRuns: 200 },
    );
  });
});
