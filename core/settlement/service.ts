import type { Actions, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import type { SettlementLine } from "../../schemas/types.generated.ts";
import { feeRules } from "./rules.ts";
import { LINES, showLine, type StoredLine } from "./model.ts";

const BY_LINE = byId("stl_[0-9a-z]{26}_[0-9]{4,}");

/** What is owed to merchants. */
export async function settlementService(deps: Deps) {
  const lines = await deps.store.collection<StoredLine>(LINES);

  return {
    ...(await feeRules(deps)),

    /** Writes the lines of a succeeded payment, as `linesOf` makes them; a second time changes nothing. */
    async write(due: readonly StoredLine[]): Promise<void> {
      try {
        await lines.insertMany(due, { ordered: false });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    list: ({ paymentId, platform, ...query }: Actions["settlement.lines"]["params"]): Promise<Page<SettlementLine>> =>
      page(
        lines,
        { ...(paymentId === undefined ? {} : { paymentId }), ...(platform === undefined ? {} : { platform }) },
        BY_LINE,
        query,
        deps.limits.ordersPerPage,
        showLine,
      ),
  };
}

export type SettlementService = Awaited<ReturnType<typeof settlementService>>;
