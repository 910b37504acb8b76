import { randomBytes } from "node:crypto";
import type { Actions, Delivery, Endpoint, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { byId, cursorAt, page } from "../pages.ts";
import type { Event } from "../../schemas/types.generated.ts";
import {
  DELIVERIES,
  ENDPOINTS,
  EVENTS,
  showDelivery,
  showEndpoint,
  showEvent,
  type StoredDelivery,
  type StoredEndpoint,
  type StoredEvent,
} from "./model.ts";
import type { CollectionSpec } from "../store/contract.ts";
import { eventRelay } from "./relay.ts";
import { type Post, webhookSender } from "./webhooks.ts";

const BY_POSITION = { key: "position", cursor: /^[0-9]{15,}$/ };
const BY_ENDPOINT = byId(idPattern("end"));
const BY_DELIVERY = byId(`${idPattern("evt")}\\.${idPattern("end")}`);

/** Endpoints of one platform. */
const ENDPOINTS_PER_PLATFORM = 10;

/** Tells platforms and payers what happened: the feed, the webhooks, and what became of each delivery. */
export async function notifyService(deps: Deps, tellers: readonly CollectionSpec[], post: Post, random: () => number) {
  const events = await deps.store.collection<StoredEvent>(EVENTS);
  const endpoints = await deps.store.collection<StoredEndpoint>(ENDPOINTS);
  const deliveries = await deps.store.collection<StoredDelivery>(DELIVERIES);
  const relay = await eventRelay(deps, tellers);
  const webhooks = await webhookSender(deps, post, random);
  const most = deps.limits.ordersPerPage;

  return {
    relay,
    ...webhooks,

    /** The caller's own facts in the order in which they came to light. `next` is there even at the end: ask again with it later. */
    async events({ platform, userId, ...query }: Actions["notify.events"]["params"]): Promise<Page<Event>> {
      const audience = {
        ...(platform === undefined ? {} : { platform }),
        ...(userId === undefined ? {} : { userId }),
      };
      const { items } = await page(events, audience, BY_POSITION, query, most, (event) => event);
      const last = items.at(-1);
      const next = last === undefined ? query.after : cursorAt(last.position, BY_POSITION, audience);
      return { items: items.map(showEvent), ...(next === undefined ? {} : { next }) };
    },

    /** The signing secret is in this answer and never shown again. @throws BODY_INVALID unless an http(s) URL without credentials */
    async createEndpoint({
      platform,
      url,
    }: Actions["notify.createEndpoint"]["params"]): Promise<Endpoint & { secret: string }> {
      assertUrl(url);
      if ((await endpoints.findOne({ platform, url })) !== null)
        throw new MergepayError("STATE_REFUSED", "The platform has an endpoint of this URL already.", {
          field: "/url",
        });
      if ((await endpoints.countDocuments({ platform })) >= ENDPOINTS_PER_PLATFORM)
        throw new MergepayError("STATE_REFUSED", `A platform has at most ${ENDPOINTS_PER_PLATFORM} endpoints.`);
      const id = deps.newId("end");
      const endpoint: StoredEndpoint = {
        _id: id,
        platform,
        url,
        secret: `whsec_${randomBytes(24).toString("base64")}`,
        createdAt: instant(deps.now()),
        ...deps.audit(undefined, {
          what: "endpoint.made",
          subject: id,
          after: { platform, origin: new URL(url).origin },
        }),
      };
      await endpoints.insertOne(endpoint);
      return { ...showEndpoint(endpoint), secret: endpoint.secret };
    },

    endpoints: ({ platform, ...query }: Actions["notify.endpoints"]["params"]): Promise<Page<Endpoint>> =>
      page(endpoints, platform === undefined ? {} : { platform }, BY_ENDPOINT, query, most, showEndpoint),

    deliveries: ({ platform, ...query }: Actions["notify.deliveries"]["params"]): Promise<Page<Delivery>> =>
      page(deliveries, platform === undefined ? {} : { platform }, BY_DELIVERY, query, most, showDelivery),
  };
}

export type NotifyService = Awaited<ReturnType<typeof notifyService>>;

function assertUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const web = url?.protocol === "https:" || url?.protocol === "http:";
  if (!web || url?.username !== "" || url.password !== "")
    throw new MergepayError("BODY_INVALID", "An endpoint is an http or https URL without user name and password.", {
      field: "/url",
    });
}
