import type { Link } from "../actions.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";

/** A link as stored; `_id` is the buyer key that orders wait for. */
export interface StoredLink extends Doc, Link {}

export const LINKS: CollectionSpec = { name: "links", indexes: [{ name: "user", keys: ["userId", "_id"] }] };

export function showLink(stored: StoredLink): Link {
  const { _id: _key, ...link } = stored;
  return link;
}
