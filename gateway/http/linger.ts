import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/** True when the request has a body whose last byte was not received yet. */
export function hasUnreadBody(request: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  return (
    !request.complete &&
    !request.readableEnded &&
    !request.destroyed &&
    (coding !== undefined || (length ?? "0") !== "0")
  );
}

/**
 * An answer that is whole at once (its Content-Length says so) but ends only when the sender has stopped sending, or after `ms`.
 * A connection closed on a sender that still writes is reset, and the reset takes the answer with it.
 */
export function lingering(request: IncomingMessage, answer: string, ms: number): Readable {
  async function* pieces(): AsyncGenerator<string> {
    yield answer;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      request.once("end", done).once("close", done).once("error", done);
      request.resume();
    });
  }
  return Readable.from(pieces(), { objectMode: false });
}
