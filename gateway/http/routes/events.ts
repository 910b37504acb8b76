import type { FastifyInstance } from "fastify";
import { ownOnly } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, pageSchema, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

/** The pull feed: each principal's own events, operators' all. */
export function eventRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.get(
    "/v1/events",
    described({
      summary: "Read the caller's own events from a cursor on",
      tag: "events",
      access: { platform: true, payer: true, operator: "read" },
      query: QUERY.page,
      answers: { 200: ["A page of events, oldest first.", pageSchema(ANSWERS.event)] },
    }),
    async (request, reply) => {
      const page = { ...pageQuery(request, limits.ordersPerPage), ...ownOnly(request) };
      return sendPage(request, reply, await call("notify.events", page));
    },
  );
}
