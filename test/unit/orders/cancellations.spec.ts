import { expect } from "chai";
import fc from "fast-check";
import type { MappedRecord } from "../../../core/actions.ts";
import { CANCELLATIONS } from "../../../core/orders/cancellations.ts";
import { type Ingested, nothingYet } from "../../../core/orders/candidates.ts";
import type { CollectionSpec, Doc } from "../../../core/store/contract.ts";
import {
  buildHouse,
  cancelled,
  type House,
  mapped,
  notOwed,
  seedAccount,
  temporaryStore,
} from "../../support/house.ts";
import { testBank } from "../../support/test-bank.ts";

const originOf = (fileId: string) => ({ fileId, platform: "alpha", pluginVersion: "1-000000000000" });

describe("orders that a file takes back", () => {
  let house: House;
  let remove: () => Promise<void>;
  const ingest = (fileId: string, ...records: MappedRecord[]) =>
    house.core.services.orders.ingest(originOf(fileId), records);
  const ordersNow = async () => (await house.core.services.orders.list({ platform: "alpha" })).items;
  const statesNow = async () => (await ordersNow()).map(({ orderNo, state }) => `${orderNo} ${state}`);
  const openOf = (userId: string) => house.core.services.orders.findOpen(userId, "USD", 100);

  beforeEach(async () => {
    const made = await temporaryStore();
    remove = made.remove;
    house = await buildHouse({ store: made.store, outside: testBank(() => 0).outside });
    await house.core.services.links.create({ platform: "alpha", userId: "ann", buyerId: "buyer-1" });
  });
  afterEach(() => remove());

  const order = (record: number, value?: string) =>
    mapped(record, { orderNo: "1", ...(value === undefined ? {} : { value }) });
  type Counts = Partial<Omit<Ingested, "rejects"> & { readonly rejects: readonly string[] }>;

  /** Batches of files, in order; what each one counts, and the order's state at the end. */
  const cases: readonly (readonly [
    name: string,
    batches: readonly (readonly [file: string, ...records: MappedRecord[]])[],
    counted: readonly Counts[],
    states: readonly string[],
  ])[] = [
    [
      "are cancelled while open",
      [
        ["file_a", order(0)],
        ["file_b", cancelled(3, "1")],
      ],
      [{ created: 1 }, { cancelled: 1 }],
      ["1 cancelled"],
    ],
    [
      "are cancelled in their own file",
      [["file_a", order(0), cancelled(1, "1")]],
      [{ created: 1, cancelled: 1 }],
      ["1 cancelled"],
    ],
    [
      "are cancelled by a record before them",
      [["file_a", cancelled(0, "1"), order(1)]],
      [{ created: 1, cancelled: 1 }],
      ["1 cancelled"],
    ],
    [
      "are cancelled by a file that came before them",
      [
        ["file_a", cancelled(0, "1")],
        ["file_b", order(0)],
      ],
      [{ cancelled: 1 }, { created: 1 }],
      ["1 cancelled"],
    ],
    [
      "stay cancelled when they are cancelled again",
      [
        ["file_a", order(0), cancelled(1, "1"), cancelled(2, "1")],
        ["file_b", cancelled(0, "1")],
      ],
      [{ created: 1, cancelled: 1, unchanged: 1 }, { unchanged: 1 }],
      ["1 cancelled"],
    ],
    [
      "stay cancelled when the same content is sent again",
      [
        ["file_a", order(0), cancelled(1, "1")],
        ["file_b", order(0)],
      ],
      [{ created: 1, cancelled: 1 }, { unchanged: 1 }],
      ["1 cancelled"],
    ],
    [
      "are a conflict when other content is sent after",
      [
        ["file_a", order(0), cancelled(1, "1")],
        ["file_b", order(4, "12.00")],
      ],
      [{ created: 1, cancelled: 1 }, { rejects: ["ORDER_CONFLICT line 6"] }],
      ["1 cancelled"],
    ],
    [
      "are a conflict when other content stands behind the cancellation",
      [
        ["file_a", order(0)],
        ["file_b", cancelled(0, "1"), order(1, "12.00")],
      ],
      [{ created: 1 }, { cancelled: 1, rejects: ["ORDER_CONFLICT line 3"] }],
      ["1 cancelled"],
    ],
    [
      "are revised first where the revision stands before the cancellation",
      [
        ["file_a", order(0)],
        ["file_b", order(0, "12.00"), cancelled(1, "1")],
      ],
      [{ created: 1 }, { revised: 1, cancelled: 1 }],
      ["1 cancelled"],
    ],
    [
      "are taken back when nothing is owed for them any more",
      [
        ["file_a", order(0)],
        ["file_b", notOwed(3, "1")],
        ["file_c", notOwed(3, "1")],
      ],
      [{ created: 1 }, { cancelled: 1 }, { skipped: 1 }],
      ["1 cancelled"],
    ],
    [
      "are taken back by an older word that nothing is owed for them",
      [
        ["file_a", notOwed(0, "1"), notOwed(1, "2"), notOwed(2, "2")],
        ["file_b", order(0)],
      ],
      [{ skipped: 3 }, { created: 1 }],
      ["1 cancelled"],
    ],
    ["are noted until they come", [["file_a", cancelled(0, "1"), cancelled(1, "2")]], [{ cancelled: 2 }], []],
  ];
  for (const [name, batches, counted, states] of cases) {
    it(name, async () => {
      for (const [index, [file, ...records]] of batches.entries())
        // A batch may be done again after a crash: it must count the same.
        for (const time of ["first", "again"]) {
          const { rejects, ...done } = await ingest(file, ...records);
          const shown = { ...done, rejects: rejects.map(({ code, position }) => `${code} ${position}`) };
          expect(shown, `${file}, ${time}`).to.deep.equal({ ...nothingYet(), ...counted[index] });
        }
      expect(await statesNow()).to.deep.equal(states);
      expect(await openOf("ann")).to.deep.equal([]);
    });
  }

  it("say which record took them back, and why", async () => {
    await ingest("file_a", order(0));
    await ingest("file_b", cancelled(3, "1"));
    const [shown] = await ordersNow();
    expect(shown?.cancellation).to.deep.equal({
      reason: "The buyer changed their mind.",
      source: { fileId: "file_b", record: 3, position: "line 5", pluginVersion: "1-000000000000" },
    });
    expect(shown?.source).to.include({ fileId: "file_a", record: 0 });
  });

  it("are refunded by and by when they are paid, and cancelled when a payment that holds them ends without money", async () => {
    await seedAccount(house, "ann");
    await ingest("file_a", order(0), mapped(1, { orderNo: "2" }));
    const [first] = await openOf("ann");
    if (first === undefined) throw new Error("no order");
    await house.core.services.orders.lock("pay_1", "ann", [{ ...first, orderId: first._id }]);
    const held = await ingest("file_b", cancelled(0, "1"));
    expect(held).to.deep.include({ cancelled: 1, rejects: [] });
    expect(await ingest("file_b", cancelled(0, "1"))).to.deep.equal(held);
    expect(await ingest("file_bb", cancelled(0, "1"))).to.deep.include({ cancelled: 0, unchanged: 1 });
    await house.core.services.mergePay.pay({
      userId: "ann",
      idempotencyKey: "k",
      request: { orders: "all", currency: "USD" },
    });
    const paid = await ingest("file_c", cancelled(0, "2"));
    expect(paid).to.deep.include({ cancelled: 1, rejects: [] });
    expect(await ingest("file_c", cancelled(0, "2"))).to.deep.equal(paid);
    expect((await ordersNow())[1]?.cancelRequest?.source).to.include({ fileId: "file_c", record: 0 });
    // That something was paid is no news of what was paid here.
    const told = await ingest("file_d", notOwed(0, "1"), notOwed(1, "2"));
    expect(told).to.deep.include({ cancelled: 0, skipped: 1 });
    expect(told.rejects.map(({ code, reason }) => `${code} ${reason.slice(0, 35)}`)).to.deep.equal([
      "ORDER_CONFLICT A payment holds the order now, so i",
    ]);
    expect(await statesNow()).to.deep.equal(["1 locked", "2 paid"]);
    await house.core.services.orders.release("pay_1", [first._id]);
    expect(await statesNow()).to.deep.equal(["1 cancelled", "2 paid"]);
    expect((await ordersNow())[0]?.cancellation?.source).to.include({ fileId: "file_b", record: 0 });
    expect(await ingest("file_b", cancelled(0, "1"))).to.deep.equal(held);
  });

  it("are cancelled though the cancellation comes while they are being stored", async () => {
    const { store } = house;
    let between = true;
    const racing = await buildHouse({
      store: {
        ...store,
        async collection<T extends Doc>(spec: CollectionSpec) {
          const collection = await store.collection<T>(spec);
          const find: typeof collection.find = (filter, options) => {
            const found = collection.find(filter, options);
            if (spec.name !== CANCELLATIONS.name || !between) return found;
            between = false;
            // Nothing is noted when the storing node looks; then another node notes it before the order is there.
            const toArray = async () => {
              const before = await found.toArray();
              await ingest("file_b", cancelled(0, "1"));
              return before;
            };
            return { ...found, toArray };
          };
          return { ...collection, find };
        },
      },
    });
    await racing.core.services.orders.ingest(originOf("file_a"), [order(0)]);
    expect(await statesNow()).to.deep.equal(["1 cancelled"]);
  });

  it("end the same in whichever order files come and however often batches are done again", async () => {
    const step = fc.record({
      record: fc.constantFrom(order(0), cancelled(1, "1"), notOwed(2, "1")),
      file: fc.constantFrom("file_a", "file_b"),
      again: fc.boolean(),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        run += 1;
        const merchant = `m${run}`;
        const own = ({ orders, cancelled: back, notOwed: paid, ...rest }: MappedRecord): MappedRecord => ({
          ...rest,
          ...(orders === undefined ? {} : { orders: orders.map((one) => ({ ...one, merchant })) }),
          ...(back === undefined ? {} : { cancelled: { ...back, merchant } }),
          ...(paid === undefined ? {} : { notOwed: { ...paid, merchant } }),
        });
        for (const { record, file, again } of steps) {
          const first = await ingest(`${file}_${run}`, own(record));
          if (again) expect(await ingest(`${file}_${run}`, own(record))).to.deep.equal(first);
        }
        const back = steps.some(({ record }) => record.orders === undefined);
        const [order] = (await ordersNow()).filter((one) => one.merchant === merchant);
        if (order !== undefined) expect(order.state).to.equal(back ? "cancelled" : "open");
      }),
      { numRuns: 40 },
    );
  });
});
