import type { FastifyInstance } from "fastify";
import type { ReviewClaim } from "../../../core/actions.ts";
import { operatorIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** Payments of which the bank does not say, or contradicts itself: two operators decide what became of the deduction. */
export function reviewRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const reader = { operator: "read" } as const;
  const reviewer = { operator: "reviews:write" } as const;

  app.get(
    "/v1/reviews",
    described({
      summary: "List payments that an operator must look at",
      tag: "operations",
      access: reader,
      query: QUERY.page,
      answers: { 200: ["A page of reviews.", pageSchema(ANSWERS.review)] },
    }),
    async (request, reply) =>
      sendPage(request, reply, await call("merge-pay.reviews", pageQuery(request, limits.ordersPerPage))),
  );

  app.get<{ Params: { id: string } }>(
    "/v1/reviews/:id",
    described({
      summary: "The review of one payment",
      tag: "operations",
      access: reader,
      params: PARAMS.payment,
      answers: { 200: ["The review, with all that was proposed and decided.", ANSWERS.review] },
    }),
    (request) => call("merge-pay.review", { paymentId: request.params.id }),
  );

  app.post<{ Params: { id: string }; Body: ReviewClaim }>(
    "/v1/reviews/:id/proposals",
    described({
      summary: "Say with evidence what became of a deduction",
      tag: "operations",
      access: reviewer,
      params: PARAMS.payment,
      body: BODIES.reviewClaim,
      answers: { 201: ["The review; nothing follows until another operator approves.", ANSWERS.review] },
      problems: ["STATE_REFUSED", "REVIEW_AMOUNT_DIFFERS", "REVIEW_REFERENCE_TAKEN"],
    }),
    async (request, reply) => {
      const claim = { paymentId: request.params.id, by: operatorIdOf(request), claim: request.body };
      return reply.code(201).send(await call("merge-pay.propose", claim));
    },
  );

  for (const [verdict, action, summary, told] of [
    ["approve", "merge-pay.approve", "Approve what another operator proposed", "The payment has ended accordingly."],
    ["reject", "merge-pay.reject", "Reject a proposal, or take it back", "Another one can be made."],
  ] as const)
    app.post<{ Params: { id: string; proposalId: string } }>(
      `/v1/reviews/:id/proposals/:proposalId/${verdict}`,
      described({
        summary,
        tag: "operations",
        access: reviewer,
        params: PARAMS.proposal,
        answers: { 200: [told, ANSWERS.review] },
        problems: ["STATE_REFUSED", "SECOND_PERSON_REQUIRED", "REVIEW_REFERENCE_TAKEN"],
      }),
      (request) => {
        const { id: paymentId, proposalId } = request.params;
        return call(action, { paymentId, proposalId, by: operatorIdOf(request) });
      },
    );
}
