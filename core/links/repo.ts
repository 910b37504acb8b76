import type { Deps } from "../deps.ts";
import type { UsersOf } from "../orders/ingest.ts";
import { LINKS, type StoredLink } from "./model.ts";

/** The look-up that orders are claimed by: the users of those buyer keys that have a link. */
export async function linkedUsers(deps: Deps): Promise<UsersOf> {
  const links = await deps.store.collection<StoredLink>(LINKS);
  return async (buyers) => {
    if (buyers.length === 0) return new Map();
    const found = await links.find({ _id: { $in: [...buyers] } }).toArray();
    return new Map(found.map((link) => [link._id, link.userId]));
  };
}
