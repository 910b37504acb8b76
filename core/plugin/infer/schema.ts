import { EACH } from "./leaves.ts";
import type { Use } from "./uses.ts";

type Json = Readonly<Record<string, unknown>>;

/** Everything that was seen at one place of the records. */
interface Seen {
  readonly types: Set<string>;
  readonly fields: Map<string, Seen>;
  items: Seen | undefined;
}

/**
 * The JSON Schema of records as the reader gives them, where every number is text. It says of each field what was seen of it. What the
 * mapping reads and can't do without is required and of its type; all else may be left out or null, and lists and objects that
 * nobody reads may stand in for each other, as they do where they are empty: no order is refused for a field that nobody reads.
 * @param open the records' format is one where an element without content is an empty text (XML)
 */
export function schemaOf(records: readonly unknown[], uses: readonly Use[], open: boolean): Json {
  const seen = newSeen();
  for (const record of records) see(seen, record);
  return describe(
    seen,
    uses.map((use) => ({ ...use, path: use.path.map((name) => (name === "0" ? EACH : name)) })),
    open,
    true,
  );
}

const newSeen = (): Seen => ({ types: new Set(), fields: new Map(), items: undefined });

function see(seen: Seen, value: unknown): void {
  if (value === null) seen.types.add("null");
  else if (Array.isArray(value)) {
    seen.types.add("array");
    seen.items ??= newSeen();
    for (const item of value) see(seen.items, item);
  } else if (typeof value === "object") {
    seen.types.add("object");
    for (const [name, field] of Object.entries(value as Json)) {
      const known = seen.fields.get(name) ?? newSeen();
      seen.fields.set(name, known);
      see(known, field);
    }
  } else seen.types.add(typeof value);
}

function describe(seen: Seen, uses: readonly Use[], open: boolean, needed: boolean): Json {
  const used = uses.length > 0;
  // Of XML only what is read is described: an element that holds a text here may hold elements there.
  if (!used && (open || [...seen.types].every((type) => type === "null"))) return {};
  // What is read as a text must be one, also where a record of the sample has something else.
  const here = uses.filter(({ path }) => path.length === 0);
  const types = new Set(here.length === 0 ? seen.types : [here.some(({ flag }) => flag) ? "boolean" : "string"]);
  if (!needed) types.add("null");
  if (!needed && open) types.add("string");
  if (!used && (types.has("object") || types.has("array"))) types.add("object").add("array");
  const [only, ...others] = [...types].sort();
  const own = Object.assign({}, ...here.map(({ text }) => text)) as Json;
  return {
    type: others.length === 0 ? only : [...types].sort(),
    ...(types.has("string") ? own : {}),
    ...(seen.fields.size === 0 || !types.has("object") ? {} : objectOf(seen, uses, open)),
    ...(seen.items === undefined || seen.items.types.size === 0 || !types.has("array")
      ? {}
      : { items: itemsOf(seen.items, uses, open) }),
  };
}

function objectOf(seen: Seen, uses: readonly Use[], open: boolean): Json {
  const below = (name: string): Use[] => step(uses, name);
  const required = [...seen.fields.keys()].filter((name) => below(name).some(({ needed }) => needed));
  const properties: Record<string, Json> = {};
  for (const [name, field] of seen.fields)
    properties[name] = describe(field, below(name), open, required.includes(name));
  return { ...(required.length === 0 ? {} : { required }), properties };
}

const itemsOf = (seen: Seen, uses: readonly Use[], open: boolean): Json => {
  const below = step(uses, EACH);
  return describe(
    seen,
    below,
    open,
    below.some(({ needed }) => needed),
  );
};

const step = (uses: readonly Use[], name: string): Use[] =>
  uses.filter(({ path }) => path[0] === name).map((use) => ({ ...use, path: use.path.slice(1) }));
