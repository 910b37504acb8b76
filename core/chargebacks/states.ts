import { defineStates } from "../states.ts";
import type { Chargeback } from "../../schemas/types.generated.ts";

export type ChargebackState = Chargeback["state"];

/**
 * What an operator entered a second one decides on. The bank's statement needs nobody, and is right also where operators said that it was not so. What the bank gives up again is `reversed`; if it takes the money once more, that is
 * another booking, and so another chargeback.
 */
export const CHARGEBACK_STATES = defineStates<ChargebackState>("chargeback", {
  proposed: ["booked", "rejected"],
  rejected: ["booked"],
  booked: ["reversed"],
  reversed: [],
});
