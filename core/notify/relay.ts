import type { UpdateFilter } from "mongodb";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { type CollectionSpec, type Doc, isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import type { Event } from "../../schemas/types.generated.ts";
import {
  DELIVERIES,
  ENDPOINTS,
  EVENTS,
  positionOf,
  type StoredDelivery,
  type StoredEndpoint,
  type StoredEvent,
} from "./model.ts";
import type { Outbox } from "./outbox.ts";

type Source = Doc & Outbox;

const AT_A_SWEEP = 100;

/**
 * Moves events from the documents of their aggregates to the feed and to the queues of endpoints. An event leaves its aggregate only after
 * it is there; doing it twice changes nothing, as ids are kept.
 */
export async function eventRelay(deps: Deps, tellers: readonly CollectionSpec[]) {
  const sources = await Promise.all(tellers.map((spec) => deps.store.collection<Source>(spec)));
  const events = await deps.store.collection<StoredEvent>(EVENTS);
  const endpoints = await deps.store.collection<StoredEndpoint>(ENDPOINTS);
  const deliveries = await deps.store.collection<StoredDelivery>(DELIVERIES);

  /**
   * Gives the event the next position. Only the node that inserts position n+1 has seen n, so a reader never misses one that comes
   * to light behind its cursor; a node that was slower looks for the end again.
   */
  async function publish(event: Event): Promise<void> {
    const { id, ...rest } = event;
    for (;;) {
      const [last] = await events
        .find({}, { projection: { position: 1 } })
        .sort({ position: -1 })
        .limit(1)
        .toArray();
      const position = positionOf(last === undefined ? 1 : Number.parseInt(last.position, 10) + 1);
      try {
        await events.insertOne({ _id: id, ...rest, position });
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        if ((await events.findOne({ _id: id })) !== null) return;
      }
    }
  }

  async function enqueue(event: Event): Promise<void> {
    if (event.platform === undefined) return;
    const told = await endpoints.find({ platform: event.platform }).toArray();
    if (told.length === 0) return;
    const queued = told.map((endpoint): StoredDelivery => ({
      _id: `${event.id}.${endpoint._id}`,
      eventId: event.id,
      endpointId: endpoint._id,
      platform: endpoint.platform,
      aggregate: event.aggregate,
      sequence: event.sequence,
      state: "pending",
      tries: 0,
      version: 1,
      dueAt: instant(deps.now()),
    }));
    try {
      await deliveries.insertMany(queued, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  async function relayAll(source: StoreCollection<Source>): Promise<number> {
    const pending = await source.find({ eventsPending: true }).limit(AT_A_SWEEP).toArray();
    for (const { _id, events: moved } of pending) {
      for (const event of moved) {
        await publish(event);
        await enqueue(event);
      }
      deps.reached("event.relayed");
      const ids = moved.map(({ id }) => id);
      await source.updateOne({ _id }, { $pull: { events: { id: { $in: ids } } } } as unknown as UpdateFilter<Source>);
      await source.updateOne({ _id, events: { $size: 0 } }, { $set: { eventsPending: false } });
    }
    return pending.length;
  }

  /** Relays what is waiting. @returns how many aggregates had something to tell */
  return async function relay(): Promise<number> {
    let moved = 0;
    for (const source of sources) moved += await relayAll(source);
    return moved;
  };
}
