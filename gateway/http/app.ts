import type { FastifyInstance } from "fastify";
import { onBehalfOf } from "../../core/audit/origin.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { identify, originOf, proveClaim } from "./access.ts";
import type { HttpDeps } from "./deps.ts";
import { readJsonBodies, refuseUnasked } from "./json.ts";
import { documentApi } from "./openapi.ts";
import { answerProblem } from "./problems.ts";
import { strictQuery } from "./query.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { bankStatementRoutes } from "./routes/bank-statements.ts";
import { chargebackRoutes } from "./routes/chargebacks.ts";
import { claimRoutes } from "./routes/claims.ts";
import { eventRoutes } from "./routes/events.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { fileRoutes } from "./routes/files.ts";
import { healthRoutes } from "./routes/health.ts";
import { ledgerRoutes } from "./routes/ledger.ts";
import { linkImportRoute, linkRoutes } from "./routes/links.ts";
import { mandateRoutes } from "./routes/mandates.ts";
import { operationRoutes } from "./routes/operations.ts";
import { orderRoutes } from "./routes/orders.ts";
import { paymentRoutes } from "./routes/payments.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { payoutRoutes } from "./routes/payouts.ts";
import { refundRoutes } from "./routes/refunds.ts";
import { settlementRoutes } from "./routes/settlement.ts";
import { reconciliationRoutes } from "./routes/reconciliation.ts";
import { statementRoutes } from "./routes/statements.ts";
import { takeBackRoutes } from "./routes/take-backs.ts";
import { uploadRoute } from "./routes/upload.ts";
import { checkHeaders, createServer, methodTable, timesOf } from "./server.ts";
import { requestValidator } from "./validate.ts";

/** The HTTP edge, ready to listen or to be asked in process. It holds no state of its own. */
export async function buildApp(deps: HttpDeps): Promise<FastifyInstance> {
  const times = timesOf(deps);
  const app = createServer(deps);
  const table = methodTable(app);
  let draining = false;

  app.decorateRequest("principal", null);
  app.decorateRequest("claim", null);
  app.setValidatorCompiler(requestValidator);
  // Response schemas are promises that tests hold, not filters: a serialiser made of them would drop what they forget.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.setErrorHandler(answerProblem(deps, times.lingerMs));
  app.setNotFoundHandler(() => {
    throw new MergepayError("NOT_FOUND");
  });

  app.addHook("preClose", () => {
    draining = true;
    return Promise.resolve();
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "mergepay-request-id": request.id,
    });
    if (request.is404) {
      const allowed = table.allowed(request.raw.url ?? "");
      if (allowed.length === 0) throw new MergepayError("NOT_FOUND");
      reply.header("allow", allowed.join(", "));
      throw new MergepayError("METHOD_NOT_ALLOWED", `This resource takes ${allowed.join(", ")}.`);
    }
    checkHeaders(request.raw.rawHeaders, times.headers);
    await identify(request, deps);
  });
  app.addHook("preValidation", (request, _reply, done) => {
    const { access } = request.routeOptions.config;
    if (access?.streamed === undefined) proveClaim(request);
    if (access !== undefined) request.query = strictQuery(request.raw.url ?? "");
    refuseUnasked(request);
    done();
  });
  app.addHook("preHandler", (request, _reply, done) => {
    onBehalfOf(() => originOf(request), done);
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (draining) reply.header("connection", "close");
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { url: route = "unmatched" } = request.routeOptions;
    const { method, id: requestId } = request;
    deps.log.info({ method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime), requestId }, "request");
    done();
  });

  readJsonBodies(app, deps);
  await documentApi(app);
  await app.register(uploadRoute(deps));
  await app.register(linkImportRoute(deps));
  await app.register(bankStatementRoutes(deps));
  for (const routes of [
    fileRoutes,
    orderRoutes,
    paymentRoutes,
    evidenceRoutes,
    accountRoutes,
    mandateRoutes,
    linkRoutes,
    operationRoutes,
    refundRoutes,
    chargebackRoutes,
    claimRoutes,
    takeBackRoutes,
    settlementRoutes,
    statementRoutes,
    reconciliationRoutes,
    ledgerRoutes,
    reviewRoutes,
    payoutRoutes,
    eventRoutes,
    healthRoutes,
  ])
    routes(app, deps);
  await app.ready();
  return app;
}
