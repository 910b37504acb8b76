import { defineStates } from "../states.ts";
import type { Payment } from "../../schemas/types.generated.ts";

export type PaymentState = Payment["state"];

/**
 * `locking` ends as rejected (an order could not be had) or expired (its process died before anything was sent).
 * `submitting` is left by the bank's word, or as `unknown` for want of it; `unknown` is left by the bank's word only.
 * `requires_action` goes on by the payer's answer or by what the bank says of it; it is cancelled and expires only where it is sure that the
 * bank executes nothing. What ended without money succeeds only by money that came late, where its platforms want its orders paid by it.
 */
export const PAYMENT_STATES = defineStates<PaymentState>("payment", {
  locking: ["submitting", "rejected", "expired", "cancelled"],
  submitting: ["succeeded", "failed", "unknown", "requires_action"],
  unknown: ["succeeded", "failed", "requires_action"],
  requires_action: ["submitting", "succeeded", "failed", "unknown", "cancelled", "expired"],
  succeeded: [],
  failed: ["succeeded"],
  rejected: [],
  cancelled: ["succeeded"],
  expired: ["succeeded"],
});
