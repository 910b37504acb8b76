import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { MergepayError } from "../../core/errors/errors.ts";

/** How far a signature's time may be from ours, either way, in seconds. */
export const TOLERANCE_SECONDS = 300;
/** A sender that rotates keys signs with two; more than these are not looked at, so that a header can't buy us work. */
export const SIGNATURES_LOOKED_AT = 8;

/** The three headers of Standard Webhooks, in form and in time; not yet verified. */
export interface SignatureHead {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: readonly Buffer[];
}

/** Takes the signed bytes as they come by, then says whether a signature fits. */
export interface SignatureCheck {
  update(chunk: Uint8Array): void;
  /** @throws SIGNATURE_INVALID */
  verify(): void;
}

/** No dot: the signed text joins id, time and body with dots, and an id with one could be read as another time and body. */
const ID = /^[!-\-/-~]{1,255}$/;
const SIGNATURE = /^v1,([A-Za-z0-9+/]{43}=)$/;

const invalid = (message: string): MergepayError => new MergepayError("SIGNATURE_INVALID", message);

/**
 * Reads the signature headers of a request.
 * @param nowMs epoch milliseconds
 * @throws SIGNATURE_INVALID when one is missing, malformed, or its time is more than 300 s away
 */
export function readSignatureHead(headers: IncomingHttpHeaders, nowMs: number): SignatureHead {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signature !== "string")
    throw invalid("Send webhook-id, webhook-timestamp and webhook-signature, each once.");
  if (!ID.test(id)) throw invalid("webhook-id must be 1 to 255 printable ASCII characters without space or dot.");
  if (!/^[1-9][0-9]{0,11}$/.test(timestamp)) throw invalid("webhook-timestamp must be whole seconds since 1970.");
  if (Math.abs(Math.floor(nowMs / 1000) - Number.parseInt(timestamp, 10)) > TOLERANCE_SECONDS)
    throw invalid(`webhook-timestamp is more than ${TOLERANCE_SECONDS} s away from the clock here; sign again.`);
  const signatures = signature
    .split(" ", SIGNATURES_LOOKED_AT)
    .flatMap((part) => SIGNATURE.exec(part)?.[1] ?? [])
    .map((text) => Buffer.from(text, "base64"));
  if (signatures.length === 0) throw invalid("webhook-signature holds no `v1,` signature of 32 bytes in base64.");
  return { id, timestamp, signatures };
}

/**
 * Checks a signature over bytes that stream by.
 * @param secrets `whsec_` and base64: one, or two while a key is rotated
 */
export function signatureCheck(head: SignatureHead, secrets: readonly string[]): SignatureCheck {
  const prefix = `${head.id}.${head.timestamp}.`;
  const hmacs = secrets
    .map((secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64"))
    // An empty key would let anyone sign.
    .filter((key) => key.length > 0)
    .map((key) => createHmac("sha256", key).update(prefix));
  return {
    update(chunk) {
      for (const hmac of hmacs) hmac.update(chunk);
    },
    verify() {
      let fits = false;
      // Every pair is compared, also after one fits, so that the time taken tells nothing.
      for (const hmac of hmacs) {
        const digest = hmac.digest();
        for (const signature of head.signatures) fits = timingSafeEqual(digest, signature) || fits;
      }
      if (!fits) throw invalid("No signature fits the bytes sent, webhook-id and webhook-timestamp.");
    },
  };
}

/** What a request without a body signs in the body's place: `GET /v1/files?limit=20`, the target exactly as in the request line. */
export const bodilessContent = (method: string, target: string): Buffer => Buffer.from(`${method} ${target}`, "utf8");
