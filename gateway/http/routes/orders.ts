import type { FastifyInstance } from "fastify";
import { MergepayError } from "../../../core/errors/errors.ts";
import { ownOnly, platformOnly, principalOf, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** Orders as their platform, their payer or an operator may see them. */
export function orderRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.get<{ Querystring: { platform?: string } }>(
    "/v1/orders",
    described({
      summary: "List orders of a platform",
      tag: "orders",
      access: { platform: true, operator: "read" },
      query: QUERY.ofPlatform,
      answers: { 200: ["A page of orders.", pageSchema(ANSWERS.order)] },
    }),
    async (request, reply) => {
      const { platform } = platformOnly(request, request.query.platform);
      if (platform === undefined)
        throw new MergepayError("QUERY_INVALID", "Say of which platform: ?platform=", { field: "platform" });
      return sendPage(
        request,
        reply,
        await call("orders.list", { ...pageQuery(request, limits.ordersPerPage), platform }),
      );
    },
  );

  app.get<{ Params: { id: string } }>(
    "/v1/orders/:id",
    described({
      summary: "One order",
      tag: "orders",
      access: { platform: true, payer: true, operator: "read" },
      params: PARAMS.order,
      answers: { 200: ["The order.", ANSWERS.order] },
    }),
    async (request) => shownTo(request, await call("orders.get", { orderId: request.params.id, ...ownOnly(request) })),
  );

  app.post<{ Params: { id: string }; Body: { reason: string } }>(
    "/v1/orders/:id/cancel",
    described({
      summary: "Take an order back",
      tag: "orders",
      access: { platform: true, operator: "orders:write" },
      params: PARAMS.order,
      body: BODIES.orderCancellation,
      answers: {
        200: ["The order, cancelled.", ANSWERS.order],
        202: [
          "A payment has it (`cancelRequest`): it is cancelled when that ends without money, and refunded when it is paid. `GET /v1/take-backs/{id}` says how that goes.",
          ANSWERS.order,
        ],
      },
      problems: ["STATE_REFUSED"],
    }),
    async (request, reply) => {
      const principal = principalOf(request);
      const who = principal.kind === "operator" ? { by: principal.id } : platformOnly(request);
      const order = await call("orders.cancel", { orderId: request.params.id, ...request.body, ...who });
      return reply.code(order.state === "cancelled" ? 200 : 202).send(shownTo(request, order));
    },
  );
}
