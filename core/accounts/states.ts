import type { MerchantAccount } from "../actions.ts";
import { defineStates } from "../states.ts";

/** A merchant's account is paid to once a second person has verified it; removed, never again. */
export const MERCHANT_ACCOUNT_STATES = defineStates<MerchantAccount["state"]>("merchant's account", {
  unverified: ["verified", "removed"],
  verified: ["removed"],
  removed: [],
});
