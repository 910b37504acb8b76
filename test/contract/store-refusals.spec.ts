import { expect } from "chai";
import type { Doc, StoreCollection } from "../../core/store/contract.ts";
import { freshName, onEachEngine, outcome } from "./store-engines.ts";

type Anything = StoreCollection<Doc>;
const UNORDERED = { ordered: false } as const;
const bad = (value: unknown) => value as never;

/** Calls that both engines refuse with a TypeError, before anything is sent or written. */
const REFUSED: [what: string, call: (c: Anything) => unknown][] = [
  ["undefined in the filter of findOne", (c) => c.findOne({ n: undefined })],
  ["undefined deep in a filter of find", (c) => c.find({ $and: [{ n: { $in: [undefined] } }] })],
  ["undefined in the filter of countDocuments", (c) => c.countDocuments({ n: undefined })],
  ["undefined in the filter of updateOne", (c) => c.updateOne({ n: undefined }, { $set: { n: 1 } })],
  ["undefined in the filter of updateMany", (c) => c.updateMany({ n: undefined }, { $set: { n: 1 } })],
  ["undefined in the filter of deleteOne", (c) => c.deleteOne({ n: undefined })],
  ["undefined in the filter of deleteMany", (c) => c.deleteMany({ n: undefined })],
  ["undefined in the filter of findOneAndUpdate", (c) => c.findOneAndUpdate({ n: undefined }, { $set: { n: 1 } })],
  ["undefined in a $match", (c) => c.aggregate([{ $match: { n: undefined } }])],
  ["undefined in an update", (c) => c.updateOne({ _id: "a" }, { $set: { n: undefined } })],
  ["undefined in a bulk write", (c) => c.bulkWrite([{ deleteOne: { filter: { n: undefined } } }], UNORDERED)],
  ["undefined in a document", (c) => c.insertOne({ _id: "x", n: undefined })],
  ["undefined in a batch", (c) => c.insertMany([{ _id: "x" }, { _id: "y", n: [undefined] }], UNORDERED)],
  ["a Date in a document", (c) => c.insertOne({ _id: "x", at: new Date(0) })],
  ["a bigint in a document", (c) => c.insertOne({ _id: "x", n: 1n })],
  ["a function in a document", (c) => c.insertOne({ _id: "x", n: () => 1 })],
  ["NaN in a document", (c) => c.insertOne({ _id: "x", n: Number.NaN })],
  ["Infinity in an update", (c) => c.updateOne({ _id: "a" }, { $set: { n: Number.POSITIVE_INFINITY } })],
  ["a Map in a document", (c) => c.insertOne({ _id: "x", n: new Map() })],
  [
    "a document nested 102 deep",
    (c) => c.insertOne({ _id: "x", n: JSON.parse("[".repeat(102) + "]".repeat(102)) as unknown }),
  ],
  ["a document without _id", (c) => c.insertOne(bad({ n: 1 }))],
  ["a document with an _id that is no text", (c) => c.insertOne(bad({ _id: 5 }))],
  ["an upsert that gives no _id", (c) => c.updateOne({ n: 5 }, { $set: { n: 1 } }, { upsert: true })],
  ["an update pipeline", (c) => c.updateOne({ _id: "a" }, bad([{ $set: { n: 1 } }]))],
  ["an update without operators", (c) => c.updateOne({ _id: "a" }, bad({ n: 1 }))],
  ["a projection that drops fields", (c) => c.findOne({}, { projection: { n: 0 } })],
  ["$lookup", (c) => c.aggregate([{ $lookup: { from: "x", as: "y", pipeline: [] } }])],
];

onEachEngine("The store refuses", (store) => {
  let collection: Anything;
  before(async () => {
    collection = await store().collection<Doc>({ name: freshName(), indexes: [{ name: "n", keys: ["n"] }] });
    await collection.insertOne({ _id: "a", n: null });
  });
  for (const [what, call] of REFUSED)
    it(what, async () => {
      expect(await outcome(() => call(collection))).to.deep.equal({ error: "TypeError" });
      expect(await collection.find({}).toArray()).to.deep.equal([{ _id: "a", n: null }]);
    });

  it("names the place of the value in the message", async () => {
    const error = await collection
      .insertOne({ _id: "x", deep: { list: [1, undefined] } })
      .catch((reason: unknown) => reason);
    expect((error as Error).message).to.include("deep.list.1");
  });

  /** Refused by the server, with its codes. */
  const SERVER: [what: string, update: object, code: number][] = [
    ["to change _id", { $set: { _id: "b" } }, 66],
    ["to make a field below a number", { $set: { "k.x": 1 } }, 28],
    ["to increment a text", { $inc: { t: 1 } }, 14],
    ["to push to a number", { $push: { k: 1 } }, 2],
    ["to set a field and a field below it", { $set: { z: 1 }, $inc: { "z.y": 1 } }, 40],
  ];
  for (const [what, update, code] of SERVER)
    it(what, async () => {
      const other = await store().collection<Doc>({ name: freshName(), indexes: [] });
      await other.insertOne({ _id: "a", k: 1, t: "x" });
      expect(await outcome(() => other.updateOne({ _id: "a" }, update))).to.deep.equal({ error: code });
      expect(await other.findOne({})).to.deep.equal({ _id: "a", k: 1, t: "x" });
    });

  it("an index of the same name with other keys, and one declaration after another", async () => {
    const name = freshName();
    await store().collection<Doc>({ name, indexes: [{ name: "one", keys: ["a"] }] });
    const error = await store()
      .collection<Doc>({ name, indexes: [{ name: "one", keys: ["b"] }] })
      .catch((reason: unknown) => reason);
    expect(error).to.include({ type: "CONFIG_INVALID" });
  });
});
