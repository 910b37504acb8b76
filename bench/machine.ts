import { readFile, readdir } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { megabytes } from "./figures.ts";

/** The machine that the figures hold for. */
export const machine = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${megabytes(totalmem())} of memory, ` +
  `${process.platform} ${process.arch}, Node ${process.version}`;

/** The most memory that this process ever held, in bytes. */
export const ownPeakBytes = (): number => process.resourceUsage().maxRSS * 1024;

/**
 * The most memory that each child process of this one ever held, largest first, in bytes. Linux only: elsewhere the list is empty.
 * Pages that processes have in common (the runtime itself) count in each.
 */
export async function childPeaksBytes(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const peaks: number[] = [];
  // The kernel keeps children by the thread that started them.
  for (const thread of await readdir("/proc/self/task")) {
    const children = await readFile(`/proc/self/task/${thread}/children`, "utf8");
    for (const pid of children.split(" ").filter((word) => word !== "")) {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (kilobytes !== undefined) peaks.push(Number.parseInt(kilobytes, 10) * 1024);
    }
  }
  return peaks.sort((a, b) => b - a);
}
