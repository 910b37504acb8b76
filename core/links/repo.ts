import type { Deps } from "../deps.ts";
import type { UsersOf } from "../orders/owners.ts";
import { LINKS, type StoredLink } from "./model.ts";

/** The look-up that orders are claimed by: the users of those buyer keys that have a link, one that is being ended not counted. */
export async function linkedUsers(deps: Deps): Promise<UsersOf> {
  const links = await deps.store.collection<StoredLink>(LINKS);
  return async (buyers) => {
    if (buyers.length === 0) return new Map();
    const found = await links.find({ _id: { $in: [...buyers] } }).toArray();
    return new Map(found.filter(({ removedAt }) => removedAt === undefined).map(({ _id, userId }) => [_id, userId]));
  };
}
