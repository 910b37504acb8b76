import type { Actions, Link, Linked, LinkReject, Page } from "../actions.ts";
import { auditWriter } from "../audit/service.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { OrdersService } from "../orders/service.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { LINKS, showLink, type StoredLink, TOKENS, type UsedToken, whoOf } from "./model.ts";

/** Links of one call of `import`. */
export const LINKS_PER_CALL = 200;
/** A used token is forgotten this long after its end, in milliseconds: clocks of nodes differ. */
const FORGET_MS = 60 * 60_000;

/** In the order of the buyers' keys. */
const BY_BUYER = byId("(?:buyer|order):[a-z][a-z0-9-]{1,39}/.+");

/** How a link came about, for the log. */
type Way = "by operator" | "by import" | "by token";

/**
 * Ties platforms' buyers to payers. A link claims the orders that wait for it, and those that come later; when it ends, its user's open
 * orders of that buyer wait again.
 */
export async function linksService(deps: Deps, orders: OrdersService) {
  const links = await deps.store.collection<StoredLink>(LINKS);
  const tokens = await deps.store.collection<UsedToken>(TOKENS);
  const writeAudit = await auditWriter(deps);

  /** The link of the buyer, made or there already. @throws LINK_TAKEN, BODY_INVALID */
  async function made(linked: Linked, way: Way): Promise<{ link: StoredLink; isNew: boolean }> {
    const { who, buyer } = whoOf(linked);
    const { userId } = linked;
    for (;;) {
      const id = deps.newId("lnk");
      const after = { platform: who.platform, userId, way };
      const link: StoredLink = {
        _id: buyer,
        id,
        userId,
        ...who,
        createdAt: instant(deps.now()),
        ...deps.audit(undefined, { what: "link.made", subject: id, after }),
      };
      try {
        await links.insertOne(link);
        deps.log.info({ linkId: link.id, platform: who.platform, reason: way }, "A link was made.");
        return { link, isNew: true };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const present = await links.findOne({ _id: buyer });
      // One that is being ended, by a call that may have died on it, is ended first.
      if (present?.removedAt !== undefined) await end(present);
      else if (present !== null && present.userId !== userId) throw new MergepayError("LINK_TAKEN");
      else if (present !== null) return { link: present, isNew: false };
    }
  }

  async function create(linked: Linked, way: Way): Promise<Link & { claimed: number }> {
    const { link } = await made(linked, way);
    const { claimed } = await orders.settle([link._id]);
    return { ...showLink(link), claimed };
  }

  /** Takes the link's open orders back, then the link away. Whoever does it again does no harm. */
  async function end(link: StoredLink): Promise<number> {
    const { released } = await orders.settle([link._id]);
    // What was decided about it must not go with it.
    await writeAudit([link]);
    await links.deleteOne({ _id: link._id, id: link.id });
    deps.log.info({ linkId: link.id, platform: link.platform, count: released }, "A link was ended.");
    return released;
  }

  return {
    /** Idempotent for the same user. @throws LINK_TAKEN when the buyer belongs to another user, BODY_INVALID when it names no buyer */
    create: (params: Actions["links.create"]["params"]): Promise<Actions["links.create"]["result"]> =>
      create(params, "by operator"),

    /**
     * Makes a link that a platform vouched for, once: the same token again gives the same user the same link, and nobody anything
     * when that link has been ended.
     * @throws LINK_TOKEN_USED, LINK_TAKEN
     */
    async claim(params: Actions["links.claim"]["params"]): Promise<Actions["links.claim"]["result"]> {
      const { nonce, expiresAt, ...linked } = params;
      const { buyer } = whoOf(linked);
      const token: UsedToken = {
        _id: `${linked.platform}/${nonce}`,
        userId: linked.userId,
        buyer,
        expiresAt,
        linked: false,
      };
      try {
        await tokens.insertOne(token);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const used = await tokens.findOne({ _id: token._id });
        const again = used !== null && used.userId === token.userId && used.buyer === buyer;
        const link = again && used.linked ? await links.findOne({ _id: buyer, userId: token.userId }) : null;
        if (!again || (used.linked && (link === null || link.removedAt !== undefined)))
          throw new MergepayError("LINK_TOKEN_USED");
      }
      const link = await create(linked, "by token");
      await tokens.updateOne({ _id: token._id }, { $set: { linked: true } });
      await tokens.deleteMany({ expiresAt: { $lt: instant(deps.now() - FORGET_MS) } });
      return link;
    },

    /** Makes links, each by itself: what is wrong with one does not keep the others. */
    async import({ links: list }: Actions["links.import"]["params"]): Promise<Actions["links.import"]["result"]> {
      if (list.length > LINKS_PER_CALL)
        throw new MergepayError("BODY_INVALID", `One call takes at most ${LINKS_PER_CALL} links.`);
      const rejects: LinkReject[] = [];
      const buyers: string[] = [];
      let news = 0;
      // One after the other: of two lines about one buyer the first one counts.
      for (const { line, ...linked } of list) {
        try {
          const { link, isNew } = await made(linked, "by import");
          buyers.push(link._id);
          if (isNew) news += 1;
        } catch (thrown) {
          const { type: code, message: reason } = asMergepayError(thrown);
          if (code !== "LINK_TAKEN") throw thrown;
          rejects.push({ line, code, field: "buyerId", reason });
        }
      }
      const { claimed } = await orders.settle([...new Set(buyers)]);
      return { made: news, known: buyers.length - news, claimed, rejects };
    },

    /**
     * Ends a link. Open orders of its buyer wait again; locked and paid ones keep their user, and wait if they come open again.
     * @throws NOT_FOUND, also when it is another payer's
     */
    async remove({ linkId, userId }: Actions["links.remove"]["params"]): Promise<{ released: number }> {
      const mine = { id: linkId, ...(userId === undefined ? {} : { userId }) };
      const present = await links.findOne(mine);
      if (present === null) throw new MergepayError("NOT_FOUND");
      // One that is being ended, by a call that may have died on it, is ended; that was decided by who asked first.
      if (present.removedAt !== undefined) return { released: await end(present) };
      const { platform, userId: before } = present;
      const decided = deps.audit(present, {
        what: "link.ended",
        subject: linkId,
        before: { platform, userId: before },
      });
      const ended = await links.findOneAndUpdate(
        { ...mine, removedAt: null as never },
        { $set: { removedAt: instant(deps.now()), ...decided } },
        { returnDocument: "after" },
      );
      return { released: ended === null ? 0 : await end(ended) };
    },

    list: (params: Actions["links.list"]["params"]): Promise<Page<Link>> =>
      page(links, { userId: params.userId }, BY_BUYER, params, deps.limits.ordersPerPage, showLink),
  };
}

export type LinksService = Awaited<ReturnType<typeof linksService>>;
