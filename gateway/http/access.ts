import type { FastifyRequest } from "fastify";
import type { Actor, Origin } from "../../core/audit/origin.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { bearerPrincipal, PLATFORM_ID, type Principal, readCredentials } from "./auth.ts";
import type { HttpDeps } from "./deps.ts";
import type { Access, Description } from "./describe.ts";
import { bodilessContent, type SignatureCheck, signatureCheck } from "./signature.ts";

/** A platform's signature over a body that is still to come: who it would be, and what proves it. */
export interface Claim {
  readonly check: SignatureCheck;
  readonly principal: Principal;
}

declare module "fastify" {
  interface FastifyRequest {
    principal: Principal | null;
    claim: Claim | null;
  }
  interface FastifyContextConfig {
    access?: Access;
    description?: Description;
  }
}

const forbidden = (message: string): MergepayError => new MergepayError("FORBIDDEN", message);
const notFound = (): MergepayError => new MergepayError("NOT_FOUND");

/**
 * Establishes who is asking before a byte of the body is read. A signature over a body is left as a claim.
 * @throws UNAUTHENTICATED, SIGNATURE_INVALID, FORBIDDEN
 */
export async function identify(request: FastifyRequest, deps: HttpDeps): Promise<void> {
  const { access } = request.routeOptions.config;
  if (access === undefined) return;
  const credentials = readCredentials(request.headers, deps.now());
  if (credentials.kind === "bearer") {
    request.principal = authorised(await bearerPrincipal(credentials.token, deps.auth, deps.now()), access);
    return;
  }
  if (access.platform === undefined) throw forbidden("This call is not for platforms.");
  const platform = platformOf(request, credentials.platform);
  const secrets = deps.auth.platformSecrets(platform);
  if (secrets.length === 0) throw new MergepayError("SIGNATURE_INVALID");
  request.claim = { check: signatureCheck(credentials.head, secrets), principal: { kind: "platform", platform } };
  if (request.method === "GET" || request.method === "HEAD")
    proveClaim(request, bodilessContent(request.method, request.raw.url ?? ""));
}

/** The platform that the path names, or else the header; when both do, they must agree. */
function platformOf(request: FastifyRequest, header: string | undefined): string {
  const { platform: path } = request.params as { platform?: string };
  if (path !== undefined && !PLATFORM_ID.test(path)) throw notFound();
  const platform = path ?? header;
  if (platform === undefined || !PLATFORM_ID.test(platform) || (header ?? platform) !== platform)
    throw new MergepayError("UNAUTHENTICATED", "Name your platform in the header mergepay-platform.");
  return platform;
}

function authorised(principal: Principal, access: Access): Principal {
  if (principal.kind === "payer" && access.payer === undefined) throw forbidden("This call is not for payers.");
  if (principal.kind === "operator") {
    if (access.operator === undefined) throw forbidden("This call is not for operators.");
    if (!principal.scopes.includes(access.operator)) throw forbidden(`The key lacks the scope ${access.operator}.`);
  }
  return principal;
}

/** Proves what is claimed, over these last bytes. @throws SIGNATURE_INVALID */
export function proveClaim(request: FastifyRequest, bytes?: Uint8Array): void {
  const { claim } = request;
  if (claim === null) return;
  if (bytes !== undefined) claim.check.update(bytes);
  claim.check.verify();
  request.principal = claim.principal;
  request.claim = null;
}

/** Who is asking; the route's access made sure that there is someone. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new MergepayError("UNAUTHENTICATED");
  return request.principal;
}

/** Whose decision the request is, as the audit log has it; undefined until that is proven. */
export function originOf({ principal, ip, id: requestId }: FastifyRequest): Origin | undefined {
  return principal === null ? undefined : { by: actorOf(principal), via: "http", ip, requestId };
}

function actorOf(principal: Principal): Actor {
  switch (principal.kind) {
    case "platform":
      return { kind: "platform", id: principal.platform };
    case "payer":
      return { kind: "payer", id: principal.userId };
    case "operator":
      return { kind: "operator", id: principal.id };
  }
}

/** The payer who is asking, or whom the operator names. */
export function userIdOf(request: FastifyRequest, named?: string): string {
  const principal = principalOf(request);
  if (principal.kind === "payer" && (named ?? principal.userId) === principal.userId) return principal.userId;
  if (principal.kind !== "operator") throw notFound();
  if (named === undefined) throw new MergepayError("QUERY_INVALID", "Say whose: ?userId=", { field: "userId" });
  return named;
}

/** The operator who decides, by the id that the credentials file has. */
export function operatorIdOf(request: FastifyRequest): string {
  const principal = principalOf(request);
  if (principal.kind !== "operator") throw forbidden("This call is for operators.");
  return principal.id;
}

/** What narrows a call to what the principal may see; operators may narrow it to a platform themselves. */
export function ownOnly(request: FastifyRequest, named?: string): { platform?: string; userId?: string } {
  const principal = principalOf(request);
  if (principal.kind === "payer") return { userId: principal.userId };
  if (principal.kind === "operator") return named === undefined ? {} : { platform: named };
  if ((named ?? principal.platform) !== principal.platform) throw notFound();
  return { platform: principal.platform };
}

/** As `ownOnly`, on routes that payers may not call. */
export function platformOnly(request: FastifyRequest, named?: string): { platform?: string } {
  const { platform } = ownOnly(request, named);
  return platform === undefined ? {} : { platform };
}

/**
 * The document, when the principal may see it. Services are asked for own documents only; this holds if one forgets.
 * @throws NOT_FOUND
 */
export function shownTo<T extends { readonly platform?: string; readonly userId?: string | null }>(
  request: FastifyRequest,
  document: T,
): T {
  const principal = principalOf(request);
  const own =
    principal.kind === "operator" ||
    (principal.kind === "platform" ? document.platform === principal.platform : document.userId === principal.userId);
  if (!own) throw notFound();
  return document;
}
