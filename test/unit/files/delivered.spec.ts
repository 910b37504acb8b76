import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import type { Point } from "../../../core/deps.ts";
import { fileIdOf } from "../../../core/files/model.ts";
import { type House, notOwed } from "../../support/house.ts";
import { openTill, type Till } from "../../support/till.ts";

const hour = 3_600_000;

/** The deliveries of orders of which a platform's files tell: they start the clocks of lines as its own call does. */
describe("a record that says when an order was delivered", () => {
  let till: Till;
  let records: MappedRecord[];
  let files = 0;
  beforeEach(async () => {
    till = await openTill();
    const rule = { hold: { after: "delivery", days: 1 } } as const;
    await till.house.core.services.settlement.setSettlementRule({ platform: "alpha", rule, by: "ops" });
  });
  afterEach(() => till.close(true));

  const node = (reached?: (point: Point) => void): Promise<House> =>
    till.build(reached, till.store, {
      "platform.check": () => Promise.resolve({ records: records.length }),
      "platform.read": () => Promise.resolve({ records, done: true, version: "1-0" }),
    });
  /** Takes a file of alpha that has these records. */
  async function take(given: readonly MappedRecord[], house?: House) {
    records = [...given];
    const { core, store } = house ?? (await node());
    const sha256 = String((files += 1)).padStart(64, "0");
    const fileId = fileIdOf("alpha", null, sha256);
    await store.blobs.put(
      fileId,
      (async function* () {
        yield Buffer.from("bytes");
      })(),
    );
    await core.services.files.receive({ fileId, platform: "alpha", merchant: null, sha256, bytes: 5 });
    await core.services.files.sweep();
    return core.services.files.get({ fileId });
  }
  const told = (orderNo: string, deliveredAt: string, record = 0): MappedRecord =>
    notOwed(record, orderNo, "shop", { deliveredAt });
  const paid = async () => {
    await till.seed(2, ["alpha"]);
    return (await till.pay("paid")).id;
  };
  const settlement = () => till.house.core.services.settlement;
  const lines = async (paymentId: string) =>
    (await settlement().list({ paymentId })).items.map(({ orderNo, state, payableAt }) => [orderNo, state, payableAt]);

  it("starts the clock of its lines, as the platform's own call does", async () => {
    const paymentId = await paid();
    expect(await take([told("n0", "2026-03-01T08:00:00.000Z")])).to.include({ state: "processed", skipped: 1 });
    expect(await lines(paymentId)).to.deep.equal([
      ["n0", "held", "2026-03-02T00:00:00.000Z"],
      ["n1", "due", undefined],
    ]);
  });

  it("is heard once: what was said first stays, whoever said it", async () => {
    const paymentId = await paid();
    const [orderId = ""] = (await till.get(paymentId)).orders.map((order) => order.orderId);
    await settlement().deliver({ orderId, platform: "alpha", at: "2026-03-01T08:00:00Z" });
    await take([told("n0", "2026-02-01T08:00:00.000Z"), told("n1", "2026-02-28T08:00:00.000Z", 1)]);
    await take([told("n1", "2026-03-01T08:00:00.000Z")]);
    const again = await settlement().deliver({ orderId, at: "2026-02-01T08:00:00Z" });
    expect(again.deliveredAt).to.equal("2026-03-01T08:00:00.000Z");
    expect((await lines(paymentId)).map(([, , payableAt]) => payableAt)).to.deep.equal([
      "2026-03-02T00:00:00.000Z",
      "2026-03-01T00:00:00.000Z",
    ]);
  });

  it("that is to come is rejected, and nothing is noted", async () => {
    const paymentId = await paid();
    const at = (ms: number) => new Date(till.clock.now() + ms).toISOString();
    const file = await take([told("n0", at(1)), told("n1", at(0), 1)]);
    expect(file).to.include({ skipped: 1, rejected: 1 });
    const { items } = await till.house.core.services.files.records({ fileId: file.id });
    expect(items.map(({ code, position }) => [code, position])).to.deep.equal([["RECORD_INVALID", "line 2"]]);
    expect((await lines(paymentId)).map(([orderNo, state]) => [orderNo, state])).to.deep.equal([
      ["n0", "due"],
      ["n1", "held"],
    ]);
  });

  it("takes an order back that is open, and starts nothing of one that is not here", async () => {
    await till.seed(1, ["alpha"]);
    const when = "2026-03-01T08:00:00.000Z";
    expect(await take([told("n0", when), told("none", when, 1)])).to.include({ cancelled: 1, skipped: 1 });
    const { items } = await till.house.core.services.orders.list({ platform: "alpha" });
    expect(items.map(({ orderNo, state }) => [orderNo, state])).to.deep.equal([["n0", "cancelled"]]);
  });

  it("of a batch that a dead node stored is noted once more, which changes nothing", async () => {
    const paymentId = await paid();
    const dying = await node((point) => {
      if (point === "file.batch-stored") throw new Error("killed");
    });
    await take([told("n0", "2026-03-01T08:00:00.000Z")], dying);
    till.clock.advance(hour);
    await (await node()).core.services.files.sweep();
    expect((await lines(paymentId))[0]).to.deep.equal(["n0", "held", "2026-03-02T00:00:00.000Z"]);
  });
});
