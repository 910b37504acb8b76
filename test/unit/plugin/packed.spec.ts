/** Packed files and workbooks with a real plugin in its worker. */
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { Platform } from "../../../core/plugin/platform.ts";
import {
  goodPlugin,
  line,
  openShop,
  pluginFile,
  type PluginFiles,
  pluginsFolder,
  type PluginsFolder,
  readAll,
} from "../../support/plugins.ts";
import { zipOf } from "../formats/packing.ts";
import { textRow, workbookOf } from "../formats/workbook.ts";

const codeOf = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => "read",
    (error: unknown) => asMergepayError(error).type,
  );

const numbersOf = (records: readonly MappedRecord[]): unknown[] =>
  records.flatMap(({ orders = [] }) => orders.map(({ orderNo }) => orderNo));

describe("Packed files and workbooks of a platform", () => {
  let folder: PluginsFolder;
  let shop: Platform | undefined;
  beforeEach(async () => {
    folder = await pluginsFolder();
  });
  afterEach(async () => {
    await shop?.close();
    shop = undefined;
    await folder.remove();
  });

  async function open(plugin: PluginFiles, files: Readonly<Record<string, string | Uint8Array>>): Promise<Platform> {
    return (shop = await openShop(folder, plugin, files, { limits: LIMITS }));
  }

  it("a packed file is unpacked, and one that can't be stops no other", async () => {
    const many = Array.from({ length: 3000 }, (_, index) => line(`A-${index}`)).join("");
    const packed = gzipSync(many);
    const bad = { bomb: gzipSync(Buffer.alloc(20 * 1024 * 1024)), cut: packed.subarray(0, -4) };
    const own = await open(goodPlugin, { packed, ...bad });
    expect(await own.check("packed")).to.deep.equal({ records: 3000 });
    for (const [fileId, code] of [
      ["bomb", "FILE_ARCHIVE_RATIO"],
      ["cut", "FILE_ARCHIVE_BROKEN"],
    ] as const) {
      expect(await codeOf(own.check(fileId))).to.equal(code);
      expect(await codeOf(readAll(own, fileId))).to.equal(code);
    }
    expect(numbersOf(await readAll(own, "packed"))).to.deep.equal(
      Array.from({ length: 3000 }, (_, index) => `A-${index}`),
    );
    expect(own.openFiles()).to.equal(0);
  });

  it("a workbook's amounts are the text that stands in it", async () => {
    const plugin = pluginFile({
      fields: `input: { format: "xlsx", columns: ["no", "total", "day"] }, schema: "rows.schema.json",
        map: ({ rows: [row] }: { rows: Record<string, string>[] }, { merchant }: { merchant: string }) =>
          [{ merchant, orderNo: row.no, amount: money(row.total, "EUR"), placedAt: excelInstant(row.day) + "Z" }],`,
    }).replace("{ definePlatform", "{ definePlatform, excelInstant");
    const cell = (text: string) => `<c><v>${text}</v></c>`;
    const rows = `<row>${cell("1001")}${cell("12.3")}${cell("45292.5")}</row><row r="5">${cell("1002")}${cell("0.30000000000000004")}${cell("45293")}</row>`;
    const book = workbookOf({ rows: textRow("no", "total", "day") + rows });
    const own = await open({ ...goodPlugin, "plugin.ts": plugin, "rows.schema.json": "{}" }, { book });
    expect(await own.check("book")).to.deep.equal({ records: 2 });
    const [first, second] = await readAll(own, "book");
    expect(first?.orders?.[0]).to.deep.include({
      orderNo: "1001",
      amount: { value: "12.30", currency: "EUR" },
      placedAt: "2024-01-01T12:00:00Z",
    });
    expect(second).to.deep.include({ position: "row 5" });
    expect(second?.rejected?.code).to.equal("AMOUNT_INVALID");
  });

  describe("of a platform with files of all kinds", () => {
    const kinds: readonly (readonly [name: string, input: string, text: string | Uint8Array])[] = [
      ["json", '{ format: "json", records: ["/orders"] }', '{"orders":[{"no":"json"}]}'],
      ["xml", '{ format: "xml", records: ["/list/order"] }', "<list><order><no>xml</no></order></list>"],
      ["csv", '{ format: "csv", columns: ["no"], delimiter: ";", groupBy: "no" }', "no;total\ncsv;1\n"],
      ["tsv", '{ format: "tsv", columns: ["no"], groupBy: "no", scattered: true }', "no\ttotal\ntsv\t1\n"],
      [
        "kinds",
        '{ format: "csv", header: false, columns: ["kind", "no"], kinds: { column: "kind", details: [{ is: "D" }], trailer: { is: "T", columns: ["kind", "rows"], count: { column: "rows" } } } }',
        "D,kinds\nT,1\n",
      ],
      [
        "fixed",
        '{ format: "fixed", columns: [{ name: "kind", from: 1, to: 2 }, { name: "no", from: 3, to: 9 }], kinds: { column: "kind", details: [{ is: "OR" }] } }',
        "ORfixed  \n",
      ],
      [
        "x12",
        '{ format: "edi", syntax: "x12", messages: ["850"] }',
        "ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*SELLERCO       *260309*0815*U*00401*000000042*0*P*>~GS*PO*B*S*20260309*0815*7*X*004010~ST*850*0001~BEG*00*NE*x12**20260309~SE*3*0001~GE*1*7~IEA*1*000000042~",
      ],
      [
        "japan",
        '{ format: "csv", encoding: "shift_jis", columns: ["注文"] }',
        Buffer.concat([Buffer.from("928d95b6", "hex"), Buffer.from("\njapan\n")]),
      ],
    ];
    const BOOK = '{ format: "xlsx", header: false, columns: ["no", "total"], groupBy: "no", scattered: true }';
    const numberOf = `const noOf = (r: any): string => r.no ?? r.rows?.[0].no ?? r.rows?.[0].注文 ?? r.segments[0].elements[2][0];`;
    const input = (text: string) =>
      `input: ${text}, schema: "any.schema.json", map: (r: any, { merchant }: any) => [{ merchant, orderNo: noOf(r), amount: money("1.00", "EUR") }]`;
    const [first, ...also] = kinds.map(([, text]) => input(text));
    const plugin: PluginFiles = {
      ...goodPlugin,
      "any.schema.json": "{}",
      "plugin.ts": pluginFile({
        top: numberOf,
        fields: `${first}, also: [${also.map((one) => `{ ${one} }`).join(", ")}, { ${input(BOOK)} }],`,
      }),
    };

    it("each is told from the others and read, as it is and packed", async () => {
      const files: Record<string, string | Uint8Array> = {
        "xlsx as it is": workbookOf({ rows: textRow("xlsx", "1.00") + textRow("xlsx") }),
      };
      for (const [name, , text] of kinds) {
        files[`${name} as it is`] = text;
        files[`${name} by gzip`] = gzipSync(text);
        files[`${name} by zip`] = zipOf([{ content: text, descriptor: "signed" }]);
      }
      const own = await open(plugin, files);
      const read: Record<string, unknown> = {};
      for (const fileId of Object.keys(files)) {
        expect(await codeOf(own.check(fileId)), fileId).to.equal("read");
        read[fileId] = numbersOf(await readAll(own, fileId));
      }
      expect(read).to.deep.equal(
        Object.fromEntries(Object.keys(files).map((fileId) => [fileId, [fileId.split(" ", 1)[0]]])),
      );
    });

    it("a workbook in gzip is refused as one that is packed twice", async () => {
      const own = await open(plugin, { twice: gzipSync(workbookOf({ rows: textRow("no") + textRow("1") })) });
      expect(await codeOf(own.check("twice"))).to.equal("FILE_ARCHIVE_UNSUPPORTED");
    });
  });
});
