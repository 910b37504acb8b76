import { isDeepStrictEqual } from "node:util";
import type { Actions, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { byId, page } from "../pages.ts";
import { instantOf } from "../plugin/instant.ts";
import { isDuplicateKey } from "../store/contract.ts";
import type { FeeVersion, SelectedOrder } from "../../schemas/types.generated.ts";
import { faultOfFeeRule } from "./fee-rule.ts";
import { FEE_RULES, type FrozenRule, showFeeVersion, type StoredFeeVersion, versionAt } from "./model.ts";

const BY_VERSION = byId(idPattern("fee"));
/** Versions of one platform or merchant: a rule a day for years. */
const VERSIONS = 1000;

/** @throws BODY_INVALID unless it is an ISO 8601 date and time with a zone */
function sinceOf(text: string): string {
  const given = instantOf(text);
  if (given !== undefined) return instant(Date.parse(given));
  throw new MergepayError(
    "BODY_INVALID",
    "from must be an ISO 8601 date and time with a zone, such as 2026-04-01T00:00:00+02:00.",
    {
      field: "/from",
    },
  );
}

const keyOf = (platform: string, merchant = ""): string => `${platform}/${merchant}`;

/** The fee rules that operators set over what plugins declare: by platform or merchant, from a date on. */
export async function feeRules(deps: Deps) {
  const versions = await deps.store.collection<StoredFeeVersion>(FEE_RULES);
  const registered = async () => (await deps.call("bank-adapter.platforms", {})).items;
  const stamp = () => instant(deps.now());

  async function assertRule(platform: string, rule: FeeVersion["rule"]): Promise<void> {
    const known = (await registered()).find((one) => one.platform === platform);
    if (known === undefined) throw new MergepayError("PLATFORM_UNKNOWN");
    const fault = rule === null ? undefined : faultOfFeeRule(rule, known.currencies);
    if (fault !== undefined)
      throw new MergepayError("BODY_INVALID", `The fee rule can't be taken: ${fault.reason}.`, {
        field: `/rule${fault.field}`,
      });
  }

  return {
    /**
     * The rules that charge a payment made now for these orders. @throws ORDERS_UNAVAILABLE when a platform is not registered now: its fees are
     * never guessed
     */
    async rulesFor(selected: readonly SelectedOrder[]): Promise<FrozenRule[]> {
      const plugins = new Map((await registered()).map((one) => [one.platform, one]));
      const losers = selected
        .filter(({ platform }) => !plugins.has(platform))
        .map(({ orderId }) => ({ orderId, reason: "Its platform is not running now." }));
      if (losers.length > 0) throw new MergepayError("ORDERS_UNAVAILABLE", undefined, { orders: losers });
      const owners = new Map<string, { platform: string; merchant?: string }>();
      for (const { platform, merchant } of selected) {
        owners.set(keyOf(platform), { platform });
        owners.set(keyOf(platform, merchant), { platform, merchant });
      }
      const at = stamp();
      const found = await versions.find({ key: { $in: [...owners.keys()] }, from: { $lte: at } }).toArray();
      const byKey = Map.groupBy(found, ({ key }) => key);
      return [...owners].flatMap(([key, owner]): FrozenRule[] => {
        const version = versionAt(byKey.get(key) ?? [], at);
        if (version !== undefined && version.rule !== null) return [{ ...owner, id: version._id, rule: version.rule }];
        const plugin = plugins.get(owner.platform);
        if (owner.merchant !== undefined || plugin === undefined) return [];
        return [{ ...owner, id: `plugin:${plugin.version}`, rule: plugin.fees }];
      });
    },

    /**
     * Adds a version; what is in force then and `from` being the same, nothing is added. `from` absent: now.
     * @throws PLATFORM_UNKNOWN, BODY_INVALID with the field for a rule that can't be taken and for a `from` that is over: payments since then
     *   have their fees
     */
    async setFeeRule({
      platform,
      merchant,
      from,
      rule,
      by,
    }: Actions["settlement.setFeeRule"]["params"]): Promise<FeeVersion & { existed: boolean }> {
      await assertRule(platform, rule);
      const key = keyOf(platform, merchant);
      for (;;) {
        const present = await versions.find({ key }).sort({ version: 1 }).toArray();
        const at = stamp();
        const since = from === undefined ? at : sinceOf(from);
        const standing = versionAt(
          from === undefined ? present : present.filter((version) => version.from === since),
          since,
        );
        if (standing !== undefined && isDeepStrictEqual(standing.rule, rule))
          return { ...showFeeVersion(standing), existed: true };
        if (since < at)
          throw new MergepayError(
            "BODY_INVALID",
            "from is over: payments made since then have their fees already. Give a time to come, or leave it out for now.",
            { field: "/from" },
          );
        if (present.length >= VERSIONS)
          throw new MergepayError("STATE_REFUSED", `A platform or merchant has at most ${VERSIONS} versions.`);
        const version: StoredFeeVersion = {
          _id: deps.newId("fee"),
          key,
          platform,
          ...(merchant === undefined ? {} : { merchant }),
          version: present.length + 1,
          from: since,
          rule,
          by,
          createdAt: at,
        };
        try {
          await versions.insertOne(version);
          return { ...showFeeVersion(version), existed: false };
        } catch (error) {
          // Another operator was quicker: decided again with that version there.
          if (!isDuplicateKey(error)) throw error;
        }
      }
    },

    feeRules: ({ platform, merchant, ...query }: Actions["settlement.feeRules"]["params"]): Promise<Page<FeeVersion>> =>
      page(
        versions,
        { ...(platform === undefined ? {} : { platform }), ...(merchant === undefined ? {} : { merchant }) },
        BY_VERSION,
        query,
        deps.limits.ordersPerPage,
        showFeeVersion,
      ),
  };
}
