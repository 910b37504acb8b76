import { defineStates } from "../states.ts";
import type { TakeBack } from "../../schemas/types.generated.ts";

export type TakeBackState = TakeBack["state"];

/**
 * `asked` is left by what becomes of the payment that holds the order: none of its money (`cancelled`), or a refund. A refund in vain is tried again;
 * one that an operator refused is asked for again by the platform or not at all. What a
 * chargeback had given back is `asked` for anew when the bank gives that up.
 */
export const TAKE_BACK_STATES = defineStates<TakeBackState>("take-back", {
  asked: ["cancelled", "refunding", "refunded"],
  refunding: ["refunded", "refused", "asked"],
  refused: ["asked"],
  cancelled: [],
  refunded: ["asked"],
});
