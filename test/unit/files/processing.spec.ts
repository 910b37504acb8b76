import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { type ErrorCode, ERRORS } from "../../../core/errors/codes.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { fileIdOf, FILES, type StoredFile } from "../../../core/files/model.ts";
import type { Store } from "../../../core/store/contract.ts";
import { until } from "../../support/process.ts";
import { buildHouse, clockAt, type Clock, type House, mapped, temporaryStore } from "../../support/house.ts";

const SHA = "a".repeat(64);
const FILE_ID = fileIdOf("alpha", null, SHA);
const second = 1000;

/** A platform whose plugin gives these records, in batches of `batch`, and fails as told. */
interface Script {
  records: MappedRecord[];
  batch: number;
  check: () => void | Promise<void>;
  read: (from: number) => void;
}

describe("a file on its way", () => {
  let house: House;
  let store: Store;
  let clock: Clock;
  let script: Script;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const records = Array.from({ length: 10 }, (_, i) => mapped(i, { orderNo: `n${i}` }));
    script = { records, batch: 4, check: () => undefined, read: () => undefined };
    clock = clockAt();
    const made = await temporaryStore();
    ({ store, remove } = made);
    house = await build();
    await house.store.blobs.put(
      FILE_ID,
      (async function* () {
        yield Buffer.from("bytes");
      })(),
    );
  });
  afterEach(() => remove());

  function build(dieAt?: number): Promise<House> {
    let batches = 0;
    return buildHouse({
      store,
      clock,
      reached: (point) => {
        if (point === "file.batch-stored" && (batches += 1) === dieAt) throw new MergepayError("INTERNAL", "died");
      },
      outside: {
        "platform.check": () =>
          Promise.resolve()
            .then(script.check)
            .then(() => ({ records: script.records.length })),
        "platform.read": ({ from }) =>
          Promise.resolve(from)
            .then(script.read)
            .then(() => ({
              records: script.records.slice(from, from + script.batch),
              done: from + script.batch >= script.records.length,
              version: "1-0",
            })),
      },
    });
  }

  const receive = () =>
    house.core.services.files.receive({ fileId: FILE_ID, platform: "alpha", merchant: null, sha256: SHA, bytes: 5 });
  const processed = async () => {
    await house.core.services.files.sweep();
    return house.core.services.files.get({ fileId: FILE_ID });
  };
  const later = (ms: number) => {
    clock.advance(ms);
    return processed();
  };
  const fail = (code: ErrorCode) => () => {
    throw new MergepayError(code, undefined, { position: "line 3" });
  };

  it("ends processed, with a report that counts every record", async () => {
    script.records[3] = {
      record: 3,
      position: "line 5",
      rejected: { code: "RECORD_INVALID", field: "/total", reason: "is missing" },
    };
    script.records[4] = { record: 4, position: "line 6", skipped: "paid already" };
    await receive();
    expect(await processed()).to.include({
      state: "processed",
      records: 10,
      recordsTotal: 10,
      created: 8,
      skipped: 1,
      rejected: 1,
    });
    const { items } = await house.core.services.files.records({ fileId: FILE_ID });
    expect(items).to.deep.equal([
      { fileId: FILE_ID, record: 3, position: "line 5", code: "RECORD_INVALID", field: "/total", reason: "is missing" },
    ]);
  });

  it("received again, at once and later, is the same file and creates nothing", async () => {
    const answers = await Promise.all([receive(), receive(), receive()]);
    expect(answers.filter(({ existed }) => !existed)).to.have.length(1);
    await processed();
    expect(await receive()).to.include({ existed: true, state: "processed", created: 10 });
  });

  const broken = [
    "FILE_EMPTY",
    "FILE_FRAME_BROKEN",
    "FILE_ENCODING_INVALID",
    "FILE_NOT_RECOGNISED",
    "FILE_PARTS_TOO_LARGE",
  ] as const;
  for (const code of broken)
    it(`with ${code} is failed whole and creates nothing`, async () => {
      script.check = fail(code);
      await receive();
      const report = await processed();
      expect(report).to.include({ state: "failed", created: 0 });
      expect(report.error).to.include({ code, position: "line 3" });
    });

  // Whoever sends the file has to mend it: reading it again would change nothing.
  const fatal = (Object.keys(ERRORS) as ErrorCode[]).filter(
    (code) => code.startsWith("FILE_") && code !== "FILE_QUARANTINED",
  );
  for (const code of fatal)
    it(`is failed at once by ${code}`, async () => {
      script.check = fail(code);
      await receive();
      expect(await processed()).to.deep.include({ state: "failed", created: 0 });
    });

  it("is mapped while its frame is checked, but nothing of it is taken before that is done", async () => {
    const checked = Promise.withResolvers<void>();
    const asked: number[] = [];
    script.records = Array.from({ length: 500 }, (_, i) => mapped(i, { orderNo: `n${i}` }));
    script.read = (from) => void asked.push(from);
    script.check = () => checked.promise;
    await receive();
    const done = processed();
    await until("the batches that are held", () => asked.length === 8);
    const { services } = house.core;
    expect(await services.files.get({ fileId: FILE_ID })).to.include({ state: "processing", records: 0 });
    expect((await services.orders.list({ platform: "alpha" })).items).to.have.length(0);
    checked.resolve();
    expect(await done).to.include({ state: "processed", created: 500 });
    expect(asked).to.deep.equal(Array.from({ length: 125 }, (_, i) => i * 4));
  });

  it("whose frame turns out broken after all of it was mapped creates nothing", async () => {
    const checked = Promise.withResolvers<void>();
    const asked: number[] = [];
    script.read = (from) => void asked.push(from);
    script.check = () => checked.promise;
    await receive();
    const done = processed();
    await until("all batches", () => asked.length === 3);
    checked.reject(new MergepayError("FILE_FRAME_BROKEN"));
    expect(await done).to.include({ state: "failed", created: 0, records: 0 });
    expect((await house.core.services.orders.list({ platform: "alpha" })).items).to.have.length(0);
  });

  it("of an unknown platform, or without its bytes, is refused", async () => {
    const codes = await Promise.all(
      [
        { fileId: FILE_ID, platform: "nobody" },
        { fileId: fileIdOf("alpha", "x", SHA), platform: "alpha" },
      ].map((wrong) =>
        house.core.services.files
          .receive({ ...wrong, merchant: null, sha256: SHA, bytes: 5 })
          .catch((error: MergepayError) => error.type),
      ),
    );
    expect(codes).to.deep.equal(["PLATFORM_UNKNOWN", "NOT_FOUND"]);
  });

  it("goes on from its checkpoint after a crash, no record twice and none lost", async () => {
    house = await build(2);
    await receive();
    await processed();
    house = await build();
    expect(await later(5 * second)).to.include({
      state: "processed",
      records: 10,
      created: 10,
      unchanged: 0,
      rejected: 0,
    });
  });

  it("waits while its plugin is away, however often it is tried", async () => {
    script.read = fail("PLATFORM_UNAVAILABLE");
    await receive();
    expect(await processed()).to.include({ state: "received" });
    for (let i = 0; i < 6; i += 1) expect(await later(5 * second)).to.include({ state: "received" });
    script.read = () => undefined;
    expect(await later(5 * second)).to.include({ state: "processed", created: 10 });
  });

  it("that stops its reader every time is quarantined after three tries, keeping what came before", async () => {
    script.read = (from) => {
      if (from >= 4) throw new MergepayError("PLUGIN_CRASHED");
    };
    await receive();
    await processed();
    expect(await later(5 * second)).to.include({ state: "processing" });
    expect(await later(5 * second)).to.include({ state: "quarantined", created: 4 });
  });

  it("that ends the whole process every time is quarantined: tries are counted before reading", async () => {
    await receive();
    for (let i = 0; i < 3; i += 1) {
      // A process that ends while reading writes nothing more: what is left is the claim.
      house = await build();
      script.read = () => {
        throw new MergepayError("OVERLOADED");
      };
      const files = await store.collection<StoredFile>(FILES);
      await files.updateOne({ _id: FILE_ID }, { $set: { state: "processing", tries: i + 1 } });
    }
    expect(await later(60 * second)).to.include({ state: "quarantined" });
  });

  it("tells its platform how it ended", async () => {
    await receive();
    await processed();
    await house.core.services.notify.relay();
    const { items } = await house.core.services.notify.events({ platform: "alpha" });
    expect(items[0]).to.deep.include({ type: "file.processed", aggregate: FILE_ID, sequence: 1 });
  });
});
