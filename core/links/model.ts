import type { Link, Linked } from "../actions.ts";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import { MergepayError } from "../errors/errors.ts";
import { buyerKey } from "../orders/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";

/** A link as stored; `_id` is the buyer key that orders wait for. */
export interface StoredLink extends Doc, Link, Audited {
  /** Set when it is being ended: it gives no orders any more, and goes when its user's open ones are back. */
  removedAt?: string;
}

export const LINKS: CollectionSpec = {
  name: "links",
  indexes: [{ name: "user", keys: ["userId", "_id"] }, { name: "id", keys: ["id"] }, AUDITS_PENDING],
};

/** A token that was used; `_id` is its platform and nonce. It is kept for as long as the token could come again. */
export interface UsedToken extends Doc {
  readonly userId: string;
  readonly buyer: string;
  readonly expiresAt: string;
  /** The link was made: only while it is there does the token give it again. */
  linked: boolean;
}

export const TOKENS: CollectionSpec = { name: "link-tokens", indexes: [{ name: "expiry", keys: ["expiresAt"] }] };

/**
 * Who is linked, in one of the two ways, and the key that orders of theirs wait for.
 * @throws BODY_INVALID when it names neither a buyer nor an order, or both
 */
export function whoOf({ platform, buyerId, merchant, orderNo }: Linked) {
  if (buyerId !== undefined && merchant === undefined && orderNo === undefined)
    return { who: { platform, buyerId }, buyer: buyerKey({ platform, buyerId }) };
  if (buyerId !== undefined || merchant === undefined || orderNo === undefined)
    throw new MergepayError("BODY_INVALID", "A link names a buyerId, or a merchant and an orderNo.");
  return { who: { platform, merchant, orderNo }, buyer: buyerKey({ platform, merchant, orderNo }) };
}

export function showLink(stored: StoredLink): Link {
  const { _id: _key, removedAt: _removed, audits: _audits, auditsPending: _pending, ...link } = stored;
  return link;
}
