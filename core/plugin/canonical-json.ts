/** What JSON text escapes: quotes, control characters, halves of pairs that stand alone. */
const ESCAPED = /["\\\p{Cc}\p{Cs}]/u;

const quoted = (text: string): string => (ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`);

/**
 * JSON text with sorted keys and no blanks: equal values give equal text. Fields that are undefined are left out.
 * Only for values made of plain objects, arrays, text, booleans, null and safe numbers.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(fields).sort()) {
    const field = fields[name];
    if (field !== undefined) text += `${text === "" ? "" : ","}${quoted(name)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}
