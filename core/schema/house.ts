import auditEntry from "../../schemas/audit-entry.schema.json" with { type: "json" };
import reconciliationBreak from "../../schemas/break.schema.json" with { type: "json" };
import balance from "../../schemas/balance.schema.json" with { type: "json" };
import chargeback from "../../schemas/chargeback.schema.json" with { type: "json" };
import claim from "../../schemas/claim.schema.json" with { type: "json" };
import deduction from "../../schemas/deduction.schema.json" with { type: "json" };
import dryRun from "../../schemas/dry-run.schema.json" with { type: "json" };
import event from "../../schemas/event.schema.json" with { type: "json" };
import feeRule from "../../schemas/fee-rule.schema.json" with { type: "json" };
import feeVersion from "../../schemas/fee-version.schema.json" with { type: "json" };
import fileReport from "../../schemas/file-report.schema.json" with { type: "json" };
import journalEntry from "../../schemas/journal-entry.schema.json" with { type: "json" };
import ledgerDay from "../../schemas/ledger-day.schema.json" with { type: "json" };
import ledgerDayTotal from "../../schemas/ledger-day-total.schema.json" with { type: "json" };
import manifest from "../../schemas/manifest.schema.json" with { type: "json" };
import money from "../../schemas/money.schema.json" with { type: "json" };
import order from "../../schemas/order.schema.json" with { type: "json" };
import payment from "../../schemas/payment.schema.json" with { type: "json" };
import payout from "../../schemas/payout.schema.json" with { type: "json" };
import payoutPreview from "../../schemas/payout-preview.schema.json" with { type: "json" };
import platformOrder from "../../schemas/platform-order.schema.json" with { type: "json" };
import problem from "../../schemas/problem.schema.json" with { type: "json" };
import quote from "../../schemas/quote.schema.json" with { type: "json" };
import recordReject from "../../schemas/record-reject.schema.json" with { type: "json" };
import refundPreview from "../../schemas/refund-preview.schema.json" with { type: "json" };
import refund from "../../schemas/refund.schema.json" with { type: "json" };
import remapPlan from "../../schemas/remap-plan.schema.json" with { type: "json" };
import review from "../../schemas/review.schema.json" with { type: "json" };
import settlementLine from "../../schemas/settlement-line.schema.json" with { type: "json" };
import settlementRule from "../../schemas/settlement-rule.schema.json" with { type: "json" };
import settlementRuleVersion from "../../schemas/settlement-rule-version.schema.json" with { type: "json" };
import statement from "../../schemas/statement.schema.json" with { type: "json" };
import takeBack from "../../schemas/take-back.schema.json" with { type: "json" };

/** Every schema of the schemas folder; a test holds the list to the folder. Imported, not read, so that this part has no I/O. */
export const HOUSE_SCHEMAS: readonly Readonly<Record<string, unknown>>[] = [
  auditEntry,
  reconciliationBreak,
  balance,
  chargeback,
  claim,
  deduction,
  dryRun,
  event,
  feeRule,
  feeVersion,
  fileReport,
  journalEntry,
  ledgerDay,
  ledgerDayTotal,
  manifest,
  money,
  order,
  payment,
  payout,
  payoutPreview,
  platformOrder,
  problem,
  quote,
  recordReject,
  refund,
  refundPreview,
  remapPlan,
  review,
  settlementLine,
  settlementRule,
  settlementRuleVersion,
  statement,
  takeBack,
];
