import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { evidencePack } from "../../../core/evidence/collect.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { PARAMS } from "../schemas.ts";

/** Evidence of a payment, for whoever must show what became of it. */
export function evidenceRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get<{ Params: { id: string } }>(
    "/v1/payments/:id/evidence",
    {
      ...described({
        summary: "All that is kept of a payment, in one archive that verifies by itself",
        tag: "payments",
        access: { operator: "read" },
        params: PARAMS.payment,
        answers: { 200: ["A tar.gz.", { type: "string", format: "binary" }, "application/gzip"] },
      }),
      // A HEAD route of it would pack everything to throw it away.
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      const { id } = request.params;
      const pack = await evidencePack(deps, id);
      return reply
        .type("application/gzip")
        .header("content-disposition", `attachment; filename="${id}.evidence.tar.gz"`)
        .send(Readable.from(pack, { objectMode: false }));
    },
  );
}
