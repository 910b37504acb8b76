import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { MergepayError } from "../../../core/errors/errors.ts";
import { csvHead, csvOf } from "../../../core/statements/model.ts";
import { platformOnly } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface Asked {
  platform?: string;
  merchant: string;
  currency: string;
  from: string;
  to: string;
  format?: "csv";
  after?: string;
  limit?: string;
}

/** What merchants were owed and paid. */
export function statementRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  app.get<{ Querystring: Asked }>(
    "/v1/statements",
    described({
      summary: "The statement of a merchant in a currency, each line explained",
      tag: "operations",
      access: { platform: true, operator: "read" },
      query: QUERY.statement,
      answers: {
        200: [
          "A page of it; as CSV all of it, whole when it ends with the row `closing`. Text that a spreadsheet would take for a formula has an apostrophe in front.",
          ANSWERS.statement,
        ],
      },
      problems: ["CURRENCY_UNKNOWN"],
    }),
    async (request, reply) => {
      const { merchant, currency, from, to, format, platform: named } = request.query;
      const { platform } = platformOnly(request, named);
      if (platform === undefined)
        throw new MergepayError("QUERY_INVALID", "Say whose: ?platform=", { field: "platform" });
      const of = { platform, merchant, currency, from, to };
      const first = await call("statements.get", { ...pageQuery(request, limits.ordersPerPage), ...of });
      if (format === undefined) return sendPage(request, reply, first);
      /** Page after page, as fast as they are read. */
      async function* rows(): AsyncGenerator<string> {
        yield csvHead();
        for (let page = first; ;) {
          yield csvOf(page);
          if (page.next === undefined) return;
          page = await call("statements.get", { ...of, after: page.next });
        }
      }
      return reply
        .header("content-type", "text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="statement.csv"')
        .send(Readable.from(rows()));
    },
  );
}
