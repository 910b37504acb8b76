import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Page } from "../../../core/actions.ts";
import type { ErrorCode } from "../../../core/errors/codes.ts";
import type { ErrorDetails } from "../../../core/errors/errors.ts";

/** How a request proves who sends it. */
export type Proof = { readonly bearer: string } | { readonly platformSecret: string };

export interface Ask {
  readonly proof: Proof;
  readonly method?: "GET" | "POST" | "DELETE";
  readonly json?: unknown;
  readonly text?: string;
  readonly key?: string;
  readonly signal?: AbortSignal;
}

/** A success has `body`, a problem has `problem`; which it is says `status`. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly problem: ErrorDetails & { readonly code?: ErrorCode };
}

/** The headers by which a platform or a person is known, over a body. */
export function headersOf(proof: Proof, body: string): Record<string, string> {
  if ("bearer" in proof) return { authorization: `Bearer ${proof.bearer}` };
  const id = `msg_${randomUUID()}`;
  const at = new Date();
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(proof.platformSecret).sign(id, at, body),
  };
}

/** Whether the connection broke before all of an answer was there; fetch has no better name for it. */
export const isBroken = (error: unknown): boolean =>
  error instanceof TypeError && (error.message === "fetch failed" || error.message === "terminated");

/** One request as any client makes it. Rejects when the connection breaks; a problem is an answer. */
export async function ask<T>(url: string, path: string, given: Ask): Promise<Answer<T>> {
  const { proof, json, text, key, signal } = given;
  const body = json === undefined ? text : JSON.stringify(json);
  const response = await fetch(new URL(path, url), {
    method: given.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...headersOf(proof, body ?? ""),
      ...(body === undefined ? {} : { "content-type": json === undefined ? "text/plain" : "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
  const parsed = (await response.json()) as T & Answer<T>["problem"];
  return { status: response.status, body: parsed, problem: response.ok ? {} : parsed };
}

/** All items of a paged list. */
export async function listAll<T>(url: string, path: string, proof: Proof): Promise<T[]> {
  const items: T[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const cursor: string = after === "" ? "" : `${path.includes("?") ? "&" : "?"}after=${encodeURIComponent(after)}`;
    const { status, body }: Answer<Page<T>> = await ask(url, path + cursor, { proof });
    if (status !== 200) throw new Error(`GET ${path} was answered with ${status}.`);
    items.push(...body.items);
    // Feeds give a cursor at their end too.
    after = body.items.length === 0 ? undefined : body.next;
  }
  return items;
}
