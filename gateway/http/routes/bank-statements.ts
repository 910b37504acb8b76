import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import { MergepayError } from "../../../core/errors/errors.ts";
import { RECONCILE_MS, takeStatement } from "../../statement-intake.ts";
import { boundedBody } from "../body.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { refuseDeclared } from "../json.ts";
import { timesOf } from "../server.ts";
import { BANK_FILE, PARAMS_OF_STATEMENT, QUERY_OF_IMPORT, STATEMENT_REPORT } from "../statement-schemas.ts";

interface Import {
  Querystring: { bank: string; zone?: string; dryRun?: "true" };
}

const IMPORT = described({
  summary: "Hold a bank's own file (ISO 20022 camt.053 or camt.054) against the books",
  tag: "operations",
  access: { operator: "settlement:write" },
  query: QUERY_OF_IMPORT,
  body: BANK_FILE,
  consumes: ["application/xml"],
  answers: { 200: ["What came of it, or would come of it; what differs is in `GET /v1/breaks`.", STATEMENT_REPORT] },
  problems: [
    "STATEMENT_INVALID",
    "STATEMENT_TOO_LARGE",
    "FILE_EMPTY",
    "FILE_TOO_LARGE",
    "FILE_FRAME_BROKEN",
    "FILE_ENCODING_INVALID",
  ],
});

/** Banks' own files: taken in as streams, and given back byte for byte. */
export function bankStatementRoutes(deps: HttpDeps) {
  const { call, blobs, limits } = deps;
  const { bodyIdleMs } = timesOf(deps);
  return (app: FastifyInstance): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("application/xml", (_request, _payload, done) => {
      done(null);
    });
    app.post<Import>("/v1/bank-statements", IMPORT, async (request) => {
      const { bank, zone, dryRun } = request.query;
      refuseDeclared(request, limits.statementBytes, "FILE_TOO_LARGE");
      const bounds = { maximumBytes: limits.statementBytes, tooLarge: "FILE_TOO_LARGE", idleMs: bodyIdleMs } as const;
      const bytes = boundedBody(request.raw, { ...bounds, totalMs: RECONCILE_MS });
      return takeStatement(
        { call, blobs, limits },
        { bank, ...(zone === undefined ? {} : { zone }), dryRun: dryRun !== undefined, bytes },
      );
    });
    app.get<{ Params: { id: string } }>(
      "/v1/bank-statements/:id",
      {
        ...described({
          summary: "A bank's own file, as it was received",
          tag: "operations",
          // It holds accounts and names of others.
          access: { operator: "settlement:write" },
          params: PARAMS_OF_STATEMENT,
          answers: { 200: ["The bytes.", { type: "string", format: "binary" }, "application/xml"] },
        }),
        // A HEAD route of it would read the whole file to throw it away.
        exposeHeadRoute: false,
      },
      async (request, reply) => {
        const { id } = request.params;
        if (!(await blobs.has(id))) throw new MergepayError("NOT_FOUND");
        return reply
          .type("application/xml")
          .header("content-disposition", `attachment; filename="${id}.xml"`)
          .send(Readable.from(blobs.open(id), { objectMode: false }));
      },
    );
    return Promise.resolve();
  };
}
