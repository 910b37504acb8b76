import { expect } from "chai";
import type { AnyBulkWriteOperation, MongoBulkWriteError, Sort } from "mongodb";
import { isDuplicateKey, type Doc, type StoreCollection } from "../../core/store/contract.ts";
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

/** One of each kind of value, in MongoDB's order; ids in the same order, so that the order can be read off them. */
const KINDS: [id: string, value: unknown][] = [
  ["a", undefined],
  ["b", null],
  ["c", -1.5],
  ["d", 0],
  ["e", 10],
  ["f", ""],
  ["g", "10"],
  ["h", "B"],
  ["i", "a"],
  ["j", "é"],
  ["k", "\uffee"],
  ["l", "😀"],
  ["m", false],
  ["n", true],
];

/** Filters on a value and whom they find; each holds on an indexed field and on one that is not. */
const MATCHES: [condition: unknown, ids: string][] = [
  [null, "ab"],
  [10, "e"],
  ["10", "g"],
  [true, "n"],
  [{ $eq: "" }, "f"],
  [{ $ne: null }, "cdefghijklmn"],
  [{ $ne: 10 }, "abcdfghijklmn"],
  [{ $in: [null, 0, "a"] }, "abdi"],
  [{ $in: [] }, ""],
  [{ $nin: [null, "a", true] }, "cdefghjklm"],
  [{ $nin: [] }, "abcdefghijklmn"],
  [{ $gt: 0 }, "e"],
  [{ $gte: 0 }, "de"],
  [{ $lt: 10 }, "cd"],
  [{ $lte: -1.5 }, "c"],
  [{ $gt: "" }, "ghijkl"],
  [{ $gte: "a" }, "ijkl"],
  [{ $lt: "a" }, "fgh"],
  [{ $gt: "\uffee" }, "l"],
  [{ $gte: "10", $lt: "a" }, "gh"],
  [{ $gt: false }, "n"],
  [{ $lte: false }, "m"],
  [{ $lt: true }, "m"],
  [{ $exists: true }, "bcdefghijklmn"],
  [{ $exists: false }, "a"],
  [{ $exists: true, $lt: 5 }, "cd"],
  [{ $not: { $gt: 0 } }, "abcdfghijklmn"],
  [{ $regex: "^1" }, "g"],
];

onEachEngine("The store", (store) => {
  const open = (): Promise<Orders> => store().collection<Order>({ name: freshName(), indexes: INDEXES });
  const filled = async (...orders: Order[]): Promise<Orders> => {
    const collection = await open();
    await collection.insertMany(orders, UNORDERED);
    return collection;
  };
  const ids = async (collection: Orders, filter: object, sort: Sort = { _id: 1 }): Promise<string> =>
    (
      await collection
        .find(filter as never)
        .sort(sort)
        .toArray()
    )
      .map(({ _id }) => _id)
      .join("");

  it("answers a ping", () => store().ping());

  describe("finding", () => {
    let plain: Orders;
    let indexed: Orders;
    before(async () => {
      const documents = KINDS.map(([id, value]) => order(id, value === undefined ? {} : { user: value, n: value }));
      plain = indexed = await filled(...documents);
    });

    for (const [condition, expected] of MATCHES) {
      const title = JSON.stringify(condition);
      it(`finds the same by an indexed field and by another: ${title}`, async () => {
        expect(await ids(indexed, { user: condition })).to.equal(expected);
        expect(await ids(plain, { n: condition })).to.equal(expected);
        expect(await indexed.countDocuments({ user: condition })).to.equal(expected.length);
        expect(await plain.countDocuments({ n: condition })).to.equal(expected.length);
      });
    }

    it("combines conditions by $and, $or and $nor", async () => {
      expect(await ids(indexed, { $or: [{ user: 10 }, { user: "a", _id: "i" }] })).to.equal("ei");
      expect(await ids(indexed, { $or: [{ user: 10 }, { n: "a" }], _id: { $gt: "e" } })).to.equal("i");
      expect(await ids(indexed, { $and: [{ user: { $gt: 0 } }, { n: { $lt: 11 } }] })).to.equal("e");
      expect(await ids(indexed, { $nor: [{ user: { $gte: "" } }, { n: null }] })).to.equal("cdemn");
    });

    it("sorts as the order of types and UTF-8 bytes has it, missing as null", async () => {
      const all = KINDS.map(([id]) => id).join("");
      for (const field of ["user", "n"]) {
        expect(await ids(indexed, {}, { [field]: 1, _id: 1 })).to.equal(all);
        expect(await ids(indexed, {}, { [field]: -1, _id: -1 })).to.equal(
          KINDS.map(([id]) => id)
            .toReversed()
            .join(""),
        );
      }
      const last = await indexed
        .find({ n: { $gte: "" } })
        .sort({ n: -1 })
        .limit(2)
        .toArray();
      expect(last.map(({ _id }) => _id)).to.deep.equal(["l", "k"]);
    });

    it("takes up to the limit, and all when it is 0", async () => {
      expect(await indexed.find({}).sort({ _id: 1 }).limit(3).toArray()).to.have.length(3);
      expect(await indexed.find({}).limit(0).toArray()).to.have.length(KINDS.length);
      expect(await indexed.countDocuments({}, { limit: 4 })).to.equal(4);
      expect(await plain.countDocuments({ n: { $exists: true } }, { limit: 4 })).to.equal(4);
    });

    it("finds one, in order, or null", async () => {
      expect(await indexed.findOne({ user: { $gt: "" } }, { sort: { user: -1 } })).to.include({ _id: "l" });
      expect(await indexed.findOne({ _id: "zz" })).to.equal(null);
    });
  });

  it("looks into objects and lists", async () => {
    const lines = [
      { sku: "x", n: 1 },
      { sku: "y", n: 5 },
    ];
    const orders = await filled(
      order("a", { deep: { value: 1, other: "p" }, list: ["r", "s"] }),
      order("b", { deep: { value: 2 }, list: lines }),
      order("c", { list: [] }),
    );
    expect(await ids(orders, { "deep.value": { $gte: 2 } })).to.equal("b");
    expect(await ids(orders, { "deep.other": "p" })).to.equal("a");
    expect(await ids(orders, { list: "s" })).to.equal("a");
    expect(await ids(orders, { "list.sku": "y" })).to.equal("b");
    expect(await ids(orders, { list: { $elemMatch: { sku: "x", n: 5 } } })).to.equal("");
    expect(await ids(orders, { list: { $elemMatch: { sku: "y", n: 5 } } })).to.equal("b");
    expect(await ids(orders, { list: { $size: 0 } })).to.equal("c");
    expect(await ids(orders, { list: { $all: ["r", "s"] } })).to.equal("a");
    expect(await ids(orders, { "list.1.n": 5 })).to.equal("b");
  });

  it("keeps only the fields of the projection", async () => {
    const orders = await filled(order("a", { n: 1, deep: { value: 2, x: 3 }, list: [{ p: 1, q: 2 }, { q: 3 }] }));
    const kept = async (projection: Record<string, 0 | 1>) => (await orders.find({}, { projection }).toArray())[0];
    expect(await kept({ n: 1 })).to.deep.equal({ _id: "a", n: 1 });
    expect(await kept({ n: 1, _id: 0 })).to.deep.equal({ n: 1 });
    expect(await kept({ "deep.value": 1, "list.p": 1, none: 1 })).to.deep.equal({
      _id: "a",
      deep: { value: 2 },
      list: [{ p: 1 }, {}],
    });
    expect(await orders.findOne({ _id: "a" }, { projection: { n: 1, _id: 0 } })).to.deep.equal({ n: 1 });
  });

  it("gives documents that the caller may change without changing the store", async () => {
    const given = order("a", { list: [1] });
    const orders = await filled(given);
    (given.list as number[]).push(2);
    const read = await orders.findOne({ _id: "a" });
    (read as { list: number[] }).list.push(3);
    expect((await orders.findOne({ _id: "a" }))?.list).to.deep.equal([1]);
  });

  describe("duplicate keys", () => {
    it("refuses a second document of the same _id or unique key, and says which", async () => {
      const orders = await filled(order("a"));
      for (const [document, keys] of [
        [order("a", { no: "other" }), ["_id"]],
        [order("b", { no: "a" }), ["shop", "no"]],
      ] as const) {
        const error = await orders.insertOne(document).catch((reason: unknown) => reason);
        expect(isDuplicateKey(error)).to.equal(true);
        expect(Object.keys((error as { keyPattern: object }).keyPattern)).to.deep.equal(keys);
      }
      expect(await ids(orders, {})).to.equal("a");
    });

    it("holds missing and null for the same key", async () => {
      const orders = await filled({ _id: "a", shop: "s" });
      const error = await orders
        .insertOne({ _id: "b", shop: "s", no: null as never })
        .catch((reason: unknown) => reason);
      expect(isDuplicateKey(error)).to.equal(true);
    });

    it("inserts the others of a batch and reports each duplicate by its position", async () => {
      const orders = await filled(order("a"));
      const batch = [order("b"), order("a"), order("c"), order("d", { no: "b" })];
      const error = (await orders
        .insertMany(batch, UNORDERED)
        .catch((reason: unknown) => reason)) as MongoBulkWriteError;
      expect(isDuplicateKey(error)).to.equal(true);
      expect([error.writeErrors].flat().map(({ index, code }) => [index, code])).to.deep.equal([
        [1, 11000],
        [3, 11000],
      ]);
      expect(error.insertedCount).to.equal(2);
      expect(error.result.insertedCount).to.equal(2);
      expect(await ids(orders, {})).to.equal("abc");
    });

    it("refuses an update that would make one, and changes nothing", async () => {
      const orders = await filled(order("a"), order("b"));
      for (const call of [
        () => orders.updateOne({ _id: "b" }, { $set: { no: "a", n: 1 } }),
        () => orders.findOneAndUpdate({ _id: "b" }, { $set: { no: "a", n: 1 } }),
        () => orders.updateOne({ _id: "z" }, { $set: { shop: "s", no: "a" } }, { upsert: true }),
        () => orders.bulkWrite([{ updateOne: { filter: { _id: "b" }, update: { $set: { no: "a" } } } }], UNORDERED),
      ])
        expect(isDuplicateKey(await call().catch((reason: unknown) => reason))).to.equal(true);
      expect(await orders.find({}).sort({ _id: 1 }).toArray()).to.deep.equal([order("a"), order("b")]);
    });
  });

  it("deletes one or many, and says how many", async () => {
    const orders = await filled(order("a"), order("b"), order("c", { n: 1 }));
    expect(await orders.deleteOne({ _id: "a" })).to.deep.include({ acknowledged: true, deletedCount: 1 });
    expect(await orders.deleteOne({ _id: "a" })).to.deep.include({ deletedCount: 0 });
    expect(await orders.deleteMany({ n: { $exists: false } })).to.deep.include({ deletedCount: 1 });
    expect(await ids(orders, {})).to.equal("c");
  });

  it("writes in bulk, and reports what failed beside what was done", async () => {
    const orders = await filled(order("a", { n: 1 }), order("b", { n: 2 }), order("c", { n: 3 }));
    const good: AnyBulkWriteOperation<Order>[] = [
      { updateOne: { filter: { _id: "a" }, update: { $set: { n: 10 } } } },
      { updateMany: { filter: { n: { $in: [2, 3] } }, update: { $set: { state: "x" } } } },
      { updateOne: { filter: { _id: "u" }, update: { $set: { no: "u" } }, upsert: true } },
      { replaceOne: { filter: { _id: "b" }, replacement: { shop: "s", no: "b2" } } },
      { insertOne: { document: order("d") } },
      { deleteOne: { filter: { _id: "c" } } },
    ];
    const answer = await orders.bulkWrite(good, UNORDERED);
    const { matchedCount, modifiedCount, insertedCount, deletedCount, upsertedCount, upsertedIds } = answer;
    expect({ matchedCount, modifiedCount, insertedCount, deletedCount, upsertedCount, upsertedIds }).to.deep.equal({
      matchedCount: 4,
      modifiedCount: 4,
      insertedCount: 1,
      deletedCount: 1,
      upsertedCount: 1,
      upsertedIds: { 2: "u" },
    });
    expect(await orders.findOne({ _id: "b" })).to.deep.equal({ _id: "b", shop: "s", no: "b2" });
    const mixed = [{ insertOne: { document: order("d") } }, { insertOne: { document: order("e") } }];
    const error = (await orders.bulkWrite(mixed, UNORDERED).catch((reason: unknown) => reason)) as MongoBulkWriteError;
    expect(isDuplicateKey(error)).to.equal(true);
    expect(error.insertedCount).to.equal(1);
    expect(await ids(orders, {})).to.equal("abdeu");
  });

  it("groups, sorts and limits in an aggregation", async () => {
    const orders = await filled(
      order("a", { user: "u", n: 1 }),
      order("b", { user: "u", n: 5 }),
      order("c", { user: "v", n: 2 }),
      order("d", { n: 100 }),
    );
    const grouped = [
      { $match: { n: { $lt: 50 } } },
      {
        $group: { _id: "$user", count: { $sum: 1 }, sum: { $sum: "$n" }, least: { $min: "$n" }, most: { $max: "$n" } },
      },
      { $sort: { _id: -1 } },
    ];
    expect(await orders.aggregate(grouped).toArray()).to.deep.equal([
      { _id: "v", count: 1, sum: 2, least: 2, most: 2 },
      { _id: "u", count: 2, sum: 6, least: 1, most: 5 },
    ]);
    const top = [{ $match: { user: { $ne: null } } }, { $sort: { n: -1 } }, { $limit: 1 }];
    expect(await orders.aggregate(top).toArray()).to.deep.equal([order("b", { user: "u", n: 5 })]);
    const pairs = [
      { $group: { _id: { user: "$user", shop: "$shop" }, ids: { $push: "$_id" } } },
      { $match: { "_id.user": "u" } },
    ];
    const [pair] = await orders.aggregate(pairs).toArray();
    expect(pair?.["_id"]).to.deep.equal({ user: "u", shop: "s" });
    expect(pair?.["ids"]).to.have.members(["a", "b"]);
    expect(await orders.aggregate([{ $group: { _id: null, n: { $sum: 1 } } }]).toArray()).to.deep.equal([
      { _id: null, n: 4 },
    ]);
  });
});
