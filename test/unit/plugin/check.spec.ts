import { expect } from "chai";
import { checkName, checkPlugin } from "../../../core/plugin/check.ts";
import { noBlobs, recordSamples } from "../../../core/plugin/record-sample.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  expected,
  goodPlugin,
  line,
  pluginFile,
  type PluginFiles,
  pluginsFolder,
  type PluginsFolder,
  tightLimits,
} from "../../support/plugins.ts";

/** What is wrong with the folder, its files, the code that it is refused with, and words that must be in the sentence. */
type Case = readonly [string, PluginFiles, string, RegExp];

const withPlugin = (options: Parameters<typeof pluginFile>[0]): PluginFiles => ({
  ...goodPlugin,
  "plugin.ts": pluginFile(options),
});
const withSchema = (schema: string): PluginFiles => ({ ...goodPlugin, "order.schema.json": schema });
const withExpected = (text: string | undefined): PluginFiles => ({
  ...goodPlugin,
  "samples/orders.ndjson.expected.json": text,
});

const cases: readonly Case[] = [
  [
    "there is no plugin.ts",
    { ...goodPlugin, "plugin.ts": undefined },
    "PLUGIN_ENTRY_MISSING",
    /no plugin\.ts.*Add one/,
  ],
  [
    "it throws when loaded",
    withPlugin({ top: 'throw new Error("out of order");' }),
    "PLUGIN_LOAD_FAILED",
    /Error: out of order/,
  ],
  [
    "it is not TypeScript",
    { ...goodPlugin, "plugin.ts": "export default {" },
    "PLUGIN_LOAD_FAILED",
    /could not be loaded/,
  ],
  ["it imports what is not there", withPlugin({ top: 'import "./away.ts";' }), "PLUGIN_LOAD_FAILED", /away\.ts/],
  ["it loops when loaded", withPlugin({ top: "for (;;);" }), "PLUGIN_LOAD_FAILED", /did not finish loading/],
  [
    "it eats all memory when loaded",
    withPlugin({ top: "const held: unknown[] = []; for (;;) held.push(new Array(1000).fill(1));" }),
    "PLUGIN_LOAD_FAILED",
    /ended its worker or ran out of memory/,
  ],
  [
    "it was made for another contract",
    withPlugin({ fields: "contract: 2," }),
    "PLUGIN_CONTRACT_UNSUPPORTED",
    /contract 2.*contract 1/,
  ],
  [
    "it names no contract",
    { ...goodPlugin, "plugin.ts": "export default {};" },
    "PLUGIN_CONTRACT_UNSUPPORTED",
    /\(none\)/,
  ],
  ["it exports nothing", { ...goodPlugin, "plugin.ts": "export const x = 1;" }, "PLUGIN_SHAPE_INVALID", /is missing/],
  [
    "it exports a class",
    { ...goodPlugin, "plugin.ts": "export default class {}" },
    "PLUGIN_SHAPE_INVALID",
    /class or function/,
  ],
  [
    "it exports an instance",
    { ...goodPlugin, "plugin.ts": "class A { contract = 1 }\nexport default new A();" },
    "PLUGIN_SHAPE_INVALID",
    /not a plain value/,
  ],
  ["it has no map", withPlugin({ fields: "map: undefined," }), "PLUGIN_SHAPE_INVALID", /\/map must be a function/],
  [
    "a field is a function",
    withPlugin({ fields: "title: () => 'x'," }),
    "PLUGIN_SHAPE_INVALID",
    /\/title is a function/,
  ],
  [
    "a field holds itself",
    withPlugin({ top: "const o: Record<string, unknown> = {}; o.o = o;", fields: "fees: o," }),
    "PLUGIN_SHAPE_INVALID",
    /holds itself/,
  ],
  [
    "a field is unknown",
    withPlugin({ fields: "answer: true," }),
    "PLUGIN_SHAPE_INVALID",
    /\/answer is not a known field/,
  ],
  [
    "a field is missing",
    withPlugin({ fields: "settlementAccount: undefined," }),
    "PLUGIN_SHAPE_INVALID",
    /\/settlementAccount is missing/,
  ],
  [
    "its currency is none",
    withPlugin({ fields: 'currencies: ["EUR", "XQX"],' }),
    "PLUGIN_SHAPE_INVALID",
    /\/currencies\/1/,
  ],
  [
    "its fee has too many decimals",
    withPlugin({ fields: 'fees: { fixed: { JPY: "1.5" } },' }),
    "PLUGIN_SHAPE_INVALID",
    /\/fees\/fixed\/JPY/,
  ],
  [
    "its fee is in another currency",
    withPlugin({ fields: 'fees: { fixed: { USD: "1.50" } },' }),
    "PLUGIN_SHAPE_INVALID",
    /USD is not one of its currencies/,
  ],
  [
    "its second kind of workbooks is hidden by its first",
    withPlugin({
      fields:
        'input: { format: "xlsx", columns: ["id"] }, also: [{ input: { format: "xlsx", columns: ["no", "id"] }, schema: "order.schema.json", map: () => [] }],',
    }),
    "PLUGIN_SHAPE_INVALID",
    /\/also\/0\/input is a workbook that an earlier kind takes already/,
  ],
  [
    "its workbook has marks",
    withPlugin({ fields: 'input: { format: "xlsx", columns: ["id"], marks: ["id"] },' }),
    "PLUGIN_SHAPE_INVALID",
    /\/input\/marks is not a known field/,
  ],
  [
    "its format is none",
    withPlugin({ fields: 'input: { format: "pdf" },' }),
    "PLUGIN_SHAPE_INVALID",
    /\/input\/format/,
  ],
  [
    "its table names no columns",
    withPlugin({ fields: 'input: { format: "csv" },' }),
    "PLUGIN_SHAPE_INVALID",
    /\/input\/columns is missing/,
  ],
  [
    "the rows of its records lie apart, by no column",
    withPlugin({ fields: 'input: { format: "csv", columns: ["id"], scattered: true },' }),
    "PLUGIN_SHAPE_INVALID",
    /\/input\/scattered is only for rows with groupBy/,
  ],
  [
    "its trailer says what nobody knows",
    withPlugin({
      fields:
        'input: { format: "csv", columns: ["id"], kinds: { column: "id", details: [{ is: "D" }], trailer: { is: "T", sum: "id" } } },',
    }),
    "PLUGIN_SHAPE_INVALID",
    /\/input\/kinds\/trailer\/sum/,
  ],
  [
    "its parts name no key",
    withPlugin({
      fields: 'input: { format: "json", records: ["/a"], join: [{ records: "/b", on: "/id", as: "b" }] },',
    }),
    "PLUGIN_SHAPE_INVALID",
    /\/input\/join\/0\/key is missing/,
  ],
  [
    "its schema is elsewhere",
    withPlugin({ fields: 'schema: "../other/order.schema.json",' }),
    "PLUGIN_SHAPE_INVALID",
    /\/schema/,
  ],
  [
    "its schema is missing",
    { ...goodPlugin, "order.schema.json": undefined },
    "PLUGIN_SCHEMA_INVALID",
    /order\.schema\.json.*ENOENT/,
  ],
  ["its schema is not JSON", withSchema("{ no"), "PLUGIN_SCHEMA_INVALID", /order\.schema\.json/],
  [
    "its schema is of another draft",
    withSchema('{ "$schema": "http://json-schema.org/draft-07/schema#" }'),
    "PLUGIN_SCHEMA_INVALID",
    /draft-07/,
  ],
  [
    "its schema has a word that is none",
    withSchema('{ "type": "object", "propertys": {} }'),
    "PLUGIN_SCHEMA_INVALID",
    /propertys/,
  ],
  [
    "its schema would answer later",
    withSchema('{ "$async": true, "type": "object" }'),
    "PLUGIN_SCHEMA_INVALID",
    /\$async/,
  ],
  [
    "there are no samples",
    { ...goodPlugin, "samples/orders.ndjson": undefined, "samples/orders.ndjson.expected.json": undefined },
    "PLUGIN_SAMPLES_FAILED",
    /no samples/,
  ],
  [
    "a sample has no expectation",
    withExpected(undefined),
    "PLUGIN_SAMPLES_FAILED",
    /orders\.ndjson has no expectation: run `mergepay plugin test corner-shop --record`/,
  ],
  [
    "an expectation has no sample",
    { ...goodPlugin, "samples/x.ndjson.expected.json": '{ "orders": [] }' },
    "PLUGIN_SAMPLES_FAILED",
    /x\.ndjson\.expected\.json expects/,
  ],
  ["an expectation is not JSON", withExpected("no"), "PLUGIN_SAMPLES_FAILED", /is not JSON/],
  ["an expectation has neither form", withExpected("{}"), "PLUGIN_SAMPLES_FAILED", /must hold "orders"/],
  [
    "a sample becomes something else",
    withExpected((goodPlugin["samples/orders.ndjson.expected.json"] ?? "").replace("7.50", "7.51")),
    "PLUGIN_SAMPLES_FAILED",
    /\/orders\/0\/amount\/value is "7\.50", expected "7\.51"/,
  ],
  [
    "a reject is not expected",
    withExpected((goodPlugin["samples/orders.ndjson.expected.json"] ?? "").replace("line 3", "line 4")),
    "PLUGIN_SAMPLES_FAILED",
    /\/rejected\/0\/position/,
  ],
  [
    "a broken sample is taken for a good one",
    { ...goodPlugin, "samples/empty.ndjson": "", "samples/empty.ndjson.expected.json": '{ "orders": [] }' },
    "PLUGIN_SAMPLES_FAILED",
    /FILE_EMPTY/,
  ],
];

const names = [
  "../x",
  "a",
  "Corner",
  "9shop",
  "corner_shop",
  "corner.shop",
  "constructor",
  "__proto__",
  "bank-adapter",
  "node:fs",
  "a".repeat(41),
  "café",
  "",
];

describe("A plugin folder is checked before it runs", () => {
  let folder: PluginsFolder;
  beforeEach(async () => {
    folder = await pluginsFolder();
  });
  afterEach(() => folder.remove());

  const check = async (files: PluginFiles) => {
    const dir = await folder.write("corner-shop", files);
    return checkPlugin({ id: "corner-shop", dir, limits: tightLimits, openBlob: noBlobs, loadMs: 5_000 });
  };

  it("runs when everything fits, with contract and content in its version", async () => {
    const platform = await check(goodPlugin);
    expect(platform.version).to.match(/^1-[0-9a-f]{12}$/);
    expect(platform.manifest).to.include({ title: "Corner shop", settlementAccount: "acct-corner" });
    await platform.close();
  });

  for (const [what, files, code, sentence] of cases)
    it(`is refused with ${code} when ${what}`, async () => {
      const error = await check(files).then(
        async (platform) => {
          await platform.close();
          throw new Error("It was not refused.");
        },
        (thrown: unknown) => asMergepayError(thrown),
      );
      expect(error.type, error.message).to.equal(code);
      expect(error.message).to.match(sentence);
      expect(error.message).not.to.include(folder.dir);
    });

  for (const name of names)
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      expect(() => checkName(name))
        .to.throw()
        .with.property("type", "PLUGIN_NAME_INVALID");
    });

  it("takes names of 2 and of 40 characters", () => {
    checkName("ab");
    checkName("a".repeat(40));
  });

  it("records what samples become, and never writes over an expectation unless asked to", async () => {
    const dir = await folder.write("corner-shop", {
      ...goodPlugin,
      "samples/more.ndjson": line("B-1", "0.30"),
      "samples/empty.ndjson": " ",
      "samples/orders.ndjson.expected.json": '{ "orders": [] }',
    });
    const options = { id: "corner-shop", dir, limits: tightLimits };
    expect(await recordSamples({ ...options, update: false })).to.deep.equal({
      written: ["empty.ndjson.expected.json", "more.ndjson.expected.json"],
      updated: [],
      kept: 1,
    });
    const read = async (name: string) => JSON.parse(await readFile(join(dir, "samples", name), "utf8")) as unknown;
    expect(await read("empty.ndjson.expected.json")).to.deep.equal({ error: { code: "FILE_EMPTY" } });
    expect(await read("more.ndjson.expected.json")).to.deep.equal({
      orders: [{ merchant: "corner", orderNo: "B-1", amount: { value: "0.30", currency: "EUR" } }],
    });
    expect(await read("orders.ndjson.expected.json")).to.deep.equal({ orders: [] });
    expect(await recordSamples({ ...options, update: true })).to.deep.equal({
      written: [],
      updated: ["orders.ndjson.expected.json"],
      kept: 2,
    });
    expect(await read("orders.ndjson.expected.json")).to.deep.equal(JSON.parse(expected));
  });
});
