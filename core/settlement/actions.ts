import type { Page, PageQuery } from "../actions.ts";
import type { StatementLine } from "../plugin/bank-contract.ts";
import type {
  FeeRule,
  FeeVersion,
  Payout,
  PayoutPreview,
  ReconciliationBreak,
  SettlementLine,
  SettlementRule,
  SettlementRuleVersion,
  Statement,
} from "../../schemas/types.generated.ts";

/** That an order was delivered. */
export interface Handover {
  readonly orderId: string;
  readonly deliveredAt: string;
}

/** What came of a statement: lines that agree, those that ended what was unknown here, those that are asked about, and the differences, with how many are new. */
export interface Reconciliation {
  readonly bank: string;
  readonly from: string;
  readonly to: string;
  readonly lines: number;
  readonly agreed: number;
  readonly ended: number;
  readonly asked: number;
  readonly breaks: number;
  readonly fresh: number;
  readonly resolved: number;
}

/** What came of a bank's own file, or would come of it. */
export interface StatementReport extends Omit<Reconciliation, "from" | "to"> {
  readonly id: string;
  readonly dryRun: boolean;
  readonly statements: number;
  readonly entries: number;
  /** Entries that the bank has not booked for good. */
  readonly pending: number;
}

/** The calls of settlement, payouts, statements and reconciliation over the bus. */
export interface SettlementActions {
  "settlement.lines": {
    params: PageQuery & { paymentId?: string; payoutId?: string; platform?: string };
    result: Page<SettlementLine>;
  };
  /** By an operator: a version of a fee rule, from a time on (ISO 8601 with a zone) that is not over; absent: from now on. */
  "settlement.setFeeRule": {
    params: { platform: string; merchant?: string; from?: string; rule: FeeRule | null; by: string };
    result: FeeVersion & { existed: boolean };
  };
  "settlement.feeRules": { params: PageQuery & { platform?: string; merchant?: string }; result: Page<FeeVersion> };
  /** As with fee rules. */
  "settlement.setSettlementRule": {
    params: { platform: string; merchant?: string; from?: string; rule: SettlementRule | null; by: string };
    result: SettlementRuleVersion & { existed: boolean };
  };
  "settlement.settlementRules": {
    params: PageQuery & { platform?: string; merchant?: string };
    result: Page<SettlementRuleVersion>;
  };
  /** With `platform` only of that platform's orders; `by` is an operator. */
  "settlement.deliver": { params: { orderId: string; platform?: string; at?: string; by?: string }; result: Handover };
  /** `from` and `to`: days of the merchant's zone, or times with a zone. */
  "statements.get": {
    params: PageQuery & { platform: string; merchant: string; currency: string; from: string; to: string };
    result: Statement;
  };
  /** `lines` absent: those that the bank has. */
  "reconciliation.reconcile": {
    params: { bank: string; from: string; to: string; lines?: readonly StatementLine[] };
    result: Reconciliation;
  };
  /** `zone` is that of times without one; a dry run writes nothing. */
  "reconciliation.importFile": {
    params: { statementId: string; blobId: string; bank: string; zone?: string; dryRun?: boolean };
    result: StatementReport;
  };
  "reconciliation.breaks": {
    params: PageQuery & { bank?: string; state?: "open" | "resolved" };
    result: Page<ReconciliationBreak>;
  };
  "payouts.preview": { params: { platform?: string; merchant?: string; after?: string }; result: PayoutPreview };
  /** With the parameters and the confirmation of a preview, by an operator. */
  "payouts.run": {
    params: { platform?: string; merchant?: string; after?: string; confirmation: string; by: string };
    result: Page<Payout>;
  };
  "payouts.get": { params: { payoutId: string; platform?: string }; result: Payout };
  "payouts.list": { params: PageQuery & { platform?: string; merchant?: string }; result: Page<Payout> };
}
