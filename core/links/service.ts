import type { Actions, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { buyerKey } from "../orders/model.ts";
import type { OrdersService } from "../orders/service.ts";
import { page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { LINKS, showLink, type StoredLink } from "./model.ts";

/** Ties platforms' buyers to payers. A link claims the orders that wait for it, and those that come later. */
export async function linksService(deps: Deps, orders: OrdersService) {
  const links = await deps.store.collection<StoredLink>(LINKS);

  return {
    /** Idempotent for the same user. @throws LINK_TAKEN when the buyer belongs to another user, BODY_INVALID when it names no buyer */
    async create(params: Actions["links.create"]["params"]): Promise<Actions["links.create"]["result"]> {
      const { platform, userId, buyerId, merchant, orderNo } = params;
      if ((buyerId === undefined) === (merchant === undefined || orderNo === undefined))
        throw new MergepayError("BODY_INVALID", "A link names a buyerId, or a merchant and an orderNo.");
      const who =
        buyerId === undefined ? { platform, merchant: merchant ?? "", orderNo: orderNo ?? "" } : { platform, buyerId };
      const link: StoredLink = { _id: buyerKey(who), userId, ...who, createdAt: instant(deps.now()) };
      try {
        await links.insertOne(link);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const present = await links.findOne({ _id: link._id });
        if (present?.userId !== userId) throw new MergepayError("LINK_TAKEN");
      }
      return { ...showLink(link), claimed: await orders.claim(new Map([[link._id, userId]])) };
    },

    list: (
      params: Actions["links.list"]["params"],
    ): Promise<Page<Actions["links.create"]["params"] & { createdAt: string }>> =>
      page(links, { userId: params.userId }, "_id", params, deps.limits.ordersPerPage, showLink),
  };
}

export type LinksService = Awaited<ReturnType<typeof linksService>>;
