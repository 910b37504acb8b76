import type { MappedRecord } from "../actions.ts";
import type { Deps } from "../deps.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { OrderCancellations } from "./cancellations.ts";
import {
  type Cancel,
  type Candidate,
  countNothing,
  decide,
  decideCancel,
  duplicate,
  gather,
  type Ingested,
  nothingYet,
  type Origin,
} from "./candidates.ts";
import { cancelledOf, differenceOf } from "./differences.ts";
import type { StoredOrder } from "./model.ts";
import type { orderUnmade } from "./unmade.ts";
import type { OrderDifference } from "../../schemas/types.generated.ts";

/** What the file has said of an order so far. */
interface Seen {
  /** The content that the file gave it, and where; absent while it only cancelled it, or told nothing new. */
  content?: { readonly hash: string; readonly position: string };
  cancelled: boolean;
}

/** Orders as they are stored and noted now. */
interface Present {
  readonly stored: ReadonlyMap<string, StoredOrder>;
  readonly noted: ReadonlySet<string>;
}

export interface Foresight {
  /** What would become of the next batch of the file. */
  next(records: readonly MappedRecord[]): Promise<Ingested>;
  /** After the last batch: how many orders that the file made before it would make no more. */
  unmade(): Promise<number>;
  /** Orders that are kept in mind: memory grows with them. */
  orders(): number;
}

/** Says what `ingest` would do with the batches of a file, one after the other, and writes nothing. */
export function orderForesight(
  deps: Deps,
  orders: StoreCollection<StoredOrder>,
  cancellations: Pick<OrderCancellations, "notesOf">,
  { openOf }: Pick<ReturnType<typeof orderUnmade>, "openOf">,
) {
  /** @param tell told of each order that would change */
  return function foresee(origin: Origin, tell?: (difference: OrderDifference) => void): Foresight {
    const seen = new Map<string, Seen>();
    const rejected = new Set<number>();
    return {
      orders: () => seen.size,
      async next(records) {
        const done = nothingYet();
        const { first, cancels, after } = gather(deps, origin, records, done);
        const present = await presentOf([
          ...[...first, ...after].map(({ doc }) => doc.key),
          ...cancels.map(({ key }) => key),
        ]);
        for (const candidate of first) takeOrder(candidate, present, done);
        for (const cancel of cancels) takeCancel(cancel, present, done);
        for (const candidate of after) takeOrder(candidate, present, done);
        for (const { record } of done.rejects) rejected.add(record);
        return done;
      },
      async unmade() {
        let count = 0;
        for await (const found of openOf(origin, {}))
          for (const { key, source, merchant, orderNo } of found) {
            if (seen.has(key) || rejected.has(source.record)) continue;
            count += 1;
            tell?.(cancelledOf({ position: source.position, merchant, orderNo }));
          }
        return count;
      },
    };

    async function presentOf(keys: readonly string[]): Promise<Present> {
      if (keys.length === 0) return { stored: new Map(), noted: new Set() };
      const found = await orders.find({ key: { $in: [...keys] } }).toArray();
      const noted = await cancellations.notesOf(keys);
      return { stored: new Map(found.map((order) => [order.key, order])), noted: new Set(noted.keys()) };
    }

    function takeOrder(candidate: Candidate, { stored, noted }: Present, done: Ingested): void {
      const { key, contentHash } = candidate.doc;
      const mine = seen.get(key);
      if (mine?.content !== undefined) {
        if (mine.content.hash === contentHash) done.unchanged += 1;
        else done.rejects.push(duplicate(candidate, mine.content.position));
        return;
      }
      const before = stored.get(key);
      const cancelled = mine?.cancelled ?? noted.has(key);
      const what = before === undefined ? "create" : decide(origin, candidate, asItIs(before, cancelled), done);
      if (what === "decided") return;
      done[COUNTED[what]] += 1;
      if (what !== "refresh") tell?.(differenceOf(candidate, COUNTED[what], before));
      seen.set(key, { content: { hash: contentHash, position: candidate.position }, cancelled });
    }

    function takeCancel(cancel: Cancel, { stored, noted }: Present, done: Ingested): void {
      const mine = seen.get(cancel.key);
      const before = stored.get(cancel.key);
      if (mine?.cancelled ?? (before === undefined && noted.has(cancel.key))) {
        countNothing(cancel, done);
        return;
      }
      if (before !== undefined && decideCancel(cancel, before, done) === "decided") return;
      seen.set(cancel.key, { ...mine, cancelled: true });
      if (before === undefined && mine?.content === undefined && cancel.notOwed) return countNothing(cancel, done);
      done.cancelled += 1;
      tell?.(cancelledOf(cancel));
    }
  };
}

const COUNTED = { create: "created", revise: "revised", refresh: "unchanged" } as const;

const asItIs = (before: StoredOrder, cancelled: boolean): StoredOrder =>
  cancelled ? { ...before, state: "cancelled" } : before;
