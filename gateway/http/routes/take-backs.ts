import type { FastifyInstance } from "fastify";
import { ownOnly, platformOnly, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** Orders that were taken back while a payment had them, and what becomes of that. */
export function takeBackRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const access = { platform: true, operator: "read" } as const;

  app.get<{ Querystring: { platform?: string; needsReview?: "true" } }>(
    "/v1/take-backs",
    described({
      summary: "List orders that were taken back while a payment had them: a platform's own, or all",
      tag: "orders",
      access,
      query: QUERY.takeBacks,
      answers: { 200: ["A page of take-backs.", pageSchema(ANSWERS.takeBack)] },
    }),
    async (request, reply) => {
      const { platform, needsReview } = request.query;
      const only = { ...platformOnly(request, platform), ...(needsReview === undefined ? {} : { needsReview: true }) };
      const query = { ...pageQuery(request, limits.ordersPerPage), ...only };
      return sendPage(request, reply, await call("take-backs.list", query));
    },
  );

  app.get<{ Params: { id: string } }>(
    "/v1/take-backs/:id",
    described({
      summary: "What becomes of an order that was taken back while a payment had it",
      tag: "orders",
      access,
      params: PARAMS.order,
      answers: { 200: ["The take-back, by the id of its order.", ANSWERS.takeBack] },
    }),
    async (request) =>
      shownTo(request, await call("take-backs.get", { orderId: request.params.id, ...ownOnly(request) })),
  );
}
