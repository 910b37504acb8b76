import { pointerOf } from "./leaves.ts";

/** So deep may a wrapper lie around the records. */
const WRAPPERS_MAX = 6;

/**
 * JSON Pointers of a document's places that may hold records, as `JsonInput.records` means them: arrays of objects, and objects. Only names are
 * looked at; what a document that is no JSON has wrong is its reader's to say.
 */
export function jsonPaths(text: string): string[] {
  const found: string[] = [];
  try {
    visit(JSON.parse(text), []);
  } catch {
    // The reader of the root says where it is broken.
    return [""];
  }
  return found;

  function visit(value: unknown, path: readonly string[]): void {
    if (path.length > WRAPPERS_MAX || typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      if (value.length > 0 && value.every(isObject)) found.push(pointerOf(path));
      return;
    }
    found.push(pointerOf(path));
    for (const [name, field] of Object.entries(value)) visit(field, [...path, name]);
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
