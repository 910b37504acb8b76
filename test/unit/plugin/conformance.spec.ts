/** The suite that every plugin passes: each thing that it looks for is tried on a plugin that has it. */
import { expect } from "chai";
import fc from "fast-check";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { hostileFiles } from "../../../core/plugin/conformance/hostile.ts";
import { runConformance } from "../../../core/plugin/conformance/suite.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import {
  goodPlugin,
  pluginFile,
  type PluginFiles,
  pluginsFolder,
  type PluginsFolder,
  tightLimits,
} from "../../support/plugins.ts";

describe("The conformance suite", function () {
  this.timeout(60_000);
  let folder: PluginsFolder;
  before(async () => {
    folder = await pluginsFolder();
  });
  after(() => folder.remove());

  let last = 0;
  const run = async (files: PluginFiles) => {
    last += 1;
    const id = `corner-${last}`;
    const dir = await folder.write(id, files);
    return await runConformance({ id, dir, limits: tightLimits, now: () => performance.now() });
  };
  const trick = (code: string): PluginFiles => ({ ...goodPlugin, "plugin.ts": pluginFile({ trick: code }) });

  it("passes a plugin that keeps to the contract, and says what was tried", async () => {
    const found = await run(goodPlugin);
    expect(found.faults).to.deep.equal([]);
    expect(found).to.include({ title: "Corner shop", samples: 1, records: 3 });
    expect(found.hostile).to.be.above(50);
    expect(found.speed.msPer1000Records).to.be.above(0);
    expect(found.speed.peakBytes).to.be.above(10_000_000);
  });

  const faulty: readonly (readonly [name: string, code: string, fault: RegExp])[] = [
    ["changes the record that it is given", "row.seen = 'yes';", /line 1: map changes the record/],
    [
      "counts the records",
      "globalThis.n = (globalThis.n ?? 0) + 1; if (globalThis.n === 4) return { skip: 'The fourth.' };",
      /line 2: the same record becomes another order/,
    ],
    ["throws on an amount that is none", "BigInt(row.total.replace('.', ''));", /PLUGIN_THREW/],
    [
      "looks things up by any name",
      "if ({ A: 1 }[row.no] !== undefined) return [{ merchant, orderNo: row.no }];",
      /PLUGIN_OUTPUT_INVALID/,
    ],
    ["loops on a name that it does not expect", "if (row.no.startsWith('_')) for (;;);", /PLUGIN_TIMEOUT/],
  ];
  for (const [name, code, fault] of faulty)
    it(`finds a plugin that ${name}`, async () => {
      const outcome = await run(trick(code)).then(
        ({ faults }) => faults.join("\n"),
        (error: unknown) => asMergepayError(error).type,
      );
      expect(outcome).to.match(fault);
    });

  it("refuses what a server refuses, with its code", async () => {
    const refused = await run({ ...goodPlugin, "samples/orders.ndjson.expected.json": '{ "orders": [] }' }).then(
      () => undefined,
      (error: unknown) => asMergepayError(error).type,
    );
    expect(refused).to.equal("PLUGIN_SAMPLES_FAILED");
  });
});

describe("Files that a sample is damaged into", () => {
  const inputs: readonly InputSpec[] = [
    { format: "json" },
    { format: "ndjson" },
    { format: "xml", records: ["/a"] },
    { format: "csv", columns: ["a"] },
    { format: "tsv", columns: ["a"], encoding: "utf-16le" },
    { format: "edi", syntax: "x12", messages: ["850"] },
  ];

  it("are the same each time, of a bounded number, and hold a cut, a bad byte, other values, parts doubled and left out", () => {
    const sample = Buffer.from('{"orders":[{"no":"A-1","total":12.5,"note":null},\n{"no":"A-2","total":"8"}]}');
    const files = hostileFiles(sample, { format: "json" }, 100);
    expect(hostileFiles(sample, { format: "json" }, 100)).to.deep.equal(files);
    expect(files.length).to.be.within(50, 220);
    for (const word of ["cut at byte", "bad byte at", '"[[[[', '"xxxx', "doubled at", "left out at"])
      expect(
        files.some(({ name }) => name.includes(word)),
        word,
      ).to.equal(true);
    const texts = files.map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
    expect(new Set(texts).size).to.be.above(files.length / 2);
    expect(texts.filter((text) => text === sample.toString("latin1"))).to.deep.equal([]);
  });

  it("are made of any sample of any format", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(...inputs),
        fc.integer({ min: 0, max: 50 }),
        (bytes, input, count) => {
          expect(hostileFiles(bytes, input, count).length).to.be.at.most(200);
        },
      ),
    );
  });
});
