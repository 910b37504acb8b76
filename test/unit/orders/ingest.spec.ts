import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { linkedUsers } from "../../../core/links/repo.ts";
import { ordersService } from "../../../core/orders/service.ts";
import { ORDERS } from "../../../core/orders/model.ts";
import type { CollectionSpec, Doc } from "../../../core/store/contract.ts";
import { buildHouse, type House, mapped, seedAccount, temporaryStore } from "../../support/house.ts";
import { testBank } from "../../support/test-bank.ts";

const originOf = (fileId: string) => ({ fileId, platform: "alpha", pluginVersion: "1-000000000000" });

describe("orders from files", () => {
  let house: House;
  let remove: () => Promise<void>;
  const ingest = (fileId: string, ...records: MappedRecord[]) =>
    house.core.services.orders.ingest(originOf(fileId), records);
  const openOf = (userId: string) => house.core.services.orders.findOpen(userId, "USD", 100);

  beforeEach(async () => {
    const made = await temporaryStore();
    remove = made.remove;
    const bank = testBank(() => 0);
    house = await buildHouse({ store: made.store, outside: bank.outside });
    await house.core.services.links.create({ platform: "alpha", userId: "ann", buyerId: "buyer-1" });
  });
  afterEach(() => remove());

  it("are created once: the same record again is what it was, in another file it is unchanged", async () => {
    const record = mapped(0, { orderNo: "1" });
    expect(await ingest("file_a", record)).to.include({ created: 1, unchanged: 0 });
    expect(await ingest("file_a", record)).to.include({ created: 1, unchanged: 0 });
    expect(await ingest("file_b", record)).to.include({ created: 0, unchanged: 1 });
    expect(await openOf("ann")).to.have.length(1);
  });

  it("are revised while open, when another file says another amount", async () => {
    await ingest("file_a", mapped(0, { orderNo: "1", value: "10.00" }));
    const again = mapped(0, { orderNo: "1", value: "12.00" });
    expect(await ingest("file_b", again)).to.include({ revised: 1 });
    expect(await ingest("file_b", again), "done again after a crash").to.include({ revised: 1, created: 0 });
    const [order] = await openOf("ann");
    expect(order).to.include({ revision: 2 });
    expect(order?.amount.value).to.equal("12.00");
  });

  it("are a conflict when locked or paid, and nothing changes", async () => {
    await seedAccount(house, "ann");
    await ingest("file_a", mapped(0, { orderNo: "1", value: "10.00" }));
    const request = { orders: "all", currency: "USD" } as const;
    await house.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request });
    const done = await ingest("file_b", mapped(7, { orderNo: "1", value: "12.00" }));
    expect(done.rejects).to.have.length(1);
    expect(done.rejects[0]).to.include({ code: "ORDER_CONFLICT", record: 7, position: "line 9" });
    expect(await ingest("file_c", mapped(0, { orderNo: "1", value: "10.00" }))).to.include({ unchanged: 1 });
  });

  describe("the same order twice in a file", () => {
    it("with the same content is unchanged", async () => {
      expect(await ingest("file_a", mapped(0, { orderNo: "1" }), mapped(1, { orderNo: "1" }))).to.include({
        created: 1,
        unchanged: 1,
      });
    });
    it("with other content is rejected, also in a later batch", async () => {
      const done = await ingest("file_a", mapped(0, { orderNo: "1" }), mapped(1, { orderNo: "1", value: "11.00" }));
      expect(done.created).to.equal(1);
      expect(done.rejects[0]).to.include({ code: "RECORD_DUPLICATE", position: "line 3" });
      const later = await ingest("file_a", mapped(2, { orderNo: "1", value: "12.00" }));
      expect(later.rejects[0]).to.include({ code: "RECORD_DUPLICATE", position: "line 4" });
      expect((await openOf("ann"))[0]?.amount.value).to.equal("10.00");
    });
  });

  it("of one number at two merchants or platforms are two orders", async () => {
    await ingest("file_a", mapped(0, { orderNo: "1", merchant: "one" }), mapped(1, { orderNo: "1", merchant: "two" }));
    expect(await openOf("ann")).to.have.length(2);
  });

  it("wait unclaimed until a link ties their buyer to a user, then and later", async () => {
    await ingest("file_a", mapped(0, { orderNo: "9", buyerId: "buyer-2" }));
    expect(await openOf("ben")).to.have.length(0);
    const link = await house.core.services.links.create({ platform: "alpha", userId: "ben", buyerId: "buyer-2" });
    expect(link.claimed).to.equal(1);
    await ingest("file_b", mapped(0, { orderNo: "10", buyerId: "buyer-2" }));
    expect(await openOf("ben")).to.have.length(2);
  });

  it("reach their user also when the link is made while they are being stored", async () => {
    const { links } = house.core.services;
    let lookedUp = 0;
    const usersOf = await linkedUsers(house.deps);
    const orders = await ordersService(house.deps, async (buyers) => {
      const found = await usersOf(buyers);
      lookedUp += 1;
      if (lookedUp === 1) await links.create({ platform: "alpha", userId: "ben", buyerId: "buyer-2" });
      return found;
    });
    await orders.ingest(originOf("file_a"), [mapped(0, { orderNo: "9", buyerId: "buyer-2" })]);
    expect(await openOf("ben")).to.have.length(1);
  });

  it("that are locked just before a file's revision is written keep the content that was locked", async () => {
    await ingest("file_a", mapped(0, { orderNo: "1", value: "10.00" }));
    const [order] = await openOf("ann");
    if (order === undefined) throw new Error("no order");
    const { store } = house;
    let lockFirst = true;
    const racing = await buildHouse({
      store: {
        ...store,
        async collection<T extends Doc>(spec: CollectionSpec) {
          const collection = await store.collection<T>(spec);
          const bulkWrite: typeof collection.bulkWrite = async (operations, options) => {
            if (spec.name === ORDERS.name && lockFirst) {
              lockFirst = false;
              const line = { ...order, orderId: order._id };
              expect(await house.core.services.orders.lock("pay_1", "ann", [line])).to.deep.equal([]);
            }
            return collection.bulkWrite(operations, options);
          };
          return { ...collection, bulkWrite };
        },
      },
    });
    const revision = mapped(0, { orderNo: "1", value: "12.00" });
    const done = await racing.core.services.orders.ingest(originOf("file_b"), [revision]);
    expect(done.rejects.map(({ code }) => code)).to.deep.equal(["ORDER_CONFLICT"]);
    const [kept] = await house.core.services.orders.findOwn("ann", [order._id]);
    expect(kept?.amount.value).to.equal("10.00");
  });

  it("without a buyer are claimed one by one, by their number", async () => {
    const record = mapped(0, { orderNo: "77" });
    const [order] = record.orders ?? [];
    if (order === undefined) throw new Error("no order");
    const { buyerId: _none, ...anonymous } = order;
    await ingest("file_a", { ...record, orders: [anonymous] });
    const link = await house.core.services.links.create({
      platform: "alpha",
      userId: "ben",
      merchant: "shop",
      orderNo: "77",
    });
    expect(link.claimed).to.equal(1);
    expect(await openOf("ben")).to.have.length(1);
  });

  it("keep their first user: a buyer that is linked to another is refused", async () => {
    const taken = await house.core.services.links
      .create({ platform: "alpha", userId: "eve", buyerId: "buyer-1" })
      .catch((error: { type: string }) => error.type);
    expect(taken).to.equal("LINK_TAKEN");
  });
});
