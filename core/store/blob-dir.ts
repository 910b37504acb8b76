/**
 * Blobs as files: `<dir>/<2>/<2>/<id>`, the folders named by the end of the id (its start is the same for all). Bytes are written
 * to a temporary file, fsynced and renamed, and the folder is fsynced, so that what is visible is whole and stays.
 */
import { randomUUID } from "node:crypto";
import { createReadStream, existsSync, renameSync } from "node:fs";
import { mkdir, open, readdir, rm, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MergepayError } from "../errors/errors.ts";
import type { BlobStore } from "./contract.ts";

const ID = /^[a-z0-9_-]{1,200}$/;
/** Begins the ids of what is staged. */
export const STAGED = "staged-";
const PIECE_BYTES = 64 * 1024;

/** Ids become file names: only what can't climb out of the folder, and is the same on every file system. */
export function assertBlobId(id: string): void {
  if (!ID.test(id)) throw new TypeError("blob id: 1 to 200 of a-z, 0-9, _ and - only.");
}

export const blobNotFound = (id: string): MergepayError =>
  new MergepayError("NOT_FOUND", `There are no bytes stored under ${id}.`);

const isMissing = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "ENOENT";

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A folder that outlives a power cut: each new level's entry is fsynced in the level above. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let level = path; ; level = dirname(level)) {
    await syncFolder(dirname(level));
    if (level === first) return;
  }
}

export async function writeAll(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, "wx", 0o600);
  let written = 0;
  try {
    for await (const piece of bytes) {
      await file.writeFile(piece);
      written += piece.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return written;
}

/** Opens the folder, dropping uploads that a crash left. One process only, which the database's lock sees to. */
export async function openBlobDirectory(dir: string): Promise<BlobStore> {
  const staging = join(dir, "staged");
  await makeFolder(staging);
  for (const name of await readdir(staging)) await rm(join(staging, name), { force: true, recursive: true });

  const pathOf = (id: string): string => {
    assertBlobId(id);
    if (id.startsWith(STAGED)) return join(staging, id);
    const end = id.slice(-4).padStart(4, "_");
    return join(dir, end.slice(2), end.slice(0, 2), id);
  };

  const store: BlobStore = {
    async has(id) {
      try {
        return (await stat(pathOf(id))).isFile();
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    async *open(id) {
      const path = pathOf(id);
      try {
        for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) yield piece as Uint8Array;
      } catch (error) {
        throw isMissing(error) ? blobNotFound(id) : error;
      }
    },
    async stage(bytes) {
      const own = `${STAGED}${randomUUID()}`;
      const temporary = pathOf(own);
      let size: number;
      try {
        size = await writeAll(temporary, bytes);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      return {
        id: own,
        bytes: size,
        async commit(id) {
          const path = pathOf(id);
          await makeFolder(dirname(path));
          // Looking and renaming in one go: nothing else of this process can come between, and no other process writes here.
          const existed = existsSync(path);
          if (existed) await unlink(temporary);
          else renameSync(temporary, path);
          await syncFolder(dirname(path));
          return { existed };
        },
        discard: () => rm(temporary, { force: true }),
      };
    },
    async put(id, bytes) {
      if (await store.has(id)) {
        let size = 0;
        for await (const piece of bytes) size += piece.byteLength;
        return { existed: true, bytes: size };
      }
      const staged = await store.stage(bytes);
      return { ...(await staged.commit(id)), bytes: staged.bytes };
    },
  };
  return store;
}
