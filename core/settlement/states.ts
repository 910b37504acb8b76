import { defineStates } from "../states.ts";
import type { SettlementLine } from "../../schemas/types.generated.ts";

export type LineState = SettlementLine["state"];

/** A payout that is not paid gives its lines back; what is paid out stays so: what is taken back later is a line of its own. */
export const LINE_STATES = defineStates<LineState>("settlement line", {
  due: ["held", "payable"],
  held: ["payable"],
  payable: ["in_payout"],
  in_payout: ["payable", "paid_out"],
  paid_out: [],
});
