import type { Evidence, Money, Payment } from "../../schemas/types.generated.ts";

/** The selection of a quote or a plain payment: orders by id, or all that is open, in one currency or (of a quote) in all. */
export type Selection =
  | { readonly orders: readonly string[] }
  | {
      readonly orders: "all";
      /** Absent: of all. */
      readonly currency?: string;
      /** Only of these platforms; absent: of all. */
      readonly platforms?: readonly string[];
    };

/** What is quoted: a selection, in the currencies of its orders or in one. */
export type QuoteRequest = Selection & {
  /** All of it is paid in this currency, at rates that the bank locks; absent: each order in its own. */
  readonly payIn?: string;
  /** Of `payIn`: the account to pay from, whose bank is asked for the rates; absent: the payer's first. */
  readonly accountId?: string;
};

/** What becomes of a payment when not all of its orders can be had. The payer says it beforehand. */
export interface Atomicity {
  /** `best_effort`: orders that can't be had are left out, and the total is that of the others. Absent: all_or_nothing. */
  readonly atomicity?: Payment["atomicity"];
  /** Of best_effort: with fewer orders nothing is paid; absent: 1. */
  readonly atLeast?: number;
}

export type PayRequest = Atomicity &
  ({ readonly quoteId: string; readonly fingerprint: string } | Selection) & {
    /** One of the payer's accounts; absent: the one that was added first. */
    readonly accountId?: string;
    /** Where a quote is over several currencies, the account for each; `accountId` is for those that are not named. */
    readonly accounts?: readonly { readonly currency: string; readonly accountId: string }[];
  };

/** What an operator says became of a deduction, and why that is so. */
export type ReviewClaim = { readonly evidence: Evidence } & (
  | { readonly decision: "not_debited" }
  /** Of money that came late: it goes back to where it was taken from, or pays the orders if all of them are still open. */
  | { readonly decision: "refund" | "pay_orders" }
  | { readonly decision: "debited"; readonly bankReference: string; readonly amount: Money; readonly bookedAt: string }
);
