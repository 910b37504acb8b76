import type { Page, PageQuery } from "../actions.ts";
import type { Refund, RefundPreview } from "../../schemas/types.generated.ts";
import type { RefundRequest } from "./model.ts";

/** The calls of refunds over the bus. */
export interface RefundActions {
  "refunds.preview": { params: RefundRequest; result: RefundPreview };
  /** `by`: `operator:<id>`, `platform:<id>` or `house`. Without a fingerprint nobody saw a preview: it takes what is right when it comes to it. */
  "refunds.open": {
    params: { request: RefundRequest; reason: string; by: string; idempotencyKey: string; fingerprint?: string };
    result: Refund & { existed: boolean };
  };
  "refunds.approve": { params: { refundId: string; by: string }; result: Refund };
  "refunds.reject": { params: { refundId: string; by: string; reason: string }; result: Refund };
  /** With `userId` or `platform` only what that payer or platform may see. */
  "refunds.get": { params: { refundId: string; userId?: string; platform?: string }; result: Refund };
  "refunds.list": {
    params: PageQuery & { paymentId?: string; userId?: string; platform?: string };
    result: Page<Refund>;
  };
}
