import type { Schema } from "./schemas.ts";

/** One of the forms that a body may have. */
export interface Form {
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

/** Names missing, names unknown, and values that are not of the kind that the form has there. */
function misfits({ required, properties }: Form, value: Record<string, unknown>): number {
  const missing = required.filter((name) => !Object.hasOwn(value, name)).length;
  const wrong = Object.keys(value).filter((name) => {
    if (!Object.hasOwn(properties, name)) return true;
    const expected = properties[name];
    if (expected?.const !== undefined) return value[name] !== expected.const;
    return expected?.type === "array" && !Array.isArray(value[name]);
  }).length;
  return missing + wrong;
}
