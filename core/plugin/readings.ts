import { MergepayError } from "../errors/errors.ts";
import type { Batch } from "./messages.ts";
import { createTurns } from "./turns.ts";
import type { Reading } from "./worker-calls.ts";
import { WorkerLost } from "./worker-calls.ts";
import type { PluginWorker } from "./worker-process.ts";

export interface ReadingsDeps {
  readonly openBlob: (fileId: string) => AsyncIterable<Uint8Array>;
  readonly withWorker: <T>(use: (worker: PluginWorker) => Promise<T>) => Promise<T>;
  readonly filesAtOnce: number;
  readonly idleMs: number;
}

/** A file that is being read: where it stands, and the last answer in case it is asked for again. */
interface OpenFile {
  readonly merchant: string;
  reading: Reading | undefined;
  next: number;
  last?: { readonly from: number; readonly batch: Batch };
  done: boolean;
  /** The call under way; calls for one file go one after the other. */
  turn: Promise<unknown>;
  pulling: number;
  timer?: NodeJS.Timeout;
}

/** The files that are being read with one plugin, at most `filesAtOnce` of them with a job in the worker. */
export function openReadings({ openBlob, withWorker, filesAtOnce, idleMs }: ReadingsDeps) {
  const files = new Map<string, OpenFile>();
  const turns = createTurns(filesAtOnce);

  return { read, once: turns.take, isReading, open: () => turns.busy() + unfinished().length, close };

  async function read(fileId: string, from: number, merchant: string): Promise<Batch> {
    let file = files.get(fileId);
    const fits = file !== undefined && file.merchant === merchant;
    if (!fits || file === undefined) {
      if (file !== undefined) drop(fileId, file);
      file = { merchant, reading: undefined, next: from, done: false, turn: Promise.resolve(), pulling: 0 };
      files.set(fileId, file);
    }
    const mine = file;
    mine.pulling += 1;
    clearTimeout(mine.timer);
    const turn = mine.turn.then(() => turns.take(() => pull(fileId, mine, from)));
    mine.turn = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      drop(fileId, mine);
      throw error;
    } finally {
      mine.pulling -= 1;
      if (mine.pulling === 0 && files.get(fileId) === mine) {
        mine.timer = setTimeout(() => drop(fileId, mine), idleMs);
        mine.timer.unref();
      }
    }
  }

  async function pull(fileId: string, file: OpenFile, from: number): Promise<Batch> {
    if (file.last?.from === from) return file.last.batch;
    if (file.next !== from || file.done) {
      file.reading?.close();
      file.reading = undefined;
      file.next = from;
      file.done = false;
    }
    const batch = await withWorker(async (worker) => {
      try {
        file.reading ??= worker.read(openBlob(fileId), from, file.merchant);
        return await file.reading.next();
      } catch (error) {
        if (error instanceof WorkerLost) file.reading = undefined;
        throw error;
      }
    });
    file.last = { from, batch };
    file.next = batch.next;
    file.done = batch.done;
    if (batch.done) file.reading = undefined;
    else makeRoom(file);
    return batch;
  }

  /** Jobs that wait between two calls keep bytes and batches in memory: the ones asked least recently are closed and opened anew later. */
  function makeRoom(used: OpenFile): void {
    const waiting = [...files.values()].filter((file) => file.reading !== undefined && file !== used);
    const tooMany = waiting.length + 1 - filesAtOnce;
    for (const file of waiting.filter(({ pulling }) => pulling === 0).slice(0, Math.max(tooMany, 0))) {
      file.reading?.close();
      file.reading = undefined;
    }
    // The map's order is that of last use.
    for (const [fileId, file] of files) {
      if (file !== used) continue;
      files.delete(fileId);
      files.set(fileId, file);
      break;
    }
  }

  function drop(fileId: string, file: OpenFile): void {
    clearTimeout(file.timer);
    file.reading?.close();
    file.reading = undefined;
    if (files.get(fileId) === file) files.delete(fileId);
  }

  function unfinished(): OpenFile[] {
    return [...files.values()].filter(({ done, pulling }) => !done || pulling > 0);
  }

  function isReading(fileId: string): boolean {
    const file = files.get(fileId);
    return file !== undefined && (!file.done || file.pulling > 0);
  }

  function close(): void {
    for (const [fileId, file] of files) drop(fileId, file);
    files.clear();
  }
}

/** Checks the parameters of `platform.<id>.read`. @throws BODY_INVALID */
export function checkRead(params: unknown): { fileId: string; from: number; merchant: string | null } {
  const { fileId, from, merchant } = (params ?? {}) as Record<string, unknown>;
  if (typeof fileId !== "string" || fileId === "") throw bad("/fileId", "must be the id of a file");
  if (typeof from !== "number" || !Number.isSafeInteger(from) || from < 0)
    throw bad("/from", "must be a record's index, from 0");
  if (merchant !== null && typeof merchant !== "string") throw bad("/merchant", "must be a merchant or null");
  return { fileId, from, merchant };
}

export const bad = (field: string, reason: string): MergepayError =>
  new MergepayError("BODY_INVALID", `${field} ${reason}.`, { field });
