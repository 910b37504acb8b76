import { Presets, SingleBar } from "cli-progress";
import type { Call } from "../../core/actions.ts";
import { isEnded } from "../../core/files/states.ts";
import type { FileReport } from "../../schemas/types.generated.ts";
import { many } from "./print.ts";
import { waitFor } from "./wait.ts";

/** The longest file takes minutes; a file that does not move for this long is reported, not waited for. */
const TIMEOUT_MS = 60 * 60_000;

/** Shows a file's records go by until it has ended; without a terminal only the end is printed. */
export async function followFile(call: Call, fileId: string, label: string): Promise<FileReport> {
  const bar = new SingleBar(
    {
      format: `   ${label} [{bar}] {value}/{total} records`,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 3_600_000,
      stream: process.stdout,
    },
    Presets.rect,
  );
  let started = false;
  try {
    return await waitFor(() => call("files.get", { fileId }), {
      until: (report) => {
        const total = report.recordsTotal;
        if (total !== undefined && !started) {
          bar.start(total, 0);
          started = true;
        }
        if (started) bar.update(report.records);
        return isEnded(report);
      },
      timeoutMs: TIMEOUT_MS,
      what: `file ${fileId}`,
    });
  } finally {
    if (started) bar.stop();
  }
}

/** One line that says what became of a file. */
export function summary(report: FileReport): string {
  if (report.error !== undefined) {
    const where = report.error.position === undefined ? "" : ` at ${report.error.position}`;
    return `${report.state}: ${report.error.code}${where}. ${report.error.reason}`;
  }
  return counted(report);
}

type Counts = Pick<FileReport, "records" | "created" | "revised" | "unchanged" | "cancelled" | "skipped" | "rejected">;

/** What became of a file's records, by number. */
export function counted(counts: Counts): string {
  const { records, created, revised, unchanged, cancelled, skipped, rejected } = counts;
  const back = cancelled === 0 ? "" : ` ${cancelled} cancelled,`;
  return `${many(records, "record")}: ${created} new orders, ${revised} revised, ${unchanged} unchanged,${back} ${skipped} with nothing to pay, ${rejected} rejected`;
}
