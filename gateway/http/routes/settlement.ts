import type { FastifyInstance } from "fastify";
import type { FeeRule } from "../../../schemas/types.generated.ts";
import { operatorIdOf, platformOnly } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** What platforms' operators keep. */
export function settlementRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.put<{ Params: { platform: string }; Body: { merchant?: string; from?: string; rule: FeeRule | null } }>(
    "/v1/fee-rules/:platform",
    described({
      summary: "Set the fee rule of a platform or one of its merchants, from a time on",
      tag: "operations",
      access: { operator: "settlement:write" },
      params: PARAMS.platform,
      body: BODIES.feeRule,
      answers: {
        200: ["This very rule is set from then on already; nothing was added.", ANSWERS.feeVersion],
        201: ["The version. Payments that were made before it keep the rule that they have.", ANSWERS.feeVersion],
      },
      problems: ["PLATFORM_UNKNOWN", "STATE_REFUSED"],
    }),
    async (request, reply) => {
      const params = { platform: request.params.platform, ...request.body, by: operatorIdOf(request) };
      const { existed, ...version } = await call("settlement.setFeeRule", params);
      return reply.code(existed ? 200 : 201).send(version);
    },
  );

  app.get<{ Querystring: { platform?: string; merchant?: string } }>(
    "/v1/fee-rules",
    described({
      summary: "List the fee rules that operators set, all versions, the first made first",
      tag: "operations",
      access: { platform: true, operator: "read" },
      query: QUERY.ofMerchant,
      answers: { 200: ["A page of versions.", pageSchema(ANSWERS.feeVersion)] },
    }),
    async (request, reply) => {
      const { platform, merchant } = request.query;
      const own = { ...platformOnly(request, platform), ...(merchant === undefined ? {} : { merchant }) };
      return sendPage(
        request,
        reply,
        await call("settlement.feeRules", { ...pageQuery(request, limits.ordersPerPage), ...own }),
      );
    },
  );
}
