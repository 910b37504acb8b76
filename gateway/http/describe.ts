import type { FastifyContextConfig, FastifySchema, RouteOptions } from "fastify";
import { ERRORS, type ErrorCode } from "../../core/errors/codes.ts";
import type { Scope } from "./auth.ts";
import { PROBLEM_TYPE } from "./problems.ts";
import { ANSWERS, QUERY, type Schema } from "./schemas.ts";

/** Who may call a route. Absent: not these. */
export interface Access {
  readonly platform?: true;
  readonly payer?: true;
  /** Operators, with this scope. */
  readonly operator?: Scope;
  /** The signature is over a body that streams: the handler verifies it, before anything is kept. */
  readonly streamed?: true;
}

export interface Description {
  readonly summary: string;
  readonly tag: "files" | "orders" | "payments" | "refunds" | "payers" | "operations" | "events" | "health";
  /** Absent: anyone. */
  readonly access?: Access;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly headers?: Schema;
  readonly body?: Schema;
  readonly consumes?: readonly string[];
  /** By status: what it means, and the schema of the body. */
  readonly answers: Readonly<Record<number, readonly [description: string, schema: Schema, type?: string]>>;
  /** Beside those that any route of its kind may answer. */
  readonly problems?: readonly ErrorCode[];
}

const SECURITY = {
  platform: { platformSignature: [] },
  payer: { payerToken: [] },
  operator: { operatorKey: [] },
} as const;

/** @param changes whether the route's method may have a body */
function problemsOf(route: Description, changes: boolean): readonly ErrorCode[] {
  const codes: ErrorCode[] = [...(route.problems ?? []), "INTERNAL"];
  if (route.access !== undefined)
    codes.push("QUERY_INVALID", "UNAUTHENTICATED", "FORBIDDEN", "STORE_UNAVAILABLE", "OVERLOADED");
  if (route.access?.platform === true) codes.push("SIGNATURE_INVALID");
  // Who asks for another's, by the path or the query, is answered as if there were none.
  if (route.params !== undefined || namesOthers(route.query)) codes.push("NOT_FOUND");
  if (changes) codes.push("MEDIA_TYPE_UNSUPPORTED", "REQUEST_TIMEOUT");
  // Where none is taken, any body is refused.
  if (changes && route.consumes === undefined) codes.push("JSON_INVALID", "BODY_INVALID", "BODY_TOO_LARGE");
  return [...new Set(codes)];
}

const namesOthers = (query: Schema = {}): boolean => {
  const { properties = {} } = query as { properties?: object };
  return "platform" in properties || "userId" in properties;
};

function responsesOf(route: Description, changes: boolean): Record<string, Schema> {
  const responses: Record<string, Schema> = {};
  for (const [status, [description, schema, type = "application/json"]] of Object.entries(route.answers))
    responses[status] = { description, content: { [type]: { schema } } };
  const byStatus = Map.groupBy(problemsOf(route, changes), (code) => ERRORS[code].status);
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] ??= {
      description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join("\n\n"),
      content: { [PROBLEM_TYPE]: { schema: ANSWERS.problem } },
    };
  }
  return responses;
}

/** A route's schema (validated and published) and its config, of one description. */
export function described(route: Description): { schema: FastifySchema; config: FastifyContextConfig } {
  const { summary, tag, access, params, headers, body, consumes } = route;
  const security = (["platform", "payer", "operator"] as const)
    .filter((kind) => access?.[kind] !== undefined)
    .map((kind) => SECURITY[kind]);
  const schema = {
    summary,
    tags: [tag],
    security,
    ...(access?.operator === undefined ? {} : { description: `Operators need the scope \`${access.operator}\`.` }),
    ...(params === undefined ? {} : { params }),
    ...(access === undefined ? {} : { querystring: route.query ?? QUERY.none }),
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    ...(consumes === undefined ? {} : { consumes: [...consumes] }),
  };
  return { schema, config: access === undefined ? { description: route } : { access, description: route } };
}

/** Adds to a route as it is registered what it may answer: that hangs on its method, too. */
export function describeAnswers({ method, config, schema }: RouteOptions): void {
  const description = config?.description;
  if (description === undefined || schema === undefined) return;
  schema.response = responsesOf(description, method !== "GET" && method !== "HEAD");
}
