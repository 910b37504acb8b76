import { defineStates } from "../states.ts";
import type { FileReport } from "../../schemas/types.generated.ts";

/** `received` again: its platform's plugin was away, or a file that failed by its manifest came with another one. */
export const FILE_STATES = defineStates<FileReport["state"]>("file", {
  received: ["processing"],
  processing: ["received", "processed", "failed", "quarantined"],
  processed: [],
  failed: ["received"],
  quarantined: [],
});

/** Whether nothing more will become of the file by itself. */
export const isEnded = ({ state }: Pick<FileReport, "state">): boolean =>
  state === "processed" || state === "failed" || state === "quarantined";
