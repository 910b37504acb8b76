/** What the host and a plugin's worker process say to each other, and the sizes that keep both sides' memory bounded. */
import type { MappedRecord } from "../actions.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { ErrorDetails } from "../errors/errors.ts";
import type { Event, Reply } from "./contract.ts";
import type { Manifest } from "./manifest.ts";

/** Records in one batch, and bytes of its JSON: a bus message is at most 1 MiB. */
export const BATCH_RECORDS = 500;
export const BATCH_BYTES = 512 * 1024;
/** Batches that a worker makes ahead of who asks for them. */
export const BATCHES_AHEAD = 2;
/** Bytes of a file that go to a worker in one piece, and pieces that may be under way. */
export const PIECE_BYTES = 128 * 1024;
export const PIECES_AHEAD = 8;

/**
 * File descriptor on which a worker writes the number of the job that it goes on with, a line each (0: none). A message would wait for
 * the loop, which a plugin may stop; this is written at once, so that the right file is blamed.
 */
export const AT_FD = 4;

export interface WorkerError {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly data: ErrorDetails;
}

export type ToWorker =
  | { readonly kind: "load" }
  | { readonly kind: "read"; readonly job: number; readonly from: number; readonly merchant: string }
  | { readonly kind: "reply"; readonly job: number; readonly event: Event }
  | { readonly kind: "bytes"; readonly job: number; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly job: number }
  | { readonly kind: "wanted"; readonly job: number }
  | { readonly kind: "cancel"; readonly job: number }
  | { readonly kind: "ping" };

export type FromWorker =
  /** The plugin is loaded and its schema compiled: its value without `map`. */
  | { readonly kind: "loaded"; readonly manifest: Manifest }
  | { readonly kind: "refused"; readonly error: WorkerError }
  | { readonly kind: "pong" }
  /** The job took a piece of bytes. */
  | { readonly kind: "took"; readonly job: number }
  | { readonly kind: "replied"; readonly job: number; readonly reply: Reply }
  | { readonly kind: "failed"; readonly job: number; readonly error: WorkerError }
  /** `records` is JSON text of an array of MappedRecord; `next` the record after the batch. */
  | {
      readonly kind: "batch";
      readonly job: number;
      readonly records: string;
      readonly next: number;
      readonly done: boolean;
    };

export interface Batch {
  readonly records: readonly MappedRecord[];
  readonly next: number;
  readonly done: boolean;
}
