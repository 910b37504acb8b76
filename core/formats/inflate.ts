import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import { MergepayError } from "../errors/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { archiveBroken, archiveRatio, fileTooLarge } from "./faults.ts";

/** A file that grows by more than this when it is unpacked is refused: what people pack grows by ten to fifty. */
const RATIO_MAX = 200;
/** Small files may grow as they like. */
const RATIO_FROM_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** What has come out of one entry or member. */
export interface Content {
  crc: number;
  size: number;
}

/** Counts all that comes out of an archive, of all members together, and ends it when it is too much. */
export interface Meter {
  /**
   * @param part bytes that came out, @param packed bytes of the archive used for all so far
   * @throws FILE_ARCHIVE_RATIO, FILE_TOO_LARGE
   */
  count(part: number, packed: number): void;
}

/** @param fileBytes as many bytes as may come out */
export function createMeter(fileBytes: number): Meter {
  let size = 0;
  return {
    count(part, packed) {
      size += part;
      if (size > fileBytes) throw fileTooLarge(fileBytes);
      if (size > RATIO_FROM_BYTES && size > packed * RATIO_MAX) throw archiveRatio(RATIO_MAX);
    },
  };
}

/**
 * Unpacks one deflate stream and leaves the source behind its end; adds up what comes out in `content`.
 * @throws FILE_ARCHIVE_BROKEN, FILE_ARCHIVE_RATIO, FILE_TOO_LARGE
 */
export async function* inflate(source: ByteSource, meter: Meter, content: Content): AsyncGenerator<Uint8Array> {
  const engine = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const start = source.position();
  const feeding = feed(engine, source);
  // What goes wrong in feeding comes out of the engine.
  feeding.catch((error: unknown) =>
    engine.destroy(error instanceof Error ? error : new Error("not an error", { cause: error })),
  );
  try {
    for await (const chunk of engine) {
      const part = chunk as Uint8Array;
      meter.count(part.length, start + engine.bytesWritten);
      content.crc = crc32(part, content.crc);
      content.size += part.length;
      yield part;
    }
    // Only then is the source behind the end.
    await feeding;
  } catch (error) {
    throw isOfZlib(error)
      ? archiveBroken("Its compressed data is damaged or cut off.", { position: `byte ${start}` })
      : error;
  } finally {
    engine.destroy();
  }
}

/** What is stored as it is, `size` bytes of it; the same as `inflate` in all else. */
export async function* stored(
  source: ByteSource,
  size: number,
  meter: Meter,
  content: Content,
): AsyncGenerator<Uint8Array, void, undefined> {
  while (content.size < size) {
    const piece = await source.next();
    if (piece === undefined) throw archiveBroken("It is cut off.");
    const part = piece.subarray(0, size - content.size);
    if (part.length < piece.length) source.putBack(piece.subarray(part.length));
    meter.count(part.length, source.position());
    content.crc = crc32(part, content.crc);
    content.size += part.length;
    yield part;
  }
}

/** Gives the engine piece after piece, each when the one before is used up, until it wants no more. */
async function feed(engine: InflateRaw, source: ByteSource): Promise<void> {
  let given = 0;
  for (;;) {
    const piece = await source.next();
    if (piece === undefined) {
      engine.end();
      return;
    }
    const used = Promise.withResolvers<void>();
    engine.write(piece, (error) => (error ? used.reject(error) : used.resolve()));
    await used.promise;
    given += piece.length;
    const left = given - engine.bytesWritten;
    if (left > 0) {
      source.putBack(piece.subarray(piece.length - left));
      return;
    }
  }
}

const isOfZlib = (error: unknown): boolean =>
  !(error instanceof MergepayError) &&
  error instanceof Error &&
  /^Z_[A-Z]+_ERROR$/.test(String((error as NodeJS.ErrnoException).code));
