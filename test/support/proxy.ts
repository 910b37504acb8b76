/** A TCP proxy on loopback that breaks connections on demand, for what a network does between us and MongoDB or NATS. */
import { connect, createServer, type Server, type Socket } from "node:net";

type Direction = "toServer" | "toClient";

/**
 * What the proxy does with bytes, of both directions where none is named:
 * `pass`: hands them on · `delay`: hands them on that many milliseconds late, in order · `trickle`: hands them on one at a time, with a wait
 * after each · `stall`: takes them and hands nothing on until the fault is taken back, and then all of it, late · `lose`: half open, takes
 * them and throws them away; connections that lost some are reset when the fault is taken back · `drop`: hands on that many more bytes in the
 * direction, counted over all connections, then resets every connection · `cut`: resets every connection and refuses new ones.
 */
export type Fault =
  | { readonly kind: "pass" | "cut" }
  | { readonly kind: "stall" | "lose"; readonly direction?: Direction }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "trickle"; readonly everyMs: number; readonly direction?: Direction }
  | { readonly kind: "drop"; readonly afterBytes: number; readonly direction: Direction };

export interface FaultProxy {
  readonly port: number;
  /** Takes effect at once, for connections under way too. After `drop` has struck, the proxy passes again. */
  set(fault: Fault): void;
  /** Resets every connection under way; new ones are taken. */
  reset(): void;
  /** Connections under way. */
  connections(): number;
  /** Connections cut by a `drop` so far. */
  drops(): number;
  close(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of it were thrown away: nothing that comes after them makes sense. */
  torn: boolean;
}

interface Piece {
  readonly bytes: Buffer;
  /** When it may go on, on the monotonic clock. */
  readonly dueMs: number;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    if (ms <= 0) return resolve();
    setTimeout(resolve, ms);
  });

/** Starts a proxy in front of a loopback port; it passes until told otherwise. */
export async function startProxy(targetPort: number): Promise<FaultProxy> {
  const links = new Set<Link>();
  const held = new Set<() => void>();
  let fault: Fault = { kind: "pass" };
  let allowed = 0;
  let drops = 0;

  const reset = (which: (link: Link) => boolean = () => true): void => {
    for (const link of [...links].filter(which)) {
      link.client.resetAndDestroy();
      link.server.resetAndDestroy();
    }
  };

  const strikes = (kind: "stall" | "lose" | "trickle", direction: Direction): boolean =>
    fault.kind === kind && (fault.direction ?? direction) === direction;

  const strike = (): void => {
    drops += 1;
    fault = { kind: "pass" };
    reset();
  };

  const write = (to: Socket, bytes: Buffer, from: Socket): void => {
    if (to.destroyed) return;
    if (!to.write(bytes)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  };

  /** Hands a piece on when it is due, or does to it what the fault of that moment says. */
  const forward = async (piece: Piece, link: Link, direction: Direction): Promise<void> => {
    const { bytes } = piece;
    const [from, to] = direction === "toServer" ? [link.client, link.server] : [link.server, link.client];
    await pause(piece.dueMs - performance.now());
    while (strikes("stall", direction) && !to.destroyed)
      await new Promise<void>((resolve) => {
        held.add(resolve);
      });
    if (strikes("lose", direction)) {
      link.torn = true;
      return;
    }
    if (fault.kind === "trickle" && strikes("trickle", direction) && bytes.length > 0 && !to.destroyed) {
      write(to, bytes.subarray(0, 1), from);
      const dueMs = performance.now() + fault.everyMs;
      return forward({ bytes: bytes.subarray(1), dueMs }, link, direction);
    }
    if (fault.kind !== "drop" || fault.direction !== direction) return write(to, bytes, from);
    if (bytes.length < allowed) {
      allowed -= bytes.length;
      return write(to, bytes, from);
    }
    const last = bytes.subarray(0, allowed);
    if (last.length > 0 && !to.destroyed) await new Promise((resolve) => to.write(last, resolve));
    strike();
  };

  const pipe = (link: Link, direction: Direction): void => {
    const [from, to] = direction === "toServer" ? [link.client, link.server] : [link.server, link.client];
    // One chain a direction keeps the order also when pieces wait.
    let chain: Promise<void> = Promise.resolve();
    from.on("data", (bytes: Buffer) => {
      const dueMs = fault.kind === "delay" ? performance.now() + fault.delayMs : 0;
      chain = chain.then(() => forward({ bytes, dueMs }, link, direction));
    });
    from.on("end", () => {
      chain = chain.then(() => void to.end());
    });
  };

  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    // A reset is what this proxy is for; the close event below does the tidying.
    client.on("error", () => undefined);
    if (fault.kind === "cut") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true });
    const link: Link = { client, server: upstream, torn: false };
    links.add(link);
    const gone = (other: Socket) => () => {
      links.delete(link);
      other.destroy();
      release();
    };
    upstream.on("error", () => client.resetAndDestroy());
    client.on("close", gone(upstream));
    upstream.on("close", gone(client));
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    pipe(link, "toServer");
    pipe(link, "toClient");
  });

  const release = (): void => {
    const waiting = [...held];
    held.clear();
    for (const go of waiting) go();
  };

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");

  return {
    port: address.port,
    set(next) {
      fault = next;
      reset(({ torn }) => torn);
      if (next.kind === "drop") allowed = next.afterBytes;
      if (next.kind === "cut") reset();
      release();
    },
    reset: () => reset(),
    connections: () => links.size,
    drops: () => drops,
    async close() {
      fault = { kind: "pass" };
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      reset();
      release();
      await closed;
    },
  };
}
