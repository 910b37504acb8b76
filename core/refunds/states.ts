import { defineStates } from "../states.ts";
import type { Refund } from "../../schemas/types.generated.ts";

export type RefundState = Refund["state"];

/**
 * `requested` goes on by itself, also after a crash: what was asked for is held back on the payment, then sent or put to a second operator.
 * `submitting` is left by the bank's word, or as `unknown` for want of it; `unknown` is left by the bank's word only.
 */
export const REFUND_STATES = defineStates<RefundState>("refund", {
  requested: ["awaiting_approval", "submitting", "rejected"],
  awaiting_approval: ["submitting", "rejected"],
  submitting: ["succeeded", "failed", "unknown"],
  unknown: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  rejected: [],
});
