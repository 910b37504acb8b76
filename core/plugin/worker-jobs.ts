import { setImmediate as turn } from "node:timers/promises";
import { MergepayError } from "../errors/errors.ts";
import type { RawRecord, ReadLimits } from "../formats/contract.ts";
import { readRecords } from "../formats/read.ts";
import { recognise } from "../formats/recognise.ts";
import { workerError, type LoadedPlugin } from "./load.ts";
import { BATCH_BYTES, BATCH_RECORDS, BATCHES_AHEAD, type FromWorker, type ToWorker } from "./messages.ts";

/** Ends the reading of a job that nobody wants any more. */
class Cancelled extends Error {}

interface Job {
  readonly id: number;
  readonly pieces: Uint8Array[];
  ended: boolean;
  cancelled: boolean;
  /** Batches that may still be sent. */
  credit: number;
  /** Wakes whoever waits for bytes or credit. */
  wake: () => void;
}

export interface JobsDeps {
  readonly plugin: LoadedPlugin;
  readonly limits: ReadLimits & { readonly pluginMsPer1000Records: number };
  readonly send: (message: FromWorker) => void;
  /** Tells the host at once which job the worker goes on with; 0 is none. */
  readonly wentTo: (job: number) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Runs the jobs of a worker side by side, each over its own stream of bytes; takes the host's messages. */
export function workerJobs({ plugin, limits, send, wentTo, now }: JobsDeps): (message: ToWorker) => void {
  const jobs = new Map<number, Job>();
  let present = 0;
  const at = (job: number): void => {
    if (job !== present) wentTo(job);
    present = job;
  };

  return (message) => {
    if (message.kind === "load" || message.kind === "ping") return;
    if (message.kind === "read") {
      void start(message);
      return;
    }
    if (message.kind === "reply") {
      reply(message);
      return;
    }
    // Bytes for a job that has ended may still be under way.
    const job = jobs.get(message.job);
    if (job === undefined) return;
    if (message.kind === "bytes") job.pieces.push(message.bytes);
    else if (message.kind === "end") job.ended = true;
    else if (message.kind === "wanted") job.credit += 1;
    else job.cancelled = true;
    job.wake();
  };

  async function start(message: ToWorker & { readonly kind: "read" }): Promise<void> {
    const job: Job = {
      id: message.job,
      pieces: [],
      ended: false,
      cancelled: false,
      credit: BATCHES_AHEAD,
      wake: () => undefined,
    };
    jobs.set(job.id, job);
    try {
      await read(job, message.from, message.merchant);
    } catch (error) {
      if (!(error instanceof Cancelled)) send({ kind: "failed", job: job.id, error: workerError(error) });
    } finally {
      jobs.delete(job.id);
      at(0);
    }
  }

  function reply({ job, event }: ToWorker & { readonly kind: "reply" }): void {
    at(job);
    try {
      send({ kind: "replied", job, reply: plugin.reply(event) });
    } catch (error) {
      send({ kind: "failed", job, error: workerError(error) });
    } finally {
      at(0);
    }
  }

  async function waitUntil(job: Job, ready: () => boolean): Promise<void> {
    while (!job.cancelled && !ready()) {
      at(0);
      const woken = Promise.withResolvers<void>();
      job.wake = woken.resolve;
      await woken.promise;
    }
    if (job.cancelled) throw new Cancelled();
  }

  async function* bytesOf(job: Job): AsyncGenerator<Uint8Array> {
    for (;;) {
      await waitUntil(job, () => job.pieces.length > 0 || job.ended);
      const piece = job.pieces.shift();
      if (piece === undefined) return;
      send({ kind: "took", job: job.id });
      // A turn of the loop: pieces come in and batches go out while the host is at something else. The channel itself holds few of either.
      at(0);
      await turn();
      if (job.cancelled) throw new Cancelled();
      at(job.id);
      yield piece;
    }
  }

  async function read(job: Job, from: number, merchant: string): Promise<void> {
    let batch: string[] = [];
    let size = 0;
    let next = from;
    const budget = recordBudget();

    const flush = async (done: boolean): Promise<void> => {
      await waitUntil(job, () => job.credit > 0);
      job.credit -= 1;
      send({ kind: "batch", job: job.id, records: `[${batch.join(",")}]`, next, done });
      batch = [];
      size = 0;
    };

    const { kind, input, bytes } = await recognise(bytesOf(job), plugin.inputs, limits.fileBytes);
    const mapper = plugin.mappers[kind];
    if (mapper === undefined) throw new MergepayError("INTERNAL", `The plugin has no mapper of kind ${kind}.`);
    for await (const raws of readRecords(bytes, input, limits)) {
      at(job.id);
      for (const raw of raws) {
        if (raw.record < from) continue;
        const began = now();
        const text = fitting(mapper(raw, merchant), raw);
        budget(now() - began, raw.position);
        const bytes = Buffer.byteLength(text);
        if (batch.length >= BATCH_RECORDS || (batch.length > 0 && size + bytes > BATCH_BYTES)) {
          await flush(false);
          at(job.id);
        }
        batch.push(text);
        size += bytes + 1;
        next = raw.record + 1;
      }
    }
    await flush(true);
  }

  /** Adds up the plugin's time over each 1,000 records; a plugin that never comes back is the host's to end. */
  function recordBudget(): (ms: number, position: string) => void {
    let records = 0;
    let spentMs = 0;
    return (ms, position) => {
      if (records === 1000) records = spentMs = 0;
      records += 1;
      spentMs += ms;
      if (spentMs > limits.pluginMsPer1000Records)
        throw new MergepayError(
          "PLUGIN_TIMEOUT",
          `The plugin took more than ${limits.pluginMsPer1000Records} ms for at most 1,000 records.`,
          { position },
        );
    };
  }
}

/** The text of what became of a record; more than fits in a batch is refused. */
function fitting(text: string, { record, position }: RawRecord): string {
  // A character takes at most three bytes.
  if (text.length * 3 <= BATCH_BYTES || Buffer.byteLength(text) <= BATCH_BYTES) return text;
  const reason = `The plugin made more than ${BATCH_BYTES} bytes of this record.`;
  return JSON.stringify({ record, position, rejected: { code: "PLUGIN_OUTPUT_INVALID", reason } });
}
