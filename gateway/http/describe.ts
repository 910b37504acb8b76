import type { FastifyContextConfig, FastifySchema } from "fastify";
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

function problemsOf(route: Description): readonly ErrorCode[] {
  const codes: ErrorCode[] = [...(route.problems ?? []), "INTERNAL"];
  if (route.access !== undefined) codes.push("QUERY_INVALID", "UNAUTHENTICATED", "FORBIDDEN", "STORE_UNAVAILABLE");
  if (route.access?.platform === true) codes.push("SIGNATURE_INVALID");
  if (route.params !== undefined) codes.push("NOT_FOUND");
  if (route.body !== undefined) codes.push("MEDIA_TYPE_UNSUPPORTED", "REQUEST_TIMEOUT");
  if (route.body !== undefined && route.consumes === undefined)
    codes.push("JSON_INVALID", "BODY_INVALID", "BODY_TOO_LARGE");
  return codes;
}

function responsesOf(route: Description): Record<string, Schema> {
  const responses: Record<string, Schema> = {};
  for (const [status, [description, schema, type = "application/json"]] of Object.entries(route.answers))
    responses[status] = { description, content: { [type]: { schema } } };
  const byStatus = Map.groupBy(problemsOf(route), (code) => ERRORS[code].status);
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
    response: responsesOf(route),
  };
  return { schema, config: access === undefined ? {} : { access } };
}
