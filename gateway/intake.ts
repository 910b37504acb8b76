import { createHash } from "node:crypto";
import type { Call } from "../core/actions.ts";
import type { Point } from "../core/deps.ts";
import { MergepayError } from "../core/errors/errors.ts";
import { fileIdOf } from "../core/files/model.ts";
import type { Limits } from "../core/limits.ts";
import type { BlobStore } from "../core/store/contract.ts";
import type { FileReport } from "../schemas/types.generated.ts";

export interface IntakeDeps {
  readonly call: Call;
  readonly blobs: BlobStore;
  readonly limits: Pick<Limits, "fileBytes">;
  /** Told when the bytes are kept and the file is not recorded yet; crash tests end the process there. */
  readonly reached?: (point: Point) => void;
}

export interface IncomingFile {
  readonly platform: string;
  readonly merchant: string | null;
  readonly name?: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Called with the last byte in and before anything is kept; throws to refuse the file. */
  readonly admit?: () => void;
}

/**
 * Takes a file in, whichever way it came: streams it to the blob store while counting and hashing, and records it once it is whole.
 * @throws PLATFORM_UNKNOWN, FILE_TOO_LARGE at one byte more than the limit, FILE_EMPTY, what `admit` throws; nothing is kept then
 */
export async function takeIn(
  { call, blobs, limits, reached }: IntakeDeps,
  { platform, merchant, name, bytes, admit }: IncomingFile,
): Promise<FileReport & { existed: boolean }> {
  const hash = createHash("sha256");
  async function* counted(): AsyncGenerator<Uint8Array> {
    let count = 0;
    for await (const piece of bytes) {
      count += piece.length;
      if (count > limits.fileBytes)
        throw new MergepayError("FILE_TOO_LARGE", `A file has at most ${limits.fileBytes} bytes; send it in parts.`);
      hash.update(piece);
      yield piece;
    }
  }
  const staged = await blobs.stage(counted());
  try {
    admit?.();
    if (staged.bytes === 0) throw new MergepayError("FILE_EMPTY");
    const { items: platforms } = await call("bank-adapter.platforms", {});
    if (!platforms.some((known) => known.platform === platform)) throw new MergepayError("PLATFORM_UNKNOWN");
  } catch (error) {
    await staged.discard();
    throw error;
  }
  const sha256 = hash.digest("hex");
  const fileId = fileIdOf(platform, merchant, sha256);
  await staged.commit(fileId);
  reached?.("file.blob-stored");
  const named = name === undefined ? {} : { name };
  return call("files.receive", { fileId, platform, merchant, sha256, bytes: staged.bytes, ...named });
}
