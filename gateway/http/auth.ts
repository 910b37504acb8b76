import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { errors as joseErrors, jwtVerify } from "jose";
import { MergepayError } from "../../core/errors/errors.ts";
import { readSignatureHead, type SignatureHead } from "./signature.ts";

/** An operator's key by the sha256 of the whole key in lower-case hex: the keys themselves are kept nowhere. */
export interface OperatorKey {
  /** Who holds it, as decisions name them: a person with two keys has one id. */
  readonly id: string;
  readonly sha256: string;
  readonly scopes: readonly string[];
}

/** What an operator's key may be good for. */
export const SCOPES = [
  "read",
  "files:write",
  "links:write",
  "endpoints:write",
  "refunds:write",
  "settlement:write",
  "ledger:write",
  "accounts:write",
  "reviews:write",
  "orders:write",
  "mandates:charge",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is asking, as proven. */
export type Principal =
  | { readonly kind: "platform"; readonly platform: string }
  | { readonly kind: "payer"; readonly userId: string }
  | { readonly kind: "operator"; readonly id: string; readonly scopes: readonly string[] };

export interface AuthDeps {
  /** The `whsec_` secrets of a platform: one, two while it rotates, none when there is no such platform. */
  readonly platformSecrets: (platform: string) => readonly string[];
  /** Whether files of the platform are taken with a manifest only. */
  readonly manifestRequired: (platform: string) => boolean;
  /** Shared HS256 secret of whoever issues payer tokens. */
  readonly payerJwtSecret: Uint8Array;
  readonly operatorKeys: readonly OperatorKey[];
}

export type Credentials =
  | { readonly kind: "signature"; readonly head: SignatureHead; readonly platform: string | undefined }
  | { readonly kind: "bearer"; readonly token: string };

export const AUDIENCE = "mergepay";
export const PLATFORM_ID = /^[a-z][a-z0-9-]{1,39}$/;
const OPERATOR_KEY = /^mpk_[A-Za-z0-9_-]{16,252}$/;
/** Room for a token with some claims of its own; anything longer is not looked at. */
const TOKEN_CHARS = 4096;
const USER_ID = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,128}$/u;

const unauthenticated = (message: string): MergepayError => new MergepayError("UNAUTHENTICATED", message);

/**
 * What a request says of who sends it: either a platform's signature or a bearer token, not both.
 * @throws UNAUTHENTICATED, SIGNATURE_INVALID
 */
export function readCredentials(headers: IncomingHttpHeaders, nowMs: number): Credentials {
  const { authorization, "mergepay-platform": platform } = headers;
  const signed = ["webhook-id", "webhook-timestamp", "webhook-signature"].some((name) => headers[name] !== undefined);
  if (authorization !== undefined && signed)
    throw unauthenticated("Send either a signature or an Authorization header, not both.");
  if (authorization !== undefined) {
    const token = /^Bearer ([!-~]+)$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > TOKEN_CHARS)
      throw unauthenticated("Authorization must be `Bearer` and one token.");
    return { kind: "bearer", token };
  }
  if (!signed && platform === undefined)
    throw unauthenticated("Send an Authorization header, or as a platform the webhook-* headers.");
  return {
    kind: "signature",
    head: readSignatureHead(headers, nowMs),
    platform: typeof platform === "string" ? platform : undefined,
  };
}

/** The principal of a bearer token: `mpk_...` is an operator's key, anything else must be a payer's JWT. @throws UNAUTHENTICATED */
export function bearerPrincipal(token: string, auth: AuthDeps, nowMs: number): Promise<Principal> {
  return token.startsWith("mpk_") ? Promise.resolve(operatorOf(token, auth)) : payerOf(token, auth, nowMs);
}

function operatorOf(token: string, auth: AuthDeps): Principal {
  const digest = createHash("sha256").update(token).digest();
  let found: OperatorKey | undefined;
  // All keys are compared, also after one fits, so that the time taken tells nothing.
  for (const key of auth.operatorKeys) {
    const expected = Buffer.from(key.sha256, "hex");
    if (expected.length === digest.length && timingSafeEqual(expected, digest)) found = key;
  }
  if (found === undefined || !OPERATOR_KEY.test(token)) throw unauthenticated("The operator key is not known here.");
  return { kind: "operator", id: found.id, scopes: found.scopes };
}

async function payerOf(token: string, auth: AuthDeps, nowMs: number): Promise<Principal> {
  try {
    const { payload } = await jwtVerify(token, auth.payerJwtSecret, {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(nowMs),
    });
    if (typeof payload.sub === "string" && USER_ID.test(payload.sub)) return { kind: "payer", userId: payload.sub };
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired) throw unauthenticated("The token has expired; take a new one.");
    // Why exactly a token is refused helps only those who forge one.
    if (!(error instanceof joseErrors.JOSEError)) throw error;
  }
  throw unauthenticated(`The token is not an HS256 JWT for "${AUDIENCE}" with exp and a sub of 1 to 128 characters.`);
}
