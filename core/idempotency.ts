import { createHash } from "node:crypto";
import { MergepayError } from "./errors/errors.ts";

/** @throws IDEMPOTENCY_KEY_INVALID unless 1 to `most` printable ASCII characters */
export function assertKey(key: string, most: number): void {
  if (key.length < 1 || key.length > most || !/^[\x20-\x7e]+$/.test(key))
    throw new MergepayError("IDEMPOTENCY_KEY_INVALID");
}

/** Hash of what was asked under a key; the order of its properties does not matter. */
export function requestHashOf(request: object): string {
  const sorted = Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}
