import type { FastifyInstance } from "fastify";
import { operatorIdOf, platformOnly, principalOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface SetRule {
  Params: { platform: string };
  Body: { merchant?: string; from?: string; rule: object | null };
}

/** What platforms' operators keep, and when merchants are paid. */
export function settlementRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  for (const [path, noun, body, answer, set, list] of [
    ["/v1/fee-rules", "fee rule", BODIES.feeRule, ANSWERS.feeVersion, "settlement.setFeeRule", "settlement.feeRules"],
    [
      "/v1/settlement-rules",
      "settlement rule",
      BODIES.settlementRule,
      ANSWERS.settlementRuleVersion,
      "settlement.setSettlementRule",
      "settlement.settlementRules",
    ],
  ] as const) {
    app.put<SetRule>(
      `${path}/:platform`,
      described({
        summary: `Set the ${noun} of a platform or one of its merchants, from a time on`,
        tag: "operations",
        access: { operator: "settlement:write" },
        params: PARAMS.platform,
        body,
        answers: {
          200: ["This very rule is set from then on already; nothing was added.", answer],
          201: ["The version. Payments that were made before it keep the rule that they have.", answer],
        },
        problems: ["PLATFORM_UNKNOWN", "STATE_REFUSED"],
      }),
      async (request, reply) => {
        const { platform } = request.params;
        const { existed, ...version } = await call(set, { platform, ...request.body, by: operatorIdOf(request) });
        return reply.code(existed ? 200 : 201).send(version);
      },
    );

    app.get<{ Querystring: { platform?: string; merchant?: string } }>(
      path,
      described({
        summary: `List each ${noun} that operators set, all versions, the first made first`,
        tag: "operations",
        access: { platform: true, operator: "read" },
        query: QUERY.ofMerchant,
        answers: { 200: ["A page of versions.", pageSchema(answer)] },
      }),
      async (request, reply) => {
        const { platform, merchant } = request.query;
        const own = { ...platformOnly(request, platform), ...(merchant === undefined ? {} : { merchant }) };
        return sendPage(request, reply, await call(list, { ...pageQuery(request, limits.ordersPerPage), ...own }));
      },
    );
  }

  app.post<{ Params: { id: string }; Body: { deliveredAt?: string } }>(
    "/v1/orders/:id/delivered",
    described({
      summary: "Say that an order was delivered: what is held until so many days after it waits for these",
      tag: "orders",
      access: { platform: true, operator: "settlement:write" },
      params: PARAMS.order,
      body: BODIES.delivered,
      answers: { 200: ["When it was delivered, as was said first.", ANSWERS.handover] },
    }),
    async (request) => {
      const principal = principalOf(request);
      const { deliveredAt } = request.body;
      return call("settlement.deliver", {
        orderId: request.params.id,
        ...(deliveredAt === undefined ? {} : { at: deliveredAt }),
        ...(principal.kind === "operator" ? { by: principal.id } : platformOnly(request)),
      });
    },
  );
}
