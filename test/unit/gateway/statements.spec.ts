import { expect } from "chai";
import { ACME, CARELESS, DOCS, edge, OPS } from "./edge.ts";

const asked = "merchant=tea&currency=CNY&from=2025-05-01&to=2025-06-01";

describe("statements over HTTP", () => {
  it("as CSV are all pages in one file, with one header and what a spreadsheet would run made text", async () => {
    const { opening: _opening, ...later } = DOCS.statement;
    const { closing: _closing, ...earlier } = DOCS.statement;
    const http = await edge({
      ...CARELESS,
      "statements.get": ({ after }) => (after === undefined ? { ...earlier, next: "more" } : later),
    });
    const answer = await http.ask({ url: `/v1/statements?${asked}&format=csv`, as: ACME });
    expect([answer.statusCode, answer.headers["content-type"]]).to.deep.equal([200, "text/csv; charset=utf-8"]);
    const rows = answer.body.split("\r\n");
    expect(rows[0]).to.match(/^at,kind,platform,merchant,orderNo,/);
    expect(rows.slice(1).map((row) => row.split(",")[1])).to.deep.equal([
      "opening",
      "order",
      "payout",
      "order",
      "payout",
      "closing",
      undefined,
    ]);
    expect(answer.body).to.include(",'=A-1,").and.not.to.include(",=A-1,");
    expect(http.call.firstCall.args[1]).to.include({ platform: "acme", merchant: "tea" });
    await http.app.close();
  });

  it("ask an operator whose", async () => {
    const http = await edge({ ...CARELESS });
    const { code, field } = (await http.ask({ url: `/v1/statements?${asked}`, as: OPS })).json<
      Record<string, string>
    >();
    expect([code, field]).to.deep.equal(["QUERY_INVALID", "platform"]);
    const other = await http.ask({ url: `/v1/statements?${asked}&format=xml&platform=acme`, as: OPS });
    expect(other.json<Record<string, string>>()).to.include({ code: "QUERY_INVALID", field: "format" });
    await http.app.close();
  });
});
