import { defineStates } from "../states.ts";
import type { FileReport } from "../../schemas/types.generated.ts";

/** `received` again: its plugin was away, it failed by its manifest and came with another one, or it is to be mapped again. */
export const FILE_STATES = defineStates<FileReport["state"]>("file", {
  received: ["processing"],
  processing: ["received", "processed", "failed", "quarantined"],
  processed: ["received"],
  failed: ["received"],
  quarantined: ["received"],
});

/** Whether nothing more will become of the file by itself. */
export const isEnded = ({ state }: Pick<FileReport, "state">): boolean =>
  state === "processed" || state === "failed" || state === "quarantined";
