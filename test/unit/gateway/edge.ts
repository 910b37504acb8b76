/** What the tests of the HTTP edge share: an app over a stubbed bus, keys, and signed requests. */
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { SignJWT } from "jose";
import { createHash } from "node:crypto";
import { type SinonStub, stub } from "sinon";
import { Webhook } from "standardwebhooks";
import type { ActionName, Actions } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { fileIdOf } from "../../../core/files/model.ts";
import { LIMITS, type Limits } from "../../../core/limits.ts";
import type { BlobStore } from "../../../core/store/contract.ts";
import { type Principal, SCOPES } from "../../../gateway/http/auth.ts";
import { buildApp } from "../../../gateway/http/app.ts";
import type { HttpDeps, RequestLog } from "../../../gateway/http/deps.ts";

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
      return app.inject({ ...request, headers: { ...own, ...request.headers } });
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

const time = "2025-06-01T12:00:00.000Z";
const money = { value: "12.30", currency: "CNY" };
const tail = "0".repeat(26);
export const IDS = {
  file: `file_${"a".repeat(40)}`,
  order: `ord_${tail}`,
  quote: `quo_${tail}`,
  payment: `pay_${tail}`,
  account: `acc_${tail}`,
  link: `lnk_${tail}`,
} as const;

/** One document of each kind, of platform acme and payer anna, that fits its schema. */
export const DOCS = {
  file: {
    id: IDS.file,
    platform: "acme",
    merchant: null,
    sha256: "b".repeat(64),
    bytes: 3,
    state: "received",
    records: 0,
    created: 0,
    revised: 0,
    unchanged: 0,
    cancelled: 0,
    skipped: 0,
    rejected: 0,
    receivedAt: time,
  },
  dryRun: {
    platform: "acme",
    merchant: null,
    sha256: "b".repeat(64),
    bytes: 3,
    records: 2,
    created: 1,
    revised: 0,
    unchanged: 0,
    cancelled: 0,
    skipped: 0,
    rejected: 1,
    rejects: [{ record: 1, position: "line 3", code: "RECORD_INVALID", reason: "no total" }],
    pluginVersion: "1-3f2a90c1d2e4",
    known: false,
    confirmation: IDS.file,
  },
  remapPlan: {
    fileId: IDS.file,
    mappedBy: "1-000000000000",
    pluginVersion: "1-3f2a90c1d2e4",
    records: 1,
    created: 0,
    revised: 1,
    unchanged: 0,
    cancelled: 0,
    skipped: 0,
    rejected: 0,
    differences: [
      {
        position: "line 2",
        merchant: "tea",
        orderNo: "A-1",
        change: "revised",
        fields: [{ field: "title", from: null, to: "Tea" }],
      },
    ],
    rejects: [],
  },
  reject: { fileId: IDS.file, record: 0, position: "line 2", code: "RECORD_INVALID", reason: "no total" },
  order: {
    id: IDS.order,
    platform: "acme",
    merchant: "tea",
    orderNo: "A-1",
    userId: "anna",
    state: "open",
    amount: money,
    revision: 1,
    createdAt: time,
    updatedAt: time,
  },
  quote: {
    id: IDS.quote,
    userId: "anna",
    orders: [{ orderId: IDS.order, platform: "acme", merchant: "tea", orderNo: "A-1", amount: money, revision: 1 }],
    total: money,
    fingerprint: "c".repeat(64),
    createdAt: time,
    expiresAt: time,
  },
  payment: {
    id: IDS.payment,
    userId: "anna",
    state: "succeeded",
    total: money,
    orders: [{ orderId: IDS.order, platform: "acme", merchant: "tea", orderNo: "A-1", amount: money, revision: 1 }],
    createdAt: time,
    updatedAt: time,
  },
  account: { id: IDS.account, userId: "anna", bank: "sandbox", label: "Mine", createdAt: time },
  link: { id: IDS.link, platform: "acme", userId: "anna", buyerId: "b-1", createdAt: time },
  line: {
    id: "line-1",
    paymentId: IDS.payment,
    orderId: IDS.order,
    platform: "acme",
    merchant: "tea",
    orderNo: "A-1",
    gross: money,
    fee: { value: "0.30", currency: "CNY" },
    net: { value: "12.00", currency: "CNY" },
    state: "due",
    createdAt: time,
  },
  entry: {
    id: "entry-1",
    kind: "payment",
    reference: IDS.payment,
    lines: [
      { account: "bank", amount: money },
      { account: "merchant", amount: { value: "-12.30", currency: "CNY" } },
    ],
    at: time,
  },
  event: {
    id: "evt-1",
    type: "orders.paid",
    aggregate: IDS.payment,
    sequence: 1,
    platform: "acme",
    at: time,
    data: {},
  },
  endpoint: { id: `end_${tail}`, platform: "acme", url: "https://acme.example.com/hooks", createdAt: time },
  delivery: { id: "d-1", eventId: "evt-1", endpointId: `end_${tail}`, platform: "acme", state: "pending", tries: 0 },
  plugin: { id: "acme", state: "running", version: "1-3f2a90c1d2e4", title: "Acme" },
} as const;

const page = (item: unknown) => () => ({ items: [item] });

/** Services that answer with the documents above whoever asks: what the edge itself must not let through shows. */
export const CARELESS: Handlers = {
  "files.receive": ({ fileId, platform, merchant, sha256, bytes, name }) => ({
    ...DOCS.file,
    ...(name === undefined ? {} : { name }),
    id: fileId,
    platform,
    merchant,
    sha256,
    bytes,
    existed: false,
  }),
  "files.foresee": ({ platform, merchant, sha256, bytes }) => ({
    ...DOCS.dryRun,
    platform,
    merchant,
    sha256,
    bytes,
    confirmation: fileIdOf(platform, merchant, sha256),
  }),
  "files.remap": () => ({ ...DOCS.file, remaps: 1 }),
  "files.foreseeRemap": () => DOCS.remapPlan,
  "files.get": () => DOCS.file,
  "files.list": page(DOCS.file),
  "files.records": page(DOCS.reject),
  "platform.inputs": () => ({ inputs: [{ format: "csv", columns: ["a"] }] }),
  "orders.inbox": () => ({
    groups: [{ platform: "acme", merchant: "tea", total: money, orders: [DOCS.order] }],
    totals: [{ total: money, orders: 1 }],
  }),
  "orders.list": page(DOCS.order),
  "orders.get": () => DOCS.order,
  "links.create": () => ({ ...DOCS.link, claimed: 2 }),
  "links.list": page(DOCS.link),
  "links.claim": ({ platform, userId }) => ({ ...DOCS.link, platform, userId, claimed: 1 }),
  "links.import": ({ links }) => ({ made: links.length, known: 0, claimed: 3, rejects: [] }),
  "links.remove": () => ({ released: 1 }),
  "accounts.create": () => DOCS.account,
  "accounts.list": page(DOCS.account),
  "merge-pay.quote": () => DOCS.quote,
  "merge-pay.getQuote": () => DOCS.quote,
  "merge-pay.pay": () => ({ ...DOCS.payment, existed: false }),
  "merge-pay.get": () => DOCS.payment,
  "merge-pay.cancel": () => DOCS.payment,
  "merge-pay.list": page(DOCS.payment),
  "settlement.lines": page(DOCS.line),
  "ledger.entries": page(DOCS.entry),
  "notify.events": page(DOCS.event),
  "notify.createEndpoint": () => ({ ...DOCS.endpoint, secret: "whsec_c2VjcmV0" }),
  "notify.endpoints": page(DOCS.endpoint),
  "notify.deliveries": page(DOCS.delivery),
  "plugins.list": page(DOCS.plugin),
};
