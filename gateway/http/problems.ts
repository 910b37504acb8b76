import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Socket } from "node:net";
import type { ErrorCode } from "../../core/errors/codes.ts";
import { asMergepayError, MergepayError, problemOf } from "../../core/errors/errors.ts";
import type { HttpDeps } from "./deps.ts";
import { hasUnreadBody, lingering } from "./linger.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** Where there is an answer for `later` without a time of its own, seconds. */
const RETRY_SECONDS: Partial<Record<ErrorCode, number>> = {
  STORE_UNAVAILABLE: 5,
  PLATFORM_UNAVAILABLE: 5,
  BANK_UNAVAILABLE: 30,
  OVERLOADED: 2,
  IDEMPOTENCY_IN_FLIGHT: 1,
};

const OF_FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "MEDIA_TYPE_UNSUPPORTED",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "REQUEST_MALFORMED",
  FST_ERR_BAD_URL: "NOT_FOUND",
  FST_ERR_MAX_PARAM_LENGTH: "NOT_FOUND",
};

/** The one error that an error is answered as; the framework's own are translated. */
export function errorOf(error: unknown): MergepayError {
  const { code } = error as Partial<FastifyError>;
  const translated = typeof code === "string" ? OF_FRAMEWORK[code] : undefined;
  if (translated === undefined) return asMergepayError(error);
  return new MergepayError(translated, undefined, {}, { cause: error });
}

/** The urn of one request, so that a person can name it to an operator. */
const instanceOf = (requestId: string): string => `urn:mergepay:request:${requestId}`;

export const problemText = (error: MergepayError, requestId: string): string =>
  JSON.stringify(problemOf(error, instanceOf(requestId)));

/** Name and stack frames only: the message of an unexpected error may quote data. */
function faultOf(error: MergepayError): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return typeof cause;
  const frames = (cause.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  return [cause.name, ...frames.slice(0, 8)].join("\n");
}

/** Answers any error as a problem. A refused body that is still coming in is dropped and its connection closed. */
export function answerProblem(deps: HttpDeps, lingerMs: number) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = errorOf(thrown);
    if (error.type === "INTERNAL")
      deps.log.error({ requestId: request.id, code: error.type, fault: faultOf(error) }, "request failed");
    const retry = error.data.retryAfterSeconds ?? RETRY_SECONDS[error.type];
    if (retry !== undefined) reply.header("retry-after", retry.toString());
    if (error.code === 401) reply.header("www-authenticate", 'Bearer realm="mergepay"');
    const text = problemText(error, request.id);
    reply.code(error.code).type(PROBLEM_TYPE);
    // As bytes: the framework would put a charset, which JSON types do not have, beside the type of text.
    if (!hasUnreadBody(request.raw)) return reply.send(Buffer.from(text));
    reply.header("connection", "close").header("content-length", Buffer.byteLength(text));
    return reply.send(lingering(request.raw, text, lingerMs));
  };
}

/** Answers what never became a request: broken HTTP, headers too large or too slow. The connection is closed. */
export function answerBrokenRequest(deps: HttpDeps) {
  return (fault: Error & { code?: string }, socket: Socket): void => {
    const requestId = deps.newId("req");
    let type: ErrorCode = "REQUEST_MALFORMED";
    if (fault.code === "HPE_HEADER_OVERFLOW") type = "HEADERS_TOO_LARGE";
    if (fault.code === "ERR_HTTP_REQUEST_TIMEOUT") type = "REQUEST_TIMEOUT";
    const error = new MergepayError(type);
    const text = problemText(error, requestId);
    const head = [
      `HTTP/1.1 ${error.code} ${type}`,
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(text)}`,
      "cache-control: no-store",
      "connection: close",
    ];
    if (fault.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    deps.log.info({ requestId, status: error.code, code: type }, "request refused");
    socket.end(`${head.join("\r\n")}\r\n\r\n${text}`, () => socket.destroy());
  };
}
