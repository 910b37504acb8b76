import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { attempt, read, repeated } from "./reading.ts";

interface LongFile {
  readonly head: string;
  readonly part: string;
  readonly times: number;
  readonly tail: string;
  readonly input: InputSpec;
  /** Default: what is taken in earnest, which is more than the heap. */
  readonly heldChars?: number;
}

/**
 * Reads a long file in a thread whose heap holds much less than it: a reader that keeps what it reads ends the thread.
 * Gives the code or value of each record, or the code of the file's error.
 */
export function readInSmallHeap(file: LongFile): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: file,
      resourceLimits: { maxOldGenerationSizeMb: 24 },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (!isMainThread && parentPort !== null) {
  const { head, part, times, tail, input, heldChars } = workerData as LongFile;
  const changed = heldChars === undefined ? {} : { heldChars };
  const records = await attempt(() => read(repeated(head, part, times, tail), input, undefined, changed));
  const seen =
    typeof records === "string"
      ? records
      : records.map((record) => ("refused" in record ? record.refused.code : record.value));
  parentPort.postMessage(seen, []);
}
