import { Webhook } from "standardwebhooks";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import type { Reply } from "../plugin/contract.ts";
import type { Event } from "../../schemas/types.generated.ts";
import { Overtaken, saveVersion } from "../versioned.ts";
import {
  DELIVERIES,
  ENDPOINTS,
  EVENTS,
  showEvent,
  type StoredDelivery,
  type StoredEndpoint,
  type StoredEvent,
} from "./model.ts";

const AT_A_SWEEP = 50;
/** The events that plugins render: those that contract 1 names. A plugin was not written for any other. */
const REPLIED: ReadonlySet<Event["type"]> = new Set(["file.processed", "file.failed", "orders.paid"]);
/** How long a plugin may take for a reply of its own. */
const REPLY_MS = 5_000;

/** What a POST came to. */
export interface PostResult {
  readonly status?: number;
  readonly error?: string;
}

export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
) => Promise<PostResult>;

/** Posts without following redirects; the answer's body is not read. Never throws. */
export const postWebhook: Post = async (url, headers, body, timeoutMs) => {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    await answer.body?.cancel();
    return { status: answer.status };
  } catch (error) {
    const cause = (error as { cause?: { code?: unknown } }).cause?.code;
    return { error: typeof cause === "string" ? cause : (error as Error).name };
  }
};

/**
 * Delivers queued events to endpoints, signed by Standard Webhooks: in order for each endpoint and aggregate, tried again with back-off,
 * dead after the last try or on 410.
 */
export async function webhookSender(deps: Deps, post: Post, random: () => number) {
  const deliveries = await deps.store.collection<StoredDelivery>(DELIVERIES);
  const endpoints = await deps.store.collection<StoredEndpoint>(ENDPOINTS);
  const events = await deps.store.collection<StoredEvent>(EVENTS);
  const { webhookAnswerMs, webhookRetryMs } = deps.limits;
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** True while an earlier fact about the same aggregate has not reached the endpoint. */
  async function mustWait({ endpointId, aggregate, sequence }: StoredDelivery): Promise<boolean> {
    const earlier = await deliveries.findOne({ endpointId, aggregate, sequence: { $lt: sequence }, state: "pending" });
    return earlier !== null;
  }

  /** Platforms that tell events in a format of their own, as they were when they could be asked last. */
  let replying: ReadonlySet<string> = new Set();
  async function replies(platform: string): Promise<boolean> {
    try {
      const { items } = await deps.call("bank-adapter.platforms", {});
      replying = new Set(items.filter((known) => known.replies === true).map((known) => known.platform));
    } catch {
      // The others must be told all the same: what was known stands.
    }
    return replying.has(platform);
  }

  /** The event, or what its platform's plugin makes of it. @throws what the plugin failed with: the delivery is tried again */
  async function messageOf(event: Event): Promise<Reply> {
    const { platform } = event;
    if (platform !== undefined && REPLIED.has(event.type) && (await replies(platform)))
      return deps.call("platform.reply", { event }, { platform, timeoutMs: REPLY_MS });
    return { contentType: "application/json", body: JSON.stringify(event) };
  }

  async function send(delivery: StoredDelivery): Promise<PostResult> {
    const endpoint = await endpoints.findOne({ _id: delivery.endpointId });
    const event = await events.findOne({ _id: delivery.eventId });
    if (endpoint === null || event === null) return { status: 410 };
    const { contentType, body } = await messageOf(showEvent(event));
    const sentAt = new Date(deps.now());
    const headers = {
      "content-type": contentType,
      "webhook-id": event._id,
      "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
      "webhook-signature": new Webhook(endpoint.secret).sign(event._id, sentAt, body),
    };
    return post(endpoint.url, headers, body, webhookAnswerMs);
  }

  /** The wait before the next try, up to a fifth longer by chance so that receivers are not hit all at once; undefined after the last. */
  function waitAfter(tries: number): number | undefined {
    const wait = webhookRetryMs[tries - 1];
    return wait === undefined ? undefined : Math.round(wait * (1 + random() / 5));
  }

  async function deliver(due: StoredDelivery): Promise<void> {
    if (await mustWait(due)) {
      await saveVersion(deliveries, due, { dueAt: stamp(webhookRetryMs[0]) });
      return;
    }
    const trying = await saveVersion(deliveries, due, { tries: due.tries + 1, dueAt: stamp(webhookAnswerMs * 2) });
    const { status, error } = await send(trying).catch((thrown: unknown) => ({
      status: undefined,
      error: asMergepayError(thrown).type,
    }));
    deps.reached("webhook.sent");
    const result = {
      ...(status === undefined ? {} : { lastStatus: status }),
      ...(error === undefined ? {} : { lastError: error }),
    };
    if (status !== undefined && status >= 200 && status < 300) {
      await saveVersion(deliveries, trying, { ...result, state: "delivered", dueAt: null });
      return;
    }
    const wait = status === 410 ? undefined : waitAfter(trying.tries);
    const { eventId, platform } = trying;
    deps.log.warn(
      { platform, code: error ?? `HTTP ${status}`, count: trying.tries, reason: eventId },
      "webhook not delivered",
    );
    await saveVersion(
      deliveries,
      trying,
      wait === undefined ? { ...result, state: "dead", dueAt: null } : { ...result, dueAt: stamp(wait) },
    );
  }

  /** The endpoints that are being told something now: one that is slow holds up nobody but itself. */
  const busy = new Map<string, Promise<void>>();

  async function tell(queue: readonly StoredDelivery[]): Promise<void> {
    for (const delivery of queue) {
      await deliver(delivery).catch((thrown: unknown) => {
        if (thrown instanceof Overtaken) return;
        const { type: code, message: reason } = asMergepayError(thrown);
        deps.log.error(
          { platform: delivery.platform, code, reason },
          "a delivery could not be written down; it is tried again",
        );
      });
    }
  }

  return {
    /** Begins on what is due at endpoints that are not being told anything now, one after another for each. @returns how many */
    async deliverDue(): Promise<number> {
      const filter = { dueAt: { $lte: stamp() }, endpointId: { $nin: [...busy.keys()] } };
      const due = await deliveries.find(filter).sort({ dueAt: 1 }).limit(AT_A_SWEEP).toArray();
      const queues = Map.groupBy(
        due.toSorted((a, b) => a.sequence - b.sequence),
        ({ endpointId }) => endpointId,
      );
      for (const [endpointId, queue] of queues) {
        if (busy.has(endpointId)) continue;
        busy.set(
          endpointId,
          tell(queue).finally(() => busy.delete(endpointId)),
        );
      }
      return due.length;
    },
    /** Resolves when no endpoint is being told anything. */
    async quiet(): Promise<void> {
      while (busy.size > 0) await Promise.all(busy.values());
    },
  };
}
