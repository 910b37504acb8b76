import { expect } from "chai";
import type { Principal } from "../../../gateway/http/auth.ts";
import { asRequest, CALLS, routeOf } from "./calls.ts";
import { CARELESS, DOCS, IDS } from "./documents.ts";
import { ACME, ANNA, BOLT, BORIS, edge, type Edge, operator, OPS, signed } from "./edge.ts";

const EVERYONE: readonly Principal[] = [ACME, ANNA, OPS];
const codeOf = (body: string): unknown => (JSON.parse(body) as { code?: unknown }).code;

describe("who may call what", () => {
  let http: Edge;
  before(async () => {
    http = await edge({ ...CARELESS });
  });
  after(() => http.app.close());
  beforeEach(() => {
    http.call.resetHistory();
    http.store.kept.clear();
  });

  for (const call of CALLS) {
    const name = `${call.method} ${routeOf(call)}`;

    for (const who of EVERYONE) {
      const may = call.who.includes(who);
      it(`${name} as ${who.kind}: ${may ? call.status : 403}`, async () => {
        const answer = await http.ask({ ...asRequest(call), as: who });
        expect(answer.statusCode, answer.body).to.equal(may ? call.status : 403);
        if (may) return;
        expect(codeOf(answer.body)).to.equal("FORBIDDEN");
        expect(http.call.called).to.equal(false);
      });
    }

    it(`${name} without credentials: 401, and no service is asked`, async () => {
      const answer = await http.ask(asRequest(call));
      expect(answer.statusCode).to.equal(401);
      expect(answer.headers["www-authenticate"]).to.be.a("string");
      expect(http.call.called).to.equal(false);
    });

    it(`${name} as an operator without the scope: 403`, async () => {
      const lacking = call.method === "GET" ? "uploader" : "reader";
      const answer = await http.ask({ ...asRequest(call), headers: { ...call.headers, ...operator(lacking) } });
      expect(answer.statusCode).to.equal(403);
      expect(http.call.called).to.equal(false);
    });

    if (call.owned === true)
      for (const stranger of [BOLT, BORIS].filter((one) => call.who.some(({ kind }) => kind === one.kind)))
        it(`${name} of someone else as ${stranger.kind}: the 404 of an id that can not be`, async () => {
          const foreign = await http.ask({ ...asRequest(call), as: stranger });
          const unknown = await http.ask({
            ...asRequest(call),
            url: call.url.replace(/[0-9a]{26}/, "9"),
            as: stranger,
          });
          expect(foreign.statusCode).to.equal(404);
          expect(unknown.statusCode).to.equal(404);
          const { instance: _one, ...first } = foreign.json<Record<string, unknown>>();
          const { instance: _other, ...second } = unknown.json<Record<string, unknown>>();
          expect(first).to.deep.equal(second);
        });
  }

  it("asks services for the platform's own only", async () => {
    for (const url of [
      "/v1/files",
      "/v1/orders",
      "/v1/settlement-lines",
      "/v1/fee-rules",
      "/v1/payouts",
      "/v1/settlement-rules",
      "/v1/endpoints",
      "/v1/deliveries",
      "/v1/events",
    ]) {
      http.call.resetHistory();
      expect((await http.ask({ url, as: BOLT })).statusCode, url).to.equal(200);
      expect(http.call.firstCall.args[1], url).to.include({ platform: "bolt" });
      if (url !== "/v1/events")
        expect((await http.ask({ url: `${url}?platform=acme`, as: BOLT })).statusCode, url).to.equal(404);
    }
    await http.ask({ url: `/v1/files/${IDS.file}/records`, as: BOLT });
    expect(http.call.lastCall.args[1]).to.include({ fileId: IDS.file, platform: "bolt" });
  });

  it("asks services for the payer's own only", async () => {
    for (const url of ["/v1/inbox", "/v1/payments", "/v1/accounts", "/v1/links", "/v1/events"]) {
      http.call.resetHistory();
      expect((await http.ask({ url, as: BORIS })).statusCode, url).to.equal(200);
      expect(http.call.firstCall.args[1], url).to.include({ userId: "boris" });
    }
    expect((await http.ask({ url: "/v1/payments?userId=anna", as: BORIS })).statusCode).to.equal(404);
    await http.ask({ method: "POST", url: "/v1/quotes", payload: { orders: [IDS.order] }, as: BORIS });
    expect(http.call.lastCall.args[1]).to.include({ userId: "boris" });
  });

  it("lets operators see all, or narrow it", async () => {
    await http.ask({ url: "/v1/files", as: OPS });
    expect(http.call.lastCall.args[1]).not.to.have.property("platform");
    await http.ask({ url: "/v1/files?platform=acme", as: OPS });
    expect(http.call.lastCall.args[1]).to.include({ platform: "acme" });
    expect((await http.ask({ url: "/v1/orders", as: OPS })).json<{ field: string }>().field).to.equal("platform");
    expect((await http.ask({ url: "/v1/payments", as: OPS })).json<{ field: string }>().field).to.equal("userId");
  });

  it("refuses a platform that signs for another path, or names another in its header", async () => {
    const payload = "a,b";
    const upload = { method: "POST", url: "/v1/platforms/acme/files", payload } as const;
    const foreign = await http.ask({ ...upload, headers: signed("bolt", payload) });
    expect(codeOf(foreign.body)).to.equal("SIGNATURE_INVALID");
    const torn = await http.ask({ ...upload, headers: { ...signed("acme", payload), "mergepay-platform": "bolt" } });
    expect(codeOf(torn.body)).to.equal("UNAUTHENTICATED");
    const unknown = await http.ask({ ...upload, url: "/v1/platforms/nobody/files", headers: signed("acme", payload) });
    expect(codeOf(unknown.body)).to.equal("SIGNATURE_INVALID");
    expect(http.call.called).to.equal(false);
    expect(http.store.kept.size).to.equal(0);
  });

  it("takes the same signed file twice for the one file that it is", async () => {
    const upload = {
      method: "POST",
      url: "/v1/platforms/acme/files",
      payload: "a,b",
      headers: signed("acme", "a,b"),
    } as const;
    await http.ask(upload);
    await http.ask(upload);
    const received = http.call.args.filter(([name]) => name === "files.receive");
    const [first, second] = received.map(([, params]) => (params as { fileId: string }).fileId);
    expect(first).to.be.a("string").and.to.equal(second);
    expect(http.store.kept.size).to.equal(1);
  });

  it("takes a signature for the very target and method that were signed", async () => {
    const headers = { ...signed("acme", "GET /v1/files?limit=2"), "mergepay-platform": "acme" };
    expect((await http.ask({ url: "/v1/files?limit=2", headers })).statusCode).to.equal(200);
    expect((await http.ask({ url: "/v1/files?limit=3", headers })).statusCode).to.equal(401);
    expect((await http.ask({ url: "/v1/files", headers })).statusCode).to.equal(401);
    expect((await http.ask({ url: "/v1/files?limit=2", method: "HEAD", headers })).statusCode).to.equal(401);
    expect((await http.ask({ url: "/v1/events?limit=2", headers })).statusCode).to.equal(401);
  });

  it("does not give a platform another one's endpoint", async () => {
    const endpoint = { method: "POST", url: "/v1/endpoints", headers: { "content-type": "application/json" } } as const;
    const theirs = JSON.stringify({ platform: "acme", url: "https://bolt.example.com/h" });
    expect((await http.ask({ ...endpoint, payload: theirs, as: BOLT })).statusCode).to.equal(404);
    expect(http.call.called).to.equal(false);
    const own = JSON.stringify({ url: "https://bolt.example.com/h" });
    expect((await http.ask({ ...endpoint, payload: own, as: BOLT })).statusCode).to.equal(201);
    expect(http.call.lastCall.args).to.deep.equal([
      "notify.createEndpoint",
      { platform: "bolt", url: "https://bolt.example.com/h" },
    ]);
    const nobodys = await http.ask({ ...endpoint, payload: own, as: OPS });
    expect(nobodys.json<{ field: string }>().field).to.equal("/platform");
  });

  it("gives a file's rejected records to its platform and to operators only, in the file's format", async () => {
    const url = `/v1/files/${IDS.file}/echo`;
    http.store.kept.set(IDS.file, Buffer.from("a,b\n1,2\n"));
    for (const who of [ACME, OPS]) {
      const answer = await http.ask({ url, as: who });
      expect(answer.body).to.equal("a,b,mergepay_code,mergepay_reason\r\n1,2,RECORD_INVALID,line 2: no total\r\n");
      expect(answer.headers).to.include({
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="${IDS.file}.rejected.csv"`,
      });
    }
    expect((await http.ask({ url, as: BOLT })).statusCode).to.equal(404);
    expect((await http.ask({ url, as: ANNA })).statusCode).to.equal(403);
    http.store.kept.clear();
    expect((await http.ask({ url, as: ACME })).statusCode).to.equal(404);
  });

  it("gives a file's bytes to its platform and to operators only", async () => {
    const url = `/v1/files/${IDS.file}/content`;
    http.store.kept.set(IDS.file, Buffer.from("abc"));
    for (const who of [ACME, OPS]) {
      const answer = await http.ask({ url, as: who });
      expect(answer.rawPayload).to.deep.equal(Buffer.from("abc"));
      expect(answer.headers).to.include({
        "content-type": "application/octet-stream",
        "content-length": "3",
        "content-disposition": `attachment; filename="${DOCS.file.id}"`,
      });
    }
    expect((await http.ask({ url, as: BOLT })).statusCode).to.equal(404);
    expect((await http.ask({ url, as: ANNA })).statusCode).to.equal(403);
    http.store.kept.clear();
    expect((await http.ask({ url, as: ACME })).statusCode).to.equal(404);
  });
});
