import { defineStates } from "../states.ts";
import type { Payout } from "../../schemas/types.generated.ts";

export type PayoutState = Payout["state"];

/** As a payment's, without its orders: `collecting` claims its lines, `submitting` is left by the bank's word, or as `unknown` for want of it. */
export const PAYOUT_STATES = defineStates<PayoutState>("payout", {
  collecting: ["submitting", "cancelled"],
  submitting: ["succeeded", "failed", "unknown"],
  unknown: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  cancelled: [],
});
