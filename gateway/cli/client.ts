import { Webhook } from "standardwebhooks";
import { randomUUID } from "node:crypto";
import type { ErrorCode } from "../../core/errors/codes.ts";
import { MergepayError } from "../../core/errors/errors.ts";

/** How a request of the client proves who sends it. */
export type Proof = { readonly bearer: string } | { readonly platformSecret: string };

export interface ClientRequest {
  readonly proof: Proof;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly idempotencyKey?: string;
}

/** Speaks Mergepay's HTTP API the way anybody outside does. @throws MergepayError made of the problem that was answered */
export async function request<T>(base: string, method: "GET" | "POST", path: string, given: ClientRequest): Promise<T> {
  const { proof, json, bytes, idempotencyKey } = given;
  const body = json === undefined ? bytes : Buffer.from(JSON.stringify(json));
  const headers: Record<string, string> = {
    ...("bearer" in proof
      ? { authorization: `Bearer ${proof.bearer}` }
      : signed(proof.platformSecret, body ?? new Uint8Array())),
    ...(body === undefined
      ? {}
      : { "content-type": json === undefined ? "application/octet-stream" : "application/json" }),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
  const answer = await fetch(new URL(path, base), {
    method,
    headers,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  const parsed = (await answer.json()) as { code?: ErrorCode; detail?: string };
  if (answer.ok) return parsed as T;
  throw new MergepayError(parsed.code ?? "INTERNAL", `${method} ${path}: ${parsed.detail ?? answer.status}`);
}

/** The headers of Standard Webhooks over a body. */
function signed(secret: string, body: Uint8Array): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const at = new Date();
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, Buffer.from(body).toString("utf8")),
  };
}
