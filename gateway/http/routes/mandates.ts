import type { FastifyInstance } from "fastify";
import type { MandateRequest } from "../../../core/actions.ts";
import { operatorIdOf, ownOnly, shownTo, userIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { MANDATE_ANSWERS, MANDATE_BODIES } from "../mandate-schemas.ts";
import { ANSWERS, pageSchema, PARAMS, idempotencyHeaders, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";
import { ANSWER_MS, answerPayment, SELECTION_PROBLEMS } from "./paid.ts";

interface ById {
  Params: { id: string };
}
interface Keyed {
  Headers: { "idempotency-key": string };
}

/** Permissions of payers to be charged without being there. */
export function mandateRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.post<{ Body: MandateRequest } & Keyed>(
    "/v1/mandates",
    described({
      summary: "Permit being charged for one's orders without being there, up to limits",
      tag: "payers",
      access: { payer: true },
      headers: idempotencyHeaders(limits.idempotencyKeyChars, "mandate"),
      body: MANDATE_BODIES.mandate,
      answers: {
        200: ["This Idempotency-Key was used for it before; the mandate as it is now.", MANDATE_ANSWERS.mandate],
        201: ["The mandate.", MANDATE_ANSWERS.mandate],
      },
      problems: [
        "IDEMPOTENCY_KEY_INVALID",
        "IDEMPOTENCY_KEY_REUSED",
        "ACCOUNT_MISSING",
        "AMOUNT_INVALID",
        "CURRENCY_UNKNOWN",
        "CURRENCIES_MIXED",
        "STATE_REFUSED",
      ],
    }),
    async (request, reply) => {
      const idempotencyKey = request.headers["idempotency-key"];
      const params = { userId: userIdOf(request), idempotencyKey, request: request.body };
      const { existed, ...mandate } = await call("mandates.create", params);
      return reply
        .code(existed ? 200 : 201)
        .header("location", `/v1/mandates/${mandate.id}`)
        .send(mandate);
    },
  );

  app.get<{ Querystring: { userId?: string } }>(
    "/v1/mandates",
    described({
      summary: "List mandates of a payer",
      tag: "payers",
      access: { payer: true, operator: "read" },
      query: QUERY.ofUser,
      answers: { 200: ["A page of mandates.", pageSchema(MANDATE_ANSWERS.mandate)] },
    }),
    async (request, reply) => {
      const userId = userIdOf(request, request.query.userId);
      const page = { ...pageQuery(request, limits.ordersPerPage), userId };
      return sendPage(request, reply, await call("mandates.list", page));
    },
  );

  app.get<ById>(
    "/v1/mandates/:id",
    described({
      summary: "One mandate",
      tag: "payers",
      access: { payer: true, operator: "read" },
      params: PARAMS.mandate,
      answers: { 200: ["The mandate.", MANDATE_ANSWERS.mandate] },
    }),
    async (request) =>
      shownTo(request, await call("mandates.get", { mandateId: request.params.id, ...ownOnly(request) })),
  );

  app.delete<ById>(
    "/v1/mandates/:id",
    described({
      summary: "Revoke a mandate at once: nothing is sent by it any more but what was durable before",
      tag: "payers",
      access: { payer: true },
      params: PARAMS.mandate,
      answers: { 200: ["The mandate, ended; `underWay` has payments that were sent before.", MANDATE_ANSWERS.mandate] },
    }),
    async (request) =>
      shownTo(request, await call("mandates.revoke", { mandateId: request.params.id, userId: userIdOf(request) })),
  );

  app.post<{ Body: { orders: "all" | readonly string[] } } & ById & Keyed>(
    "/v1/mandates/:id/charges",
    described({
      summary: "Charge a payer's orders by a mandate",
      tag: "payments",
      access: { operator: "mandates:charge" },
      params: PARAMS.mandate,
      headers: idempotencyHeaders(200, "payment"),
      body: MANDATE_BODIES.charge,
      answers: {
        200: ["This Idempotency-Key was used for it before; the payment as it is now.", ANSWERS.payment],
        201: ["The payment; `state` says whether it succeeded.", ANSWERS.payment],
        202: ["The payment is under way, or the bank's answer is not known yet.", ANSWERS.payment],
      },
      problems: [
        "IDEMPOTENCY_KEY_INVALID",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_IN_FLIGHT",
        "MANDATE_ENDED",
        "MANDATE_LIMIT_REACHED",
        "MANDATE_NOT_COVERING",
        "STORE_RESTORED",
        "ACCOUNT_MISSING",
        ...SELECTION_PROBLEMS,
      ],
    }),
    async (request, reply) => {
      const params = {
        mandateId: request.params.id,
        idempotencyKey: request.headers["idempotency-key"],
        orders: request.body.orders,
        operatorId: operatorIdOf(request),
      };
      return answerPayment(reply, await call("mandates.charge", params, { timeoutMs: limits.bankCallMs + ANSWER_MS }));
    },
  );
}
