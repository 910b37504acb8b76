import { defineStates } from "../states.ts";
import type { Claim } from "../../schemas/types.generated.ts";

export type ClaimState = Claim["state"];

/** What is owed is watched first and claimed after its days; either ends when later lines bring as much, a claim also by an operator's word. What is owed after that is another one. */
export const CLAIM_STATES = defineStates<ClaimState>("claim", {
  owing: ["claimed", "netted"],
  claimed: ["netted", "settled", "written_off"],
  netted: [],
  settled: [],
  written_off: [],
});
