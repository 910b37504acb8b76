import { type Audited, AUDITS_PENDING, type Decision } from "../audit/outbox.ts";
import type { Fact, Outbox } from "../notify/outbox.ts";
import { keyAgain } from "../refunds/pursuit.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { TakeBack } from "../../schemas/types.generated.ts";

/** A take-back as stored; `_id` is the order's. It is there before the order says that its cancellation was asked for. */
export interface StoredTakeBack extends Doc, Versioned, Omit<TakeBack, "orderId">, Outbox, Audited {
  /** Counts the refunds that it has asked for: each has a key of its own, so that each is opened once. */
  opened: number;
}

export const TAKE_BACKS: CollectionSpec = {
  name: "take-backs",
  indexes: [
    { name: "platform", keys: ["platform", "_id"] },
    { name: "state", keys: ["state", "_id"] },
    { name: "review", keys: ["needsReview", "_id"] },
    { name: "due", keys: ["dueAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** Who wants the refund: its platform, or the operator who took the order back in its place. */
export const wantedBy = ({ platform, cancellation }: StoredTakeBack): string =>
  cancellation.by === undefined ? `platform:${platform}` : `operator:${cancellation.by}`;

export const keyOf = ({ _id, opened }: StoredTakeBack): string => keyAgain(`cancel-${_id}`, opened);

/** What the order's platform is told. */
export function factOf(
  { _id: orderId, platform, merchant, orderNo, cancellation }: StoredTakeBack,
  type: "orders.cancelled" | "orders.refunding" | "orders.cancel_refused",
  more: { readonly refundId?: string; readonly reason?: string } = {},
): Fact {
  return { type, platform, data: { reason: cancellation.reason, ...more, orders: [{ orderId, merchant, orderNo }] } };
}

const factsOf = ({ state, tries, refundId, needsReview, error }: StoredTakeBack): NonNullable<Decision["after"]> => ({
  state,
  tries,
  ...(refundId === undefined ? {} : { refundId }),
  ...(needsReview === undefined ? {} : { needsReview }),
  ...(error === undefined ? {} : { error: error.code }),
});

export const askedFor = (takeBack: StoredTakeBack): Decision => ({
  what: "take-back.asked",
  subject: takeBack._id,
  after: { ...factsOf(takeBack), platform: takeBack.platform, reason: takeBack.cancellation.reason },
});

/** The decision that a change of a take-back is; undefined when nothing is decided by it. */
export function decisionOf(takeBack: StoredTakeBack, change: Partial<StoredTakeBack>): Decision | undefined {
  const changed = { ...takeBack, ...change };
  const [before, after] = [factsOf(takeBack), factsOf(changed)];
  const decision = (what: string): Decision => ({ what: `take-back.${what}`, subject: takeBack._id, before, after });
  if (changed.state !== takeBack.state) return decision(changed.state);
  return (changed.needsReview ?? false) === (takeBack.needsReview ?? false) ? undefined : decision("review-asked");
}

export function showTakeBack(stored: StoredTakeBack): TakeBack {
  const { _id: orderId, platform, merchant, orderNo, state, cancellation, refundId, tries } = stored;
  const { needsReview, error, createdAt, updatedAt } = stored;
  return {
    orderId,
    platform,
    merchant,
    orderNo,
    state,
    cancellation,
    ...(refundId === undefined ? {} : { refundId }),
    tries,
    ...(needsReview === undefined ? {} : { needsReview }),
    ...(error === undefined ? {} : { error }),
    createdAt,
    updatedAt,
  };
}
