import type { FastifyInstance } from "fastify";
import type { Claim } from "../../../schemas/types.generated.ts";
import { platformOnly, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** What merchants owe. */
export function claimRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const access = { platform: true, operator: "read" } as const;

  app.get<{ Querystring: { platform?: string; state?: Claim["state"] } }>(
    "/v1/claims",
    described({
      summary: "List what merchants owe: those of a platform, or all",
      tag: "operations",
      access,
      query: QUERY.claims,
      answers: { 200: ["A page of claims.", pageSchema(ANSWERS.claim)] },
    }),
    async (request, reply) => {
      const { platform, state } = request.query;
      const only = { ...platformOnly(request, platform), ...(state === undefined ? {} : { state }) };
      const query = { ...pageQuery(request, limits.ordersPerPage), ...only };
      return sendPage(request, reply, await call("claims.list", query));
    },
  );

  app.get<{ Params: { id: string } }>(
    "/v1/claims/:id",
    described({
      summary: "One claim",
      tag: "operations",
      access,
      params: PARAMS.claim,
      answers: { 200: ["The claim.", ANSWERS.claim] },
    }),
    async (request) =>
      shownTo(request, await call("claims.get", { claimId: request.params.id, ...platformOnly(request) })),
  );
}
