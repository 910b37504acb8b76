import type { FastifyInstance } from "fastify";
import type { ChargebackActions } from "../../../core/chargebacks/actions.ts";
import { operatorIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface ById {
  Params: { id: string };
}
type Told = Omit<ChargebackActions["chargebacks.propose"]["params"], "by">;

/** Money that banks took back. */
export function chargebackRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const reader = { operator: "read" } as const;
  const writer = { operator: "refunds:write" } as const;

  app.post<{ Body: Told }>(
    "/v1/chargebacks",
    described({
      summary: "Say with evidence that the bank took money of a payment back",
      tag: "refunds",
      access: writer,
      body: BODIES.chargeback,
      answers: {
        200: ["It was said before; the chargeback as it is now.", ANSWERS.chargeback],
        201: [
          "The chargeback; nothing follows until another operator approves, or the bank's statement says it.",
          ANSWERS.chargeback,
        ],
      },
      problems: [
        "NOT_FOUND",
        "STATE_REFUSED",
        "REFUND_TOO_LARGE",
        "REFUND_CURRENCY_DIFFERS",
        "AMOUNT_INVALID",
        "REVIEW_REFERENCE_TAKEN",
      ],
    }),
    async (request, reply) => {
      const told = { ...request.body, by: operatorIdOf(request) };
      const { existed, ...chargeback } = await call("chargebacks.propose", told);
      return reply
        .code(existed ? 200 : 201)
        .header("location", `/v1/chargebacks/${chargeback.id}`)
        .send(chargeback);
    },
  );

  app.post<ById>(
    "/v1/chargebacks/:id/approve",
    described({
      summary: "Approve a chargeback that another operator entered",
      tag: "refunds",
      access: writer,
      params: PARAMS.chargeback,
      answers: { 200: ["It is on the books; `excess` is what was not left of the payment.", ANSWERS.chargeback] },
      problems: ["STATE_REFUSED", "SECOND_PERSON_REQUIRED"],
    }),
    (request) => call("chargebacks.approve", { chargebackId: request.params.id, by: operatorIdOf(request) }),
  );

  app.post<ById & { Body: { reason: string } }>(
    "/v1/chargebacks/:id/reject",
    described({
      summary: "Say that a chargeback that was entered is none, or take one's own back",
      tag: "refunds",
      access: writer,
      params: PARAMS.chargeback,
      body: BODIES.rejection,
      answers: { 200: ["Nothing follows from it, unless the bank's statement says it.", ANSWERS.chargeback] },
      problems: ["STATE_REFUSED"],
    }),
    (request) =>
      call("chargebacks.reject", {
        chargebackId: request.params.id,
        by: operatorIdOf(request),
        reason: request.body.reason,
      }),
  );

  app.get<{ Querystring: { payment?: string; needsReview?: "true" } }>(
    "/v1/chargebacks",
    described({
      summary: "List what banks took back",
      tag: "refunds",
      access: reader,
      query: QUERY.chargebacks,
      answers: { 200: ["A page of chargebacks.", pageSchema(ANSWERS.chargeback)] },
    }),
    async (request, reply) => {
      const { payment, needsReview } = request.query;
      const query = {
        ...pageQuery(request, limits.ordersPerPage),
        ...(payment === undefined ? {} : { paymentId: payment }),
        ...(needsReview === undefined ? {} : { needsReview: true }),
      };
      return sendPage(request, reply, await call("chargebacks.list", query));
    },
  );

  app.get<ById>(
    "/v1/chargebacks/:id",
    described({
      summary: "One chargeback",
      tag: "refunds",
      access: reader,
      params: PARAMS.chargeback,
      answers: { 200: ["The chargeback.", ANSWERS.chargeback] },
    }),
    (request) => call("chargebacks.get", { chargebackId: request.params.id }),
  );
}
