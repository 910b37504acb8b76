import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import { MergepayError } from "../../core/errors/errors.ts";
import { parseJson } from "../../core/formats/json-value.ts";
import { proveClaim } from "./access.ts";
import { wholeBody } from "./body.ts";
import type { HttpDeps } from "./deps.ts";
import { timesOf } from "./server.ts";

/** Refuses by the declared length, before a byte is read. */
export function refuseDeclared(
  request: FastifyRequest,
  maximumBytes: number,
  code: "BODY_TOO_LARGE" | "FILE_TOO_LARGE" | "DRY_RUN_TOO_LARGE",
): void {
  const declared = request.headers["content-length"];
  if (declared !== undefined && Number.parseInt(declared, 10) > maximumBytes)
    throw new MergepayError(code, `The body may have at most ${maximumBytes} bytes.`);
}

/**
 * Makes JSON the only body that routes take: UTF-8, strict, bounded in bytes and time. A platform's signature over it is proven
 * before it is parsed.
 */
export function readJsonBodies(app: FastifyInstance, deps: HttpDeps): void {
  const { jsonBodyBytes, depth, fieldBytes } = deps.limits;
  const { bodyIdleMs, jsonBodyMs } = timesOf(deps);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", async (request: FastifyRequest, payload: IncomingMessage) => {
    const charset = /;\s*charset="?([^";\s]+)/i.exec(request.headers["content-type"] ?? "")?.[1];
    if (charset !== undefined && charset.toLowerCase() !== "utf-8")
      throw new MergepayError("MEDIA_TYPE_UNSUPPORTED", "JSON is sent in UTF-8.");
    refuseDeclared(request, jsonBodyBytes, "BODY_TOO_LARGE");
    const bytes = await wholeBody(payload, {
      maximumBytes: jsonBodyBytes,
      tooLarge: "BODY_TOO_LARGE",
      idleMs: bodyIdleMs,
      totalMs: jsonBodyMs,
    });
    proveClaim(request, bytes);
    // Numbers stay numbers here, so that a schema that asks for text refuses them. No amount comes in through a request.
    return parseJson(decodeUtf8(bytes), { depth, fieldBytes, numbers: "number" });
  });
}

/**
 * Refuses a body sent to a call that takes none: what would be passed over was meant to matter. `{}` says nothing, as no body does.
 * @throws BODY_INVALID
 */
export function refuseUnasked({ body, routeOptions }: FastifyRequest): void {
  if (body === undefined || routeOptions.schema?.body !== undefined) return;
  if (typeof body === "object" && body !== null && !Array.isArray(body) && Object.keys(body).length === 0) return;
  throw new MergepayError("BODY_INVALID", "This call takes no body: send it without one.");
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new MergepayError("JSON_INVALID", "The body is not valid UTF-8.");
    throw error;
  }
}
