import type { BrokerOptions } from "moleculer";
import { pino } from "pino";

/** What the broker of a node is made of; everything else is Moleculer's default. */
export interface NodeIdentity {
  readonly nodeId: string;
  /** Absent: the node is alone and uses no network. */
  readonly natsUrl?: string | undefined;
}

/** A server that takes the connection and says nothing is given up after this long, not after NATS's 20 s. */
const CONNECT_MS = 5_000;

/**
 * Only what differs from Moleculer's defaults, each with its reason. Retries stay off (the default): a call that moves money is
 * recorded first, and a call that timed out may still be running.
 */
export function brokerOptions({ nodeId, natsUrl }: NodeIdentity): BrokerOptions {
  return {
    // Nodes of one Mergepay find each other and nobody else.
    namespace: "mergepay",
    nodeID: nodeId,
    ...(natsUrl === undefined
      ? {}
      : { transporter: { type: "NATS" as const, options: { url: natsUrl, timeout: CONNECT_MS } } }),
    // Calls name their own timeout (core/call.ts); this one is for what Moleculer calls by itself.
    requestTimeout: 30_000,
    // A node that was killed is noticed within seconds, so that its calls end and others take its work over.
    heartbeatInterval: 2,
    heartbeatTimeout: 6,
    // Stopping waits for requests in flight.
    tracking: { enabled: true, shutdownTimeout: 10_000 },
    // The process's entry decides what a signal means.
    skipProcessEventRegistration: true,
    // Our own services log for themselves; of Moleculer only what an operator must know. A bus that can't be reached is told by gateway/bus.ts,
    // with its address; a call that nobody answers yet is told to its caller, who decides. Standard output is for what commands print.
    logger: {
      type: "Pino",
      options: {
        level: { TRANSPORTER: "fatal", TRANSIT: "error", BROKER: "error", "**": "warn" },
        pino: { destination: pino.destination({ dest: 2, sync: false }) },
      },
    },
    // Parameters are checked at the edge by our own schemas and in each service, not by a second validator.
    validator: false,
  };
}
