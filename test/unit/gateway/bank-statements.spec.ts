import { expect } from "chai";
import { MergepayError } from "../../../core/errors/errors.ts";
import { ACME, ANNA, CARELESS, edge, type Edge, IDS, operator, OPS } from "./edge.ts";

const XML = { "content-type": "application/xml" };

describe("banks' own files over HTTP", () => {
  let http: Edge;
  beforeEach(async () => {
    http = await edge(CARELESS, { limits: { statementBytes: 100 } });
  });
  afterEach(() => http.app.close());
  const send = (payload: string, query = "bank=sandbox", headers: Record<string, string> = XML) =>
    http.ask({ method: "POST", url: `/v1/bank-statements?${query}`, payload, headers, as: OPS });
  const imports = () =>
    http.call.getCalls().flatMap(({ args }) => (args[0] === "reconciliation.importFile" ? [args[1] as object] : []));

  it("are read whole before they are kept, and kept before anything comes of them", async () => {
    const answer = await send("<Document/>", "bank=sandbox&zone=Europe/Zurich");
    expect(answer.statusCode, answer.body).to.equal(200);
    const { id } = answer.json<{ id: string }>();
    const of = { statementId: id, bank: "sandbox", zone: "Europe/Zurich" };
    expect(imports()).to.deep.equal([
      { ...of, blobId: "staged-1", dryRun: true },
      { ...of, blobId: id },
    ]);
    const kept = await http.ask({ url: `/v1/bank-statements/${id}`, as: OPS });
    expect([kept.statusCode, kept.headers["content-type"], kept.body]).to.deep.equal([
      200,
      "application/xml",
      "<Document/>",
    ]);
    const again = await send("<Document/>");
    expect(again.json<{ id: string }>().id, "the same bytes are the same statement").to.equal(id);
    expect((await send("<Document />")).json<{ id: string }>().id).not.to.equal(id);
  });

  it("are not kept by a dry run, nor when they can't be read", async () => {
    expect((await send("<Document/>", "bank=sandbox&dryRun=true")).json()).to.include({ dryRun: true });
    expect(imports()).to.have.length(1);
    expect([http.store.kept.size, http.store.seen.discarded]).to.deep.equal([0, 1]);
    http.call.withArgs("reconciliation.importFile").rejects(new MergepayError("STATEMENT_INVALID", "line 1"));
    const answer = await send("<x/>");
    expect([answer.statusCode, answer.json<{ code: string }>().code]).to.deep.equal([422, "STATEMENT_INVALID"]);
    expect([http.store.kept.size, http.store.seen.discarded]).to.deep.equal([0, 2]);
  });

  it("have at most so many bytes, told before and counted on the way", async () => {
    expect((await send("a".repeat(100))).statusCode).to.equal(200);
    for (const headers of [XML, { ...XML, "transfer-encoding": "chunked" }]) {
      const answer = await send("a".repeat(101), "bank=sandbox", headers);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).to.deep.equal([413, "FILE_TOO_LARGE"]);
    }
  });

  it("are XML, of a bank that is named, with nothing else asked", async () => {
    for (const type of ["application/json", "application/octet-stream", "text/csv"])
      expect((await send("{}", "bank=sandbox", { "content-type": type })).statusCode, type).to.equal(415);
    for (const query of ["", "bank=A", "bank=sandbox&dryRun=yes", "bank=sandbox&bank=other", "bank=sandbox&from=now"])
      expect((await send("<x/>", query)).statusCode, query).to.equal(400);
    expect(imports()).to.deep.equal([]);
  });

  it("are given back to operators who may give them, and to nobody else", async () => {
    http.store.kept.set(IDS.statement, Buffer.from("<x/>"));
    const url = `/v1/bank-statements/${IDS.statement}`;
    expect((await http.ask({ url, headers: operator("reader") })).statusCode).to.equal(403);
    expect((await http.ask({ url })).statusCode).to.equal(401);
    for (const as of [ACME, ANNA]) expect((await http.ask({ url, as })).statusCode).to.equal(403);
    for (const id of [IDS.statement.replace(/0$/, "1"), IDS.file, "stm_1"])
      expect((await http.ask({ url: `/v1/bank-statements/${id}`, as: OPS })).statusCode, id).to.equal(404);
  });
});
