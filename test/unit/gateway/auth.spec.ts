import { expect } from "chai";
import { generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { bearerPrincipal, readCredentials } from "../../../gateway/http/auth.ts";
import { AUTH, JWT_SECRET, NOW_MS, operator, signed } from "./edge.ts";

const nowSeconds = Math.floor(NOW_MS / 1000);

function jwt(claims: Record<string, unknown>, alg = "HS256", key: Uint8Array = JWT_SECRET): Promise<string> {
  const all = { sub: "anna", aud: "mergepay", exp: nowSeconds + 60, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>).setProtectedHeader({ alg }).sign(key);
}

async function verdict(token: string): Promise<string> {
  try {
    const principal = await bearerPrincipal(token, AUTH, NOW_MS);
    return principal.kind === "payer" ? `payer ${principal.userId}` : principal.kind;
  } catch (error) {
    return (error as { type: string }).type;
  }
}

const key = (operator("reader").authorization ?? "").replace("Bearer ", "");

const TOKENS: readonly [name: string, token: () => string | Promise<string>, result: string][] = [
  ["a good token", () => jwt({}), "payer anna"],
  ["for several audiences", () => jwt({ aud: ["shop", "mergepay"] }), "payer anna"],
  ["a sub of 128 characters", () => jwt({ sub: "u".repeat(128) }), `payer ${"u".repeat(128)}`],
  ["a sub of 129 characters", () => jwt({ sub: "u".repeat(129) }), "UNAUTHENTICATED"],
  ["an empty sub", () => jwt({ sub: "" }), "UNAUTHENTICATED"],
  ["a sub with a line break", () => jwt({ sub: "an\nna" }), "UNAUTHENTICATED"],
  ["a sub that is a number", () => jwt({ sub: 5 }), "UNAUTHENTICATED"],
  ["no sub", () => jwt({ sub: undefined }), "UNAUTHENTICATED"],
  ["no exp", () => jwt({ exp: undefined }), "UNAUTHENTICATED"],
  ["expires now", () => jwt({ exp: nowSeconds }), "UNAUTHENTICATED"],
  ["expires in a second", () => jwt({ exp: nowSeconds + 1 }), "payer anna"],
  ["not valid yet", () => jwt({ nbf: nowSeconds + 10 }), "UNAUTHENTICATED"],
  ["no audience", () => jwt({ aud: undefined }), "UNAUTHENTICATED"],
  ["another audience", () => jwt({ aud: "shop" }), "UNAUTHENTICATED"],
  ["another key", () => jwt({}, "HS256", new Uint8Array(32).fill(8)), "UNAUTHENTICATED"],
  ["HS512 with the right key", () => jwt({}, "HS512", new Uint8Array(64).fill(7)), "UNAUTHENTICATED"],
  [
    "alg none",
    () => new UnsecuredJWT({ sub: "anna", aud: "mergepay", exp: nowSeconds + 60 }).encode(),
    "UNAUTHENTICATED",
  ],
  [
    "an algorithm swapped for RS256",
    async () => {
      const { privateKey } = await generateKeyPair("RS256");
      const claims = { sub: "anna", aud: "mergepay", exp: nowSeconds + 60 };
      return new SignJWT(claims).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
    },
    "UNAUTHENTICATED",
  ],
  [
    "a good token with alg none in its head",
    async () => (await jwt({})).replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString("base64url")),
    "UNAUTHENTICATED",
  ],
  [
    "claims changed under the signature",
    async () =>
      (await jwt({})).replace(
        /\.[^.]+\./,
        `.${Buffer.from(JSON.stringify({ sub: "boris", aud: "mergepay", exp: nowSeconds + 60 })).toString("base64url")}.`,
      ),
    "UNAUTHENTICATED",
  ],
  ["words", () => "hello", "UNAUTHENTICATED"],
  ["two dots", () => "..", "UNAUTHENTICATED"],
  ["an operator's key", () => key, "operator"],
  ["an unknown operator key", () => `mpk_${"x".repeat(32)}`, "UNAUTHENTICATED"],
  ["an operator's key with one character more", () => `${key}0`, "UNAUTHENTICATED"],
  ["an operator's key in capitals", () => key.replace("reader", "READER"), "UNAUTHENTICATED"],
];

describe("a bearer token", () => {
  for (const [name, token, result] of TOKENS) {
    it(`${name}: ${result.slice(0, 20)}`, async () => {
      expect(await verdict(await token())).to.equal(result);
    });
  }

  it("gives the operator the id and the scopes of that key only", async () => {
    expect(await bearerPrincipal(key, AUTH, NOW_MS)).to.deep.equal({
      kind: "operator",
      id: "reader",
      scopes: ["read"],
    });
  });

  it("is not quoted by the error that refuses it", async () => {
    const token = await jwt({ aud: "canary" });
    const error = await bearerPrincipal(token, AUTH, NOW_MS).catch((thrown: unknown) => thrown as Error);
    expect(JSON.stringify([error, (error as Error).message]))
      .not.to.contain("canary")
      .and.not.to.contain(token);
  });
});

const HEADERS: readonly [name: string, headers: Record<string, string>, result: string][] = [
  ["nothing at all", {}, "UNAUTHENTICATED"],
  ["a bearer token", { authorization: "Bearer abc" }, "bearer"],
  ["the word in small letters", { authorization: "bearer abc" }, "bearer"],
  ["basic credentials", { authorization: "Basic YTpi" }, "UNAUTHENTICATED"],
  ["an empty token", { authorization: "Bearer " }, "UNAUTHENTICATED"],
  ["two tokens", { authorization: "Bearer a b" }, "UNAUTHENTICATED"],
  ["a token of 4,097 characters", { authorization: `Bearer ${"a".repeat(4097)}` }, "UNAUTHENTICATED"],
  ["a signature", signed("acme", "x"), "signature"],
  ["a platform's name without a signature", { "mergepay-platform": "acme" }, "SIGNATURE_INVALID"],
  ["a signature and a token", { ...signed("acme", "x"), authorization: "Bearer abc" }, "UNAUTHENTICATED"],
];

describe("the credentials of a request", () => {
  for (const [name, headers, result] of HEADERS) {
    it(`${name}: ${result}`, () => {
      let seen: string;
      try {
        seen = readCredentials(headers, NOW_MS).kind;
      } catch (error) {
        seen = (error as { type: string }).type;
      }
      expect(seen).to.equal(result);
    });
  }
});
