import { expect } from "chai";
import { CARELESS, DOCS, IDS } from "./documents.ts";
import { edge, type Edge, operator, OPS } from "./edge.ts";

describe("reviews at the edge", () => {
  let http: Edge;
  before(async () => {
    http = await edge(CARELESS);
  });
  beforeEach(() => http.call.resetHistory());
  after(() => http.app.close());

  const url = `/v1/reviews/${IDS.payment}/proposals`;
  const evidence = { text: "The bank's desk says so.", reference: "ticket 7" };
  const happened = {
    decision: "debited",
    bankReference: "B-1",
    amount: { value: "12.30", currency: "CNY" },
    bookedAt: "2025-06-01T11:00:00.000Z",
    evidence,
  };
  const cases: readonly [string, object, number, string?][] = [
    ["that it did not happen", { decision: "not_debited", evidence }, 201],
    ["that it happened", happened, 201],
    ["that late money goes back", { decision: "refund", evidence }, 201],
    ["that late money pays the orders", { decision: "pay_orders", evidence }, 201],
    ["that late money goes back, without evidence", { decision: "refund" }, 400, "/evidence"],
    ["of an amount of late money", { ...happened, decision: "refund" }, 400],
    ["without evidence", { decision: "not_debited" }, 400, "/evidence"],
    ["without anything to look up", { decision: "not_debited", evidence: { text: "t" } }, 400, "/evidence/reference"],
    ["with empty words", { decision: "not_debited", evidence: { ...evidence, text: "" } }, 400, "/evidence/text"],
    [
      "with 2,001 characters",
      { decision: "not_debited", evidence: { ...evidence, text: "t".repeat(2001) } },
      400,
      "/evidence/text",
    ],
    [
      "that it happened, without the bank's reference",
      { ...happened, bankReference: undefined },
      400,
      "/bankReference",
    ],
    ["with a number for an amount", { ...happened, amount: { value: 12.3, currency: "CNY" } }, 400, "/amount/value"],
    ["of another kind", { decision: "perhaps", evidence }, 400, "/decision"],
    ["that names its own approver", { decision: "not_debited", evidence, approvedBy: "ops" }, 400, "/approvedBy"],
  ];
  for (const [what, body, status, field] of cases)
    it(`a claim ${what}: ${status} ${field ?? ""}`, async () => {
      const answer = await http.ask({
        method: "POST",
        url,
        as: OPS,
        payload: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      expect(answer.statusCode, answer.body).to.equal(status);
      if (field !== undefined) expect(answer.json<{ field: string }>().field).to.equal(field);
      expect(http.call.called).to.equal(status === 201);
    });

  it("names the operator by the key, whatever the request says", async () => {
    await http.ask({ method: "POST", url: `${url}/${IDS.proposal}/approve`, headers: operator() });
    const given = { paymentId: IDS.payment, proposalId: IDS.proposal, by: "all" };
    expect(http.call.lastCall.args).to.deep.equal(["merge-pay.approve", given]);
  });

  it("a key that may only read may neither propose nor approve", async () => {
    for (const target of [url, `${url}/${IDS.proposal}/approve`, `${url}/${IDS.proposal}/reject`])
      expect((await http.ask({ method: "POST", url: target, headers: operator("reader") })).statusCode).to.equal(403);
    expect((await http.ask({ url: "/v1/reviews", headers: operator("reader") })).json()).to.deep.equal({
      items: [DOCS.review],
    });
  });
});
