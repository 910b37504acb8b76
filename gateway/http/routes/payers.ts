import type { FastifyInstance } from "fastify";
import { userIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema } from "../schemas.ts";
import { sendPage } from "./page.ts";

/** A payer's accounts. */
export function payerRoutes(app: FastifyInstance, { call }: HttpDeps): void {
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
}
