import type { AccountsService } from "../accounts/service.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { minorOf, minorOfMoney } from "../money/money.ts";
import { EMPTY_OUTBOX } from "../notify/outbox.ts";
import type { PlannedLine } from "../settlement/payable.ts";
import type { SettlementService } from "../settlement/service.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import type { PayoutForecast } from "../../schemas/types.generated.ts";
import { begunWith } from "./decisions.ts";
import type { StoredPayout } from "./model.ts";

/** What a payee gets now, and from where: `account` is there when it would be paid. */
export interface Forecast {
  readonly shown: PayoutForecast;
  readonly planned: readonly PlannedLine[];
  readonly account?: { readonly accountId: string; readonly bank: string };
}

export interface StartDeps {
  readonly deps: Deps;
  readonly payouts: StoreCollection<StoredPayout>;
  readonly accounts: Pick<AccountsService, "toPayOut">;
  readonly settlement: SettlementService;
}

/** The schedule tries again what failed after this long; less than a day, so that the next day's run is not missed by its own length. */
const RETRY_MS = 20 * 3_600_000;

const partsOf = (payee: string): { platform: string; merchant: string; currency: string } => {
  const [platform = "", merchant = "", currency = ""] = payee.split("/");
  return { platform, merchant, currency };
};

/** Decides what is paid to whom, and begins it. */
export function payoutStart({ deps, payouts, accounts, settlement }: StartDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** Banks that pay out. */
  async function payingBanks(): Promise<ReadonlySet<string>> {
    const { items } = await deps.call("bank-adapter.banks", {});
    return new Set(items.filter((bank) => bank.payouts).map(({ bank }) => bank));
  }

  /** Whether the last payout of a payee failed so that trying again now, to the same account, is in vain. */
  async function failedLately(payee: string, accountId: string, asked: boolean): Promise<boolean> {
    const [last] = await payouts.find({ payee }).sort({ _id: -1 }).limit(1).toArray();
    if (last?.state !== "failed" || last.accountId !== accountId || asked) return false;
    return last.error?.code === "BANK_ACCOUNT_UNKNOWN" || last.updatedAt > stamp(-RETRY_MS);
  }

  /** @param asked by an operator, who may try again at once what failed */
  async function forecast(payee: string, asked: boolean): Promise<Forecast> {
    const { platform, merchant, currency } = partsOf(payee);
    const [{ payable, planned }, waiting] = await Promise.all([settlement.plan(payee), settlement.heldOf(payee)]);
    const shown = { platform, merchant, payable, lines: planned.length, ...waiting };
    const waits = (why: NonNullable<PayoutForecast["waits"]>): Forecast => ({
      shown: { ...shown, waits: why },
      planned,
    });
    const minor = minorOfMoney(payable);
    if (minor < 0n) return waits("OWED_BY_MERCHANT");
    if (minor === 0n) return waits("NOTHING_PAYABLE");
    const { minimumPayout } = await settlement.settlementRuleOf(platform, merchant);
    if (minor < minorOf(minimumPayout?.[currency] ?? "0", currency)) return waits("BELOW_MINIMUM");
    if ((await payouts.findOne({ slot: payee })) !== null) return waits("PAYOUT_UNDER_WAY");
    const to = await accounts.toPayOut(platform, merchant, currency);
    if ("code" in to) return waits(to.code);
    const { accountId, bank } = to.account;
    if (!(await payingBanks()).has(bank)) return waits("BANK_PAYS_NOTHING_OUT");
    if (await failedLately(payee, accountId, asked)) return waits("PAYOUT_FAILED");
    return { shown, planned, account: { accountId, bank } };
  }

  return {
    forecast,

    /** Writes down the payout of a forecast, for a sweeper to carry on at once. Undefined when the payee has one under way or is not paid. */
    async begin(payee: string, { shown, planned, account }: Forecast, by?: string): Promise<StoredPayout | undefined> {
      if (account === undefined) return undefined;
      const { platform, merchant, payable } = shown;
      const at = stamp();
      const planning: StoredPayout = {
        _id: deps.newId("pyo"),
        payee,
        slot: payee,
        platform,
        merchant,
        state: "collecting",
        amount: payable,
        planned,
        ...account,
        bankRequestId: deps.newId("out"),
        ...(by === undefined ? {} : { by }),
        version: 1,
        dueAt: at,
        createdAt: at,
        updatedAt: at,
        ...EMPTY_OUTBOX,
      };
      const payout = { ...planning, ...deps.audit(undefined, begunWith(planning)) };
      try {
        await payouts.insertOne(payout);
      } catch (error) {
        // Another node or operator was quicker.
        if (isDuplicateKey(error)) return undefined;
        throw error;
      }
      deps.reached("payout.inserted");
      return payout;
    },
  };
}
