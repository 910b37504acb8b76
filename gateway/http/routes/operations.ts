import type { FastifyInstance } from "fastify";
import { MergepayError } from "../../../core/errors/errors.ts";
import { platformOnly } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface OfPlatform {
  Querystring: { platform?: string };
}
interface OfPayment {
  Querystring: { payment?: string; payout?: string; platform?: string };
}

const ofPayment = ({ payment }: { payment?: string }): { paymentId?: string } =>
  payment === undefined ? {} : { paymentId: payment };

/** Money after the payment, plugins, and where platforms are told. */
export function operationRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const operator = { operator: "read" } as const;
  const platformToo = { platform: true, operator: "read" } as const;

  app.get<OfPayment>(
    "/v1/settlement-lines",
    described({
      summary: "List what paid orders owe their merchants",
      tag: "operations",
      access: platformToo,
      query: QUERY.lines,
      answers: { 200: ["A page of settlement lines.", pageSchema(ANSWERS.line)] },
    }),
    async (request, reply) => {
      const { payout, platform } = request.query;
      const ofPayout = payout === undefined ? {} : { payoutId: payout };
      const own = { ...ofPayment(request.query), ...ofPayout, ...platformOnly(request, platform) };
      return sendPage(
        request,
        reply,
        await call("settlement.lines", { ...pageQuery(request, limits.ordersPerPage), ...own }),
      );
    },
  );

  app.get<OfPayment>(
    "/v1/journal",
    described({
      summary: "List double entries",
      tag: "operations",
      access: operator,
      query: QUERY.journal,
      answers: { 200: ["A page of entries.", pageSchema(ANSWERS.entry)] },
    }),
    async (request, reply) => {
      const page = { ...pageQuery(request, limits.ordersPerPage), ...ofPayment(request.query) };
      return sendPage(request, reply, await call("ledger.entries", page));
    },
  );

  app.get<{ Querystring: { account?: string } }>(
    "/v1/balances",
    described({
      summary: "List what is on each account of the journal",
      tag: "operations",
      access: operator,
      query: QUERY.balances,
      answers: { 200: ["A page of balances.", pageSchema(ANSWERS.balance)] },
    }),
    async (request, reply) => {
      const { account } = request.query;
      const page = { ...pageQuery(request, limits.ordersPerPage), ...(account === undefined ? {} : { account }) };
      return sendPage(request, reply, await call("ledger.balances", page));
    },
  );

  app.get<{ Querystring: { subject?: string } }>(
    "/v1/audit",
    described({
      summary: "List decisions: who decided what, from where, before and after",
      tag: "operations",
      access: operator,
      query: QUERY.audit,
      answers: { 200: ["A page of decisions, in the order of their chain.", pageSchema(ANSWERS.audit)] },
    }),
    async (request, reply) => {
      const { subject } = request.query;
      const page = { ...pageQuery(request, limits.ordersPerPage), ...(subject === undefined ? {} : { subject }) };
      return sendPage(request, reply, await call("audit.entries", page));
    },
  );

  app.get(
    "/v1/plugins",
    described({
      summary: "List plugin folders, with the reason when one was refused",
      tag: "operations",
      access: operator,
      answers: { 200: ["The plugins.", pageSchema(ANSWERS.plugin)] },
    }),
    async (request, reply) => sendPage(request, reply, await call("plugins.list", {})),
  );

  app.post<{ Body: { platform?: string; url: string } }>(
    "/v1/endpoints",
    described({
      summary: "Have a platform's events sent to a URL",
      tag: "operations",
      access: { platform: true, operator: "endpoints:write" },
      body: BODIES.endpoint,
      answers: { 201: ["The endpoint, with the secret that signs its deliveries.", ANSWERS.newEndpoint] },
      problems: ["NOT_FOUND", "PLATFORM_UNKNOWN", "STATE_REFUSED"],
    }),
    async (request, reply) => {
      const { platform } = platformOnly(request, request.body.platform);
      if (platform === undefined)
        throw new MergepayError("BODY_INVALID", "Say whose endpoint it is.", { field: "/platform" });
      return reply.code(201).send(await call("notify.createEndpoint", { platform, url: request.body.url }));
    },
  );

  for (const [path, action, noun, item] of [
    ["/v1/endpoints", "notify.endpoints", "endpoints", ANSWERS.endpoint],
    ["/v1/deliveries", "notify.deliveries", "deliveries of events to endpoints", ANSWERS.delivery],
  ] as const) {
    app.get<OfPlatform>(
      path,
      described({
        summary: `List ${noun}`,
        tag: "operations",
        access: platformToo,
        query: QUERY.ofPlatform,
        answers: { 200: [`A page of ${noun}.`, pageSchema(item)] },
      }),
      async (request, reply) => {
        const own = platformOnly(request, request.query.platform);
        return sendPage(request, reply, await call(action, { ...pageQuery(request, limits.ordersPerPage), ...own }));
      },
    );
  }
}
