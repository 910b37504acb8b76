/** A stream of bytes that is taken in parts of any size: headers whole, content as it comes. */
export interface ByteSource {
  /** Bytes taken so far. */
  readonly position: () => number;
  /** As many bytes as told, without taking them; fewer only at the end. */
  peek(count: number): Promise<Buffer>;
  /** As many bytes as told; fewer only at the end. */
  take(count: number): Promise<Buffer>;
  /** The next bytes, however many; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Gives bytes back that were taken last. */
  putBack(bytes: Uint8Array): void;
  /** All that is left; closes the source when it ends or nobody wants more. */
  rest(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

export function byteSource(bytes: AsyncIterable<Uint8Array>): ByteSource {
  const pieces = bytes[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let taken = 0;
  let ended = false;
  let waiting = false;

  async function more(): Promise<Uint8Array | undefined> {
    while (!ended) {
      waiting = true;
      const { value, done } = await pieces.next();
      waiting = false;
      if (done === true) ended = true;
      else if (value.length > 0) return value;
    }
    return undefined;
  }

  async function peek(count: number): Promise<Buffer> {
    const parts = [held];
    let size = held.length;
    while (size < count) {
      const piece = await more();
      if (piece === undefined) break;
      parts.push(piece);
      size += piece.length;
    }
    if (parts.length > 1) held = Buffer.concat(parts, size);
    return Buffer.from(held.subarray(0, count));
  }

  async function next(): Promise<Uint8Array | undefined> {
    const piece = held.length > 0 ? held : await more();
    held = new Uint8Array(0);
    taken += piece?.length ?? 0;
    return piece;
  }

  async function close(): Promise<void> {
    ended = true;
    const closed = pieces.return?.();
    // A piece that somebody still waits for may be long in coming, or never come: whoever closes is not held up by it.
    if (waiting) closed?.catch(() => undefined);
    else await closed;
  }

  return {
    position: () => taken,
    peek,
    async take(count) {
      const part = await peek(count);
      held = held.subarray(part.length);
      taken += part.length;
      return part;
    },
    next,
    putBack(part) {
      held = held.length === 0 ? part : Buffer.concat([part, held]);
      taken -= part.length;
    },
    async *rest() {
      try {
        for (let piece = await next(); piece !== undefined; piece = await next()) yield piece;
      } finally {
        await close();
      }
    },
    close,
  };
}
