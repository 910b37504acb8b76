/** Calls that leave a node, held until the scheduler lets them happen: the store's operations, calls over the bus, posts to subscribers. */
import type { Store, StoreCollection } from "../../../core/store/contract.ts";

/** A node: what it believes of the time, what it can't reach, and which of its lives this is. */
export interface SimNode {
  readonly index: number;
  /** Counts its lives; what an earlier life asked for is nobody's any more. */
  life: number;
  alive: boolean;
  skewMs: number;
  pausedUntil: number;
  storeAwayUntil: number;
  busAwayUntil: number;
}

export type CallKind = "store" | "bus" | "post";

export interface PendingCall {
  readonly node: SimNode;
  readonly kind: CallKind;
  readonly writes: boolean;
  readonly label: string;
  /** True time from which on it may happen. */
  readyAt: number;
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Takes a call up; its promise settles when the scheduler says so. */
export type TakeUp = (kind: CallKind, label: string, work: () => Promise<unknown>, writes?: boolean) => Promise<never>;

const READS = ["findOne", "countDocuments"] as const;
const WRITES = [
  "insertOne",
  "insertMany",
  "updateOne",
  "updateMany",
  "findOneAndUpdate",
  "deleteOne",
  "deleteMany",
  "bulkWrite",
] as const;

type Method = (...args: unknown[]) => Promise<unknown>;

/** A node's way to the store: every operation is a call of its own. */
export function storeThrough(store: Store, takeUp: TakeUp): Store {
  const collection = async (spec: Parameters<Store["collection"]>[0]) => {
    const inner = (await store.collection(spec)) as unknown as Record<string, Method> & StoreCollection<never>;
    const label = (method: string): string => `${spec.name}.${method}`;
    const wrapped: Record<string, unknown> = {};
    for (const method of READS)
      wrapped[method] = (...args: unknown[]) => takeUp("store", label(method), () => inner[method](...(args as [])));
    for (const method of WRITES) {
      const run = inner[method] as unknown as Method;
      wrapped[method] = (...args: unknown[]) => takeUp("store", label(method), () => run(...args), true);
    }
    wrapped["find"] = (filter: never, options: never) => {
      const cursor = inner.find(filter, options);
      const held = {
        sort: (sort: never) => (cursor.sort(sort), held),
        limit: (count: number) => (cursor.limit(count), held),
        toArray: () => takeUp("store", label("find"), () => cursor.toArray()),
      };
      return held;
    };
    wrapped["aggregate"] = (pipeline: never) => {
      const cursor = inner.aggregate(pipeline);
      return { toArray: () => takeUp("store", label("aggregate"), () => cursor.toArray()) };
    };
    return wrapped as never;
  };
  return { ...store, collection, blobs: store.blobs };
}
