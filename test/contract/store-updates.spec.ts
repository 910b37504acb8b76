import { expect } from "chai";
import type { Doc, StoreCollection } from "../../core/store/contract.ts";
import { freshName, onEachEngine } from "./store-engines.ts";

interface Order extends Doc {
  shop?: string;
  no?: string;
  user?: unknown;
  state?: unknown;
  n?: unknown;
  deep?: unknown;
  list?: unknown;
  $set?: never;
}
type Orders = StoreCollection<Order>;

const INDEXES = [
  { name: "business", keys: ["shop", "no"], unique: true },
  { name: "inbox", keys: ["user", "state", "_id"] },
  { name: "value", keys: ["deep.value"] },
];
/** `shop` and `no` from the id: unique. */
const order = (id: string, fields: Partial<Order> = {}): Order => ({ _id: id, shop: "s", no: id, ...fields });
const UNORDERED = { ordered: false } as const;

onEachEngine("Updating the store", (store) => {
  const open = (): Promise<Orders> => store().collection<Order>({ name: freshName(), indexes: INDEXES });
  const filled = async (...orders: Order[]): Promise<Orders> => {
    const collection = await open();
    await collection.insertMany(orders, UNORDERED);
    return collection;
  };

  /** The document before, the update, and what it becomes beside `_id`, `shop` and `no`. */
  const UPDATES: [before: Partial<Order>, update: object, after: Partial<Order>][] = [
    [{ n: 1 }, { $set: { n: 2, "deep.value": 3 } }, { n: 2, deep: { value: 3 } }],
    [{ n: 1, user: "u" }, { $unset: { n: "", "deep.value": "" } }, { user: "u" }],
    [{ n: 1 }, { $inc: { n: 2, "deep.count": -1 } }, { n: 3, deep: { count: -1 } }],
    [{}, { $push: { list: 1 } }, { list: [1] }],
    [{ list: [1] }, { $push: { list: { $each: [2, 3] } } }, { list: [1, 2, 3] }],
    [{ list: [1] }, { $push: { list: { $each: [2, 3], $slice: -2 } } }, { list: [2, 3] }],
    [{ list: [1, 2, 1] }, { $pull: { list: 1 } }, { list: [2] }],
    [{ list: [{ id: "p" }, { id: "q" }] }, { $pull: { list: { id: "p" } } }, { list: [{ id: "q" }] }],
    [{ list: [{ id: "p" }, { id: "q" }] }, { $pull: { list: { id: { $in: ["p", "q"] } } } }, { list: [] }],
    [{ list: [1] }, { $addToSet: { list: 1 } }, { list: [1] }],
    [{ list: [1] }, { $addToSet: { list: { $each: [1, 2] } } }, { list: [1, 2] }],
    [{ n: 5 }, { $min: { n: 3 }, $max: { "deep.value": 1 } }, { n: 3, deep: { value: 1 } }],
    [{ list: [{ id: "p" }] }, { $set: { "list.0.id": "z" } }, { list: [{ id: "z" }] }],
    [{ n: 1 }, { $setOnInsert: { n: 9 }, $set: { user: "u" } }, { n: 1, user: "u" }],
    [{ n: null }, { $set: { state: null } }, { n: null, state: null }],
  ];
  for (const [before, update, after] of UPDATES)
    it(`makes ${JSON.stringify(after)} of ${JSON.stringify(before)} by ${JSON.stringify(update)}`, async () => {
      const orders = await filled(order("a", before), order("b"));
      const changed = JSON.stringify(before) === JSON.stringify(after) ? 0 : 1;
      const answer = await orders.updateOne({ _id: "a" }, update);
      expect(answer).to.deep.include({ acknowledged: true, matchedCount: 1, modifiedCount: changed });
      expect(answer).to.deep.include({ upsertedCount: 0, upsertedId: null });
      expect(await orders.findOne({ _id: "a" })).to.deep.equal(order("a", after));
      expect(await orders.findOne({ _id: "b" })).to.deep.equal(order("b"));
    });

  it("changes the element that the filter met, and those that array filters meet", async () => {
    const list = [
      { id: "p", n: 1 },
      { id: "q", n: 2 },
      { id: "r", n: 3 },
    ];
    const orders = await filled(order("a", { list }));
    await orders.updateOne({ _id: "a", "list.id": "q" }, { $set: { "list.$.n": 20 } as never });
    const arrayFilters = [{ "big.n": { $gte: 3 } }];
    await orders.updateOne({ _id: "a" }, { $inc: { "list.$[big].n": 1 } }, { arrayFilters });
    const changed = (await orders.findOne({ _id: "a" })) as { list?: unknown } | null;
    expect(changed?.list).to.deep.equal([
      { id: "p", n: 1 },
      { id: "q", n: 21 },
      { id: "r", n: 4 },
    ]);
  });

  it("updates many, counting those that changed", async () => {
    const orders = await filled(order("a", { n: 1 }), order("b", { n: 2 }), order("c", { n: 3 }));
    const answer = await orders.updateMany({ n: { $gte: 2 } }, { $set: { n: 3 } });
    expect(answer).to.deep.include({ matchedCount: 2, modifiedCount: 1 });
    expect(await orders.updateMany({ n: 99 }, { $set: { n: 0 } })).to.deep.include({ matchedCount: 0 });
  });

  it("upserts: the filter's equalities, then the update, then $setOnInsert", async () => {
    const orders = await open();
    const upsert = () =>
      orders.updateOne(
        { _id: "a", shop: "s", "deep.value": { $eq: 1 }, n: { $gt: 5 } },
        { $set: { state: "open" }, $setOnInsert: { no: "1" }, $inc: { count: 1 } },
        { upsert: true },
      );
    const made = { _id: "a", shop: "s", no: "1", state: "open", deep: { value: 1 }, count: 1 };
    expect(await upsert()).to.deep.include({ matchedCount: 0, upsertedCount: 1, upsertedId: "a" });
    expect(await orders.findOne({})).to.deep.equal(made);
    expect(await orders.updateOne({ _id: "a" }, { $set: { n: 1 } }, { upsert: true })).to.deep.include({
      matchedCount: 1,
      upsertedId: null,
    });
  });

  it("finds and updates, giving the document before or after", async () => {
    const orders = await filled(order("a", { n: 1 }), order("b", { n: 2 }));
    const before = await orders.findOneAndUpdate({ n: { $gt: 0 } }, { $inc: { n: 10 } }, { sort: { n: -1 } });
    expect(before).to.deep.equal(order("b", { n: 2 }));
    const after = { returnDocument: "after", projection: { n: 1 } } as const;
    expect(await orders.findOneAndUpdate({ _id: "b" }, { $inc: { n: 1 } }, after)).to.deep.equal({ _id: "b", n: 13 });
    expect(await orders.findOneAndUpdate({ _id: "z" }, { $set: { n: 1 } })).to.equal(null);
    const upsert = { upsert: true, returnDocument: "after" } as const;
    expect(await orders.findOneAndUpdate({ _id: "z" }, { $set: { no: "z" } }, upsert)).to.deep.equal({
      _id: "z",
      no: "z",
    });
  });

  it("lets exactly one of fifty concurrent compare-and-sets win", async () => {
    const orders = await filled(order("a", { state: "open" }));
    const tries = Array.from({ length: 50 }, (_, n) =>
      orders.findOneAndUpdate(
        { _id: "a", state: "open" },
        { $set: { state: "locked", n } },
        { returnDocument: "after" },
      ),
    );
    const winners = (await Promise.all(tries)).filter((found) => found !== null);
    expect(winners).to.have.length(1);
    expect(await orders.findOne({ _id: "a" })).to.deep.equal(winners[0]);
  });
});
