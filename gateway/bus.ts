import type { EventEmitter } from "node:events";
import type { Log } from "../core/deps.ts";

/** The part of a broker that tells of itself what no service can hear yet. */
export interface Bus {
  readonly localBus: Pick<EventEmitter, "on">;
}

const REPEAT_MS = 60_000;

/** The addresses as they may be shown: without user and password. */
export const shownNatsUrl = (natsUrl: string): string =>
  natsUrl
    .split(",")
    .map((one) => {
      const { protocol, host } = new URL(one);
      return `${protocol}//${host}`;
    })
    .join(",");

/**
 * Says which NATS can't be reached while a node starts, at once and then every minute: moleculer tries every five seconds for as long as it
 * takes, and names no address.
 */
export function watchBus({ localBus }: Bus, natsUrl: string, log: Log, now: () => number): void {
  const url = shownNatsUrl(natsUrl);
  let toldAt: number | undefined;
  localBus.on("$transporter.error", ({ error }: { readonly error: { readonly code?: string } }) => {
    if (toldAt !== undefined && now() - toldAt < REPEAT_MS) return;
    toldAt = now();
    const { code = "INTERNAL" } = error;
    const why = code === "AUTHORIZATION_VIOLATION" ? "refuses the user or password" : "can't be reached";
    log.error(
      { url, code },
      `NATS at ${url} ${why} (${code}), and the node waits for it: start NATS there, or correct NATS_URL. It is tried again every 5 s.`,
    );
  });
  localBus.on("$transporter.connected", () => {
    if (toldAt !== undefined) log.info({ url }, "NATS is reached now.");
    toldAt = undefined;
  });
}
