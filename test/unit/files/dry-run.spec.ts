import { expect } from "chai";
import fc from "fast-check";
import type { MappedRecord } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import type { Limits } from "../../../core/limits.ts";
import { buildHouse, cancelled, clockAt, type House, mapped, notOwed, temporaryStore } from "../../support/house.ts";

const SHA = "a".repeat(64);
const PARAMS = { blobId: "staged-1", platform: "alpha", merchant: null, sha256: SHA, bytes: 5 };

describe("what a file would become", () => {
  let house: House;
  let store: House["store"];
  let remove: () => Promise<void>;
  let records: MappedRecord[];
  let read: (from: number) => void;
  const clock = clockAt();

  beforeEach(async () => {
    records = Array.from({ length: 10 }, (_, i) => mapped(i, { orderNo: `n${i}` }));
    read = () => undefined;
    ({ store, remove } = await temporaryStore());
    house = await build();
  });
  afterEach(() => remove());

  const build = (limits: Partial<Limits> = {}): Promise<House> =>
    buildHouse({
      store,
      clock,
      limits,
      outside: {
        "platform.check": () => Promise.resolve({ records: records.length }),
        "platform.read": ({ from }) =>
          Promise.resolve(from)
            .then(read)
            .then(() => ({ records: records.slice(from, from + 4), done: from + 4 >= records.length, version: "1-0" })),
      },
    });
  const told = () => house.core.services.files.foresee(PARAMS);
  const ordersNow = async () => (await house.core.services.orders.list({ platform: "alpha" })).items;

  it("is told by number, with the first rejects, and nothing is written", async () => {
    records[3] = { record: 3, position: "line 5", rejected: { code: "RECORD_INVALID", reason: "no total" } };
    records[4] = { record: 4, position: "line 6", skipped: "paid already" };
    records[5] = cancelled(5, "n1");
    expect(await told()).to.deep.include({
      records: 10,
      created: 7,
      revised: 0,
      unchanged: 0,
      cancelled: 1,
      skipped: 1,
      rejected: 1,
      rejects: [{ record: 3, position: "line 5", code: "RECORD_INVALID", reason: "no total" }],
      pluginVersion: "1-0",
      known: false,
    });
    expect(await ordersNow()).to.deep.equal([]);
    expect((await house.core.services.files.list({})).items).to.deep.equal([]);
  });

  it("lists 100 rejects at the most and counts them all", async () => {
    records = Array.from({ length: 250 }, (_, i) => ({
      record: i,
      position: `line ${i + 2}`,
      rejected: { code: "RECORD_INVALID", reason: "no total" },
    }));
    const { rejected, rejects } = await told();
    expect([rejected, rejects.length, rejects.at(-1)?.position]).to.deep.equal([250, 100, "line 101"]);
  });

  it("is told of a file of exactly the most orders, and not of one more", async () => {
    house = await build({ dryRunOrders: 10 });
    expect(await told()).to.include({ created: 10 });
    records.push(mapped(10, { orderNo: "n10" }));
    expect(await told().catch((error: MergepayError) => error.type)).to.equal("DRY_RUN_TOO_LARGE");
  });

  it("is not told when it takes too long, or when the file would fail", async () => {
    read = (from) => void (from > 0 && clock.advance(100_000));
    expect(await told().catch((error: MergepayError) => error.type)).to.equal("DRY_RUN_TOO_LARGE");
    read = () => {
      throw new MergepayError("PLUGIN_CRASHED");
    };
    expect(await told().catch((error: MergepayError) => error.type)).to.equal("PLUGIN_CRASHED");
  });

  it("is what it does become", async () => {
    const content = fc.record({
      orderNo: fc.constantFrom("1", "2", "3"),
      value: fc.constantFrom("10.00", "11.00"),
      as: fc.constantFrom("order", "order", "order", "cancelled", "not owed"),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { maxLength: 8 }),
        fc.array(content, { minLength: 1, maxLength: 8 }),
        async (before, now) => {
          run += 1;
          const merchant = `m${run}`;
          const recordsOf = (contents: typeof now): MappedRecord[] =>
            contents.map(({ orderNo, value, as }, i) => {
              if (as === "order") return mapped(i, { orderNo, value, merchant });
              return as === "cancelled" ? cancelled(i, orderNo, merchant) : notOwed(i, orderNo, merchant);
            });
          const { orders } = house.core.services;
          await orders.ingest({ fileId: `before_${run}`, platform: "alpha", pluginVersion: "1-0" }, recordsOf(before));
          records = recordsOf(now);
          const { created, revised, unchanged, cancelled: back, skipped, rejected, rejects } = await told();
          const done = { created: 0, revised: 0, unchanged: 0, cancelled: 0, skipped: 0 };
          const codes: string[] = [];
          for (let from = 0; from < records.length; from += 4) {
            const origin = { fileId: `now_${run}`, platform: "alpha", pluginVersion: "1-0" };
            const batch = await orders.ingest(origin, records.slice(from, from + 4));
            for (const name of ["created", "revised", "unchanged", "cancelled", "skipped"] as const)
              done[name] += batch[name];
            codes.push(...batch.rejects.map(({ code, position }) => `${code} ${position}`));
          }
          expect({ created, revised, unchanged, cancelled: back, skipped }).to.deep.equal(done);
          expect([rejected, ...rejects.map(({ code, position }) => `${code} ${position}`)]).to.deep.equal([
            codes.length,
            ...codes,
          ]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
