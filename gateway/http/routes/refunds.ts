import type { FastifyInstance, FastifyReply } from "fastify";
import type { RefundRequest } from "../../../core/refunds/model.ts";
import type { Refund } from "../../../schemas/types.generated.ts";
import { operatorIdOf, ownOnly, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, idempotencyHeaders, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface ById {
  Params: { id: string };
}
type Ask = RefundRequest & { readonly reason: string; readonly fingerprint: string };

/** Not yet at an end: look again, or wait for the event. */
const UNDER_WAY: ReadonlySet<Refund["state"]> = new Set(["requested", "awaiting_approval", "submitting", "unknown"]);
/** Time for the answer to come back after the bank's own deadline is over, milliseconds. */
const ANSWER_MS = 5_000;

const REQUEST_PROBLEMS = [
  "NOT_FOUND",
  "STATE_REFUSED",
  "REFUND_TOO_LARGE",
  "REFUND_CURRENCY_DIFFERS",
  "AMOUNT_INVALID",
  "CURRENCY_UNKNOWN",
  "UNSUPPORTED",
  "BANK_UNAVAILABLE",
] as const;

/** Money of payments on its way back. */
export function refundRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const writer = { operator: "refunds:write" } as const;
  const timeoutMs = limits.bankCallMs + ANSWER_MS;
  const by = (request: Parameters<typeof operatorIdOf>[0]) => `operator:${operatorIdOf(request)}`;
  const send = (reply: FastifyReply, refund: Refund, done: number) =>
    reply
      .code(UNDER_WAY.has(refund.state) ? 202 : done)
      .header("location", `/v1/refunds/${refund.id}`)
      .send(refund);

  app.post<{ Body: RefundRequest }>(
    "/v1/refunds/preview",
    described({
      summary: "Show who would give back what, fees included; nothing moves",
      tag: "refunds",
      access: writer,
      body: BODIES.refundPreview,
      answers: { 200: ["What the refund would do, with the fingerprint that binds it.", ANSWERS.refundPreview] },
      problems: REQUEST_PROBLEMS,
    }),
    async (request) => call("refunds.preview", request.body),
  );

  app.post<{ Body: Ask; Headers: { "idempotency-key": string } }>(
    "/v1/refunds",
    described({
      summary: "Give money back, as its preview showed it",
      tag: "refunds",
      access: writer,
      headers: idempotencyHeaders(limits.idempotencyKeyChars, "refund"),
      body: BODIES.refund,
      answers: {
        200: ["This Idempotency-Key was used for it before; the refund as it is now.", ANSWERS.refund],
        201: ["The refund; `state` says whether it succeeded.", ANSWERS.refund],
        202: ["The refund waits for a second operator, or the bank's answer is not known yet.", ANSWERS.refund],
      },
      problems: [
        ...REQUEST_PROBLEMS,
        "PREVIEW_STALE",
        "STORE_RESTORED",
        "IDEMPOTENCY_KEY_INVALID",
        "IDEMPOTENCY_KEY_REUSED",
      ],
    }),
    async (request, reply) => {
      const { reason, fingerprint, ...asked } = request.body;
      const idempotencyKey = request.headers["idempotency-key"];
      const params = { request: asked, reason, fingerprint, by: by(request), idempotencyKey };
      const { existed, ...refund } = await call("refunds.open", params, { timeoutMs });
      return send(reply, refund, existed ? 200 : 201);
    },
  );

  app.post<ById>(
    "/v1/refunds/:id/approve",
    described({
      summary: "Let a refund go that a second operator must approve",
      tag: "refunds",
      access: writer,
      params: PARAMS.refund,
      answers: {
        200: ["The refund; `state` says whether it succeeded.", ANSWERS.refund],
        202: ["The bank's answer is not known yet.", ANSWERS.refund],
      },
      problems: ["STATE_REFUSED", "SECOND_PERSON_REQUIRED", "STORE_RESTORED"],
    }),
    async (request, reply) => {
      const params = { refundId: request.params.id, by: by(request) };
      return send(reply, await call("refunds.approve", params, { timeoutMs }), 200);
    },
  );

  app.post<ById & { Body: { reason: string } }>(
    "/v1/refunds/:id/reject",
    described({
      summary: "Refuse a refund that waits for approval, or take back one's own",
      tag: "refunds",
      access: writer,
      params: PARAMS.refund,
      body: BODIES.rejection,
      answers: { 200: ["The refund, rejected; what it held back is free again.", ANSWERS.refund] },
      problems: ["STATE_REFUSED"],
    }),
    async (request) =>
      call("refunds.reject", { refundId: request.params.id, by: by(request), reason: request.body.reason }),
  );

  app.get<{ Querystring: { payment?: string; platform?: string } }>(
    "/v1/refunds",
    described({
      summary: "List refunds: a payer's own, a platform's own parts, or all",
      tag: "refunds",
      access: { payer: true, platform: true, operator: "read" },
      query: QUERY.lines,
      answers: { 200: ["A page of refunds.", pageSchema(ANSWERS.refund)] },
    }),
    async (request, reply) => {
      const { payment, platform } = request.query;
      const own = { ...(payment === undefined ? {} : { paymentId: payment }), ...ownOnly(request, platform) };
      return sendPage(
        request,
        reply,
        await call("refunds.list", { ...pageQuery(request, limits.ordersPerPage), ...own }),
      );
    },
  );

  app.get<ById>(
    "/v1/refunds/:id",
    described({
      summary: "One refund",
      tag: "refunds",
      access: { payer: true, platform: true, operator: "read" },
      params: PARAMS.refund,
      answers: { 200: ["The refund.", ANSWERS.refund] },
    }),
    async (request) =>
      shownTo(request, await call("refunds.get", { refundId: request.params.id, ...ownOnly(request) })),
  );
}
