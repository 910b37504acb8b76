import { MergepayError } from "../errors/errors.ts";
import type { Platform } from "./platform.ts";

/** The face of a platform while its versions come and go: what a service is made of. */
export type PlatformFace = Pick<Platform, "id" | "check" | "read" | "reply"> & { readonly current: () => Platform };

/** A platform's place in the host: files in flight stay with the version that they began with. */
export interface Slot {
  readonly face: PlatformFace;
  /** Takes another version, or the same one back after `retire`; the one before goes when its files are done. */
  replace(next: Platform): void;
  /** Takes no new files from now on. */
  retire(): void;
  /** False after `retire`. */
  takesFiles(): boolean;
  /** Closes the versions whose files are done or have taken too long; true when the platform as a whole has gone. */
  tidy(): Promise<boolean>;
  /** Closes everything now. */
  close(): Promise<void>;
}

/** @param drainMs how long files in flight hold a version that was replaced or removed */
export function openSlot(first: Platform, drainMs: number): Slot {
  const { id } = first;
  let current = first;
  let retiredAt: number | undefined;
  /** Versions that were replaced, and when. */
  const leaving = new Map<Platform, number>();

  /** The version that a file began with, or the current one for a file that begins. */
  function versionFor(fileId: string): Platform {
    for (const old of leaving.keys()) if (old.isReading(fileId)) return old;
    if (retiredAt !== undefined && !current.isReading(fileId))
      throw new MergepayError("PLATFORM_UNAVAILABLE", `The plugin ${id} was removed; it takes no new files.`);
    return current;
  }

  const isOver = (platform: Platform, since: number): boolean =>
    platform.openFiles() === 0 || performance.now() - since >= drainMs;

  return {
    face: {
      id,
      current: () => current,
      reply: async (event) => await current.reply(event),
      check: async (fileId) => await versionFor(fileId).check(fileId),
      read: async (fileId, from, merchant) => await versionFor(fileId).read(fileId, from, merchant),
    },
    replace(next) {
      retiredAt = undefined;
      if (next === current) return;
      leaving.set(current, performance.now());
      current = next;
    },
    retire() {
      retiredAt ??= performance.now();
    },
    takesFiles: () => retiredAt === undefined,
    async tidy() {
      for (const [old, since] of leaving) {
        if (!isOver(old, since)) continue;
        leaving.delete(old);
        await old.close();
      }
      return retiredAt !== undefined && leaving.size === 0 && isOver(current, retiredAt);
    },
    async close() {
      retiredAt ??= performance.now();
      await Promise.all([current, ...leaving.keys()].map((platform) => platform.close()));
    },
  };
}
