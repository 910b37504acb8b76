import { MergepayError } from "../../core/errors/errors.ts";

const invalid = (message: string, field: string): MergepayError =>
  new MergepayError("QUERY_INVALID", message, { field });

/**
 * The query parameters of a request target as text, none converted.
 * @throws QUERY_INVALID for a parameter given twice, without `=`, or not decodable
 */
export function strictQuery(target: string): Record<string, string> {
  const query = Object.create(null) as Record<string, string>;
  const start = target.indexOf("?");
  if (start === -1) return query;
  for (const part of target.slice(start + 1).split("&")) {
    if (part === "") continue;
    const [name, value] = decoded(part);
    if (name in query) throw invalid("A query parameter may be given once only.", name);
    query[name] = value;
  }
  return query;
}

function decoded(part: string): [string, string] {
  const at = part.indexOf("=");
  if (at <= 0) throw invalid("A query parameter is `name=value`.", "");
  const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
  try {
    return [decode(part.slice(0, at)), decode(part.slice(at + 1))];
  } catch (error) {
    if (error instanceof URIError) throw invalid("A query parameter is not percent-encoded UTF-8.", "");
    throw error;
  }
}

export interface PageParameters {
  readonly after?: string;
  readonly limit?: string;
}

/**
 * The page asked for.
 * @param maximum the largest page
 * @throws QUERY_INVALID unless `limit` is plain digits from 1 to `maximum`
 */
export function pageOf(query: PageParameters, maximum: number): { after?: string; limit: number } {
  const { after, limit: text } = query;
  const limit = text === undefined ? maximum : Number.parseInt(text, 10);
  if (text !== undefined && (!/^[1-9][0-9]{0,5}$/.test(text) || limit > maximum))
    throw invalid(`limit must be a whole number from 1 to ${maximum}.`, "limit");
  return after === undefined ? { limit } : { after, limit };
}

/** The `Link` header to the page after this one; relative, since a proxy may know us under another name. */
export function nextLink(target: string, next: string): string {
  const [path] = target.split("?", 1);
  const query = new URLSearchParams({ ...strictQuery(target), after: next });
  return `<${path}?${query.toString()}>; rel="next"`;
}
