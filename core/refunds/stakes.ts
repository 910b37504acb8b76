import type { Page, PageQuery } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { idPattern } from "../ids.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { STAKES, type StoredRefund, type StoredStake } from "./model.ts";

const BY_STAKE = byId(`${idPattern("rfd")}\\.[a-z][a-z0-9-]{1,39}`);

/** Which platforms have a part in which refunds. */
export async function refundStakes(deps: Deps, refunds: StoreCollection<StoredRefund>) {
  const stakes = await deps.store.collection<StoredStake>(STAKES);

  return {
    /** Notes whose orders a refund is of. A second time changes nothing. */
    async note({ _id: refundId, paymentId, parts }: Pick<StoredRefund, "_id" | "paymentId" | "parts">): Promise<void> {
      const platforms = [...new Set(parts.map(({ platform }) => platform))];
      const noted = platforms.map((platform) => ({ _id: `${refundId}.${platform}`, refundId, paymentId, platform }));
      try {
        await stakes.insertMany(noted, { ordered: false });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    /** A platform's refunds, in the order in which they were asked for. */
    async ofPlatform(platform: string, paymentId: string | undefined, query: PageQuery): Promise<Page<StoredRefund>> {
      const filter = { platform, ...(paymentId === undefined ? {} : { paymentId }) };
      const most = deps.limits.ordersPerPage;
      const { items, ...rest } = await page(stakes, filter, BY_STAKE, query, most, ({ refundId }) => refundId);
      const found = await refunds.find({ _id: { $in: [...items] } }).toArray();
      const byRefund = new Map(found.map((refund) => [refund._id, refund]));
      return { items: items.flatMap((refundId) => byRefund.get(refundId) ?? []), ...rest };
    },
  };
}
