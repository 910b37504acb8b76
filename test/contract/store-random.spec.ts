/** The same random operations on both engines must give the same answers, errors and contents. */
import { expect } from "chai";
import * as fc from "fast-check";
import type { Doc, Store, StoreCollection } from "../../core/store/contract.ts";
import { mongoOrSkip, type MongoServer } from "../support/mongo.ts";
import { freshName, openTemporaryEmbedded, openTemporaryMongo, outcome, type OpenedStore } from "./store-engines.ts";

interface Thing extends Doc {
  key?: unknown;
  kind?: unknown;
  free?: unknown;
  count?: number;
  tags?: string[];
  deep?: { value?: unknown };
}
type Things = StoreCollection<Thing>;
type Operation = { readonly text: string; readonly run: (things: Things) => unknown };

const INDEXES = [
  { name: "key", keys: ["key", "kind"], unique: true },
  { name: "kind", keys: ["kind", "_id"] },
  { name: "deep", keys: ["deep.value"] },
];
/** `STORE_RUNS=2000` for a longer search. */
const RUNS = Number.parseInt(process.env["STORE_RUNS"] ?? "100", 10);
const UNORDERED = { ordered: false } as const;

const id = fc.constantFrom("a", "b", "c", "d", "e", "f");
const scalar = fc.constantFrom(null, 0, 1, -2.5, 10, "", "a", "b", "1", "é", "\uffee", "😀", true, false);
/** Few values, so that unique keys clash. */
const few = fc.constantFrom(null, 1, "a", "b", true);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const tag = fc.constantFrom("x", "y", "z");

/** Fields that came out undefined are left out. */
const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;

const thing: fc.Arbitrary<Thing> = fc
  .record({
    _id: id,
    key: optional(few),
    kind: optional(few),
    free: optional(scalar),
    count: fc.integer({ min: -3, max: 3 }),
    tags: fc.array(tag, { maxLength: 3 }),
    deep: optional(optional(scalar).map((value) => present({ value }))),
  })
  .map((made) => present(made) as Thing);

const typed = scalar.filter((value) => value !== null);
const condition: fc.Arbitrary<unknown> = fc.oneof(
  scalar,
  fc.record({ $eq: scalar }),
  fc.record({ $ne: scalar }),
  fc.record({ $in: fc.array(scalar, { maxLength: 4 }) }),
  fc.record({ $nin: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $gt: typed }),
  fc.record({ $gte: typed, $lt: typed }),
  fc.record({ $lte: typed }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $not: fc.record({ $gte: typed }) }),
);
const field = fc.constantFrom("_id", "key", "kind", "free", "count", "deep.value", "deep", "tags");
const simple = fc.dictionary(field, condition, { maxKeys: 2, noNullPrototype: true });
const filter: fc.Arbitrary<object> = fc.oneof(
  { weight: 4, arbitrary: simple },
  { weight: 1, arbitrary: fc.record({ $or: fc.array(simple, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ $and: fc.array(simple, { minLength: 1, maxLength: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ $nor: fc.array(simple, { minLength: 1, maxLength: 2 }) }) },
);

/** Each touches its own field, so that any of them can go together. */
const update = fc
  .record({
    $set: fc.record({ free: scalar, "deep.value": scalar }, { requiredKeys: ["free"] }),
    $inc: optional(fc.record({ count: fc.integer({ min: -2, max: 2 }) })),
    $push: optional(fc.record({ tags: tag })),
    $unset: optional(fc.constantFrom({ spare: "" }, { kept: "" })),
  })
  .map(present);
/** These may meet a unique key. */
const rekey = fc.record({ key: few, kind: few }, { requiredKeys: [] }).map((set) => ({ $set: { ...set, spare: 1 } }));
const pull = fc.record({ $pull: fc.record({ tags: tag }), $setOnInsert: fc.constant({ spare: 2 }) });
const change = fc.oneof(update, rekey, pull);

const order = fc.constantFrom({ _id: 1 }, { kind: 1, _id: -1 }, { free: -1, _id: 1 }, { "deep.value": 1, _id: 1 });
/** One document by its id, perhaps on a condition: which of several comes first is not defined. */
const one = fc.record({ _id: id, rest: optional(simple) }).map(({ _id, rest }) => ({ ...rest, _id }));

const operation = (name: string, ...args: unknown[]): Operation => ({
  text: `${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`,
  run: (things) => (things[name as "findOne"] as unknown as (...given: unknown[]) => unknown)(...args),
});
const finding = (where: object, sort: object, limit: number, projection?: object): Operation => ({
  text: `find(${JSON.stringify({ where, sort, limit, projection })})`,
  run: (things) =>
    things
      .find(where, projection === undefined ? {} : { projection: projection })
      .sort(sort as never)
      .limit(limit)
      .toArray(),
});

/** In one bulk all are of one kind and have their own ids: across kinds an unordered bulk has no order. */
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 4 });
const bulk = fc.oneof(
  fc
    .tuple(ids, fc.array(change, { minLength: 4, maxLength: 4 }), fc.boolean())
    .map(([list, changes, upsert]) =>
      list.map((_id, index) => ({ updateOne: { filter: { _id }, update: changes[index], upsert } })),
    ),
  ids.map((list) => list.map((_id) => ({ deleteOne: { filter: { _id } } }))),
  fc
    .uniqueArray(thing, { minLength: 1, maxLength: 4, selector: ({ _id }) => _id })
    .map((list) => list.map((document) => ({ insertOne: { document } }))),
);

const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: thing.map((document) => operation("insertOne", document)) },
  {
    weight: 3,
    arbitrary: fc.array(thing, { minLength: 1, maxLength: 5 }).map((list) => operation("insertMany", list, UNORDERED)),
  },
  { weight: 4, arbitrary: fc.tuple(one, change).map(([where, what]) => operation("updateOne", where, what)) },
  {
    weight: 2,
    arbitrary: fc.tuple(id, change).map(([_id, what]) => operation("updateOne", { _id }, what, { upsert: true })),
  },
  { weight: 2, arbitrary: fc.tuple(filter, update).map(([where, what]) => operation("updateMany", where, what)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(filter, change, order, fc.constantFrom("before", "after"))
      .map(([where, what, sort, returnDocument]) =>
        operation("findOneAndUpdate", where, what, { sort, returnDocument }),
      ),
  },
  { weight: 2, arbitrary: bulk.map((list) => operation("bulkWrite", list, UNORDERED)) },
  { weight: 1, arbitrary: one.map((where) => operation("deleteOne", where)) },
  { weight: 1, arbitrary: filter.map((where) => operation("deleteMany", where)) },
  { weight: 2, arbitrary: filter.map((where) => operation("countDocuments", where)) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        filter,
        order,
        fc.integer({ min: 0, max: 3 }),
        optional(fc.constantFrom({ key: 1 }, { "deep.value": 1, _id: 0 })),
      )
      .map(([where, sort, limit, projection]) => finding(where, sort, limit, projection)),
  },
  {
    weight: 1,
    arbitrary: filter.map((where) => ({
      text: `aggregate(${JSON.stringify(where)})`,
      run: (things: Things) =>
        things
          .aggregate([
            { $match: where },
            { $group: { _id: "$kind", n: { $sum: 1 }, sum: { $sum: "$count" } } },
            { $sort: { _id: 1 } },
          ])
          .toArray(),
    })),
  },
);

/** Driver results without the methods that only one of the two classes has. */
const comparable = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;

describe("Both engines", () => {
  let server: MongoServer | undefined;
  const opened: OpenedStore[] = [];
  before(async function () {
    server = await mongoOrSkip(this);
    opened.push(await openTemporaryEmbedded(), await openTemporaryMongo(server));
  });
  after(async () => {
    for (const one of opened) await one.close();
    await server?.stop();
  });

  it("answer any sequence of operations alike", async function () {
    this.timeout(RUNS * 600);
    const name = freshName();
    const open = ({ store }: { store: Store }): Promise<Things> => store.collection<Thing>({ name, indexes: INDEXES });
    const [embedded, mongo] = (await Promise.all(opened.map(open))) as [Things, Things];
    await fc.assert(
      fc.asyncProperty(fc.array(operations, { minLength: 4, maxLength: 24, size: "max" }), async (sequence) => {
        await Promise.all([embedded.deleteMany({}), mongo.deleteMany({})]);
        for (const { text, run } of sequence) {
          const [here, there] = await Promise.all([outcome(() => run(embedded)), outcome(() => run(mongo))]);
          expect(comparable(here), text).to.deep.equal(comparable(there));
        }
        const contents = (things: Things) => things.find({}).sort({ _id: 1 }).toArray();
        expect(await contents(embedded)).to.deep.equal(await contents(mongo));
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: RUNS * 300, markInterruptAsFailure: false, reporter: report },
    );
  });
});

/** A failure as the calls that lead to it. */
function report(details: fc.RunDetails<[Operation[]]>): void {
  if (!details.failed) return;
  const calls = details.counterexample?.[0].map(({ text }) => `  ${text}`).join("\n");
  throw new Error(
    `seed ${details.seed}, path ${details.counterexamplePath}:\n${calls}\n${String(details.errorInstance)}`,
  );
}
