import { decodeJwt, errors as joseErrors, type JWTPayload, jwtVerify } from "jose";
import { MergepayError } from "../../core/errors/errors.ts";
import { compileSchema } from "../../core/schema/validate.ts";
import { type AuthDeps, PLATFORM_ID } from "./auth.ts";
import { LINK_TOKEN } from "./schemas.ts";

/** What such a token is for: no other JWT of the platform's passes for one. */
const AUDIENCE = "mergepay:link";

/** Who a platform says that a buyer of its is, or that one of its orders is theirs. */
export interface LinkToken {
  readonly platform: string;
  readonly buyerId?: string;
  readonly merchant?: string;
  readonly orderNo?: string;
  readonly nonce: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

type Claims = Omit<LinkToken, "platform" | "nonce" | "expiresAt"> & { iss: string; jti: string; exp: number };

const fits = compileSchema<Claims>(LINK_TOKEN);
const invalid = (reason: string): MergepayError => new MergepayError("LINK_TOKEN_INVALID", `The token ${reason}.`);

/**
 * Reads a token by which a platform tells who a buyer is: a compact JWS, HS256 by the platform's own secret, with `iss` (the platform),
 * `aud` "mergepay:link", `exp`, `jti`, and `buyerId` or `merchant` and `orderNo`.
 * @param maximumMs how far ahead `exp` may be
 * @throws LINK_TOKEN_INVALID, LINK_TOKEN_EXPIRED
 */
export async function readLinkToken(
  token: string,
  { auth, maximumMs, nowMs }: { auth: Pick<AuthDeps, "platformSecrets">; maximumMs: number; nowMs: number },
): Promise<LinkToken> {
  const payload = await verified(token, auth, nowMs);
  if (!fits(payload)) {
    const { field, reason } = fits.fault();
    throw invalid(`has no good claims: ${field === "" ? "it" : field} ${reason}`);
  }
  const { iss: platform, jti: nonce, exp, buyerId, merchant, orderNo } = payload;
  const byBuyer = buyerId !== undefined && merchant === undefined && orderNo === undefined;
  const byOrder = buyerId === undefined && merchant !== undefined && orderNo !== undefined;
  if (!byBuyer && !byOrder) throw invalid("must name a buyerId, or a merchant and an orderNo");
  if (exp * 1000 > nowMs + maximumMs) throw invalid(`lasts too long: exp may be at most ${maximumMs / 1000} s ahead`);
  return {
    platform,
    nonce,
    expiresAt: new Date(exp * 1000).toISOString(),
    ...(buyerId === undefined ? {} : { buyerId }),
    ...(merchant === undefined ? {} : { merchant }),
    ...(orderNo === undefined ? {} : { orderNo }),
  };
}

/** The claims of a token that fits one of the secrets of the platform that it names. */
async function verified(token: string, auth: Pick<AuthDeps, "platformSecrets">, nowMs: number): Promise<JWTPayload> {
  const issuer = issuerOf(token);
  for (const secret of auth.platformSecrets(issuer)) {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    // An empty key would let anyone sign.
    if (key.length === 0) continue;
    try {
      const options = { algorithms: ["HS256"], issuer, audience: AUDIENCE, currentDate: new Date(nowMs) };
      return (await jwtVerify(token, key, { ...options, requiredClaims: ["exp", "jti"] })).payload;
    } catch (error) {
      if (error instanceof joseErrors.JWTExpired) throw new MergepayError("LINK_TOKEN_EXPIRED");
      if (error instanceof joseErrors.JWTClaimValidationFailed) throw invalid(`has no good claim ${error.claim}`);
      if (error instanceof joseErrors.JOSEAlgNotAllowed) throw invalid("is not signed by HS256");
      // It may fit the other secret. That it fits none is all that is told.
      if (!(error instanceof joseErrors.JOSEError)) throw error;
    }
  }
  throw invalid("is not signed by the platform that it names");
}

function issuerOf(token: string): string {
  let issuer: unknown;
  try {
    issuer = decodeJwt(token).iss;
  } catch (error) {
    if (!(error instanceof joseErrors.JOSEError)) throw error;
  }
  if (typeof issuer === "string" && PLATFORM_ID.test(issuer)) return issuer;
  throw invalid('is not a compact JWS that names its platform as "iss"');
}
