import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { Linked } from "../../../core/actions.ts";
import { importLinks } from "../../link-file.ts";
import { ownOnly, userIdOf } from "../access.ts";
import { wholeBody } from "../body.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { refuseDeclared } from "../json.ts";
import { readLinkToken } from "../link-token.ts";
import { ANSWERS, BODIES, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { timesOf } from "../server.ts";
import { pageQuery, sendPage } from "./page.ts";

/** Which buyers of platforms a payer is: told by operators, or by a platform's own token; ended by the payer too. */
export function linkRoutes(app: FastifyInstance, { call, limits, auth, now }: HttpDeps): void {
  app.post<{ Body: Linked }>(
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

  app.post<{ Body: { token: string } }>(
    "/v1/links/claims",
    described({
      summary: "Confirm a platform's token that says which of its buyers the payer is",
      tag: "payers",
      access: { payer: true },
      body: BODIES.claim,
      answers: { 201: ["The link; orders that waited for it now are the payer's.", ANSWERS.newLink] },
      problems: ["LINK_TOKEN_INVALID", "LINK_TOKEN_EXPIRED", "LINK_TOKEN_USED", "LINK_TAKEN"],
    }),
    async (request, reply) => {
      const token = { auth, maximumMs: limits.linkTokenMs, nowMs: now() };
      const linked = await readLinkToken(request.body.token, token);
      return reply.code(201).send(await call("links.claim", { ...linked, userId: userIdOf(request) }));
    },
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

  app.delete<{ Params: { id: string } }>(
    "/v1/links/:id",
    described({
      summary: "End a link: open orders of its buyer wait again, locked and paid ones stay the payer's",
      tag: "payers",
      access: { payer: true, operator: "links:write" },
      params: PARAMS.link,
      answers: { 200: ["How many open orders wait again.", ANSWERS.endedLink] },
    }),
    async (request) => {
      const { userId } = ownOnly(request);
      return call("links.remove", { linkId: request.params.id, ...(userId === undefined ? {} : { userId }) });
    },
  );
}

/** The route that takes a CSV file of links; the file is read twice, so it is held. */
export function linkImportRoute(deps: HttpDeps) {
  const { limits } = deps;
  const { bodyIdleMs, requestMs } = timesOf(deps);
  return (app: FastifyInstance): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("text/csv", (request: FastifyRequest, payload: IncomingMessage) => {
      refuseDeclared(request, limits.linkImportBytes, "BODY_TOO_LARGE");
      const bounds = { maximumBytes: limits.linkImportBytes, tooLarge: "BODY_TOO_LARGE" } as const;
      return wholeBody(payload, { ...bounds, idleMs: bodyIdleMs, totalMs: requestMs });
    });
    app.post<{ Body: Buffer }>(
      "/v1/links/import",
      described({
        summary: "Tie buyers to payers by a CSV file with the columns platform, buyerId and userId",
        tag: "payers",
        access: { operator: "links:write" },
        body: BODIES.linkFile,
        consumes: ["text/csv"],
        answers: { 200: ["What became of its lines; those that are not listed were taken.", ANSWERS.linkImport] },
        problems: ["BODY_TOO_LARGE", "FILE_EMPTY", "FILE_FRAME_BROKEN", "FILE_ENCODING_INVALID", "FILE_NOT_RECOGNISED"],
      }),
      async (request) => importLinks(request.body, deps),
    );
    return Promise.resolve();
  };
}
