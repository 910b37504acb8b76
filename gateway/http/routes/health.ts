import type { FastifyInstance } from "fastify";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS } from "../schemas.ts";

/** Probes: no credentials, and nothing told that an outsider may not know. */
export function healthRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get(
    "/livez",
    described({
      summary: "Whether the process answers at all",
      tag: "health",
      answers: { 200: ["It does.", ANSWERS.live] },
    }),
    () => ({ ok: true }),
  );

  app.get(
    "/readyz",
    described({
      summary: "Whether this node can do its work now",
      tag: "health",
      answers: {
        200: ["It can.", ANSWERS.ready],
        503: ["It can't; `checks` says why.", ANSWERS.ready],
      },
    }),
    async (_request, reply) => {
      const readiness = await deps.ready();
      return reply.code(readiness.ok ? 200 : 503).send(readiness);
    },
  );
}
