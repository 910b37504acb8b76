import type { FastifyInstance, FastifyRequest } from "fastify";
import { setTimeout as pause } from "node:timers/promises";
import { MergepayError } from "../../../core/errors/errors.ts";
import { FILE_FAULTS, WORKER_FAULTS } from "../../../core/files/faults.ts";
import { readManifest } from "../../../core/files/manifest.ts";
import { isEnded } from "../../../core/files/states.ts";
import type { FileReport, Manifest } from "../../../schemas/types.generated.ts";
import { type IncomingFile, takeIn, tryOut } from "../../intake.ts";
import { principalOf, proveClaim } from "../access.ts";
import { boundedBody } from "../body.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { refuseDeclared } from "../json.ts";
import { ANSWERS, BODIES, PARAMS, QUERY, UPLOAD_HEADERS } from "../schemas.ts";
import { readSignatureHead, signatureCheck } from "../signature.ts";
import { timesOf } from "../server.ts";

/** How often a file that is waited for is looked at. */
const LOOK_MS = 50;

interface Upload {
  Params: { platform: string };
  Querystring: { merchant?: string; name?: string; wait?: string; dryRun?: "true"; confirm?: string };
}

const UPLOAD = described({
  summary: "Send a transaction file in the platform's own format",
  tag: "files",
  access: { platform: true, operator: "files:write", streamed: true },
  params: PARAMS.platform,
  query: QUERY.upload,
  headers: UPLOAD_HEADERS,
  body: BODIES.file,
  consumes: ["*/*"],
  answers: {
    200: [
      "The file as it is now: it was sent before, or has been processed while you waited. Of a dry run: what it would become.",
      ANSWERS.fileOrDryRun,
    ],
    202: ["The file is stored and will be processed.", ANSWERS.file],
  },
  problems: [
    ...FILE_FAULTS,
    ...WORKER_FAULTS,
    "PLATFORM_UNKNOWN",
    "CONFIRMATION_MISMATCH",
    "MANIFEST_INVALID",
    "MANIFEST_REQUIRED",
    "DRY_RUN_TOO_LARGE",
    "PLATFORM_UNAVAILABLE",
  ],
});

/** The one route with a body of any type: it streams to the blob store, and is kept only when its signature fits. */
export function uploadRoute(deps: HttpDeps) {
  const { limits } = deps;
  const { bodyIdleMs } = timesOf(deps);
  return (app: FastifyInstance): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => {
      done(null);
    });
    app.post<Upload>("/v1/platforms/:platform/files", UPLOAD, async (request, reply) => {
      const { platform } = request.params;
      const { name, merchant = null, wait, dryRun, confirm } = request.query;
      if (dryRun === undefined) refuseDeclared(request, limits.fileBytes, "FILE_TOO_LARGE");
      else refuseDeclared(request, limits.dryRunBytes, "DRY_RUN_TOO_LARGE");
      const manifest = manifestOf(request, deps);
      const body = watched(request, limits.fileBytes, bodyIdleMs);
      const file: IncomingFile = {
        platform,
        merchant,
        ...(name === undefined ? {} : { name }),
        ...(confirm === undefined ? {} : { confirm }),
        ...(manifest === undefined ? {} : { manifest }),
        bytes: body.pieces(),
        admit: () => {
          proveClaim(request);
          principalOf(request);
        },
      };
      const told = (error: unknown): never => {
        // A store may wrap what the body's stream threw; the sender is told the cause.
        throw body.fault() ?? error;
      };
      if (dryRun !== undefined) return reply.send(await tryOut(deps, file).catch(told));
      const { existed, ...report } = await takeIn(deps, file).catch(told);
      const shown = wait === undefined ? report : await ended(deps, report, Number.parseInt(wait, 10));
      return reply
        .code(existed || isEnded(shown) ? 200 : 202)
        .header("location", `/v1/files/${report.id}`)
        .send(shown);
    });
    return Promise.resolve();
  };
}

/**
 * The manifest that came with the file. A platform signs its text by itself: the signature of the body is over the file alone.
 * @throws MANIFEST_REQUIRED, MANIFEST_INVALID, SIGNATURE_INVALID
 */
function manifestOf(request: FastifyRequest<Upload>, { auth, now }: HttpDeps): Manifest | undefined {
  const { platform } = request.params;
  const { "mergepay-manifest": text, "mergepay-manifest-signature": signature } = request.headers;
  if (typeof text !== "string") {
    if (auth.manifestRequired(platform)) throw new MergepayError("MANIFEST_REQUIRED");
    return undefined;
  }
  if (request.claim !== null) {
    const head = readSignatureHead({ ...request.headers, "webhook-signature": signature }, now());
    const check = signatureCheck(head, auth.platformSecrets(platform));
    check.update(Buffer.from(text, "latin1"));
    check.verify();
  }
  return readManifest(text);
}

/** The report once the file has been processed, or as it is when the seconds are over. */
async function ended({ call, now }: HttpDeps, report: FileReport, seconds: number): Promise<FileReport> {
  const deadline = now() + seconds * 1000;
  let shown = report;
  while (!isEnded(shown) && now() < deadline) {
    await pause(LOOK_MS);
    shown = await call("files.get", { fileId: report.id });
  }
  return shown;
}

/** The body as it comes in, shown to the signature check on its way, and what ended it early. */
function watched(request: FastifyRequest<Upload>, maximumBytes: number, idleMs: number) {
  let fault: unknown;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of boundedBody(request.raw, { maximumBytes, tooLarge: "FILE_TOO_LARGE", idleMs })) {
        request.claim?.check.update(piece);
        yield piece;
      }
    } catch (error) {
      fault = error;
      throw error;
    }
  }
  return { pieces, fault: () => fault };
}
