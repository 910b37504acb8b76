import type { Page, PageQuery } from "../actions.ts";
import type { Chargeback, Evidence, Money } from "../../schemas/types.generated.ts";

/** The calls of chargebacks over the bus; `by` is an operator's id. */
export interface ChargebackActions {
  "chargebacks.propose": {
    params: {
      paymentId: string;
      bankReference: string;
      amount: Money;
      bookedAt: string;
      reason: string;
      evidence: Evidence;
      by: string;
    };
    result: Chargeback & { existed: boolean };
  };
  "chargebacks.approve": { params: { chargebackId: string; by: string }; result: Chargeback };
  "chargebacks.reject": { params: { chargebackId: string; by: string; reason: string }; result: Chargeback };
  "chargebacks.get": { params: { chargebackId: string }; result: Chargeback };
  "chargebacks.list": { params: PageQuery & { paymentId?: string; needsReview?: boolean }; result: Page<Chargeback> };
}
