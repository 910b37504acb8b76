import type { Delivery, Endpoint } from "../actions.ts";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Event } from "../../schemas/types.generated.ts";

/** An event as relayed. `position` counts all events without gaps in the order in which they became visible: the cursor of the feed. */
export interface StoredEvent extends Doc, Omit<Event, "id"> {
  position: string;
}

export const EVENTS: CollectionSpec = {
  name: "events",
  indexes: [
    { name: "position", keys: ["position"], unique: true },
    { name: "platform", keys: ["platform", "position"] },
    { name: "user", keys: ["userId", "position"] },
    { name: "aggregate", keys: ["aggregate", "_id"] },
  ],
};

/** Fixed width, so that text order is the order of numbers. */
export const positionOf = (count: number): string => String(count).padStart(15, "0");

export const showEvent = ({ _id, position: _position, ...event }: StoredEvent): Event => ({ id: _id, ...event });

/** Where a platform is told, and the secret that its deliveries are signed with (`whsec_...`); the secret is shown once. */
export interface StoredEndpoint extends Doc, Omit<Endpoint, "id">, Audited {
  secret: string;
}

export const ENDPOINTS: CollectionSpec = {
  name: "endpoints",
  indexes: [{ name: "platform", keys: ["platform", "_id"] }, AUDITS_PENDING],
};

export const showEndpoint = ({ _id, platform, url, createdAt }: StoredEndpoint): Endpoint => ({
  id: _id,
  platform,
  url,
  createdAt,
});

/** One event for one endpoint, tried until it is delivered or dead. */
export interface StoredDelivery extends Doc, Omit<Delivery, "id"> {
  aggregate: string;
  sequence: number;
  version: number;
  dueAt: string | null;
}

export const DELIVERIES: CollectionSpec = {
  name: "deliveries",
  indexes: [
    { name: "due", keys: ["dueAt"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "queue", keys: ["endpointId", "aggregate", "sequence"] },
  ],
};

export function showDelivery(stored: StoredDelivery): Delivery {
  const { _id, aggregate: _a, sequence: _s, version: _v, dueAt: _d, ...delivery } = stored;
  return { id: _id, ...delivery };
}
