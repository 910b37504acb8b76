import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { fileIdOf } from "../../../core/files/model.ts";
import {
  buildHouse,
  cancelled,
  clockAt,
  type House,
  mapped,
  seedAccount,
  temporaryStore,
} from "../../support/house.ts";
import { testBank } from "../../support/test-bank.ts";

const SHA = "c".repeat(64);
const FILE_ID = fileIdOf("alpha", null, SHA);

describe("a file that is mapped again", () => {
  let house: House;
  let store: House["store"];
  let remove: () => Promise<void>;
  let records: MappedRecord[];
  let version: string;
  const clock = clockAt();

  const order = (record: number, orderNo: string, value = "10.00") => mapped(record, { orderNo, value });
  const rejected = (record: number): MappedRecord => ({
    record,
    position: `line ${record + 2}`,
    rejected: { code: "RECORD_INVALID", reason: "no total" },
  });

  function build(dieAt?: number): Promise<House> {
    let batches = 0;
    return buildHouse({
      store,
      clock,
      reached: (point) => {
        if (point === "file.batch-stored" && (batches += 1) === dieAt) throw new MergepayError("INTERNAL", "died");
      },
      outside: {
        ...testBank(() => 0).outside,
        "platform.check": () => Promise.resolve({ records: records.length }),
        "platform.read": ({ from }) =>
          Promise.resolve({ records: records.slice(from, from + 2), done: from + 2 >= records.length, version }),
      },
    });
  }
  const processed = async () => {
    await house.core.services.files.sweep();
    return house.core.services.files.get({ fileId: FILE_ID });
  };
  const remap = () => house.core.services.files.remap({ fileId: FILE_ID });
  const plan = () => house.core.services.files.foreseeRemap({ fileId: FILE_ID });
  const ordersNow = async () =>
    (await house.core.services.orders.list({ platform: "alpha" })).items.map(
      ({ orderNo, amount, state, source }) => `${orderNo} ${amount.value} ${state} ${source?.pluginVersion ?? ""}`,
    );
  const rejectsNow = async () =>
    (await house.core.services.files.records({ fileId: FILE_ID })).items.map(
      ({ code, position }) => `${code} ${position}`,
    );

  beforeEach(async () => {
    records = [order(0, "1"), order(1, "2"), order(2, "3"), rejected(3), order(4, "5")];
    version = "1-a";
    ({ store, remove } = await temporaryStore());
    house = await build();
    await house.core.services.links.create({ platform: "alpha", userId: "ann", buyerId: "buyer-1" });
    await seedAccount(house, "ann");
    await house.store.blobs.put(
      FILE_ID,
      (async function* () {
        yield Buffer.from("bytes");
      })(),
    );
    const file = { fileId: FILE_ID, platform: "alpha", merchant: null, sha256: SHA, bytes: 5 };
    await house.core.services.files.receive(file);
    await processed();
    version = "1-b";
  });
  afterEach(() => remove());

  /** By the newer version order 1 has another amount, record 3 is an order, order 5 is taken back. */
  const newer = () =>
    (records = [order(0, "1", "12.00"), order(1, "2"), order(2, "3"), order(3, "4"), cancelled(4, "5")]);

  it("says first what would change, order by order, and changes nothing", async () => {
    newer();
    const before = await ordersNow();
    const { differences, ...rest } = await plan();
    expect(rest).to.deep.include({
      mappedBy: "1-a",
      pluginVersion: "1-b",
      records: 5,
      created: 1,
      revised: 1,
      unchanged: 2,
      cancelled: 1,
      rejected: 0,
    });
    expect(
      differences.map(({ orderNo, change, fields }) => [orderNo, change, fields.map(({ field }) => field)]),
    ).to.deep.equal([
      ["1", "revised", ["amount"]],
      ["4", "created", ["amount", "buyerId"]],
      ["5", "cancelled", []],
    ]);
    expect(differences[0]?.fields[0]).to.deep.equal({
      field: "amount",
      from: '{"currency":"USD","value":"10.00"}',
      to: '{"currency":"USD","value":"12.00"}',
    });
    expect(await ordersNow()).to.deep.equal(before);
    expect(await processed()).to.include({ state: "processed", pluginVersion: "1-a" });
  });

  it("changes what it said, tells the new version on every order, and lists what is rejected now", async () => {
    expect(await rejectsNow()).to.deep.equal(["RECORD_INVALID line 5"]);
    newer();
    expect(await remap()).to.include({ state: "received", records: 0, remaps: 1 });
    expect(await processed()).to.include({
      state: "processed",
      records: 5,
      created: 1,
      revised: 1,
      unchanged: 2,
      cancelled: 1,
      rejected: 0,
      pluginVersion: "1-b",
    });
    expect(await ordersNow()).to.deep.equal([
      "1 12.00 open 1-b",
      "2 10.00 open 1-b",
      "3 10.00 open 1-b",
      "4 10.00 open 1-b",
      "5 10.00 cancelled 1-a",
    ]);
    expect(await rejectsNow()).to.deep.equal([]);
    await remap();
    expect(await processed()).to.include({ remaps: 2, created: 0, revised: 0, unchanged: 4, cancelled: 1 });
  });

  it("goes on after a crash and counts every order once", async () => {
    newer();
    for (const dieAt of [1, 2, 3]) {
      house = await build(dieAt);
      await remap();
      await processed();
      house = await build();
      clock.advance(5_000);
      const { created, revised, unchanged, cancelled: back, rejected: none } = await processed();
      expect(created + revised + unchanged + back, `died at ${dieAt}`).to.equal(5);
      expect(none).to.equal(0);
      if (dieAt === 1) expect([created, revised, unchanged, back]).to.deep.equal([1, 1, 2, 1]);
    }
  });

  it("takes back orders that the newer version makes no more, and says so first", async () => {
    const { orders } = house.core.services;
    const [, , three] = await orders.findOpen("ann", "USD", 10);
    if (three === undefined) return expect.fail("no third order");
    await orders.lock("pay_1", "ann", [{ ...three, orderId: three._id }]);
    // 1 is skipped, 2 is rejected, 3 is gone but locked, 5 has another number.
    records = [
      { record: 0, position: "line 2", skipped: "a draft" },
      rejected(1),
      { record: 2, position: "line 4", skipped: "a draft" },
      rejected(3),
      order(4, "50"),
    ];
    const before = await ordersNow();
    const { differences, cancelled: toCancel, created, skipped } = await plan();
    expect([toCancel, created, skipped]).to.deep.equal([2, 1, 2]);
    expect(differences.map(({ orderNo, change, position }) => [orderNo, change, position])).to.deep.equal([
      ["50", "created", "line 6"],
      ["1", "cancelled", "line 2"],
      ["5", "cancelled", "line 6"],
    ]);
    expect(await ordersNow(), "nothing changed").to.deep.equal(before);

    await remap();
    expect(await processed()).to.include({ state: "processed", cancelled: 2, created: 1, skipped: 2, rejected: 2 });
    expect(await ordersNow()).to.deep.equal([
      "1 10.00 cancelled 1-a",
      "2 10.00 open 1-a",
      "3 10.00 locked 1-a",
      "5 10.00 cancelled 1-a",
      "50 10.00 open 1-b",
    ]);
    const { items } = await orders.list({ platform: "alpha" });
    expect(items[0]?.cancellation).to.deep.equal({
      reason: "The plugin's present version no longer makes this order of its record.",
      source: { fileId: FILE_ID, record: 0, position: "line 2", pluginVersion: "1-b" },
    });
    await remap();
    expect(await processed(), "only once").to.include({ cancelled: 0, created: 0, unchanged: 1 });
  });

  it("never touches what is locked or paid, nor what another file said since", async () => {
    const { orders, mergePay } = house.core.services;
    const [one, two] = await orders.findOpen("ann", "USD", 10);
    if (one === undefined || two === undefined) throw new Error("no orders");
    await orders.ingest({ fileId: "file_b", platform: "alpha", pluginVersion: "1-a" }, [order(0, "3", "13.00")]);
    await mergePay.pay({ userId: "ann", idempotencyKey: "k", request: { orders: [two._id] } });
    await orders.lock("pay_1", "ann", [{ ...one, orderId: one._id }]);
    const before = await ordersNow();
    records = [order(0, "1", "21.00"), order(1, "2", "22.00"), order(2, "3", "23.00"), rejected(3), order(4, "5")];
    const { rejected: refused, rejects } = await plan();
    expect(refused).to.equal(4);
    await remap();
    expect(await processed()).to.include({ revised: 0, unchanged: 1, rejected: 4 });
    const codes = ["ORDER_CONFLICT line 2", "ORDER_CONFLICT line 3", "ORDER_CONFLICT line 4", "RECORD_INVALID line 5"];
    expect(await rejectsNow()).to.deep.equal(codes);
    expect(rejects.map(({ code, position }) => `${code} ${position}`).sort()).to.deep.equal(codes);
    expect((await ordersNow()).slice(0, 3)).to.deep.equal(before.slice(0, 3));
  });

  it("is told apart from one that is under way, or not there", async () => {
    await remap();
    const codeOf = (answer: Promise<unknown>) =>
      answer.then(
        () => "ok",
        (error: MergepayError) => error.type,
      );
    expect(await codeOf(remap())).to.equal("STATE_REFUSED");
    expect(await codeOf(house.core.services.files.remap({ fileId: fileIdOf("beta", null, SHA) }))).to.equal(
      "NOT_FOUND",
    );
    await processed();
    expect(await codeOf(remap())).to.equal("ok");
    await processed();
  });
});
