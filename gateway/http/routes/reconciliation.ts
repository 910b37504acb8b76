import type { FastifyInstance } from "fastify";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import { RECONCILE_MS } from "../../statement-intake.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, BODIES, pageSchema, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** Banks' statements against our books. */
export function reconciliationRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.post<{ Body: { bank: string; from: string; to: string; lines?: StatementLine[] } }>(
    "/v1/reconciliations",
    described({
      summary: "Hold a bank's statement against the books: the lines given, or those that the bank has of the time",
      tag: "operations",
      access: { operator: "settlement:write" },
      body: BODIES.reconciliation,
      answers: { 200: ["What came of it; what differs is in `GET /v1/breaks`.", ANSWERS.reconciliation] },
      problems: ["UNSUPPORTED", "BANK_UNAVAILABLE", "STATEMENT_TOO_LARGE"],
    }),
    async (request) => call("reconciliation.reconcile", request.body, { timeoutMs: RECONCILE_MS }),
  );

  app.get<{ Querystring: { bank?: string; state?: "open" | "resolved" } }>(
    "/v1/breaks",
    described({
      summary: "List where banks' statements and our books differ",
      tag: "operations",
      access: { operator: "read" },
      query: QUERY.breaks,
      answers: { 200: ["A page of breaks.", pageSchema(ANSWERS.break)] },
    }),
    async (request, reply) => {
      const { bank, state } = request.query;
      const only = { ...(bank === undefined ? {} : { bank }), ...(state === undefined ? {} : { state }) };
      const page = { ...pageQuery(request, limits.ordersPerPage), ...only };
      return sendPage(request, reply, await call("reconciliation.breaks", page));
    },
  );
}
