import fastify, { type FastifyInstance } from "fastify";
import { MergepayError } from "../../core/errors/errors.ts";
import { errorOf, answerBrokenRequest, PROBLEM_TYPE, problemText } from "./problems.ts";
import { HTTP_TIMES, type HttpDeps, type HttpTimes } from "./deps.ts";

export const timesOf = (deps: HttpDeps): HttpTimes => ({ ...HTTP_TIMES, ...deps.times });

/** Headers of which a second one would have to be guessed about: Node keeps the first of some and joins others with a comma. */
const ONCE = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "mergepay-manifest",
  "mergepay-manifest-signature",
  "mergepay-platform",
  "transfer-encoding",
  "webhook-id",
  "webhook-signature",
  "webhook-timestamp",
]);

/** The bare server: its limits, and what it answers to requests that reach no route. */
export function createServer(deps: HttpDeps): FastifyInstance {
  const times = timesOf(deps);
  const app = fastify({
    // Logging is ours alone: the framework's own lines quote URLs.
    logger: false,
    genReqId: () => deps.newId("req"),
    bodyLimit: deps.limits.jsonBodyBytes,
    requestTimeout: times.requestMs,
    connectionTimeout: times.socketIdleMs,
    keepAliveTimeout: times.keepAliveMs,
    http: {
      headersTimeout: times.headersMs,
      connectionsCheckingInterval: times.checkMs,
      maxHeaderSize: times.headerBytes,
    },
    forceCloseConnections: "idle",
    // What arrives on an open connection while draining is served, and told to come back on another one.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256, querystringParser: () => ({}) },
    clientErrorHandler: answerBrokenRequest(deps),
    frameworkErrors: (fault, request, reply) => {
      const error = errorOf(fault);
      const text = problemText(error, request.id);
      deps.log.info({ requestId: request.id, status: error.code, code: error.type }, "request refused");
      reply.raw.writeHead(error.code, {
        "content-type": PROBLEM_TYPE,
        "content-length": Buffer.byteLength(text),
        "cache-control": "no-store",
      });
      reply.raw.end(text);
    },
  });
  app.server.maxConnections = times.connections;
  return app;
}

/**
 * Refuses headers that are too many, given twice, or that ask for decoding.
 * @param rawHeaders names and values in turn, as received
 */
export function checkHeaders(rawHeaders: readonly string[], maximum: number): void {
  if (rawHeaders.length > maximum * 2)
    throw new MergepayError("HEADERS_TOO_LARGE", `A request may have at most ${maximum} headers.`);
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    if (ONCE.has(name) && seen.has(name)) throw twice(name);
    seen.add(name);
    if (name === "content-encoding" && rawHeaders[i + 1]?.toLowerCase() !== "identity")
      throw new MergepayError("MEDIA_TYPE_UNSUPPORTED", "Send the body as it is, without Content-Encoding.");
  }
}

function twice(name: string): MergepayError {
  const message = `The header ${name} may be given once only.`;
  if (name === "idempotency-key") return new MergepayError("IDEMPOTENCY_KEY_INVALID", message);
  if (name === "authorization" || name === "mergepay-platform") return new MergepayError("UNAUTHENTICATED", message);
  if (name.startsWith("webhook-")) return new MergepayError("SIGNATURE_INVALID", message);
  return new MergepayError("REQUEST_MALFORMED", message);
}

/** The methods of each route's pattern, so that a wrong method can be told from a wrong path. */
export function methodTable(app: FastifyInstance): {
  readonly routes: readonly { readonly method: string; readonly url: string }[];
  allowed(target: string): readonly string[];
} {
  const routes: { method: string; url: string; pattern: RegExp }[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:[a-z]+/gi, "[^/]+")}$`);
    for (const one of [method].flat()) routes.push({ method: one, url, pattern });
  });
  return {
    routes,
    allowed(target) {
      const [path = ""] = target.split("?", 1);
      return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort();
    },
  };
}
