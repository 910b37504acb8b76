import { createHash } from "node:crypto";
import type { Call } from "../core/actions.ts";
import type { Point } from "../core/deps.ts";
import { MergepayError } from "../core/errors/errors.ts";
import { assertSameBytes } from "../core/files/manifest.ts";
import { fileIdOf } from "../core/files/model.ts";
import { assertRegistered } from "../core/files/sender.ts";
import type { Limits } from "../core/limits.ts";
import type { BlobStore } from "../core/store/contract.ts";
import type { DryRun, FileReport, Manifest } from "../schemas/types.generated.ts";

export interface IntakeDeps {
  readonly call: Call;
  readonly blobs: BlobStore;
  readonly limits: Pick<Limits, "fileBytes" | "dryRunBytes" | "dryRunMs">;
  /** Told when the bytes are kept and the file is not recorded yet; crash tests end the process there. */
  readonly reached?: (point: Point) => void;
}

export interface IncomingFile {
  readonly platform: string;
  readonly merchant: string | null;
  readonly name?: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The `confirmation` of a dry run: the file must be the very one. */
  readonly confirm?: string;
  /** What the file must be; it is held against it before anything is created. */
  readonly manifest?: Manifest;
  /** Called with the last byte in and before anything is kept; throws to refuse the file. */
  readonly admit?: () => void;
}

/** A file with all of its bytes in and nothing of it kept yet. */
interface Arrived {
  readonly staged: Awaited<ReturnType<BlobStore["stage"]>>;
  readonly sha256: string;
  readonly fileId: string;
}

/**
 * Takes a file in, whichever way it came: streams it to the blob store while counting and hashing, and records it once it is whole.
 * @throws PLATFORM_UNKNOWN, PLATFORM_UNAVAILABLE, FILE_TOO_LARGE at one byte more than the limit, FILE_EMPTY, CONFIRMATION_MISMATCH, MANIFEST_MISMATCH, what `admit` throws; nothing
 * is kept then
 */
export async function takeIn(deps: IntakeDeps, file: IncomingFile): Promise<FileReport & { existed: boolean }> {
  const { call, limits, reached } = deps;
  const { platform, merchant, name, confirm, manifest } = file;
  const tooLarge = () =>
    new MergepayError("FILE_TOO_LARGE", `A file has at most ${limits.fileBytes} bytes; send it in parts.`);
  const { staged, sha256, fileId } = await arrive(deps, file, limits.fileBytes, tooLarge);
  if (confirm !== undefined && confirm !== fileId) {
    await staged.discard();
    throw new MergepayError(
      "CONFIRMATION_MISMATCH",
      "The bytes, the platform or the merchant are not those of the dry run; nothing was kept. Make a dry run of this file first.",
    );
  }
  await staged.commit(fileId);
  reached?.("file.blob-stored");
  return call("files.receive", {
    fileId,
    platform,
    merchant,
    sha256,
    bytes: staged.bytes,
    ...(name === undefined ? {} : { name }),
    ...(manifest === undefined ? {} : { manifest }),
  });
}

/**
 * Says what a file would become, and keeps nothing of it.
 * @throws as `takeIn`; DRY_RUN_TOO_LARGE; what would end the file: FILE_..., PLUGIN_...
 */
export async function tryOut(deps: IntakeDeps, file: IncomingFile): Promise<DryRun> {
  const { dryRunBytes, dryRunMs } = deps.limits;
  const { platform, merchant, manifest } = file;
  const tooLarge = () =>
    new MergepayError(
      "DRY_RUN_TOO_LARGE",
      `A dry run takes at most ${dryRunBytes} bytes. Nothing was kept; try a part of the file, or send it as it is.`,
    );
  const { staged, sha256 } = await arrive(deps, file, dryRunBytes, tooLarge);
  try {
    const { id: blobId, bytes } = staged;
    // A little more time than the dry run takes for itself, so that it is the one to say what is wrong.
    const options = { timeoutMs: dryRunMs + 5_000 };
    const given = manifest === undefined ? {} : { manifest };
    return await deps.call("files.foresee", { blobId, platform, merchant, sha256, bytes, ...given }, options);
  } finally {
    await staged.discard();
  }
}

/** Stages bytes while they are counted and hashed. @throws what `tooLarge` gives at one byte more than the limit */
export async function stageHashed(
  blobs: BlobStore,
  bytes: AsyncIterable<Uint8Array>,
  maximumBytes: number,
  tooLarge: () => MergepayError,
): Promise<Pick<Arrived, "staged" | "sha256">> {
  const hash = createHash("sha256");
  async function* counted(): AsyncGenerator<Uint8Array> {
    let count = 0;
    for await (const piece of bytes) {
      count += piece.length;
      if (count > maximumBytes) throw tooLarge();
      hash.update(piece);
      yield piece;
    }
  }
  const staged = await blobs.stage(counted());
  return { staged, sha256: hash.digest("hex") };
}

/** Stages the bytes, and lets in what may come in; drops them otherwise. */
async function arrive(
  { call, blobs }: IntakeDeps,
  { platform, merchant, bytes, manifest, admit }: IncomingFile,
  maximumBytes: number,
  tooLarge: () => MergepayError,
): Promise<Arrived> {
  const { staged, sha256 } = await stageHashed(blobs, bytes, maximumBytes, tooLarge);
  try {
    admit?.();
    if (staged.bytes === 0) throw new MergepayError("FILE_EMPTY");
    assertSameBytes(manifest, sha256);
    await assertRegistered(call, platform);
  } catch (error) {
    await staged.discard();
    throw error;
  }
  return { staged, sha256, fileId: fileIdOf(platform, merchant, sha256) };
}
