import { bareObject } from "./bare.ts";

/** The names of a path below a record: of a JSON Pointer (`/a/b~1c`), or of local names for xml (`a/b`, `@no`). */
export const namesBelow = (path: string): readonly string[] =>
  path.startsWith("/")
    ? path
        .slice(1)
        .split("/")
        .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    : path.split("/");

/** The text at a path below a value, of an XML element its text; undefined when there is none, or something else. */
export function textBelow(value: unknown, names: readonly string[]): string | undefined {
  let at = value;
  for (const name of names) at = isObject(at) ? at[name] : undefined;
  if (isObject(at)) at = at["#text"];
  return typeof at === "string" ? at : undefined;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value of JSON text that was made of a record: its objects inherit nothing. */
export function bareValue(text: string): unknown {
  return bare(JSON.parse(text) as unknown);
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (!isObject(value)) return value;
  const made = bareObject();
  for (const name of Object.keys(value)) made[name] = bare(value[name]);
  return made;
}
