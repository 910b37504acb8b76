import type { Fault } from "../../core/schema/validate.ts";
import type { Schema } from "./schemas.ts";

/** One of the forms that a body may have. */
export interface Form {
  /** What it takes, in words: for whoever mixes it with another one. */
  readonly description: string;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, { readonly const?: unknown; readonly type?: unknown }>>;
}

/** The forms of a schema with `oneOf`; none for others. */
export const formsOf = (schema: Schema): readonly (Schema & Form)[] =>
  (schema.oneOf as readonly (Schema & Form)[] | undefined) ?? [];

/**
 * Of the forms that a body may have, the one that it most likely is meant to be, so that a fault is told of that one and not of
 * all. The earlier one wins a tie.
 */
export function likeliest<T extends { readonly form: Form }>(forms: readonly T[], value: unknown): T | undefined {
  if (typeof value !== "object" || value === null) return forms[0];
  const scored = forms.map((entry) => ({ entry, misfits: misfits(entry.form, value as Record<string, unknown>) }));
  return scored.sort((a, b) => a.misfits - b.misfits)[0]?.entry;
}

/** Names missing, names unknown, and twice the values that are not of the kind that the form has there: those say most of what is meant. */
function misfits({ required, properties }: Form, value: Record<string, unknown>): number {
  const missing = required.filter((name) => !Object.hasOwn(value, name)).length;
  const names = Object.keys(value);
  const unknown = names.filter((name) => !Object.hasOwn(properties, name)).length;
  const wrong = names.filter((name) => {
    const expected = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (expected?.const !== undefined) return value[name] !== expected.const;
    return expected?.type === "array" && !Array.isArray(value[name]);
  }).length;
  return missing + unknown + 2 * wrong;
}

/**
 * What is wrong with a body of this form; a field that only another form has is told as what it is, with all that the body may be.
 */
export function faultAmong(fault: Fault, meant: Form, forms: readonly Form[]): Fault {
  const name = fault.field.slice(1);
  const elsewhere =
    !Object.hasOwn(meant.properties, name) && forms.some((form) => Object.hasOwn(form.properties, name));
  if (!elsewhere) return fault;
  const takes = forms.map(({ description }) => description).join(", or ");
  return { field: fault.field, reason: `does not go with the rest of the body: send ${takes}` };
}
