/** The least that storing the same orders in MongoDB can cost: the driver's insertMany of ready documents, same indexes, majority. */
import { MongoClient } from "mongodb";
import { ORDERS, type StoredOrder } from "../../core/orders/model.ts";
import { answer, given } from "../child.ts";

export interface MongoFloorParams {
  readonly uri: string;
  /** Databases: of an import that has ended, and an empty one. */
  readonly from: string;
  readonly database: string;
  readonly orders: number;
  readonly perBatch: number;
}

const { uri, from, database, orders, perBatch } = given<MongoFloorParams>();
const client = new MongoClient(uri);
const ready = await client
  .db(from)
  .collection<StoredOrder>(ORDERS.name)
  .find()
  .sort({ _id: -1 })
  .limit(orders)
  .toArray();
ready.reverse();

const floor = client.db(database).collection<StoredOrder>(ORDERS.name);
await floor.createIndexes(
  ORDERS.indexes.map(({ name, keys, unique }) => ({
    name,
    key: Object.fromEntries(keys.map((key) => [key, 1 as const])),
    ...(unique === true ? { unique } : {}),
  })),
);
const writeConcern = { w: "majority", journal: true } as const;

const began = performance.now();
for (let start = 0; start < ready.length; start += perBatch)
  await floor.insertMany(ready.slice(start, start + perBatch), { ordered: false, writeConcern });
const ms = performance.now() - began;

await client.close();
answer({ ms, orders: ready.length });
