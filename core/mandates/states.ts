import type { Mandate } from "../actions.ts";
import { defineStates } from "../states.ts";

/** A mandate ends by its payer's word or by its time, and never comes back. */
export const MANDATE_STATES = defineStates<Mandate["state"]>("mandate", {
  active: ["revoked", "expired"],
  revoked: [],
  expired: [],
});
