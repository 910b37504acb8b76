import type { AccountsService } from "../accounts/service.ts";
import type { Actions, Page } from "../actions.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { findDue, Overtaken, saveVersion } from "../versioned.ts";
import type { Payout, PayoutPreview } from "../../schemas/types.generated.ts";
import { carryPayouts } from "./carry.ts";
import { confirmationOf, PAYOUTS, RUNS, showPayout, type StoredPayout, type StoredRun } from "./model.ts";
import { payoutOutcome, type PayoutOutcomeDeps } from "./outcome.ts";
import { type Forecast, payoutStart } from "./start.ts";

export type PayoutsDeps = Omit<PayoutOutcomeDeps, "payouts"> & {
  readonly accounts: Pick<AccountsService, "toPayOut" | "payOutAccount">;
};

const BY_PAYOUT = byId(idPattern("pyo"));
/** Payees of one page of a preview or run. */
const PAYEES = 200;

/** Pays merchants what is payable: batches by merchant and currency, one instruction each. */
export async function payoutsService(given: PayoutsDeps) {
  const { deps, accounts, settlement } = given;
  const payouts = await deps.store.collection<StoredPayout>(PAYOUTS);
  const runs = await deps.store.collection<StoredRun>(RUNS);
  const outcome = payoutOutcome({ ...given, payouts });
  const carry = carryPayouts({ deps, payouts, accounts, settlement, outcome });
  const { forecast, begin } = payoutStart({ deps, payouts, accounts, settlement });
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  /** A run may be silent between two payouts of a page for longer than a document. */
  const runLeaseMs = 2 * deps.limits.leaseMs;

  async function foresee({ platform, merchant, after = "" }: Actions["payouts.preview"]["params"]) {
    const only = { ...(platform === undefined ? {} : { platform }), ...(merchant === undefined ? {} : { merchant }) };
    const payees = await settlement.payees(after, PAYEES + 1, only);
    const forecasts: (Forecast & { payee: string })[] = [];
    for (const payee of payees.slice(0, PAYEES)) forecasts.push({ payee, ...(await forecast(payee, true)) });
    const paid = forecasts.filter(({ account }) => account !== undefined);
    const confirmation = confirmationOf(paid.map(({ shown, planned }) => ({ ...shown, planned })));
    return { forecasts, paid, confirmation, next: payees.length > PAYEES ? payees[PAYEES - 1] : undefined };
  }

  /** Goes on with the run of a day, payee by payee; each is begun once however often the run is taken up. */
  async function goOn(found: StoredRun): Promise<void> {
    let run = await saveVersion(runs, found, { dueAt: stamp(runLeaseMs) });
    for (;;) {
      const payees = await settlement.payees(run.after, PAYEES);
      let started = 0;
      for (const payee of payees) if ((await begin(payee, await forecast(payee, false))) !== undefined) started += 1;
      deps.reached("payout.run-page");
      const last = payees.at(-1);
      if (last === undefined) break;
      run = await saveVersion(runs, run, {
        after: last,
        started: run.started + started,
        dueAt: stamp(runLeaseMs),
      });
    }
    deps.log.info({ count: run.started }, "payouts of the day begun");
    await saveVersion(runs, run, { dueAt: null });
  }

  return {
    sweep: carry.sweep,
    recover: carry.recover,
    endByStatement: carry.endByStatement,

    /** The run of today (UTC), once for all nodes; a run whose node died is gone on with by another. */
    async daily(): Promise<void> {
      const today: StoredRun = { _id: stamp().slice(0, 10), version: 1, dueAt: stamp(), after: "", started: 0 };
      if ((await runs.findOne({ _id: today._id })) === null)
        try {
          await runs.insertOne(today);
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
      for (const run of await findDue(runs, stamp(), 2))
        try {
          await goOn(run);
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
        }
    },

    /** What a run would pay now, what is held and why. */
    async preview(params: Actions["payouts.preview"]["params"]): Promise<PayoutPreview> {
      const { forecasts, confirmation, next } = await foresee(params);
      return { items: forecasts.map(({ shown }) => shown), confirmation, ...(next === undefined ? {} : { next }) };
    },

    /** Begins what the preview of the same parameters showed. @throws PREVIEW_STALE when that is not what would be paid now */
    async run({ confirmation, by, ...params }: Actions["payouts.run"]["params"]): Promise<Page<Payout>> {
      const foreseen = await foresee(params);
      if (foreseen.confirmation !== confirmation) throw new MergepayError("PREVIEW_STALE");
      const begun: Payout[] = [];
      for (const one of foreseen.paid) {
        const payout = await begin(one.payee, one, by);
        if (payout !== undefined) begun.push(showPayout(payout));
      }
      return { items: begun };
    },

    async get({ payoutId, platform }: Actions["payouts.get"]["params"]): Promise<Payout> {
      const payout = await payouts.findOne({ _id: payoutId });
      if (payout === null || (platform !== undefined && payout.platform !== platform))
        throw new MergepayError("NOT_FOUND");
      return showPayout(payout);
    },

    list: ({ platform, merchant, ...query }: Actions["payouts.list"]["params"]): Promise<Page<Payout>> =>
      page(
        payouts,
        { ...(platform === undefined ? {} : { platform }), ...(merchant === undefined ? {} : { merchant }) },
        BY_PAYOUT,
        query,
        deps.limits.ordersPerPage,
        showPayout,
      ),
  };
}

export type PayoutsService = Awaited<ReturnType<typeof payoutsService>>;
