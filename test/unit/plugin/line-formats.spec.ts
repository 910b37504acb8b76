import { expect } from "chai";
import { LIMITS } from "../../../core/limits.ts";
import { checkPlugin } from "../../../core/plugin/check.ts";
import { noBlobs } from "../../../core/plugin/record-sample.ts";
import { pluginFile, pluginsFolder, type PluginFiles, type PluginsFolder } from "../../support/plugins.ts";

/** An order of 37.50 and one of 9.99 by the price of lines, and one whose own count is wrong. */
const X12_850 = [
  "ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*SELLERCO       *260309*0815*U*00401*000000042*0*P*>",
  "GS*PO*BUYERCO*SELLERCO*20260309*0815*7*X*004010",
  "ST*850*0001",
  "BEG*00*NE*PO-5001**20260309",
  "CUR*BY*EUR",
  "PO1*1*3*EA*12.50**VP*PEN-3",
  "CTT*1",
  "SE*6*0001",
  "ST*850*0002",
  "BEG*00*NE*PO-5002**20260309",
  "CUR*BY*EUR",
  "PO1*1*1*EA*9.99**VP*INK>BLUE",
  "CTT*1",
  "SE*6*0002",
  "ST*850*0003",
  "BEG*00*NE*PO-5003**20260309",
  "SE*4*0003",
  "GE*3*7",
  "IEA*1*000000042",
]
  .map((segment) => `${segment}~\n`)
  .join("");

const x12Plugin = `
  input: { format: "edi", syntax: "x12", messages: ["850"] },
  map: ({ segments }, { merchant }) => {
    const of = (tag) => segments.filter((segment) => segment.tag === tag);
    const lines = of("PO1").map(({ elements }) => exactProduct(elements[1][0], elements[3][0]));
    return [{ merchant, orderNo: of("BEG")[0].elements[2][0], amount: money(exactSum(lines), of("CUR")[0].elements[1][0]) }];
  },`;

const FIXED = [
  "HD20260309          ",
  "OR5001    EUR       ",
  "LIPEN-3      37.50  ",
  "LIINK         2.49  ",
  "OR5002    EUR       ",
  "LIPEN-3       1.00",
  "OR5003    EUR       ",
  "LIPAPER      10.00  ",
  "TR00003      50.99  ",
]
  .map((line) => `${line}\r\n`)
  .join("");

const fixedPlugin = `
  input: {
    format: "fixed",
    columns: [{ name: "type", from: 1, to: 2 }],
    length: 20,
    kinds: {
      column: "type",
      opens: "OR",
      header: { is: "HD" },
      details: [
        { is: "OR", columns: [{ name: "no", from: 3, to: 10 }, { name: "currency", from: 11, to: 13 }] },
        { is: "LI", columns: [{ name: "sku", from: 3, to: 10 }, { name: "amount", from: 11, to: 18 }] },
      ],
      trailer: {
        is: "TR",
        columns: [{ name: "orders", from: 3, to: 7 }, { name: "total", from: 8, to: 18 }],
        count: { column: "orders", of: ["OR"] },
      },
    },
  },
  map: ({ rows: [order, ...lines] }, { merchant }) =>
    [{ merchant, orderNo: order.no, amount: money(exactSum(lines.map(({ amount }) => amount)), order.currency) }],`;

const order = (orderNo: string, value: string) => ({ merchant: "corner", orderNo, amount: { value, currency: "EUR" } });

describe("plugins of formats that are read line by line", () => {
  const cases: readonly (readonly [name: string, fields: string, sample: string, expected: unknown])[] = [
    [
      "X12 purchase orders",
      x12Plugin,
      X12_850,
      {
        orders: [order("PO-5001", "37.50"), order("PO-5002", "9.99")],
        rejected: [{ code: "RECORD_MALFORMED", position: "segment 15", field: "SE" }],
      },
    ],
    [
      "fixed-width orders, a line of which is too short",
      fixedPlugin,
      FIXED,
      {
        orders: [order("5001", "39.99"), order("5003", "10.00")],
        rejected: [{ code: "RECORD_MALFORMED", position: "line 5" }],
      },
    ],
    [
      "a fixed-width file without its trailer",
      fixedPlugin,
      FIXED.slice(0, FIXED.indexOf("TR")),
      { error: { code: "FILE_FRAME_BROKEN", position: "line 8" } },
    ],
  ];
  let folder: PluginsFolder;
  before(async () => {
    folder = await pluginsFolder();
  });
  after(() => folder.remove());

  for (const [index, [name, fields, sample, expected]] of cases.entries())
    it(name, async () => {
      const id = `lines-${index}`;
      const files: PluginFiles = {
        "plugin.ts": pluginFile({ fields }).replace("definePlatform,", "definePlatform, exactProduct, exactSum,"),
        "order.schema.json": '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}',
        "samples/orders.txt": sample,
        "samples/orders.txt.expected.json": JSON.stringify(expected),
      };
      const dir = await folder.write(id, files);
      const platform = await checkPlugin({ id, dir, limits: LIMITS, openBlob: noBlobs });
      expect(platform.version).to.match(/^1-/);
      await platform.close();
    });
});
