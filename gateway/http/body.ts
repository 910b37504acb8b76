import type { Readable } from "node:stream";
import { MergepayError } from "../../core/errors/errors.ts";

export interface BodyBounds {
  readonly maximumBytes: number;
  readonly tooLarge: "BODY_TOO_LARGE" | "FILE_TOO_LARGE";
  /** Longest wait for the next piece. */
  readonly idleMs: number;
  /** Longest time for the whole; absent: only the server's own deadline. */
  readonly totalMs?: number;
}

/**
 * The pieces of a request's body, counted here because no framework limit binds a streamed body. The request is left open when
 * reading stops early, so that it can still be answered.
 * @throws the `tooLarge` code at the first byte over the limit, REQUEST_TIMEOUT, REQUEST_MALFORMED when the sender hangs up
 */
export async function* boundedBody(request: Readable, bounds: BodyBounds): AsyncGenerator<Uint8Array, void, void> {
  const tooLarge = (): MergepayError =>
    new MergepayError(bounds.tooLarge, `The body may have at most ${bounds.maximumBytes} bytes.`);
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  const endMs = performance.now() + (bounds.totalMs ?? Number.POSITIVE_INFINITY);
  let bytes = 0;
  let waiting = false;
  try {
    for (;;) {
      waiting = true;
      const piece = await within(pieces.next(), Math.min(bounds.idleMs, endMs - performance.now()));
      waiting = false;
      if (piece.done === true) return;
      bytes += piece.value.length;
      if (bytes > bounds.maximumBytes) throw tooLarge();
      yield piece.value;
    }
  } catch (error) {
    if (error instanceof MergepayError) throw error;
    throw new MergepayError("REQUEST_MALFORMED", "The connection ended before the body did.", {}, { cause: error });
  } finally {
    // A read that is still waiting can't be taken back; it ends with the connection.
    if (!waiting) await pieces.return?.();
  }
}

/** The whole body in memory, bounded. */
export async function wholeBody(request: Readable, bounds: BodyBounds): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of boundedBody(request, bounds)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      reject(new MergepayError("REQUEST_TIMEOUT", "The body did not arrive in time; send it again."));
    },
    Math.max(0, ms),
  );
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer);
  });
}
