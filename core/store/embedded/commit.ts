/**
 * Group commit: writes run at once inside one open transaction, which is committed (one fsync) when the event loop comes round
 * or when enough has gathered. Nobody is answered before that: an answer means that it is on the disk, and a read that was
 * made while a transaction was open may hold what is not yet there.
 */
import type { DatabaseSync } from "node:sqlite";
import { MergepayError } from "../../errors/errors.ts";
import { storeFailure } from "./failures.ts";

interface Waiting {
  settle(): void;
  fail(error: unknown): void;
}

export interface Committer {
  /** Runs `work` now; the promise settles once everything that it saw or wrote is committed. `weight`: documents written. */
  write<T>(work: () => T, weight?: number): Promise<T>;
  read<T>(work: () => T): Promise<T>;
  /** Runs `work` in a transaction of its own, after what is pending; all of it or nothing. */
  alone<T>(work: () => T): T;
  /** Commits what is pending. */
  flush(): void;
}

const MAX_OPERATIONS = 1_000;
const MAX_DOCUMENTS = 20_000;

export function groupCommit(database: DatabaseSync): Committer {
  let open = false;
  let documents = 0;
  let waiting: Waiting[] = [];
  let timer: NodeJS.Immediate | undefined;

  const end = (): Waiting[] => {
    const ended = waiting;
    waiting = [];
    documents = 0;
    open = false;
    if (timer !== undefined) clearImmediate(timer);
    timer = undefined;
    return ended;
  };

  const abandon = (error: unknown): void => {
    if (database.isTransaction) database.exec("ROLLBACK");
    const failure =
      storeFailure(error) === error
        ? new MergepayError(
            "STORE_UNAVAILABLE",
            "The changes could not be saved; nothing of them was kept.",
            {},
            { cause: error },
          )
        : storeFailure(error);
    for (const one of end()) one.fail(failure);
  };

  const flush = (): void => {
    if (!open) return;
    try {
      database.exec("COMMIT");
    } catch (error) {
      abandon(error);
      return;
    }
    for (const one of end()) one.settle();
  };

  const run = <T>(writes: boolean, weight: number, work: () => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!database.isOpen) {
        reject(new MergepayError("STORE_UNAVAILABLE", "The store is closed."));
        return;
      }
      try {
        if (writes && !open) {
          database.exec("BEGIN IMMEDIATE");
          open = true;
          timer = setImmediate(flush);
        }
      } catch (error) {
        reject(storeFailure(error));
        return;
      }
      let settle: () => void;
      try {
        const result = work();
        settle = () => resolve(result);
      } catch (error) {
        const failure = storeFailure(error) as Error;
        settle = () => reject(failure);
        // A full or failing disk makes SQLite roll the whole transaction back: then it is nobody's success.
        if (open && !database.isTransaction) abandon(error);
      }
      if (!open) {
        settle();
        return;
      }
      waiting.push({ settle, fail: reject });
      documents += weight;
      if (waiting.length >= MAX_OPERATIONS || documents >= MAX_DOCUMENTS) flush();
    });

  return {
    write: (work, weight = 1) => run(true, weight, work),
    read: (work) => run(false, 0, work),
    flush,
    alone(work) {
      flush();
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw storeFailure(error);
      }
    },
  };
}
