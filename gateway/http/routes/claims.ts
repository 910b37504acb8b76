import type { FastifyInstance } from "fastify";
import type { ClaimActions } from "../../../core/claims/actions.ts";
import type { Claim } from "../../../schemas/types.generated.ts";
import { operatorIdOf, platformOnly, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

type Closing = Omit<ClaimActions["claims.close"]["params"], "claimId" | "by">;

/** What merchants owe. */
export function claimRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const writer = { operator: "settlement:write" } as const;
  const access = { platform: true, operator: "read" } as const;

  app.get<{ Querystring: { platform?: string; state?: Claim["state"] } }>(
    "/v1/claims",
    described({
      summary: "List what merchants owe: those of a platform, or all",
      tag: "operations",
      access,
      query: QUERY.claims,
      answers: { 200: ["A page of claims.", pageSchema(ANSWERS.claim)] },
    }),
    async (request, reply) => {
      const { platform, state } = request.query;
      const only = { ...platformOnly(request, platform), ...(state === undefined ? {} : { state }) };
      const query = { ...pageQuery(request, limits.ordersPerPage), ...only };
      return sendPage(request, reply, await call("claims.list", query));
    },
  );

  app.post<{ Params: { id: string }; Body: Closing }>(
    "/v1/claims/:id/close",
    described({
      summary: "Say with evidence that a merchant paid what is claimed, or that it is written off",
      tag: "operations",
      access: writer,
      params: PARAMS.claim,
      body: BODIES.claimClosing,
      answers: {
        200: ["The claim, ended: so much is credited to the merchant.", ANSWERS.claim],
        202: ["It is above the limit for one operator: nothing follows until another one approves.", ANSWERS.claim],
      },
      problems: ["STATE_REFUSED"],
    }),
    async (request, reply) => {
      const said = { ...request.body, claimId: request.params.id, by: operatorIdOf(request) };
      const claim = await call("claims.close", said);
      return reply.code(claim.state === "claimed" ? 202 : 200).send(claim);
    },
  );

  for (const [verdict, action, summary, told] of [
    ["approve", "claims.approve", "Approve what another operator said of a claim", "The claim, ended accordingly."],
    ["reject", "claims.reject", "Reject what was said of a claim, or take it back", "The claim, which goes on."],
  ] as const)
    app.post<{ Params: { id: string } }>(
      `/v1/claims/:id/closing/${verdict}`,
      described({
        summary,
        tag: "operations",
        access: writer,
        params: PARAMS.claim,
        answers: { 200: [told, ANSWERS.claim] },
        problems: ["STATE_REFUSED", "SECOND_PERSON_REQUIRED"],
      }),
      (request) => call(action, { claimId: request.params.id, by: operatorIdOf(request) }),
    );

  app.get<{ Params: { id: string } }>(
    "/v1/claims/:id",
    described({
      summary: "One claim",
      tag: "operations",
      access,
      params: PARAMS.claim,
      answers: { 200: ["The claim.", ANSWERS.claim] },
    }),
    async (request) =>
      shownTo(request, await call("claims.get", { claimId: request.params.id, ...platformOnly(request) })),
  );
}
