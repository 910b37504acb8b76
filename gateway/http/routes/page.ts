import type { FastifyReply, FastifyRequest } from "fastify";
import { nextLink, pageOf } from "../query.ts";

/** The page that a request asks for. */
export const pageQuery = (request: FastifyRequest, maximum: number): { after?: string; limit: number } =>
  pageOf(request.query as { after?: string; limit?: string }, maximum);

/** Answers a page, with the way to the next one as `Link`. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, page: { readonly next?: string }): FastifyReply {
  if (page.next !== undefined) reply.header("link", nextLink(request.raw.url ?? "", page.next));
  return reply.send(page);
}
