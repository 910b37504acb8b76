import type { FastifyInstance } from "fastify";
import type { PayRequest, QuoteRequest } from "../../../core/actions.ts";
import { ownOnly, shownTo, userIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, idempotencyHeaders, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";
import { ANSWER_MS, answerPayment, SELECTION_PROBLEMS, UNDER_WAY } from "./paid.ts";

interface ById {
  Params: { id: string };
}

/** From the inbox to the payment. */
export function paymentRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const payer = { payer: true } as const;

  app.get(
    "/v1/inbox",
    described({
      summary: "All that the payer can pay, by platform and merchant",
      tag: "payments",
      access: payer,
      query: QUERY.page,
      answers: { 200: ["A page of open orders; the totals are of all.", ANSWERS.inbox] },
    }),
    async (request, reply) => {
      const page = pageQuery(request, limits.ordersPerPage);
      return sendPage(request, reply, await call("orders.inbox", { ...page, userId: userIdOf(request) }));
    },
  );

  app.post<{ Body: QuoteRequest }>(
    "/v1/quotes",
    described({
      summary: "Price a selection of orders",
      tag: "payments",
      access: payer,
      body: BODIES.quote,
      answers: { 201: ["The quote: what is seen here is what will be paid.", ANSWERS.quote] },
      problems: [
        ...SELECTION_PROBLEMS,
        "ACCOUNT_MISSING",
        "CURRENCY_UNKNOWN",
        "UNSUPPORTED",
        "RATE_INVALID",
        "BANK_UNAVAILABLE",
      ],
    }),
    async (request, reply) => {
      const quote = await call(
        "merge-pay.quote",
        { userId: userIdOf(request), selection: request.body },
        { timeoutMs: limits.bankCallMs + ANSWER_MS },
      );
      return reply.code(201).header("location", `/v1/quotes/${quote.id}`).send(quote);
    },
  );

  app.get<ById>(
    "/v1/quotes/:id",
    described({
      summary: "One quote",
      tag: "payments",
      access: payer,
      params: PARAMS.quote,
      answers: { 200: ["The quote.", ANSWERS.quote] },
    }),
    async (request) =>
      shownTo(request, await call("merge-pay.getQuote", { userId: userIdOf(request), quoteId: request.params.id })),
  );

  app.post<{ Body: PayRequest; Headers: { "idempotency-key": string } }>(
    "/v1/payments",
    described({
      summary: "Pay once for orders of any platforms",
      tag: "payments",
      access: payer,
      headers: idempotencyHeaders(limits.idempotencyKeyChars, "payment"),
      body: BODIES.payment,
      answers: {
        200: ["This Idempotency-Key was used for it before; the payment as it is now.", ANSWERS.paid],
        201: [
          "The payment; `state` says whether it succeeded. By a quote over several currencies `payments`, one for each, each with its own state.",
          ANSWERS.paid,
        ],
        202: [
          "A payment is under way, the bank's answer is not known yet, or the bank asks the payer something (`challenge`).",
          ANSWERS.paid,
        ],
      },
      problems: [
        "STORE_RESTORED",
        ...SELECTION_PROBLEMS,
        "IDEMPOTENCY_KEY_INVALID",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_IN_FLIGHT",
        "QUOTE_EXPIRED",
        "RATE_EXPIRED",
        "QUOTE_MISMATCH",
        "ACCOUNT_MISSING",
        "NOT_FOUND",
      ],
    }),
    async (request, reply) => {
      const paid = await call(
        "merge-pay.payTogether",
        { userId: userIdOf(request), idempotencyKey: request.headers["idempotency-key"], request: request.body },
        { timeoutMs: limits.bankCallMs + ANSWER_MS },
      );
      return answerPayment(reply, paid);
    },
  );

  app.post<ById>(
    "/v1/payments/:id/cancel",
    described({
      summary: "Cancel a payment that the bank surely does not execute",
      tag: "payments",
      access: payer,
      params: PARAMS.payment,
      answers: { 200: ["The payment, cancelled; its orders are open again.", ANSWERS.payment] },
      problems: ["STATE_REFUSED"],
    }),
    async (request) =>
      shownTo(request, await call("merge-pay.cancel", { paymentId: request.params.id, userId: userIdOf(request) })),
  );

  app.post<ById & { Body: { challengeId: string; answer: string } }>(
    "/v1/payments/:id/confirm",
    described({
      summary: "Answer the bank's challenge",
      tag: "payments",
      access: payer,
      params: PARAMS.payment,
      body: BODIES.confirmation,
      answers: {
        200: ["The payment; `requires_action` again when the answer was wrong.", ANSWERS.payment],
        202: ["The payment is under way, or the bank's answer is not known yet.", ANSWERS.payment],
      },
      problems: [
        "STATE_REFUSED",
        "CHALLENGE_MISMATCH",
        "CHALLENGE_EXPIRED",
        "UNSUPPORTED",
        "BANK_UNAVAILABLE",
        "STORE_RESTORED",
      ],
    }),
    async (request, reply) => {
      const payment = await call(
        "merge-pay.confirm",
        { ...request.body, paymentId: request.params.id, userId: userIdOf(request) },
        { timeoutMs: limits.bankCallMs + ANSWER_MS },
      );
      const waits = UNDER_WAY.has(payment.state) && payment.state !== "requires_action";
      return reply.code(waits ? 202 : 200).send(shownTo(request, payment));
    },
  );

  app.get<{ Querystring: { userId?: string } }>(
    "/v1/payments",
    described({
      summary: "List payments of a payer",
      tag: "payments",
      access: { payer: true, operator: "read" },
      query: QUERY.ofUser,
      answers: { 200: ["A page of payments.", pageSchema(ANSWERS.payment)] },
    }),
    async (request, reply) => {
      const userId = userIdOf(request, request.query.userId);
      return sendPage(
        request,
        reply,
        await call("merge-pay.list", { ...pageQuery(request, limits.ordersPerPage), userId }),
      );
    },
  );

  app.get<ById>(
    "/v1/payments/:id",
    described({
      summary: "One payment",
      tag: "payments",
      access: { payer: true, operator: "read" },
      params: PARAMS.payment,
      answers: { 200: ["The payment.", ANSWERS.payment] },
    }),
    async (request) =>
      shownTo(request, await call("merge-pay.get", { paymentId: request.params.id, ...ownOnly(request) })),
  );
}
