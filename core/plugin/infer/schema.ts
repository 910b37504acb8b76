/** A JSON Schema that all samples fit, and that says no more than they show. */
export interface InferredSchema {
  type?: string | string[];
  required?: string[];
  properties?: Record<string, InferredSchema>;
  items?: InferredSchema;
  description?: string;
}

const typeOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/**
 * The schema of these values: types as seen, fields required when all have them. Texts are not bound: what a field may hold is for the
 * author to say.
 */
export function inferSchema(values: readonly unknown[]): InferredSchema {
  const types = [...new Set(values.map(typeOf))].sort();
  const objects = values.filter((value): value is Readonly<Record<string, unknown>> => typeOf(value) === "object");
  const lists = values.filter((value): value is readonly unknown[] => Array.isArray(value));
  const schema: InferredSchema =
    types.length === 0 ? {} : { type: types.length === 1 ? (types[0] ?? "string") : types };
  if (objects.length > 0) {
    const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
    const required = names.filter((name) => objects.every((object) => Object.hasOwn(object, name)));
    if (required.length > 0) schema.required = required;
    schema.properties = Object.fromEntries(
      names.map((name) => [
        name,
        inferSchema(objects.flatMap((object) => (Object.hasOwn(object, name) ? [object[name]] : []))),
      ]),
    );
  }
  if (lists.length > 0) schema.items = inferSchema(lists.flat());
  return schema;
}

/** The name that a pointer begins with, and the rest of it. */
function cut(pointer: string): readonly [name: string, rest: string] | undefined {
  const [, first, ...rest] = pointer.split("/");
  if (first === undefined) return undefined;
  return [first.replaceAll("~1", "/").replaceAll("~0", "~"), rest.length === 0 ? "" : `/${rest.join("/")}`];
}

const below = (pointers: readonly string[], name: string): string[] =>
  pointers.flatMap((pointer) => {
    const parts = cut(pointer);
    return parts?.[0] === name ? [parts[1]] : [];
  });

/**
 * Only what these pointers lead to: the rest of a platform's record is its own business. Required is what all samples have on the
 * way to the `needed` ones. A pointer goes into a list by an index.
 */
export function pruned(schema: InferredSchema, pointers: readonly string[], needed: readonly string[]): InferredSchema {
  const { items, properties, required, ...rest } = schema;
  const names = new Set(pointers.flatMap((pointer) => cut(pointer)?.[0] ?? []));
  const kept = Object.entries(properties ?? {}).filter(([name]) => names.has(name));
  const keptRequired = (required ?? []).filter((name) => needed.some((pointer) => cut(pointer)?.[0] === name));
  const inItems = (all: readonly string[]): string[] => all.map((pointer) => pointer.replace(/^\/\d+/, ""));
  return {
    ...rest,
    ...(keptRequired.length === 0 ? {} : { required: keptRequired }),
    ...(kept.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            kept.map(([name, child]) => [name, pruned(child, below(pointers, name), below(needed, name))]),
          ),
        }),
    ...(items === undefined ? {} : { items: pruned(items, inItems(pointers), inItems(needed)) }),
  };
}
