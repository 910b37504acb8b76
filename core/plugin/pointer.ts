/** Reading a record by JSON Pointers, for mappings that need no types: whatever is not there is blank. */

function valueAt(record: unknown, pointer: string): unknown {
  if (pointer === "") return record;
  let value = record;
  for (const part of pointer.slice(1).split("/")) {
    if (typeof value !== "object" || value === null) return undefined;
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value = Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }
  return value;
}

/** The text at a pointer; of an XML element with attributes its own text; blank when there is none. */
export function textAt(record: unknown, pointer: string): string {
  const value = valueAt(record, pointer);
  if (typeof value === "string") return value;
  const text = typeof value === "object" && value !== null ? (value as { "#text"?: unknown })["#text"] : undefined;
  return typeof text === "string" ? text : "";
}

/** The elements at a pointer: of a list all, of a single value that one, of nothing none. */
export function listAt(record: unknown, pointer: string): readonly unknown[] {
  const value = valueAt(record, pointer);
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || value === "" ? [] : [value];
}
