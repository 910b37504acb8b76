import type { FastifyInstance } from "fastify";
import { operatorIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** Summing a day of very many entries takes a while, milliseconds. */
const CLOSE_MS = 110_000;

interface ByDate {
  Params: { date: string };
}

/** Days of the journal, and what they came to. */
export function ledgerRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const operator = { operator: "read" } as const;

  app.post<ByDate>(
    "/v1/ledger/days/:date/close",
    described({
      summary: "Close a day (UTC) that is over: it takes no more entries; again, the same answer",
      tag: "operations",
      access: { operator: "ledger:write" },
      params: PARAMS.day,
      answers: { 200: ["The day. While it is `closing` it is still being summed.", ANSWERS.ledgerDay] },
      problems: ["STATE_REFUSED", "OVERLOADED"],
    }),
    async (request) =>
      call("ledger.close", { date: request.params.date, by: operatorIdOf(request) }, { timeoutMs: CLOSE_MS }),
  );

  app.get(
    "/v1/ledger/days",
    described({
      summary: "List closed days",
      tag: "operations",
      access: operator,
      query: QUERY.page,
      answers: { 200: ["A page of days, the oldest first.", pageSchema(ANSWERS.ledgerDay)] },
    }),
    async (request, reply) =>
      sendPage(request, reply, await call("ledger.days", pageQuery(request, limits.ordersPerPage))),
  );

  app.get<ByDate>(
    "/v1/ledger/days/:date",
    described({
      summary: "A closed day, with what is on suspense and why",
      tag: "operations",
      access: operator,
      params: PARAMS.day,
      answers: { 200: ["The day.", ANSWERS.ledgerDay] },
    }),
    async (request) => call("ledger.day", { date: request.params.date }),
  );

  app.get<ByDate>(
    "/v1/ledger/days/:date/totals",
    described({
      summary: "List what a closed day did to each account",
      tag: "operations",
      access: operator,
      params: PARAMS.day,
      query: QUERY.page,
      answers: { 200: ["A page of totals.", pageSchema(ANSWERS.ledgerDayTotal)] },
    }),
    async (request, reply) => {
      const of = { ...pageQuery(request, limits.ordersPerPage), date: request.params.date };
      return sendPage(request, reply, await call("ledger.dayTotals", of));
    },
  );
}
