import type { Event } from "../../schemas/types.generated.ts";

/**
 * Events are written in the document of the aggregate that they are about, in the same update as the change, and moved on by the relay.
 * `eventCounts` numbers them for each audience from 1 without gaps.
 */
export interface Outbox {
  events: Event[];
  eventsPending: boolean;
  eventCounts: Record<string, number>;
}

export const EMPTY_OUTBOX: Outbox = { events: [], eventsPending: false, eventCounts: {} };

/** A fact to be told, before it is numbered. */
export type Fact = Pick<Event, "type" | "data"> & ({ readonly platform: string } | { readonly userId: string });

/** The outbox fields after these facts are added; to be set in the same update as the change itself. */
export function withFacts(
  outbox: Outbox,
  aggregate: string,
  facts: readonly Fact[],
  at: string,
  newId: (prefix: "evt") => string,
): Outbox {
  const counts = { ...outbox.eventCounts };
  const events = facts.map((fact): Event => {
    const audience = "platform" in fact ? `platform:${fact.platform}` : `user:${fact.userId}`;
    // Dots and dollars mean something in field names; ids have neither, user ids may.
    const slot = Buffer.from(audience).toString("base64url");
    const sequence = (counts[slot] ?? 0) + 1;
    counts[slot] = sequence;
    return { id: newId("evt"), aggregate, sequence, at, ...fact };
  });
  return { events: [...outbox.events, ...events], eventsPending: true, eventCounts: counts };
}
