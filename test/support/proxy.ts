/** A TCP proxy on loopback that breaks connections on demand, for what a network does between us and MongoDB or NATS. */
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What the proxy does with bytes:
 * `pass`: hands them on · `delay`: hands them on that many milliseconds late, in order · `stall`: takes them and hands nothing on
 * until the fault is taken back · `drop`: hands on that many more bytes in the direction, counted over all connections, then resets every
 * connection · `cut`: resets every connection and refuses new ones.
 */
export type Fault =
  | { readonly kind: "pass" | "stall" | "cut" }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "drop"; readonly afterBytes: number; readonly direction: "toServer" | "toClient" };

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

type Direction = "toServer" | "toClient";

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

interface Piece {
  readonly bytes: Buffer;
  /** When it may go on, on the monotonic clock. */
  readonly dueMs: number;
}

/** Starts a proxy in front of a loopback port; it passes until told otherwise. */
export async function startProxy(targetPort: number): Promise<FaultProxy> {
  const links = new Set<Link>();
  const held = new Set<() => void>();
  let fault: Fault = { kind: "pass" };
  let allowed = 0;
  let drops = 0;

  const reset = (): void => {
    for (const link of links) {
      link.client.resetAndDestroy();
      link.server.resetAndDestroy();
    }
  };

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
  const forward = async (piece: Piece, from: Socket, to: Socket, direction: Direction): Promise<void> => {
    const { bytes } = piece;
    const waitMs = piece.dueMs - performance.now();
    if (waitMs > 0)
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    while (fault.kind === "stall" && !to.destroyed)
      await new Promise<void>((resolve) => {
        held.add(resolve);
      });
    if (fault.kind !== "drop" || fault.direction !== direction) return write(to, bytes, from);
    if (bytes.length < allowed) {
      allowed -= bytes.length;
      return write(to, bytes, from);
    }
    const last = bytes.subarray(0, allowed);
    if (last.length > 0 && !to.destroyed) await new Promise((resolve) => to.write(last, resolve));
    strike();
  };

  const pipe = (from: Socket, to: Socket, direction: Direction): void => {
    // One chain a direction keeps the order also when pieces wait.
    let chain: Promise<void> = Promise.resolve();
    from.on("data", (bytes: Buffer) => {
      const dueMs = fault.kind === "delay" ? performance.now() + fault.delayMs : 0;
      chain = chain.then(() => forward({ bytes, dueMs }, from, to, direction));
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
    const link: Link = { client, server: upstream };
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
    pipe(client, upstream, "toServer");
    pipe(upstream, client, "toClient");
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
      if (next.kind === "drop") allowed = next.afterBytes;
      if (next.kind === "cut") reset();
      release();
    },
    reset,
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
