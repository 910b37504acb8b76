import type { FastifySchemaCompiler } from "fastify";
import type { ErrorCode } from "../../core/errors/codes.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { compileOwn, type Fault, type Validator } from "../../core/schema/validate.ts";
import { faultAmong, formsOf, likeliest } from "./forms.ts";
import type { Schema } from "./schemas.ts";

/** What is answered when a part of a request does not fit its schema. An id that can't be one is an id of nothing. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  body: "BODY_INVALID",
  querystring: "QUERY_INVALID",
  params: "NOT_FOUND",
  headers: "IDEMPOTENCY_KEY_INVALID",
};

/** Compiling is slow and many routes share a schema. */
const compiled = new WeakMap<Schema, Validator<unknown>>();

function validatorOf(schema: Schema): Validator<unknown> {
  const known = compiled.get(schema) ?? compileOwn<unknown>(schema);
  compiled.set(schema, known);
  return known;
}

/** Validates requests by the schemas that are published: no coercion, no defaults, unknown properties refused. */
export const requestValidator: FastifySchemaCompiler<Schema> = ({ schema, httpPart = "body" }) => {
  // The upload: its bytes are streamed, not held.
  if (schema.format === "binary") return () => true;
  const fits = validatorOf(schema);
  const kinds = formsOf(schema);
  const forms = kinds.map((form) => ({ form, fits: validatorOf(form) }));
  const code = CODES[httpPart] ?? "BODY_INVALID";
  return (value) => {
    if (fits(value)) return true;
    const meant = likeliest(forms, value);
    if (meant === undefined) return { error: refusal(code, fits.fault()) };
    meant.fits(value);
    return { error: refusal(code, faultAmong(meant.fits.fault(), meant.form, kinds)) };
  };
};

function refusal(code: ErrorCode, { field, reason }: Fault): MergepayError {
  if (code === "NOT_FOUND" || code === "IDEMPOTENCY_KEY_INVALID") return new MergepayError(code);
  const name = code === "QUERY_INVALID" ? field.slice(1) : field;
  return new MergepayError(code, `${name === "" ? "It" : name} ${reason}.`, { field: name });
}
