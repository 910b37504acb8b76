import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Doc } from "../../core/store/contract.ts";
import { groupCommit } from "../../core/store/embedded/commit.ts";
import { openEmbeddedStore, type EmbeddedStore } from "../../core/store/embedded/engine.ts";
import { openStore, databaseOf } from "../../core/store/open.ts";
import { openMongoStore } from "../../core/store/mongo.ts";

const UNORDERED = { ordered: false } as const;
const WRITER = fileURLToPath(new URL("store-writer.ts", import.meta.url));

const reason = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("The embedded store", () => {
  let dir: string;
  let store: EmbeddedStore | undefined;
  const open = async (): Promise<EmbeddedStore> => {
    await store?.close();
    store = await openEmbeddedStore({ dir });
    return store;
  };
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "mergepay-store-"));
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    await rm(dir, { recursive: true, force: true });
  });

  describe("finds by its indexes", () => {
    const INDEXES = [
      { name: "business", keys: ["shop", "no"], unique: true },
      { name: "inbox", keys: ["user", "state", "_id"] },
      { name: "due", keys: ["deep.dueAt"] },
    ];
    /** The filter, the sort, and the index that SQLite must search by. */
    const SEARCHES: [filter: Record<string, unknown>, sort: Record<string, 1 | -1>, by: string][] = [
      [{ _id: "a" }, {}, "(id=?)"],
      [{ _id: { $in: ["a", "b", "c"] } }, {}, "(id=?)"],
      [{ _id: { $in: ["a", "b", "c"] }, user: "u", state: "open" }, {}, "(id=?)"],
      [{ _id: { $gt: "a" } }, { _id: 1 }, "(id>? AND id<?)"],
      [{ shop: "s", no: "1" }, {}, "i:t:business"],
      [{ shop: "s", no: { $in: ["1", "2"] }, other: 5 }, {}, "i:t:business"],
      [{ user: "u", state: "open" }, { _id: 1 }, "i:t:inbox"],
      [{ user: "u", state: "open", _id: { $gt: "x" } }, { _id: 1 }, "i:t:inbox"],
      [{ $and: [{ user: "u" }, { state: "open" }] }, {}, "i:t:inbox"],
      [{ "deep.dueAt": { $lte: "2026" } }, { "deep.dueAt": 1 }, "i:t:due"],
      [{ "deep.dueAt": { $gt: 5 } }, {}, "i:t:due"],
      [{ "deep.dueAt": null }, {}, "i:t:due"],
      [{ "deep.dueAt": { $exists: false } }, {}, "i:t:due"],
      [{ $or: [{ _id: "a" }, { shop: "s", no: "1" }] }, {}, "MULTI-INDEX OR"],
    ];
    for (const [filter, sort, by] of SEARCHES)
      it(`${JSON.stringify(filter)} sorted by ${JSON.stringify(sort)}: ${by}`, async () => {
        const opened = await open();
        await opened.collection({ name: "t", indexes: INDEXES });
        const plan = opened.explain("t", filter, sort, 10);
        expect(plan.join("\n")).to.include(by);
        expect(plan.filter((line) => line.startsWith("SCAN"))).to.deep.equal([]);
        expect(plan.filter((line) => line.includes("TEMP B-TREE"))).to.deep.equal([]);
      });
  });

  it("fills an index that is added to documents which are there, and keeps it filled after", async () => {
    const documents = Array.from({ length: 2500 }, (_, n) => ({ _id: `t${n}`, user: `u${n % 5}`, deep: { n } }));
    const first = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    await first.insertMany(documents, UNORDERED);
    const indexes = [{ name: "user", keys: ["user", "deep.n"] }];
    const second = await (await open()).collection<Doc>({ name: "t", indexes });
    expect(await second.countDocuments({ user: "u3" })).to.equal(500);
    expect(store?.explain("t", { user: "u3", "deep.n": { $gt: 7 } }).join()).to.include("i:t:user");
    // An older version that does not know the index writes: the index must not miss what it wrote.
    const third = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    await third.insertOne({ _id: "new", user: "u3", deep: { n: 1 } });
    await third.updateOne({ _id: "t3" }, { $set: { user: "u4" } });
    const fourth = await (await open()).collection<Doc>({ name: "t", indexes });
    expect(await fourth.countDocuments({ user: "u3" })).to.equal(500);
    expect(await fourth.findOne({ user: "u3", "deep.n": 1 })).to.include({ _id: "new" });
  });

  it("refuses a unique index over documents that break it, and leaves them as they are", async () => {
    const first = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    await first.insertMany(
      [
        { _id: "a", no: 1 },
        { _id: "b", no: 1 },
      ],
      UNORDERED,
    );
    const opened = await open();
    const unique = [{ name: "no", keys: ["no"], unique: true }];
    expect(await reason(opened.collection({ name: "t", indexes: unique }))).to.include({ code: 11000 });
    expect(await (await opened.collection({ name: "t", indexes: [] })).countDocuments({})).to.equal(2);
  });

  it("refuses an object or list where a scalar is indexed", async () => {
    const things = await (await open()).collection<Doc>({ name: "t", indexes: [{ name: "n", keys: ["n.m"] }] });
    for (const n of [{ m: {} }, { m: [] }, [{ m: 1 }]])
      expect(await reason(things.insertOne({ _id: "a", n }))).to.be.instanceOf(TypeError);
    await things.insertOne({ _id: "a", n: 5 });
    expect(await reason(things.updateOne({ _id: "a" }, { $set: { n: { m: [1] } } }))).to.be.instanceOf(TypeError);
    expect(await things.find({}).toArray()).to.deep.equal([{ _id: "a", n: 5 }]);
  });

  it("refuses operators outside the portable subset by their names", async () => {
    const things = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    for (const [name, call] of [
      ["$where", () => things.find({ $where: "true" }).toArray()],
      ["$expr", () => things.findOne({ $expr: { $eq: ["$a", 1] } })],
      ["$bit", () => things.updateOne({ _id: "a" }, { $set: { x: 1 }, $bit: { n: { and: 1 } } }, { upsert: true })],
      ["$currentDate", () => things.updateOne({ _id: "a" }, { $currentDate: { at: true } } as never, { upsert: true })],
      ["collation", () => things.findOne({}, { collation: { locale: "en" } })],
    ] as const) {
      const error = await reason(call());
      expect(error).to.be.instanceOf(TypeError);
      expect((error as Error).message).to.include(name);
    }
  });

  it("answers a read only when what it saw is committed", async () => {
    const opened = await open();
    const things = await opened.collection<Doc>({ name: "t", indexes: [] });
    const answered: string[] = [];
    const note = (what: string) => () => answered.push(what);
    const write = things.insertOne({ _id: "a" }).then(note("write"));
    const read = things.findOne({ _id: "a" }).then(note("read"));
    await Promise.resolve();
    await Promise.resolve();
    expect(answered).to.deep.equal([]);
    await Promise.all([write, read]);
    expect(answered).to.deep.equal(["write", "read"]);
  });

  it("answers nobody well when the commit fails, and keeps nothing of it", async () => {
    const database = new DatabaseSync(":memory:");
    // A reference that is checked at the commit: the one way to make a commit fail at will.
    database.exec("CREATE TABLE parent (id PRIMARY KEY)");
    database.exec("CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
    const committer = groupCommit(database);
    const insert = (table: string) => committer.write(() => database.exec(`INSERT INTO ${table} VALUES (1)`));
    const count = () => committer.read(() => database.prepare("SELECT count(*) AS n FROM child").get()?.["n"]);
    const errors = await Promise.all([reason(insert("child")), reason(count())]);
    for (const error of errors) expect(error).to.include({ type: "STORE_UNAVAILABLE" });
    expect(await count()).to.equal(0);
    await Promise.all([insert("child"), insert("parent")]);
    expect(await count()).to.equal(1);
    database.close();
  });

  it("keeps the good operations of a group in which another one fails", async () => {
    const things = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    const results = await Promise.allSettled([
      things.insertOne({ _id: "a" }),
      things.insertOne({ _id: "a" }),
      things.insertOne({ _id: "b" }),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    const again = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    expect(await again.countDocuments({})).to.equal(2);
  });

  it("has what was pending when it is closed", async () => {
    const opened = await open();
    const things = await opened.collection<Doc>({ name: "t", indexes: [] });
    const write = things.insertOne({ _id: "a" });
    await opened.close();
    await write;
    expect(await reason(opened.ping())).to.include({ type: "STORE_UNAVAILABLE" });
    expect(await reason(things.findOne({}))).to.include({ type: "STORE_UNAVAILABLE" });
    const again = await (await open()).collection<Doc>({ name: "t", indexes: [] });
    expect(await again.findOne({})).to.deep.equal({ _id: "a" });
  });

  describe("with another process", () => {
    let child: ChildProcess | undefined;
    afterEach(async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    const start = (mode: string): AsyncIterator<string> => {
      child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WRITER, dir, mode], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      if (child.stdout === null) throw new Error("no output");
      return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    };

    it("is refused a folder that the other has, and has it once that one is gone", async () => {
      const lines = start("hold");
      expect((await lines.next()).value).to.equal("open");
      const error = await reason(open());
      expect(error).to.include({ type: "STORE_LOCKED" });
      expect((error as Error).message).to.include(dir);
      child?.kill("SIGKILL");
      if (child !== undefined) await once(child, "exit");
      await open();
      expect((await start("hold").next()).value).to.match(/^STORE_LOCKED/);
    });

    it("finds everything that was acknowledged before the other was killed", async () => {
      const lines = start("write");
      expect((await lines.next()).value).to.equal("open");
      const acknowledged: string[] = [];
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        acknowledged.push(line.value);
        if (acknowledged.length === 300) child?.kill("SIGKILL");
      }
      expect(acknowledged.length).to.be.at.least(300);
      const things = await (await open()).collection<Doc>({ name: "things", indexes: [{ name: "n", keys: ["n"] }] });
      const kept = new Set((await things.find({}).toArray()).map(({ _id }) => _id));
      // The last line may be cut off by the kill.
      expect(acknowledged.slice(0, -1).filter((id) => !kept.has(id))).to.deep.equal([]);
    });
  });

  it("says that a file which is no database can't be used", async () => {
    await writeFile(join(dir, "mergepay.db"), "this is not a database, however long it may be".repeat(50));
    expect(await reason(openEmbeddedStore({ dir }))).to.include({ type: "STORE_UNAVAILABLE" });
  });
});

describe("Opening the store", () => {
  it("takes the embedded engine when no MongoDB is named", async () => {
    const dir = await mkdtemp(join(tmpdir(), "mergepay-store-"));
    const store = await openStore({ dir });
    expect(store.engine).to.equal("embedded");
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });

  for (const [uri, name] of [
    ["mongodb://a:1,b:2/shop?replicaSet=r", "shop"],
    ["mongodb+srv://u:p@host/shop", "shop"],
    ["mongodb://host/?replicaSet=r", undefined],
    ["mongodb://host", undefined],
  ] as const)
    it(`reads the database ${name ?? "(none)"} from the form of ${uri.replace(/u:p@/, "")}`, () => {
      expect(databaseOf(uri)).to.equal(name);
    });

  it("says STORE_UNAVAILABLE within seconds when no server answers", async function () {
    this.timeout(15_000);
    const uri = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300";
    expect(await reason(openMongoStore({ uri, database: "x" }))).to.include({ type: "STORE_UNAVAILABLE" });
  });
});
