import { expect } from "chai";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { readLinkToken } from "../../../gateway/http/link-token.ts";
import { importLinks } from "../../../gateway/link-file.ts";
import { CARELESS, IDS } from "./documents.ts";
import { ANNA, AUTH, BOLT, BORIS, edge, type Edge, linkToken, NOW_MS, OPS } from "./edge.ts";

const exp = NOW_MS / 1000;
type Claims = Readonly<Record<string, unknown>>;
type Signing = Parameters<typeof linkToken>[1];

/** What the token says beside what a good one does, how it is signed, and what it is taken for. */
const tokens: readonly (readonly [string, Claims, Signing, RegExp])[] = [
  ["names a buyer", {}, {}, /^taken$/],
  ["names an order", { buyerId: undefined, merchant: "shop", orderNo: "A-1" }, {}, /^taken$/],
  ["says when it was made", { iat: exp - 60, nbf: exp - 60 }, {}, /^taken$/],
  ["is by the second secret of two", {}, { platform: "turning", byte: 4 }, /^taken$/],
  ["lasts just as long as it may", { exp: exp + 900 }, {}, /^taken$/],
  ["lasts a second longer", { exp: exp + 901 }, {}, /INVALID The token lasts too long: exp may be at most 900 s ahead/],
  ["has a second left", { exp: exp + 1 }, {}, /^taken$/],
  ["has just ended", { exp }, {}, /^LINK_TOKEN_EXPIRED/],
  ["has ended and is forged", { exp }, { byte: 9 }, /INVALID The token is not signed by the platform/],
  ["never ends", { exp: undefined }, {}, /INVALID .*exp/],
  ["begins later", { nbf: exp + 60 }, {}, /INVALID .*nbf/],
  ["has no nonce", { jti: undefined }, {}, /INVALID .*jti/],
  ["has a short nonce", { jti: "1234567" }, {}, /INVALID .*jti/],
  ["is by another platform's secret", {}, { byte: 2 }, /INVALID The token is not signed by the platform/],
  ["names another platform than signed it", { iss: "bolt" }, {}, /INVALID The token is not signed by the platform/],
  ["names a platform that nobody knows", { iss: "nobody" }, {}, /INVALID The token is not signed by the platform/],
  ["names no platform", { iss: undefined }, {}, /INVALID The token is not a compact JWS that names its platform/],
  ["names a platform that can't be", { iss: "../x" }, {}, /INVALID The token is not a compact JWS that names/],
  ["is by another algorithm", {}, { alg: "HS512" }, /INVALID The token is not signed by HS256/],
  ["is for something else", { aud: "mergepay" }, {}, /INVALID .*aud/],
  ["names nobody", { buyerId: undefined }, {}, /INVALID The token must name a buyerId, or a merchant/],
  ["names a buyer and an order", { merchant: "shop", orderNo: "A-1" }, {}, /INVALID The token must name a buyerId/],
  ["names a merchant only", { buyerId: undefined, merchant: "shop" }, {}, /INVALID The token must name a buyerId/],
  ["names the payer too", { userId: "eve" }, {}, /INVALID The token has no good claims/],
  ["names a buyer by a number", { buyerId: 7 }, {}, /INVALID The token has no good claims/],
];

const whatOf = (error: unknown): string => {
  const { type, message } = asMergepayError(error);
  return `${type} ${message}`;
};

describe("a platform's token that says who a buyer is", () => {
  const read = (token: string) =>
    readLinkToken(token, { auth: AUTH, maximumMs: LIMITS.linkTokenMs, nowMs: NOW_MS }).then(() => "taken", whatOf);

  for (const [what, claims, signing, outcome] of tokens)
    it(`that ${what}: ${outcome.source}`, async () => {
      const given = Object.entries({ buyerId: "b-1", ...claims }).filter(([, value]) => value !== undefined);
      const left = Object.entries(claims).filter(([, value]) => value === undefined);
      const token = await linkToken({ ...Object.fromEntries(given), ...Object.fromEntries(left) }, signing);
      expect(await read(token)).to.match(outcome);
    });

  it("is refused when it is not signed at all, or changed by one letter", async () => {
    const [head = "", body = "", signature = ""] = (await linkToken({ buyerId: "b-1" })).split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const other = Buffer.from(Buffer.from(body, "base64url").toString().replace("b-1", "b-2")).toString("base64url");
    for (const token of [`${none}.${body}.`, `${none}.${body}.${signature}`, `${head}.${other}.${signature}`, "a.b.c"])
      expect(await read(token), token).to.match(/^LINK_TOKEN_INVALID/);
  });

  it("tells who it is of, and the nonce by which it is used once", async () => {
    const options = { auth: AUTH, maximumMs: LIMITS.linkTokenMs, nowMs: NOW_MS };
    expect(await readLinkToken(await linkToken({ buyerId: "b-1" }), options)).to.deep.equal({
      platform: "acme",
      buyerId: "b-1",
      nonce: "nonce-0001",
      expiresAt: new Date(NOW_MS + 600_000).toISOString(),
    });
  });
});

describe("links over HTTP", () => {
  let http: Edge;
  before(async () => {
    http = await edge(CARELESS, { limits: { linkImportBytes: 100 } });
  });
  after(() => http.app.close());
  const json = (payload: object) => ({
    payload: JSON.stringify(payload),
    headers: { "content-type": "application/json" },
  });
  const csv = (payload: string) => ({
    method: "POST" as const,
    url: "/v1/links/import",
    payload,
    headers: { "content-type": "text/csv; charset=utf-8" },
    as: OPS,
  });

  it("are made for the payer who confirms a token, and for nobody else", async () => {
    const token = await linkToken({ buyerId: "b-9" });
    const claim = { method: "POST", url: "/v1/links/claims" } as const;
    expect((await http.ask({ ...claim, ...json({ token }), as: BORIS })).statusCode).to.equal(201);
    const [name, params] = http.call.lastCall.args as [string, object];
    expect(name).to.equal("links.claim");
    expect(params).to.include({ platform: "acme", buyerId: "b-9", userId: "boris" });
    http.call.resetHistory();
    for (const [as, body] of [
      [BORIS, { token, userId: "anna" }],
      [BORIS, { token: "a.b" }],
      [BORIS, { platform: "acme", buyerId: "b-9" }],
      [BOLT, { token }],
      [OPS, { token }],
    ] as const)
      expect((await http.ask({ ...claim, ...json(body), as })).statusCode).to.be.oneOf([400, 403]);
    const named = { method: "POST", url: "/v1/links", ...json({ platform: "acme", userId: "boris", buyerId: "b-9" }) };
    expect((await http.ask({ ...named, method: "POST", as: BORIS })).statusCode).to.equal(403);
    expect(http.call.called).to.equal(false);
  });

  it("are ended by their payer only, or by an operator", async () => {
    const remove = { method: "DELETE", url: `/v1/links/${IDS.link}` } as const;
    for (const [as, params] of [
      [ANNA, { linkId: IDS.link, userId: "anna" }],
      [OPS, { linkId: IDS.link }],
    ] as const) {
      const answer = await http.ask({ ...remove, as });
      expect([answer.statusCode, answer.json()]).to.deep.equal([200, { released: 1 }]);
      expect(http.call.lastCall.args).to.deep.equal(["links.remove", params]);
    }
    expect((await http.ask({ ...remove, url: "/v1/links/lnk_1", as: ANNA })).statusCode).to.equal(404);
    expect((await http.ask({ ...remove, as: BOLT })).statusCode).to.equal(403);
  });

  it("come in by a file of the size that is taken, and not by a byte more", async () => {
    const head = "platform,buyerId,userId\n";
    const row = (chars: number) => `acme,${"b".repeat(chars)},anna\n`;
    const fitting = head + row(100 - head.length - row(0).length);
    const answer = await http.ask(csv(fitting));
    expect([answer.statusCode, answer.json<object>()]).to.deep.equal([
      200,
      { lines: 1, made: 1, known: 0, claimed: 3, rejected: 0, rejects: [], more: false },
    ]);
    const over = await http.ask(csv(`${fitting}x`));
    expect([over.statusCode, over.json<{ code: string }>().code]).to.deep.equal([413, "BODY_TOO_LARGE"]);
    const other = await http.ask({ ...csv("{}"), headers: { "content-type": "application/json" } });
    expect(other.json<{ code: string }>().code).to.equal("MEDIA_TYPE_UNSUPPORTED");
  });
});

describe("a file of links", () => {
  const calls: number[] = [];
  const importing = (text: string) =>
    importLinks(Buffer.from(text), {
      limits: LIMITS,
      call: (name, params) => {
        if (name !== "links.import") throw new Error(`unexpected ${name}`);
        const { links } = params as { links: readonly { line: number; buyerId?: string }[] };
        calls.push(links.length);
        const taken = links.filter(({ buyerId }) => buyerId === "taken");
        const rejects = taken.map(({ line }) => ({ line, code: "LINK_TAKEN", reason: "x" }));
        return Promise.resolve({ made: links.length - rejects.length, known: 0, claimed: 0, rejects } as never);
      },
    });
  const head = "platform,buyerId,userId\n";

  it("is taken line by line: what is wrong is told by line, code and field", async () => {
    const file = `${head}acme,b-1,anna\nAcme,b-2,anna\nacme,,anna\nacme,b-4\nacme,taken,anna\n"acme","b,6","anna"\n`;
    const report = await importing(file);
    expect(report.rejects.map(({ line, code, field }) => [line, code, field])).to.deep.equal([
      [3, "RECORD_INVALID", "platform"],
      [4, "RECORD_INVALID", "buyerId"],
      [5, "RECORD_MALFORMED", undefined],
      [6, "LINK_TAKEN", undefined],
    ]);
    expect(report).to.include({ lines: 6, made: 2, rejected: 4, more: false });
  });

  it("goes on in calls of at most 200 links, and lists no more than 1,000 rejects", async () => {
    calls.length = 0;
    const good = Array.from({ length: 450 }, (_, index) => `acme,b-${index},anna\n`).join("");
    const report = await importing(head + good + "acme,b-1\n".repeat(1001));
    expect(calls).to.deep.equal([200, 200, 50]);
    expect(report).to.include({ lines: 1451, made: 450, rejected: 1001, more: true });
    expect(report.rejects).to.have.lengthOf(1000);
  });

  for (const [what, text, code] of [
    ["is empty", " ", "FILE_EMPTY"],
    ["lacks a column", "platform,userId\nacme,anna\n", "FILE_NOT_RECOGNISED"],
    ["ends within a cell", `${head}acme,b-1,anna\nacme,"b-2,anna\n`, "FILE_FRAME_BROKEN"],
  ] as const)
    it(`that ${what} is refused with ${code}, and nothing of it is taken`, async () => {
      calls.length = 0;
      expect(await importing(text).then(() => "taken", whatOf)).to.include(code);
      expect(calls).to.deep.equal([]);
    });
});
