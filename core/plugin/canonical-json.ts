/**
 * JSON text with sorted keys and no blanks: equal values give equal text. Fields that are undefined are left out.
 * Only for values made of plain objects, arrays, text, booleans, null and safe numbers.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = value as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const name of Object.keys(fields).sort()) {
    const field = fields[name];
    if (field !== undefined) parts.push(`${JSON.stringify(name)}:${canonicalJson(field)}`);
  }
  return `{${parts.join(",")}}`;
}
