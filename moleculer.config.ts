import type { BrokerOptions } from "moleculer";

/** What the broker of a node is made of; everything else is Moleculer's default. */
export interface NodeIdentity {
  readonly nodeId: string;
  /** Absent: the node is alone and uses no network. */
  readonly natsUrl?: string | undefined;
}

/**
 * Only what differs from Moleculer's defaults, each with its reason. Retries stay off (the default): a call that moves money is
 * recorded first, and a call that timed out may still be running.
 */
export function brokerOptions({ nodeId, natsUrl }: NodeIdentity): BrokerOptions {
  return {
    // Nodes of one Mergepay find each other and nobody else.
    namespace: "mergepay",
    nodeID: nodeId,
    ...(natsUrl === undefined ? {} : { transporter: { type: "NATS" as const, options: { url: natsUrl } } }),
    // Calls name their own timeout (core/call.ts); this one is for what Moleculer calls by itself.
    requestTimeout: 30_000,
    // A node that was killed is noticed within seconds, so that its calls end and others take its work over.
    heartbeatInterval: 2,
    heartbeatTimeout: 6,
    // Stopping waits for requests in flight.
    tracking: { enabled: true, shutdownTimeout: 10_000 },
    // The process's entry decides what a signal means.
    skipProcessEventRegistration: true,
    // Our own services log for themselves; of Moleculer only what an operator must know.
    logger: { type: "Pino", options: { level: "warn" } },
    // Parameters are checked at the edge by our own schemas and in each service, not by a second validator.
    validator: false,
  };
}
