import { expect } from "chai";
import { CALLS, routeOf } from "./calls.ts";
import { edge, type Edge } from "./edge.ts";

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: object }[];
  readonly requestBody?: { content: Record<string, { schema?: object }> };
  readonly responses: Record<string, { description?: string; content?: Record<string, { schema?: object }> }>;
}
interface Document {
  readonly openapi: string;
  readonly info: { title?: string; version?: string };
  readonly tags: readonly { name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: object; securitySchemes: object };
}

/** What a JSON Pointer of a local reference leads to. */
function resolve(document: unknown, reference: string): unknown {
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = document;
  for (const part of reference.slice(2).split("/"))
    at = (at as Record<string, unknown> | undefined)?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  return at;
}

function* references(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === "$ref" && typeof item === "string") yield item;
    yield* references(item);
  }
}

const BODILESS = [
  "POST /v1/files/{id}/remap",
  "POST /v1/payments/{id}/cancel",
  "POST /v1/refunds/{id}/approve",
  "POST /v1/claims/{id}/closing/approve",
  "POST /v1/claims/{id}/closing/reject",
  "POST /v1/chargebacks/{id}/approve",
  "POST /v1/ledger/days/{date}/close",
  "POST /v1/merchant-accounts/{id}/verify",
  "POST /v1/account-keys/rotate",
  "POST /v1/reviews/{id}/proposals/{proposalId}/approve",
  "POST /v1/reviews/{id}/proposals/{proposalId}/reject",
];

describe("the OpenAPI document", () => {
  let http: Edge;
  let document: Document;
  const operations = (): [name: string, operation: Operation][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );

  before(async () => {
    http = await edge();
    document = (await http.ask({ url: "/openapi.json" })).json<Document>();
  });
  after(() => http.app.close());

  it("is OpenAPI 3.1", () => {
    expect(document.openapi).to.equal("3.1.0");
    expect(document.info).to.include.keys("title", "version");
  });

  it("has every route that is served, and no other", () => {
    const served = http.app
      .printRoutes({ commonPrefix: false, includeHooks: false })
      .split("\n")
      .filter((line) => line.includes("("));
    const paths = new Set(Object.keys(document.paths));
    const expected = new Set([
      ...CALLS.map((call) => routeOf(call)),
      "/v1/files/:id/content",
      "/v1/bank-statements/:id",
      "/v1/payments/:id/evidence",
      "/v1/files/:id/echo",
      "/livez",
      "/readyz",
      "/openapi.json",
    ]);
    expect([...paths].sort()).to.deep.equal(
      [...expected].map((route) => route.replace(/\?.*$/, "").replaceAll(/:([a-z]+)/gi, "{$1}")).sort(),
    );
    const methods = served.flatMap((line) => (/\(([^)]+)\)/.exec(line)?.[1] ?? "").split(", "));
    expect(methods.filter((method) => method !== "HEAD").length).to.equal(operations().length);
    for (const call of CALLS) {
      const path = routeOf(call)
        .replace(/\?.*$/, "")
        .replaceAll(/:([a-z]+)/gi, "{$1}");
      expect(document.paths[path], path).to.have.property(call.method.toLowerCase());
    }
  });

  it("has no reference that leads nowhere", () => {
    const all = [...references(document)];
    expect(all.length).to.be.above(20);
    for (const reference of all) expect(resolve(document, reference), reference).to.be.an("object");
  });

  it("says of every operation what it is, what it takes and what it answers", () => {
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const [name, operation] of operations()) {
      expect(operation.summary, name).to.be.a("string");
      for (const tag of operation.tags ?? ["?"]) expect(tags, name).to.include(tag);
      expect(Object.keys(operation.responses).length, name).to.be.above(0);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${name} ${status}`).to.be.a("string").and.not.equal("Default Response");
        const problem = response.content?.["application/problem+json"]?.schema;
        if (status >= "400" && name !== "GET /readyz")
          expect(problem, `${name} ${status}`).to.deep.equal({ $ref: "#/components/schemas/Problem" });
      }
      const inPath = [...name.matchAll(/\{([a-z]+)\}/gi)].map(([, parameter]) => parameter);
      const declared = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === "path")
        .map((parameter) => parameter.name);
      expect(declared, name).to.deep.equal(inPath);
      // These take nothing but the name of what they are about.
      // Mapping a file again, cancelling a payment and judging a proposal take nothing but the name of what they are about.
      if (name.startsWith("POST") && !BODILESS.includes(name))
        expect(Object.keys(operation.requestBody?.content ?? {}), name).to.have.lengthOf(1);
      if (name.includes("/v1/")) {
        expect(operation.security, name).to.be.an("array").and.not.to.have.lengthOf(0);
        expect(operation.responses, name).to.include.keys("401", "403", "500");
      }
    }
  });

  it("names only ways to sign in that it explains", () => {
    for (const [name, operation] of operations())
      for (const way of operation.security ?? [])
        expect(document.components.securitySchemes, name).to.include.keys(...Object.keys(way));
  });

  it("says that a payment needs its Idempotency-Key", () => {
    const parameters = document.paths["/v1/payments"]?.post?.parameters ?? [];
    expect(parameters.find(({ name }) => name === "idempotency-key")).to.include({ in: "header", required: true });
  });
});
