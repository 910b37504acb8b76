import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Event } from "../../schemas/types.generated.ts";

/** A delivery as it came in, its signature checked by the official library. */
export interface Told {
  readonly platform: string;
  readonly webhookId: string;
  readonly event: Event;
}

export interface Receiver {
  /** Every delivery in the order in which it came, repeated ones too. */
  readonly told: readonly Told[];
  /** Deliveries whose signature did not fit. */
  readonly refused: readonly string[];
  url(platform: string): string;
  /** The secret that came with the platform's endpoint; deliveries with another signature are refused. */
  trust(platform: string, secret: string): void;
  stop(): Promise<void>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}

/** Stands for the platforms' servers, in the demonstration and in tests: takes webhooks on loopback and checks who signed them. */
export async function startReceiver(): Promise<Receiver> {
  const told: Told[] = [];
  const refused: string[] = [];
  const secrets = new Map<string, string>();
  const server = createServer((request, response) => {
    const platform = (request.url ?? "/").slice(1);
    const take = async () => {
      const body = await textOf(request);
      const headers = request.headers as Record<string, string>;
      const event = new Webhook(secrets.get(platform) ?? "").verify(body, headers) as Event;
      told.push({ platform, webhookId: headers["webhook-id"] ?? "", event });
    };
    take().then(
      () => response.writeHead(204).end(),
      (error: unknown) => {
        refused.push(`${platform}: ${String(error)}`);
        response.writeHead(401).end();
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    told,
    refused,
    url: (platform) => `http://127.0.0.1:${port}/${platform}`,
    trust: (platform, secret) => void secrets.set(platform, secret),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
