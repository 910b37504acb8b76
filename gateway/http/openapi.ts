import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { houseSchemas } from "../../core/schema/validate.ts";
import { describeAnswers } from "./describe.ts";

/** Publishes the schemas that validate as OpenAPI 3.1, at /openapi.json. Must be called before the routes are added. */
export async function documentApi(app: FastifyInstance): Promise<void> {
  app.addHook("onRoute", describeAnswers);
  for (const schema of houseSchemas().values()) app.addSchema(schema);
  await app.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Mergepay",
        version: "1.0.0",
        description:
          "One payment for orders from any number of e-commerce platforms. Errors are RFC 9457 problems with a `code`. Bodies are " +
          "strict JSON: an unknown property is refused, nothing is coerced; a call without a body here takes none. Ids of others are answered as if there were none.",
      },
      tags: [
        { name: "files", description: "Transaction files of platforms and what became of their records." },
        { name: "orders", description: "The unified order documents." },
        { name: "payments", description: "Inbox, quotes and merge payments of a payer." },
        { name: "refunds", description: "Money of payments on its way back to the payer." },
        { name: "payers", description: "Accounts of a payer, and links to platforms' buyers." },
        { name: "operations", description: "Money after the payment, plugins, and where events are sent." },
        { name: "events", description: "The caller's own events, by cursor." },
        { name: "health", description: "For probes." },
      ],
      components: {
        securitySchemes: {
          payerToken: {
            type: "http",
            scheme: "bearer",
            bearerFormat: "JWT",
            description: "HS256, aud `mergepay`, with exp and sub.",
          },
          operatorKey: { type: "http", scheme: "bearer", description: "A key `mpk_...` with scopes." },
          platformSignature: {
            type: "apiKey",
            in: "header",
            name: "webhook-signature",
            description:
              "Standard Webhooks: `webhook-id`, `webhook-timestamp` (within 300 s) and `webhook-signature` over `id.timestamp.body`. " +
              "A request without a body signs `METHOD target`, such as `GET /v1/files?limit=20`, in the body's place. Where the path " +
              "does not name the platform, the header `mergepay-platform` does.",
          },
        },
      },
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema.title === "string" ? schema.title : `schema-${index}`,
    },
  });
  app.get(
    "/openapi.json",
    {
      schema: {
        summary: "This API as OpenAPI 3.1",
        tags: ["health"],
        response: { 200: { description: "The document.", type: "object", additionalProperties: true } },
      },
    },
    () => app.swagger(),
  );
}
