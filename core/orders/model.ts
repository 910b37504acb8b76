import { sumMoney } from "../money/money.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Money, Order, PlatformOrder } from "../../schemas/types.generated.ts";

/** An order as stored: what is shown, the keys it is found by, and the hash of what the platform sent. */
export interface StoredOrder extends Doc, Omit<Order, "id" | "source" | "userId"> {
  userId: string | null;
  /** `platform/merchant/orderNo`: the business key; a merchant has no slash in it. */
  key: string;
  /** What a link is found by: see `buyerKey`. */
  buyer: string;
  contentHash: string;
  source: NonNullable<Order["source"]>;
  /** What of it has gone back, by refund and chargeback. */
  returned?: Record<string, Money>;
  /** The last pass of mapping its file again that came by, and what the order became in it: done again, it counts the same. */
  remapped?: Remapped;
}

export interface Remapped {
  readonly pass: string;
  readonly record: number;
  readonly as: "created" | "revised" | "unchanged" | "unmade";
}

/** Keys are chosen so that a file's orders land beside each other: business keys and time-ordered ids, not hashes. */
export const ORDERS: CollectionSpec = {
  name: "orders",
  indexes: [
    { name: "key", keys: ["key"], unique: true },
    { name: "inbox", keys: ["userId", "state", "_id"] },
    { name: "buyer", keys: ["buyer"] },
  ],
};

export const orderKey = (platform: string, merchant: string, orderNo: string): string =>
  `${platform}/${merchant}/${orderNo}`;

/** The business keys of a platform's orders, as a filter. */
export const keysOf = (platform: string) => ({ $gt: `${platform}/`, $lt: `${platform}0` });

/**
 * The key of the link that an order waits for: its buyer, or the order itself when the platform's files do not tell buyers.
 */
export function buyerKey(who: { platform: string; buyerId?: string; merchant?: string; orderNo?: string }): string {
  return who.buyerId === undefined
    ? `order:${orderKey(who.platform, who.merchant ?? "", who.orderNo ?? "")}`
    : `buyer:${who.platform}/${who.buyerId}`;
}

/** What a revision writes over an order that is there; its user too, who is whoever the link of its buyer says. */
export function revisionOf(doc: StoredOrder, present: Pick<StoredOrder, "revision">) {
  const { _id: _new, createdAt: _created, revision: _first, ...content } = doc;
  const gone = (["buyerId", "placedAt", "payBy", "title", "items"] as const).filter((name) => !(name in doc));
  return {
    $set: { ...content, revision: present.revision + 1 },
    ...(gone.length === 0 ? {} : { $unset: Object.fromEntries(gone.map((name) => [name, true])) }),
  };
}

/** What a platform's order says of an order document: the part that a revision replaces. */
export function contentOf(platform: string, order: PlatformOrder & { contentHash: string }) {
  const { merchant, orderNo, buyerId, amount, placedAt, payBy, title, items, contentHash } = order;
  return {
    merchant,
    orderNo,
    amount,
    contentHash,
    buyer: buyerKey({ platform, merchant, orderNo, ...(buyerId === undefined ? {} : { buyerId }) }),
    ...(buyerId === undefined ? {} : { buyerId }),
    ...(placedAt === undefined ? {} : { placedAt }),
    ...(payBy === undefined ? {} : { payBy }),
    ...(title === undefined ? {} : { title }),
    ...(items === undefined ? {} : { items }),
  };
}

/** The order as its payer and operators may see it. */
export function showOrder(stored: StoredOrder): Order {
  const { _id, key: _key, buyer: _buyer, contentHash: _hash, remapped: _remapped, returned = {}, ...rest } = stored;
  const back = Object.values(returned);
  return { id: _id, ...rest, ...(back.length === 0 ? {} : { refunded: sumMoney(back) }) };
}

/** The order as its platform may see it: who pays it is the payer's own business. */
export function showToPlatform(stored: StoredOrder): Order {
  const { userId: _userId, ...order } = showOrder(stored);
  return order;
}
