import { createReadStream, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { MappedRecord } from "../../core/actions.ts";
import { ERRORS } from "../../core/errors/codes.ts";
import { asMergepayError } from "../../core/errors/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { BANK_ADAPTER, checkPlugin } from "../../core/plugin/check.ts";
import { runConformance } from "../../core/plugin/conformance/suite.ts";
import type { PlatformOrder } from "../../core/plugin/contract.ts";
import type { Platform } from "../../core/plugin/platform.ts";
import { noBlobs } from "../../core/plugin/record-sample.ts";
import type { Generate } from "../../core/plugin/sample-data.ts";
import { expectationOf, type Expectation, GENERATOR, listSamples } from "../../core/plugin/samples.ts";
import { validator } from "../../core/schema/validate.ts";
import { importsOf, listFiles, packageOf, readSource, root } from "../tidy/source.ts";

/**
 * What every platform plugin must hold, whichever it is. A new folder under plugins/ is tried by being there; so is the example that
 * `mergepay plugin new` copies.
 */
const platforms = readdirSync(join(root, "plugins"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== BANK_ADAPTER)
  .map(({ name }) => ({ id: name, folder: `plugins/${name}` }));
const example = { id: "example", folder: "gateway/cli/template" };

const MAX_LINES = 400;

async function* bytesOf(pieces: Iterable<string>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function recordsOf(platform: Platform, open: () => AsyncIterable<Uint8Array>): Promise<MappedRecord[]> {
  const records: MappedRecord[] = [];
  for await (const batch of platform.trial(open)) records.push(...batch);
  return records;
}

const ordersOf = (records: readonly MappedRecord[]): PlatformOrder[] => records.flatMap(({ orders }) => orders ?? []);

for (const { id, folder } of [...platforms, example])
  describe(`The plugin ${id}`, () => {
    const dir = join(root, folder);
    const sources = listFiles().filter((path) => path.startsWith(`${folder}/`) && path.endsWith(".ts"));
    let platform: Platform;
    let samples: readonly string[];
    let expectations: readonly Expectation[];
    before(async () => {
      platform = await checkPlugin({ id, dir, limits: LIMITS, openBlob: noBlobs });
      ({ samples } = await listSamples(dir));
      expectations = await Promise.all(samples.map((sample) => expectationOf(dir, sample)));
    });
    after(() => platform?.close());

    it("loads, and its samples become what is expected of them", () => {
      expect(platform.version).to.match(/^1-[0-9a-f]{12}$/);
      expect(samples).not.to.have.lengthOf(0);
    });

    it("is pure, and refuses by name or reads whatever its samples are damaged into", async () => {
      const found = await runConformance({ id, dir, limits: LIMITS, now: () => performance.now() });
      expect(found.faults).to.deep.equal([]);
      expect(found.records).to.be.above(0);
      expect(found.hostile).to.be.above(100);
    });

    it("expects unified orders only", () => {
      const fits = validator<PlatformOrder>("mergepay:platform-order");
      const orders = expectations.flatMap((one) => ("orders" in one ? one.orders : []));
      for (const order of orders) expect(fits(order), JSON.stringify(order)).to.equal(true);
      expect(orders).not.to.have.lengthOf(0);
    });

    it("has bad samples too: rejected records and a broken file, with known codes", () => {
      const rejected = expectations.flatMap((one) => ("orders" in one ? (one.rejected ?? []) : []));
      const broken = expectations.flatMap((one) => ("error" in one ? [one.error] : []));
      for (const { code } of [...rejected, ...broken]) expect(ERRORS).to.have.property(code);
      expect(rejected).not.to.have.lengthOf(0);
      expect(broken).not.to.have.lengthOf(0);
    });

    it("names an order that it ends as it names it when it is owed: its samples show both", () => {
      const namesOf = (...of: ("orders" | "cancelled" | "notOwed")[]) =>
        expectations.flatMap((one) =>
          "orders" in one
            ? of.flatMap((name) => (one[name] ?? []).map(({ merchant, orderNo }) => `${merchant}/${orderNo}`))
            : [],
        );
      const owed = new Set(namesOf("orders"));
      const ended = namesOf("cancelled", "notOwed");
      // A platform may have no word for an order that ends.
      if (ended.length > 0) expect(ended.filter((name) => owed.has(name))).not.to.have.lengthOf(0);
    });

    it(`imports only the contract, its own files and libraries, in files of at most ${MAX_LINES} lines`, () => {
      for (const path of sources) {
        const source = readSource(path);
        expect(source.text.split("\n").length, path).to.be.at.most(MAX_LINES + 1);
        const mapping = !path.startsWith(`${folder}/samples/`);
        for (const { specifier } of importsOf(source)) {
          const target = specifier.startsWith(".") ? join(path, "..", specifier) : specifier;
          const own = target.startsWith(`${folder}/`) || target === "core/plugin/contract.ts";
          const library = !specifier.startsWith(".") && packageOf(specifier) !== undefined;
          expect(own || library || specifier.startsWith("node:"), `${path} imports ${specifier}`).to.equal(true);
          if (mapping) expect(specifier, path).not.to.match(/^node:(?:fs|net|http|child_process|worker_threads)/);
        }
      }
    });

    if (existsSync(join(dir, "samples", GENERATOR)))
      describe("makes sample files of any size", () => {
        let generate: Generate;
        before(async () => {
          ({ generate } = (await import(join(dir, "samples", GENERATOR))) as { generate: Generate });
        });

        it("of 50 orders with numbers of their own", async () => {
          const orders = ordersOf(await recordsOf(platform, () => bytesOf(generate(50, { seed: 7 }))));
          expect(new Set(orders.map(({ merchant, orderNo }) => `${merchant}/${orderNo}`)).size).to.equal(50);
          expect(orders).to.have.lengthOf(50);
        });

        it("the same for the same seed, another for another", () => {
          const text = (seed: number) => [...generate(20, { seed })].join("");
          expect(text(1)).to.equal(text(1));
          expect(text(2)).not.to.equal(text(1));
        });

        it("of which the named records are bad and no others", async () => {
          const records = await recordsOf(platform, () => bytesOf(generate(10, { seed: 7, bad: [0, 4] })));
          const bad = records.filter(({ rejected }) => rejected !== undefined);
          expect(bad.map(({ record }) => record)).to.deep.equal([0, 4]);
          expect(ordersOf(records)).to.have.lengthOf(8);
        });
      });

    const real = process.env["MERGEPAY_SAMPLES"];
    const realDir = real === undefined ? undefined : join(real, id);
    if (realDir !== undefined && existsSync(realDir))
      describe("reads real files", () => {
        const files = readdirSync(realDir, { withFileTypes: true }).filter((entry) => entry.isFile());
        for (const { name } of files)
          it(`${name}: every record is an order, ends one, is skipped, or rejected by name`, async () => {
            const outcome = await recordsOf(platform, () => createReadStream(join(realDir, name))).catch(
              (error: unknown) => asMergepayError(error).type,
            );
            if (typeof outcome === "string") {
              expect(outcome).to.match(/^FILE_/);
              return;
            }
            for (const { orders, skipped, cancelled, notOwed, rejected, position } of outcome) {
              expect(
                [orders, skipped, cancelled, notOwed, rejected].filter((part) => part !== undefined),
                position,
              ).to.have.lengthOf(1);
              if (rejected !== undefined) expect(rejected.code, rejected.reason).not.to.match(/^(?:INTERNAL|PLUGIN_)/);
            }
          });
      });
  });
