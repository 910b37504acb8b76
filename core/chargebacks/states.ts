import { defineStates } from "../states.ts";
import type { Chargeback } from "../../schemas/types.generated.ts";

export type ChargebackState = Chargeback["state"];

/** What an operator entered a second one decides on. The bank's statement needs nobody, and is right also where operators said that it was not so. */
export const CHARGEBACK_STATES = defineStates<ChargebackState>("chargeback", {
  proposed: ["booked", "rejected"],
  rejected: ["booked"],
  booked: [],
});
