import { setTimeout as delay } from "node:timers/promises";
import type { ServiceSchema } from "moleculer";
import { accountsShell } from "./accounts/accounts.service.ts";
import { ACCOUNTS, MERCHANT_ACCOUNTS } from "./accounts/model.ts";
import { accountsService } from "./accounts/service.ts";
import type { AccountKey } from "./accounts/vault.ts";
import { auditShell } from "./audit/audit.service.ts";
import { evidenceShell } from "./evidence/evidence.service.ts";
import { evidenceService } from "./evidence/service.ts";
import { auditService } from "./audit/service.ts";
import { CHARGEBACKS } from "./chargebacks/model.ts";
import { chargebacksService } from "./chargebacks/service.ts";
import { chargebacksShell } from "./chargebacks/chargebacks.service.ts";
import { CLAIMS } from "./claims/model.ts";
import { claimsService } from "./claims/service.ts";
import { claimsShell } from "./claims/claims.service.ts";
import type { Deps } from "./deps.ts";
import { filesShell } from "./files/files.service.ts";
import { FILES } from "./files/model.ts";
import { filesService } from "./files/service.ts";
import type { Job } from "./jobs.ts";
import { DAYS } from "./ledger/day-model.ts";
import { ledgerShell } from "./ledger/ledger.service.ts";
import { ledgerService } from "./ledger/service.ts";
import { linksShell } from "./links/links.service.ts";
import { LINKS } from "./links/model.ts";
import { linkedUsers } from "./links/repo.ts";
import { linksService } from "./links/service.ts";
import { mandatesShell } from "./mandates/mandates.service.ts";
import { MANDATES } from "./mandates/model.ts";
import { mandatesFor } from "./mandates/repo.ts";
import { mandatesBook, mandatesService } from "./mandates/service.ts";
import { mergePayShell } from "./merge-pay/merge-pay.service.ts";
import type { RefundCalls } from "./merge-pay/late-refund.ts";
import { PAYMENTS } from "./merge-pay/model.ts";
import { paymentsUnderWay } from "./merge-pay/repo.ts";
import { rateLocks } from "./merge-pay/rates.ts";
import { quotesService } from "./merge-pay/quotes.ts";
import { mergePayService } from "./merge-pay/service.ts";
import { ENDPOINTS } from "./notify/model.ts";
import { notifyShell } from "./notify/notify.service.ts";
import { notifyService } from "./notify/service.ts";
import { PAYOUTS } from "./payouts/model.ts";
import { payoutsShell } from "./payouts/payouts.service.ts";
import { payoutsService } from "./payouts/service.ts";
import type { Post } from "./notify/webhooks.ts";
import { ordersShell } from "./orders/orders.service.ts";
import { ordersService } from "./orders/service.ts";
import { reconciliationShell } from "./reconciliation/reconciliation.service.ts";
import { reconciliationService } from "./reconciliation/service.ts";
import { statementsService } from "./statements/service.ts";
import { statementsShell } from "./statements/statements.service.ts";
import { REFUNDS } from "./refunds/model.ts";
import { refundsShell } from "./refunds/refunds.service.ts";
import { refundsService } from "./refunds/service.ts";
import { TAKE_BACKS } from "./take-backs/model.ts";
import { takeBackNotes } from "./take-backs/repo.ts";
import { takeBacksService } from "./take-backs/service.ts";
import { takeBacksShell } from "./take-backs/take-backs.service.ts";
import { HOLDS } from "./restored/model.ts";
import { guarded, restoredService } from "./restored/service.ts";
import { FEE_RULES, SETTLEMENT_RULES } from "./settlement/model.ts";
import { settlementService } from "./settlement/service.ts";
import { settlementShell } from "./settlement/settlement.service.ts";

export interface CoreOptions {
  readonly post: Post;
  readonly random: () => number;
  /** How often each sweeper and the relay look for work. */
  readonly sweepMs: number;
  /** The keys of account numbers as they are now; the first one seals. */
  readonly accountKeys: () => readonly AccountKey[];
}
/** How long stopping waits for files and webhooks under way; what is left goes on from where it stood at the next start. */
const STOP_MS = 5_000;

/** The domain, put together: its services for the bus, its jobs, and what to do first after a crash of a process that was alone. */
export async function createCore(deps: Deps, { post, random, sweepMs, accountKeys }: CoreOptions) {
  const orders = await ordersService(deps, await linkedUsers(deps));
  const links = await linksService(deps, orders);
  const settlement = await settlementService(deps, orders);
  const files = await filesService(deps, orders, settlement);
  const underWay = await paymentsUnderWay(deps);
  const hasMandate = await mandatesFor(deps);
  const accounts = await accountsService(deps, accountKeys, async ({ userId, _id }) => {
    if (await underWay(userId, _id)) return "a payment from it is under way; try again when it has ended.";
    return (await hasMandate(_id)) ? "a mandate is for it; revoke that first." : undefined;
  });
  const ledger = await ledgerService(deps);
  const quotes = await quotesService(deps, orders, rateLocks(deps, accounts));
  const book = await mandatesBook(deps, accounts);
  // They need each other: payments have money that came late given back, refunds are of payments.
  const refundCalls: RefundCalls = {
    open: (params) => refunds.open(params),
    get: (params) => refunds.get(params),
    approve: (params) => refunds.approve(params),
  };
  const restored = await restoredService(deps);
  const payments = { deps, orders, accounts, quotes, settlement, ledger, mandates: book, refunds: refundCalls };
  const mergePay = guarded(await mergePayService(payments), ["pay", "payTogether", "confirm"], restored);
  const mandates = await mandatesService({ deps, book, mergePay, orders });
  const payouts = guarded(await payoutsService({ deps, orders, accounts, settlement, ledger }), ["run"], restored);
  const statements = await statementsService(deps, settlement);
  const refunds = guarded(
    await refundsService({ deps, mergePay, orders, settlement, ledger }),
    ["open", "approve"],
    restored,
  );
  const takeBacks = await takeBacksService({ deps, orders, refunds });
  const chargebacks = await chargebacksService({
    deps,
    mergePay,
    orders,
    settlement,
    ledger,
    takeBacks: await takeBackNotes(deps),
  });
  const claims = await claimsService({ deps, settlement, ledger });
  const ends = {
    payment: mergePay.endByStatement,
    payout: payouts.endByStatement,
    refund: refunds.endByStatement,
  };
  const reconciliation = await reconciliationService(deps, ends, chargebacks.byStatement, restored.reconciled);
  /** A job that moves money, which rests while the store is held. */
  const free =
    (run: Job["run"]): Job["run"] =>
    async () =>
      (await restored.held()) ? 0 : run();
  const tellers = [FILES, PAYMENTS, PAYOUTS, REFUNDS, CHARGEBACKS, TAKE_BACKS, CLAIMS, MANDATES];
  const notify = await notifyService(deps, tellers, post, random);

  const audit = await auditService(deps, [
    FILES,
    PAYMENTS,
    REFUNDS,
    PAYOUTS,
    CHARGEBACKS,
    TAKE_BACKS,
    CLAIMS,
    LINKS,
    ENDPOINTS,
    ACCOUNTS,
    MERCHANT_ACCOUNTS,
    MANDATES,
    FEE_RULES,
    SETTLEMENT_RULES,
    DAYS,
    HOLDS,
  ]);

  const evidence = await evidenceService(deps);

  const schemas: ServiceSchema[] = [
    filesShell(files),
    ordersShell(orders),
    linksShell(links),
    accountsShell(accounts),
    mergePayShell(mergePay, quotes),
    refundsShell(refunds),
    chargebacksShell(chargebacks),
    takeBacksShell(takeBacks),
    claimsShell(claims),
    mandatesShell(mandates),
    settlementShell(settlement),
    payoutsShell(payouts),
    statementsShell(statements),
    reconciliationShell(reconciliation),
    ledgerShell(ledger),
    auditShell(audit),
    evidenceShell(evidence),
    notifyShell(notify),
  ];
  const jobs: Job[] = [
    { name: "files", everyMs: sweepMs, run: files.takeUp },
    { name: "orders", everyMs: sweepMs, run: orders.expireDue },
    { name: "merge-pay", everyMs: sweepMs, run: free(mergePay.sweep) },
    { name: "audit", everyMs: sweepMs, run: audit.run },
    { name: "journal", everyMs: sweepMs, run: ledger.run },
    { name: "ledger days", everyMs: 5 * sweepMs, run: ledger.closeDue },
    { name: "settlement", everyMs: sweepMs, run: settlement.sweep },
    { name: "mandates", everyMs: sweepMs, run: free(mandates.sweep) },
    { name: "mandate-charges", everyMs: sweepMs, run: free(mandates.chargeOpen) },
    { name: "account-keys", everyMs: 5 * sweepMs, run: accounts.rotateSome },
    { name: "account-removals", everyMs: 5 * sweepMs, run: accounts.sweepRemovals },
    { name: "payouts", everyMs: sweepMs, run: free(payouts.sweep) },
    { name: "payouts of the day", everyMs: sweepMs, run: free(payouts.daily) },
    { name: "refunds", everyMs: sweepMs, run: free(refunds.sweep) },
    { name: "chargebacks", everyMs: sweepMs, run: chargebacks.sweep },
    { name: "claims", everyMs: sweepMs, run: claims.sweep },
    { name: "take-backs", everyMs: sweepMs, run: free(takeBacks.sweep) },
    { name: "relay", everyMs: sweepMs / 4, run: notify.relay },
    { name: "webhooks", everyMs: sweepMs / 4, run: notify.deliverDue },
  ];
  return {
    schemas,
    jobs,
    async recover(): Promise<void> {
      await files.recover();
      await mergePay.recover();
      await payouts.recover();
      await refunds.recover();
      await chargebacks.recover();
      await claims.recover();
      await takeBacks.recover();
      await ledger.recover();
    },
    /** Ends what goes on beside the jobs, in bounded time. */
    async stop(): Promise<void> {
      const quiet = Promise.all([files.stop(), notify.quiet()]);
      await Promise.race([quiet, delay(STOP_MS, undefined, { ref: false })]);
    },
    services: {
      files,
      orders,
      links,
      accounts,
      settlement,
      ledger,
      quotes,
      mergePay,
      mandates,
      payouts,
      refunds,
      chargebacks,
      takeBacks,
      claims,
      statements,
      reconciliation,
      restored,
      notify,
      audit,
      evidence,
    },
  };
}

export type Core = Awaited<ReturnType<typeof createCore>>;
