/** Platforms have endpoints; their servers keep what they are told. Every fact reaches each of them at least once, or is visibly dead. */
import { Webhook } from "standardwebhooks";
import { DELIVERIES, ENDPOINTS, EVENTS, type StoredDelivery, type StoredEvent } from "../../../core/notify/model.ts";
import type { PostResult } from "../../../core/notify/webhooks.ts";
import { PLATFORMS } from "../../support/house.ts";
import type { Event } from "../../../schemas/types.generated.ts";
import { Broken, type Noun, type Posted } from "../engine/contract.ts";
import { A_DAY_MS, PAID } from "../engine/ways.ts";

interface Told {
  readonly url: string;
  readonly eventId: string;
  readonly aggregate: string;
  readonly sequence: number;
}

/** What a delivery may become: it has no table in core, as only one place writes it. */
const DELIVERY_STATES = { pending: ["delivered", "dead"], delivered: [], dead: [] };

export const notify: Noun = {
  name: "notify",
  tables: [{ noun: "delivery", collection: DELIVERIES.name, table: DELIVERY_STATES }],
  fixed: {
    [EVENTS.name]: ["type", "aggregate", "sequence", "position", "data", "at"],
    [ENDPOINTS.name]: ["platform", "url", "secret"],
  },
  faults: ["subscriber.gone"],
  ways: [
    {
      steps: [...PAID, "all jobs", "all jobs", A_DAY_MS, "all jobs"],
      faults: ["webhook.", "subscriber.", "crash.at webhook.", "crash.at event."],
    },
  ],
  async open({ store, struck, prepare }) {
    const told: Told[] = [];
    const events: Event[] = [];
    const secrets = new Map<string, string>();
    await prepare(async ({ notify: service }) => {
      for (const platform of Object.keys(PLATFORMS)) {
        const url = `https://${platform}.example/hook`;
        secrets.set(url, (await service.createEndpoint({ platform, url })).secret);
      }
    });

    function receive({ url, headers, body }: Posted): PostResult {
      if (struck("subscriber.gone")) return { status: 410 };
      // Its age is not looked at: the sender's clock is its own.
      const id = headers["webhook-id"] ?? "";
      const at = new Date(Number(headers["webhook-timestamp"]) * 1_000);
      const signature = new Webhook(secrets.get(url) ?? "").sign(id, at, body);
      if (signature !== headers["webhook-signature"])
        throw new Broken("webhooks are signed", `${id} to ${url} has another signature`);
      const event = JSON.parse(body) as Event & { platform: string };
      if (!url.startsWith(`https://${event.platform}.`))
        throw new Broken("nobody is told what is another's", `${url} was told ${event.id} of ${event.platform}`);
      events.push(event);
      told.push({ url, eventId: event.id, aggregate: event.aggregate, sequence: event.sequence });
      return { status: 204 };
    }

    function audit(atRest: boolean): void {
      if (!atRest) return;
      const events = store.all<StoredEvent>(EVENTS.name);
      const positions = events.map(({ position }) => position).toSorted();
      positions.forEach((position, at) => {
        if (Number(position) !== at + 1) throw new Broken("the feed has no gaps", `${position} is the ${at + 1}th`);
      });
      const counted = Map.groupBy(
        events,
        (event) => `${event.aggregate} ${event.platform ?? ""} ${event.userId ?? ""}`,
      );
      for (const [audience, own] of counted)
        own
          .map(({ sequence }) => sequence)
          .toSorted((a, b) => a - b)
          .forEach((sequence, at) => {
            if (sequence !== at + 1) throw new Broken("facts are numbered without gaps", `${audience}: ${sequence}`);
          });
      const heard = new Set(told.map(({ url, eventId }) => `${url} ${eventId}`));
      const dead = new Set(
        store.all<StoredDelivery>(DELIVERIES.name).flatMap(({ state, eventId }) => (state === "dead" ? eventId : [])),
      );
      for (const { _id, platform } of events)
        if (platform !== undefined && !heard.has(`https://${platform}.example/hook ${_id}`) && !dead.has(_id))
          throw new Broken("every fact is told", `${platform} never heard of ${_id}`);
      for (const [stream, own] of Map.groupBy(told, ({ url, aggregate }) => `${url} ${aggregate}`)) {
        const firsts = [...new Map(own.map((one) => [one.sequence, one])).keys()];
        if (firsts.some((sequence, at) => at > 0 && sequence < (firsts[at - 1] ?? 0)))
          throw new Broken("facts are told in order", `${stream}: ${firsts.join(", ")}`);
      }
    }

    return { ops: {}, audit, receive, told: () => events };
  },
};
