/** What the tests of the HTTP edge share: an app over a stubbed bus, keys, and signed requests. */
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { SignJWT } from "jose";
import { expect } from "chai";
import { createHash } from "node:crypto";
import { type SinonStub, stub } from "sinon";
import { Webhook } from "standardwebhooks";
import type { ActionName, Actions } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { LIMITS, type Limits } from "../../../core/limits.ts";
import type { BlobStore } from "../../../core/store/contract.ts";
import { type Principal, SCOPES } from "../../../gateway/http/auth.ts";
import { buildApp } from "../../../gateway/http/app.ts";
import type { HttpDeps, RequestLog } from "../../../gateway/http/deps.ts";
import { PROBLEM_TYPE } from "../../../gateway/http/problems.ts";

export { CARELESS, DOCS, IDS } from "./documents.ts";

export const NOW_MS = Date.parse("2025-06-01T12:00:00.000Z");
const secret = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;
export const SECRETS: Readonly<Record<string, readonly string[]>> = {
  acme: [secret(1)],
  bolt: [secret(2)],
  turning: [secret(3), secret(4)],
};
export const JWT_SECRET = new Uint8Array(32).fill(7);
const operatorKey = (name: string): string => `mpk_${name.padEnd(32, "0")}`;
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  all: SCOPES,
  reader: ["read"],
  uploader: ["files:write"],
};

export const AUTH: HttpDeps["auth"] = {
  platformSecrets: (platform) => SECRETS[platform] ?? [],
  manifestRequired: (platform) => platform === "turning",
  payerJwtSecret: JWT_SECRET,
  operatorKeys: Object.entries(OPERATORS).map(([name, scopes]) => ({
    id: name,
    sha256: createHash("sha256").update(operatorKey(name)).digest("hex"),
    scopes,
  })),
};

/** Signs as the official library does. */
export function signed(platform: string, body: string | Buffer, nowMs = NOW_MS): Record<string, string> {
  const id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
  const [key = ""] = SECRETS[platform] ?? [];
  return {
    "webhook-id": id,
    "webhook-timestamp": Math.floor(nowMs / 1000).toString(),
    "webhook-signature": new Webhook(key).sign(id, new Date(nowMs), body),
  };
}

export const operator = (name: "all" | "reader" | "uploader" = "all"): Record<string, string> => ({
  authorization: `Bearer ${operatorKey(name)}`,
});

export async function payer(userId: string): Promise<Record<string, string>> {
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setAudience("mergepay")
    .setExpirationTime(Math.floor(NOW_MS / 1000) + 600)
    .sign(JWT_SECRET);
  return { authorization: `Bearer ${token}` };
}

/** Headers with which this principal makes the request. */
export function headersFor(
  who: Principal,
  method: string,
  target: string,
  body?: string,
): Promise<Record<string, string>> | Record<string, string> {
  if (who.kind === "operator") return operator();
  if (who.kind === "payer") return payer(who.userId);
  return { "mergepay-platform": who.platform, ...signed(who.platform, body ?? `${method} ${target}`) };
}

/** Blobs in memory, with a count of what was staged and dropped. */
export function memoryBlobs() {
  const kept = new Map<string, Buffer>();
  const seen = { staged: 0, discarded: 0, failed: 0 };
  const blobs: BlobStore = {
    put: () => Promise.reject(new Error("not used")),
    has: (id) => Promise.resolve(kept.has(id)),
    async *open(id) {
      await Promise.resolve();
      const bytes = kept.get(id);
      if (bytes === undefined) throw new MergepayError("NOT_FOUND");
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
    async stage(bytes) {
      seen.staged += 1;
      const pieces: Uint8Array[] = [];
      try {
        for await (const piece of bytes) pieces.push(piece);
      } catch (error) {
        seen.failed += 1;
        throw error;
      }
      const whole = Buffer.concat(pieces);
      return {
        id: `staged-${seen.staged}`,
        bytes: whole.length,
        commit: (id) => {
          const existed = kept.has(id);
          kept.set(id, whole);
          return Promise.resolve({ existed });
        },
        discard: () => {
          seen.discarded += 1;
          return Promise.resolve();
        },
      };
    },
  };
  return { blobs, kept, seen };
}

export type Handlers = { [N in ActionName]?: (params: Actions[N]["params"]) => unknown };

export interface Edge {
  readonly app: FastifyInstance;
  readonly deps: HttpDeps;
  readonly call: SinonStub;
  readonly store: ReturnType<typeof memoryBlobs>;
  readonly logged: RequestLog[];
  ask(options: InjectOptions & { as?: Principal }): Promise<LightMyRequestResponse>;
}

/** What every node has: the platforms that are registered. */
const REGISTERED: Handlers = {
  "plugins.has": () => ({ here: false }),
  "bank-adapter.platforms": () => ({
    items: Object.keys(SECRETS).map((platform) => ({
      platform,
      title: platform,
      version: "1-3f2a90c1d2e4",
      currencies: ["EUR"],
      fees: {},
      settlementAccount: `settlement-${platform}`,
    })),
  }),
};

/** Whether the document says that this route may answer with this code; of what is no route of it, nothing is said. */
function documentedBy(app: FastifyInstance): (method: string, target: string, code: string) => boolean {
  const routes = Object.entries(app.swagger().paths ?? {}).map(([path, methods]) => ({
    // A path without parameters is the better one of two that fit.
    path: new RegExp(`^${path.replaceAll(/\{[a-z]+\}/gi, "[^/]*")}$`, "u"),
    free: path.includes("{"),
    methods: methods as Record<string, { responses: object }>,
  }));
  routes.sort((a, b) => Number(a.free) - Number(b.free));
  return (method, target, code) => {
    const [path = ""] = target.split("?");
    const found = routes.find((route) => route.path.test(path) && method.toLowerCase() in route.methods);
    const responses = found?.methods[method.toLowerCase()]?.responses;
    return responses === undefined || JSON.stringify(responses).includes(`\`${code}\``);
  };
}

/** An app over these handlers; an action without one is an internal error. */
export async function edge(
  handlers: Handlers = {},
  options: { limits?: Partial<Limits>; more?: Partial<HttpDeps> } = {},
): Promise<Edge> {
  const store = memoryBlobs();
  const logged: RequestLog[] = [];
  let ids = 0;
  const call = stub().callsFake((name: ActionName, params: never) => {
    const handler = (handlers[name] ?? REGISTERED[name]) as ((params: never) => unknown) | undefined;
    if (handler === undefined) return Promise.reject(new Error(`no handler for ${name}`));
    return Promise.resolve(params).then(handler);
  });
  const deps: HttpDeps = {
    call,
    blobs: store.blobs,
    auth: AUTH,
    limits: { ...LIMITS, ...options.limits },
    now: () => NOW_MS,
    newId: (prefix) => `${prefix}_${(ids += 1).toString().padStart(26, "0")}`,
    log: { info: (fields) => logged.push(fields), error: (fields) => logged.push(fields) },
    ready: () => Promise.resolve({ ok: true, checks: { store: "ok" } }),
    ...options.more,
  };
  const app = await buildApp(deps);
  await app.ready();
  const isDocumented = documentedBy(app);
  return {
    app,
    deps,
    call,
    store,
    logged,
    async ask({ as, ...request }) {
      const target = typeof request.url === "string" ? request.url : "/";
      const method = request.method ?? "GET";
      const payload = typeof request.payload === "string" ? request.payload : undefined;
      const own = as === undefined ? {} : await headersFor(as, method, target, payload);
      const answer = await app.inject({ ...request, headers: { ...own, ...request.headers } });
      // The answer to HEAD has no body.
      if (answer.headers["content-type"]?.toString().startsWith(PROBLEM_TYPE) === true && answer.body !== "") {
        const { code } = answer.json<{ code: string }>();
        expect(
          isDocumented(method, target, code),
          `${method} ${target} answers ${code}, which its document does not say`,
        ).to.equal(true);
      }
      return answer;
    },
  };
}

/** A token by which a platform tells who its buyer is, signed now and by its first secret unless said otherwise. */
export async function linkToken(
  claims: Readonly<Record<string, unknown>>,
  { platform = "acme", byte = 1, alg = "HS256" } = {},
): Promise<string> {
  const whole = { iss: platform, aud: "mergepay:link", exp: NOW_MS / 1000 + 600, jti: "nonce-0001", ...claims };
  return new SignJWT(whole).setProtectedHeader({ alg }).sign(new Uint8Array(32).fill(byte));
}

export const ACME: Principal = { kind: "platform", platform: "acme" };
export const BOLT: Principal = { kind: "platform", platform: "bolt" };
export const ANNA: Principal = { kind: "payer", userId: "anna" };
export const BORIS: Principal = { kind: "payer", userId: "boris" };
export const OPS: Principal = { kind: "operator", id: "ops", scopes: [] };
