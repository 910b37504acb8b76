import type { ErrorCode } from "../errors/codes.ts";

/** What can be wrong with a file as a whole: it will be no better when it is read again. */
export const FILE_FAULTS = [
  "FILE_EMPTY",
  "FILE_FRAME_BROKEN",
  "FILE_ENCODING_INVALID",
  "FILE_NOT_RECOGNISED",
  "FILE_ARCHIVE_BROKEN",
  "FILE_ARCHIVE_UNSUPPORTED",
  "FILE_ARCHIVE_RATIO",
  "FILE_TOO_LARGE",
  "FILE_PARTS_TOO_LARGE",
  "MANIFEST_MISMATCH",
] as const satisfies readonly ErrorCode[];

/** What a plugin's worker ends a file with: another try may go better. */
export const WORKER_FAULTS = ["PLUGIN_TIMEOUT", "PLUGIN_CRASHED"] as const satisfies readonly ErrorCode[];
