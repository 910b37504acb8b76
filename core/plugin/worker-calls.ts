import type { MappedRecord } from "../actions.ts";
import type { Event, Reply } from "./contract.ts";
import { PIECE_BYTES, PIECES_AHEAD, type Batch, type FromWorker, type ToWorker, type WorkerError } from "./messages.ts";

/** The worker ended while it was busy with another job: this one is not to blame and may be opened again. */
export class WorkerLost extends Error {
  override readonly name = "WorkerLost";
}

/** A job that reads a file: batches in order, the last one `done`. */
export interface Reading {
  /** @throws what ended the file; MergepayError, or WorkerLost when another job ended the worker */
  next(): Promise<Batch>;
  close(): void;
}

export interface WorkerCalls {
  readonly read: (bytes: AsyncIterable<Uint8Array>, from: number, merchant: string) => Reading;
  /** @throws MergepayError, or WorkerLost when another job ended the worker */
  readonly reply: (event: Event) => Promise<Reply>;
  /** Jobs that are open. */
  readonly open: () => number;
  take(message: FromWorker, errorOf: (error: WorkerError) => Error): void;
  /** The worker goes on with this job; 0 is none. */
  wentTo(job: number): void;
  /** The worker has ended: the job that it was at fails with `errorOf` (all when it was at none), the others with WorkerLost. */
  lost(errorOf: (record: number) => Error): void;
}

interface Call {
  readonly id: number;
  readonly batches: (FromWorker & { readonly kind: "batch" })[];
  /** The record after the last batch that came. */
  next: number;
  reply?: Reply;
  failure?: Error;
  over: boolean;
  /** Pieces of bytes that may be sent. */
  room: number;
  wake: () => void;
  wakePump: () => void;
}

export interface WorkerCallsDeps {
  readonly post: (message: ToWorker) => void;
  /** Called when a job is opened. */
  readonly opened: () => void;
}

/** The host's side of a worker's jobs: feeds each its bytes as it asks for them and hands on what comes back. */
export function workerCalls({ post, opened }: WorkerCallsDeps): WorkerCalls {
  const calls = new Map<number, Call>();
  let lastId = 0;
  let at = 0;
  let gone: ((record: number) => Error) | undefined;

  return {
    read(bytes, from, merchant) {
      const call = begin(from);
      post({ kind: "read", job: call.id, from, merchant });
      void pump(call, bytes);
      return { next: () => nextBatch(call), close: () => cancel(call) };
    },
    async reply(event) {
      const call = begin(0);
      post({ kind: "reply", job: call.id, event });
      while (call.reply === undefined) {
        if (call.failure !== undefined) throw call.failure;
        await waiting(call, "wake");
      }
      return call.reply;
    },
    open: () => calls.size,
    take,
    wentTo(job) {
      at = job;
    },
    lost(errorOf) {
      gone = errorOf;
      for (const call of calls.values())
        fail(call, at === 0 || at === call.id ? errorOf(call.next) : new WorkerLost("The worker ended."));
    },
  };

  function begin(from: number): Call {
    lastId += 1;
    const idle = () => undefined;
    const call: Call = {
      id: lastId,
      batches: [],
      next: from,
      over: false,
      room: PIECES_AHEAD,
      wake: idle,
      wakePump: idle,
    };
    if (gone !== undefined) fail(call, new WorkerLost("The worker has ended."));
    else {
      calls.set(call.id, call);
      opened();
    }
    return call;
  }

  function take(message: FromWorker, errorOf: (error: WorkerError) => Error): void {
    if (!("job" in message)) return;
    // A job that was cancelled may still speak.
    const call = calls.get(message.job);
    if (call === undefined) return;
    if (message.kind === "took") {
      call.room += 1;
      call.wakePump();
    } else if (message.kind === "replied") {
      call.reply = message.reply;
      finish(call);
    } else if (message.kind === "failed") fail(call, errorOf(message.error));
    else {
      call.batches.push(message);
      call.next = message.next;
      if (message.done) finish(call);
      call.wake();
    }
  }

  async function nextBatch(call: Call): Promise<Batch> {
    for (;;) {
      const batch = call.batches.shift();
      if (batch !== undefined) {
        if (!call.over) post({ kind: "wanted", job: call.id });
        const records = JSON.parse(batch.records) as MappedRecord[];
        return { records, next: batch.next, done: batch.done };
      }
      if (call.failure !== undefined) throw call.failure;
      if (call.over) throw new WorkerLost("The job was closed.");
      await waiting(call, "wake");
    }
  }

  /** Sends the bytes on, at most PIECES_AHEAD pieces before the worker has taken them. */
  async function pump(call: Call, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of bytes) {
        for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
          while (call.room === 0 && !call.over) await waiting(call, "wakePump");
          if (call.over) return;
          call.room -= 1;
          post({ kind: "bytes", job: call.id, bytes: chunk.subarray(start, start + PIECE_BYTES) });
        }
        if (call.over) return;
      }
      if (!call.over) post({ kind: "end", job: call.id });
    } catch (error) {
      // The bytes could not be had: that is not the plugin's fault, and the job ends with the reason as it is.
      if (!call.over) cancel(call, error instanceof Error ? error : new Error("The file's bytes can't be had."));
    }
  }

  async function waiting(call: Call, name: "wake" | "wakePump"): Promise<void> {
    const woken = Promise.withResolvers<void>();
    call[name] = woken.resolve;
    await woken.promise;
  }

  function cancel(call: Call, failure?: Error): void {
    if (call.over) return;
    post({ kind: "cancel", job: call.id });
    if (failure === undefined) finish(call);
    else fail(call, failure);
  }

  function fail(call: Call, failure: Error): void {
    call.failure = failure;
    finish(call);
  }

  function finish(call: Call): void {
    call.over = true;
    calls.delete(call.id);
    call.wake();
    call.wakePump();
  }
}
