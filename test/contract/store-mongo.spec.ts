import { expect } from "chai";
import { MongoClient, ObjectId } from "mongodb";
import { isDuplicateKey, type Doc } from "../../core/store/contract.ts";
import { openMongoStore } from "../../core/store/mongo.ts";
import { mongoOrSkip, type MongoServer } from "../support/mongo.ts";
import { freshName, openTemporaryMongo } from "./store-engines.ts";

const reason = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

describe("The store on MongoDB", () => {
  let server: MongoServer;
  before(async function () {
    server = await mongoOrSkip(this);
  });
  after(() => server?.stop());

  it("hands out the driver's own collection, with its indexes made", async () => {
    const opened = await openTemporaryMongo(server);
    const indexes = [{ name: "business", keys: ["shop", "deep.no"], unique: true }];
    const orders = await opened.store.collection<Doc>({ name: "orders", indexes });
    const made = await (orders as unknown as { indexes(): Promise<{ name: string; unique?: boolean }[]> }).indexes();
    expect(made.find(({ name }) => name === "business")).to.deep.include({
      key: { shop: 1, "deep.no": 1 },
      unique: true,
    });
    await opened.close();
  });

  it("drops uploads that were left more than a day ago, and no others", async () => {
    const opened = await openTemporaryMongo(server);
    await opened.store.blobs.put("kept", bytes("kept bytes"));
    const young = await opened.store.blobs.stage(bytes("under way"));
    const client = new MongoClient(server.uri);
    const database = client.db(opened.database);
    const [old, kept] = [new ObjectId(), await database.collection("blobs").findOne({ file: { $exists: true } })];
    const at = new Date(Date.now() - 25 * 3_600_000);
    await database.collection("blobs.staged").insertMany([
      { _id: old, at },
      // The crash came between making the blob visible and striking it off the list.
      { _id: kept?.["file"] as ObjectId, at },
    ]);
    await database.collection("blobs.chunks").insertOne({ files_id: old, n: 0, data: Buffer.from("half") });
    const again = await openMongoStore({ uri: server.uri, database: opened.database });
    expect(await database.collection("blobs.chunks").countDocuments({ files_id: old })).to.equal(0);
    expect(await database.collection("blobs.staged").countDocuments({})).to.equal(1);
    expect(await again.blobs.has("kept")).to.equal(true);
    await young.commit("young");
    let text = "";
    for await (const piece of again.blobs.open("young")) text += Buffer.from(piece).toString();
    expect(text).to.equal("under way");
    await again.close();
    await client.close();
    await opened.close();
  });

  it("says STORE_UNAVAILABLE from every call once the server is gone", async function () {
    this.timeout(30_000);
    const own = await mongoOrSkip(this);
    // A server of yours is not stopped.
    if (process.env["MONGODB_URI"] !== undefined) this.skip();
    const uri = `${own.uri}${own.uri.includes("?") ? "&" : "/?"}serverSelectionTimeoutMS=200`;
    const store = await openMongoStore({ uri, database: "gone" });
    const things = await store.collection<Doc>({ name: freshName(), indexes: [] });
    await things.insertOne({ _id: "a" });
    expect(isDuplicateKey(await reason(things.insertOne({ _id: "a" })))).to.equal(true);
    await own.stop();
    for (const call of [
      () => store.ping(),
      () => things.insertOne({ _id: "b" }),
      () => things.insertMany([{ _id: "b" }], { ordered: false }),
      () => things.bulkWrite([{ deleteOne: { filter: { _id: "b" } } }], { ordered: false }),
      () => things.findOne({ _id: "a" }),
      () => things.find({}).toArray(),
      () => things.aggregate([{ $limit: 1 }]).toArray(),
      () => store.blobs.has("x"),
      () => store.blobs.put("x", bytes("x")),
      () => store.collection({ name: freshName(), indexes: [{ name: "n", keys: ["n"] }] }),
    ])
      expect(await reason(call()), String(call)).to.include({ type: "STORE_UNAVAILABLE" });
    await store.close();
  });
});
