import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { asMergepayError, MergepayError } from "../../../core/errors/errors.ts";
import { fileIdOf } from "../../../core/files/model.ts";
import { controlTotals, readManifest } from "../../../core/files/manifest.ts";
import type { Manifest } from "../../../schemas/types.generated.ts";
import { buildHouse, type House, mapped, temporaryStore } from "../../support/house.ts";

const SHA = "a".repeat(64);
const SHA_B = "b".repeat(64);
const manifest = (more: object = {}) => JSON.stringify({ sha256: SHA, records: 2, totals: { USD: "20" }, ...more });

describe("a manifest", () => {
  for (const [name, text, refused] of [
    ["in order", manifest(), ""],
    ["with no totals", manifest({ totals: {} }), ""],
    ["with a total of zero", manifest({ totals: { USD: "0.00" } }), ""],
    ["that is not JSON", "{", "is not strict JSON"],
    ["with a name twice", '{"records":1,"records":2}', "is not strict JSON"],
    ["that is a list", "[]", "must be of type object"],
    ["of more than 8192 characters", manifest({ sha256: SHA.repeat(200) }), "more than 8192"],
    ["without the hash", manifest({ sha256: undefined }), "/sha256 is missing"],
    ["with a hash in capitals", manifest({ sha256: SHA.toUpperCase() }), "/sha256 must match"],
    ["without the count", manifest({ records: undefined }), "/records is missing"],
    ["with a count as text", manifest({ records: "2" }), "/records must be of type integer"],
    ["with a count below zero", manifest({ records: -1 }), "/records"],
    ["without totals", manifest({ totals: undefined }), "/totals is missing"],
    ["with something else", manifest({ orders: 2 }), "/orders is not a known field"],
    ["with a total as a number", manifest({ totals: { USD: 20 } }), "/totals/USD must be of type string"],
    ["with a total below zero", manifest({ totals: { USD: "-1" } }), "/totals/USD must match"],
    ["with an exponent", manifest({ totals: { USD: "1e3" } }), "/totals/USD must match"],
    ["with too many decimals", manifest({ totals: { JPY: "1.5" } }), "/totals/JPY that can't be"],
    ["with a currency that is none", manifest({ totals: { XQQ: "1" } }), "/totals/XQQ that can't be"],
    ["with a currency in small letters", manifest({ totals: { usd: "1" } }), "/totals"],
  ] as const)
    it(`${name}: ${refused === "" ? "read" : refused}`, () => {
      try {
        expect(readManifest(text).sha256).to.equal(SHA);
        expect(refused).to.equal("");
      } catch (thrown) {
        const error = asMergepayError(thrown);
        expect([error.type, error.message], String(thrown)).to.satisfy(
          ([type, message]: string[]) => type === "MANIFEST_INVALID" && refused !== "" && message?.includes(refused),
        );
      }
    });

  const order = (value: string, currency = "USD", record = 0) => mapped(record, { orderNo: "1", value, currency });
  const skipped: MappedRecord = { record: 9, position: "line 11", skipped: "paid" };
  const rejected: MappedRecord = { record: 9, position: "line 11", rejected: { code: "RECORD_INVALID", reason: "x" } };
  for (const [name, records, said, batches, differs] of [
    ["what it says", 2, { USD: "20.00" }, [[order("12.50")], [order("7.50")]], []],
    ["fewer decimals", 2, { USD: "20" }, [[order("12.50"), order("7.50")]], []],
    ["two currencies", 2, { USD: "1", JPY: "5" }, [[order("1.00"), order("5", "JPY")]], []],
    ["records with nothing to pay", 2, { USD: "1" }, [[order("1.00"), skipped]], []],
    ["no records", 0, {}, [[]], []],
    ["a record too few", 2, { USD: "1" }, [[order("1.00")]], ["records: 1, the manifest says 2"]],
    ["a cent too few", 1, { USD: "1" }, [[order("0.99")]], ["USD: the orders come to 0.99, the manifest says 1"]],
    [
      "a currency that it does not name",
      1,
      {},
      [[order("5", "JPY")]],
      ["JPY: the orders come to 5, the manifest says 0"],
    ],
    [
      "a currency that is not there",
      1,
      { EUR: "1" },
      [[skipped]],
      ["EUR: the orders come to 0.00, the manifest says 1"],
    ],
    ["a rejected record", 1, { USD: "1" }, [[rejected]], ["USD: the orders come to 0.00, the manifest says 1"]],
    ["everything else", 3, { EUR: "1" }, [[order("1.00")]], ["records: 1", "EUR: ", "USD: "]],
  ] as readonly (readonly [string, number, Manifest["totals"], MappedRecord[][], string[]])[])
    it(`held against a file of ${name}: ${differs.length} differences`, () => {
      const totals = controlTotals({ sha256: SHA, records, totals: said });
      for (const batch of batches) totals.add(batch);
      if (differs.length === 0) return expect(() => totals.assertFits()).not.to.throw();
      return expect(() => totals.assertFits())
        .to.throw(MergepayError)
        .with.property("message")
        .that.satisfies((message: string) => differs.every((difference) => message.includes(difference)));
    });
});

describe("a file with a manifest", () => {
  const FILE_ID = fileIdOf("alpha", null, SHA_B);
  let house: House;
  let remove: () => Promise<void>;
  /** Reads after which the plugin is another version. */
  let changesAfter: number;
  let asked: number[];
  const records = Array.from({ length: 10 }, (_, i) => mapped(i, { orderNo: `n${i}` }));

  beforeEach(async () => {
    changesAfter = Infinity;
    asked = [];
    const made = await temporaryStore();
    ({ remove } = made);
    house = await buildHouse({
      store: made.store,
      outside: {
        "platform.check": () => Promise.resolve({ records: records.length }),
        "platform.read": ({ from }) => {
          asked.push(from);
          const batch = records.slice(from, from + 4);
          return Promise.resolve({
            records: batch,
            done: from + 4 >= 10,
            version: asked.length > changesAfter ? "1-1" : "1-0",
          });
        },
      },
    });
    await house.store.blobs.put(
      FILE_ID,
      (async function* () {
        yield Buffer.from("bytes");
      })(),
    );
  });
  afterEach(() => remove());

  const receive = (said: Partial<Manifest> = {}) =>
    house.core.services.files.receive({
      fileId: FILE_ID,
      platform: "alpha",
      merchant: null,
      sha256: SHA_B,
      bytes: 5,
      manifest: { sha256: SHA_B, records: 10, totals: { USD: "100" }, ...said },
    });
  const processed = async () => {
    await house.core.services.files.sweep();
    return house.core.services.files.get({ fileId: FILE_ID });
  };
  const ordersNow = async () => (await house.core.services.orders.list({ platform: "alpha" })).items.length;

  it("that fits is mapped to its end first, and then taken", async () => {
    await receive();
    const report = await processed();
    expect(report).to.include({ state: "processed", created: 10 }).and.not.to.have.property("verifiedBy");
    expect(report.manifest).to.deep.equal({ sha256: SHA_B, records: 10, totals: { USD: "100" } });
    expect(asked).to.deep.equal([0, 4, 8, 0, 4, 8]);
  });

  it("that does not fit fails whole and creates nothing", async () => {
    await receive({ totals: { USD: "100.01" } });
    const report = await processed();
    expect(report).to.include({ state: "failed", created: 0, records: 0 });
    expect(report.error?.code).to.equal("MANIFEST_MISMATCH");
    expect(report.error?.reason).to.contain("USD: the orders come to 100.00, the manifest says 100.01");
    expect(await ordersNow()).to.equal(0);
  });

  it("that failed by it is tried anew when it comes with another one, and only then", async () => {
    await receive({ records: 9 });
    await processed();
    expect(await receive({ records: 9 })).to.include({ existed: true, state: "failed" });
    const again = await receive();
    expect(again).to.include({ existed: true, state: "received" }).and.not.to.have.property("error");
    expect(await processed())
      .to.include({ state: "processed", created: 10 })
      .and.not.to.have.property("error");
    expect(await receive({ records: 9 })).to.include({ existed: true, state: "processed" });
  });

  it("is held against it anew when its plugin changed before anything was taken", async () => {
    changesAfter = 3;
    await receive();
    await processed();
    expect(await processed()).to.include({ state: "processed", created: 10, pluginVersion: "1-1" });
    expect(asked.filter((from) => from === 8)).to.have.length.of.at.least(3);
  });
});
