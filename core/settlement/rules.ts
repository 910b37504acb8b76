import type { Actions } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { Fault } from "../schema/validate.ts";
import type { FeeRule, SelectedOrder, SettlementRule } from "../../schemas/types.generated.ts";
import { faultOfFeeRule } from "./fee-rule.ts";
import { FEE_RULES, type FrozenRules, ownerKey, SETTLEMENT_RULES } from "./model.ts";
import { faultOfSettlementRule } from "./settlement-rule.ts";
import { ruleVersions } from "./versions.ts";

/** What operators keep of orders, and when merchants are paid: rules by platform or merchant, from a date on. */
export async function settlementRules(deps: Deps) {
  const registered = async () => (await deps.call("bank-adapter.platforms", {})).items;

  const check =
    <R>(faultOf: (rule: R, currencies: readonly string[]) => Fault | undefined) =>
    async (platform: string, rule: R | null): Promise<void> => {
      const known = (await registered()).find((one) => one.platform === platform);
      if (known === undefined) throw new MergepayError("PLATFORM_UNKNOWN");
      const fault = rule === null ? undefined : faultOf(rule, known.currencies);
      if (fault === undefined) return;
      const field = `/rule${fault.field}`;
      throw new MergepayError("BODY_INVALID", `The rule can't be taken: ${field} ${fault.reason}.`, { field });
    };
  const fees = await ruleVersions<FeeRule>(deps, {
    spec: FEE_RULES,
    prefix: "fee",
    noun: "fee-rule",
    check: check(faultOfFeeRule),
  });
  const terms = await ruleVersions<SettlementRule>(deps, {
    spec: SETTLEMENT_RULES,
    prefix: "str",
    noun: "settlement-rule",
    check: check(faultOfSettlementRule),
  });

  return {
    /**
     * The rules for a payment of these orders that is made now. @throws ORDERS_UNAVAILABLE when a platform is not registered now: its fees are
     * never guessed
     */
    async rulesFor(selected: readonly SelectedOrder[]): Promise<FrozenRules> {
      const plugins = new Map((await registered()).map((one) => [one.platform, one]));
      const losers = selected
        .filter(({ platform }) => !plugins.has(platform))
        .map(({ orderId }) => ({ orderId, reason: "Its platform is not running now." }));
      if (losers.length > 0) throw new MergepayError("ORDERS_UNAVAILABLE", undefined, { orders: losers });
      const owners = new Map<string, { platform: string; merchant?: string }>();
      for (const { platform, merchant } of selected) {
        owners.set(ownerKey(platform), { platform });
        owners.set(ownerKey(platform, merchant), { platform, merchant });
      }
      const keys = [...owners.keys()];
      const [ofFees, ofTerms] = await Promise.all([fees.inForce(keys), terms.inForce(keys)]);
      const settlementRules = [...owners].flatMap(([key, owner]) => {
        const version = ofTerms.get(key);
        return version === undefined ? [] : [{ ...owner, id: version._id, rule: version.rule }];
      });
      const feeRules = [...owners].flatMap(([key, owner]) => {
        const version = ofFees.get(key);
        if (version !== undefined) return [{ ...owner, id: version._id, rule: version.rule }];
        const plugin = plugins.get(owner.platform);
        if (owner.merchant !== undefined || plugin === undefined) return [];
        return [{ ...owner, id: `plugin:${plugin.version}`, rule: plugin.fees }];
      });
      return { feeRules, ...(settlementRules.length === 0 ? {} : { settlementRules }) };
    },

    /** The settlement rule in force now for a merchant; `{}` when operators set none. */
    async settlementRuleOf(platform: string, merchant: string): Promise<SettlementRule> {
      const keys = [ownerKey(platform, merchant), ownerKey(platform)];
      const found = await terms.inForce(keys);
      return keys.map((key) => found.get(key)).find((version) => version !== undefined)?.rule ?? {};
    },

    setFeeRule: (params: Actions["settlement.setFeeRule"]["params"]) => fees.set(params),
    feeRules: (params: Actions["settlement.feeRules"]["params"]) => fees.list(params),
    setSettlementRule: (params: Actions["settlement.setSettlementRule"]["params"]) => terms.set(params),
    settlementRules: (params: Actions["settlement.settlementRules"]["params"]) => terms.list(params),
  };
}
