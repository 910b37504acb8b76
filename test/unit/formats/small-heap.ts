import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { attempt, limits, read, repeated } from "./reading.ts";

interface LongFile {
  readonly head: string;
  readonly part: string;
  readonly times: number;
  readonly tail: string;
  readonly input: InputSpec;
  /** Default: what is taken in earnest, which is more than the heap. */
  readonly heldChars?: number;
  /** Each `#` of a part is its number. */
  readonly numbered?: true;
  /** Checks the frame only, and gives the number of records. */
  readonly frameOnly?: true;
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
  const { head, part, times, tail, input, heldChars, numbered, frameOnly } = workerData as LongFile;
  const changed = heldChars === undefined ? {} : { heldChars };
  const bytes = repeated(head, numbered === true ? (at) => part.replaceAll("#", String(at)) : part, times, tail);
  const records = await attempt(async () =>
    frameOnly === true
      ? (await checkFrame(bytes, input, limits(changed))).records
      : await read(bytes, input, undefined, changed),
  );
  const seen = !Array.isArray(records)
    ? records
    : records.map((record) => ("refused" in record ? record.refused.code : record.value));
  parentPort.postMessage(seen, []);
}
