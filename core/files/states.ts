import { defineStates } from "../states.ts";
import type { FileReport } from "../../schemas/types.generated.ts";

/** `received` again: its platform's plugin was away. */
export const FILE_STATES = defineStates<FileReport["state"]>("file", {
  received: ["processing"],
  processing: ["received", "processed", "failed", "quarantined"],
  processed: [],
  failed: [],
  quarantined: [],
});

/** Whether nothing more will become of the file. */
export const isEnded = ({ state }: Pick<FileReport, "state">): boolean => FILE_STATES.table[state].length === 0;
