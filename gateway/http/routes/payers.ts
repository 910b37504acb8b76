import type { FastifyInstance } from "fastify";
import type { Actions } from "../../../core/actions.ts";
import { userIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** A payer's accounts, and which buyers of platforms a payer is. */
export function payerRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.post<{ Body: { bank: string; token: string; label: string } }>(
    "/v1/accounts",
    described({
      summary: "Add a bank account by its token",
      tag: "payers",
      access: { payer: true },
      body: BODIES.account,
      answers: { 201: ["The account, without its token.", ANSWERS.account] },
    }),
    async (request, reply) =>
      reply.code(201).send(await call("accounts.create", { userId: userIdOf(request), ...request.body })),
  );

  app.get(
    "/v1/accounts",
    described({
      summary: "List the payer's accounts",
      tag: "payers",
      access: { payer: true },
      answers: { 200: ["The accounts.", pageSchema(ANSWERS.account)] },
    }),
    async (request, reply) => sendPage(request, reply, await call("accounts.list", { userId: userIdOf(request) })),
  );

  app.post<{ Body: Actions["links.create"]["params"] }>(
    "/v1/links",
    described({
      summary: "Tie a platform's buyer, or one order, to a payer",
      tag: "payers",
      access: { operator: "links:write" },
      body: BODIES.link,
      answers: { 201: ["The link; orders that waited for it now are the payer's.", ANSWERS.newLink] },
      problems: ["LINK_TAKEN"],
    }),
    async (request, reply) => reply.code(201).send(await call("links.create", request.body)),
  );

  app.get<{ Querystring: { userId?: string } }>(
    "/v1/links",
    described({
      summary: "List links of a payer",
      tag: "payers",
      access: { payer: true, operator: "read" },
      query: QUERY.ofUser,
      answers: { 200: ["A page of links.", pageSchema(ANSWERS.link)] },
    }),
    async (request, reply) => {
      const userId = userIdOf(request, request.query.userId);
      return sendPage(
        request,
        reply,
        await call("links.list", { ...pageQuery(request, limits.ordersPerPage), userId }),
      );
    },
  );
}
