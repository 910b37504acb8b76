import type { FastifyInstance } from "fastify";
import { operatorIdOf, platformOnly, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface Payees {
  platform?: string;
  merchant?: string;
  after?: string;
}

/** A run looks at each merchant's lines before it answers, milliseconds. */
const RUN_MS = 60_000;

/** What merchants are paid, by one instruction each. */
export function payoutRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.post<{ Body: Payees }>(
    "/v1/payouts/preview",
    described({
      summary: "What a run would pay out now, what is held and why",
      tag: "operations",
      access: { operator: "settlement:write" },
      body: BODIES.payoutPreview,
      answers: { 200: ["By merchant and currency, with what confirms it.", ANSWERS.payoutPreview] },
    }),
    async (request) => call("payouts.preview", request.body, { timeoutMs: RUN_MS }),
  );

  app.post<{ Body: Payees & { confirmation: string } }>(
    "/v1/payouts/run",
    described({
      summary: "Pay out what a preview showed",
      tag: "operations",
      access: { operator: "settlement:write" },
      body: BODIES.payoutRun,
      answers: { 202: ["The payouts that have begun.", pageSchema(ANSWERS.payout)] },
      problems: ["PREVIEW_STALE", "STORE_RESTORED"],
    }),
    async (request, reply) => {
      const params = { ...request.body, by: operatorIdOf(request) };
      return reply.code(202).send(await call("payouts.run", params, { timeoutMs: RUN_MS }));
    },
  );

  app.get<{ Querystring: Payees }>(
    "/v1/payouts",
    described({
      summary: "List payouts, the first made first",
      tag: "operations",
      access: { platform: true, operator: "read" },
      query: QUERY.ofMerchant,
      answers: { 200: ["A page of payouts.", pageSchema(ANSWERS.payout)] },
    }),
    async (request, reply) => {
      const { platform, merchant } = request.query;
      const own = { ...platformOnly(request, platform), ...(merchant === undefined ? {} : { merchant }) };
      const page = { ...pageQuery(request, limits.ordersPerPage), ...own };
      return sendPage(request, reply, await call("payouts.list", page));
    },
  );

  app.get<{ Params: { id: string } }>(
    "/v1/payouts/:id",
    described({
      summary: "One payout; its lines are those of `GET /v1/settlement-lines?payout=`",
      tag: "operations",
      access: { platform: true, operator: "read" },
      params: PARAMS.payout,
      answers: { 200: ["The payout.", ANSWERS.payout] },
    }),
    async (request) =>
      shownTo(request, await call("payouts.get", { payoutId: request.params.id, ...platformOnly(request) })),
  );
}
