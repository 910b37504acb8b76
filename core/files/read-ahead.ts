import type { Actions } from "../actions.ts";

export type Batch = Actions["platform.read"]["result"];

export interface ReadAhead {
  /** The next batch in order. @throws what the reading failed with, once the batches before are taken */
  next(): Promise<Batch>;
  /** From now on at most so many batches are held. */
  hold(most: number): void;
  /** Asks for nothing more. */
  stop(): void;
}

/**
 * Fetches the batches of a file one after another before they are asked for, so that mapping and storing go on side by side. The node that
 * gives the first is asked for all: another one would read the file from its start, and may have another version of the plugin.
 * @param read gives the batch that begins at a record, from the node named
 * @param from the first record
 * @param most batches that are held at the most
 */
export function readAhead(
  read: (from: number, node: string | undefined) => Promise<Batch>,
  from: number,
  most: number,
): ReadAhead {
  const held: Batch[] = [];
  const state = { limit: most, stopped: false };
  let ended = false;
  let failure: unknown;
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };

  async function fetchAll(): Promise<void> {
    try {
      let node: string | undefined;
      for (let at = from, done = false; !done && !state.stopped;) {
        while (held.length >= state.limit && !state.stopped) await changed.promise;
        if (state.stopped) break;
        const batch = await read(at, node);
        node ??= batch.node;
        at += batch.records.length;
        ({ done } = batch);
        held.push(batch);
        tell();
      }
    } catch (error) {
      failure = error;
    }
    ended = true;
    tell();
  }
  void fetchAll();

  return {
    async next() {
      for (;;) {
        const batch = held.shift();
        if (batch !== undefined) {
          tell();
          return batch;
        }
        if (ended) throw failure;
        await changed.promise;
      }
    },
    hold(count) {
      state.limit = count;
    },
    stop() {
      state.stopped = true;
      tell();
    },
  };
}
