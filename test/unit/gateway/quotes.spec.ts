import { expect } from "chai";
import { ANNA, CARELESS, edge, type Edge, IDS } from "./edge.ts";

describe("What may be asked of a quote over several currencies", () => {
  let http: Edge;
  before(async () => {
    http = await edge(CARELESS);
  });
  after(() => http.app.close());

  for (const [what, body, field] of [
    ["all orders, each in its currency", { orders: "all" }],
    ["all orders, paid in one currency", { orders: "all", payIn: "USD" }],
    ["orders by id, paid in one currency", { orders: [IDS.order], payIn: "USD" }],
    ["from an account of its own", { orders: "all", payIn: "USD", accountId: IDS.account }],
    ["paid in a small currency", { orders: "all", payIn: "usd" }, "/payIn"],
    ["paid in a number", { orders: "all", payIn: 840 }, "/payIn"],
    ["a rate of the payer's own", { orders: "all", payIn: "USD", rate: "1.00" }, "/rate"],
    ["an account that is none", { orders: "all", payIn: "USD", accountId: "acc_1" }, "/accountId"],
  ] as const)
    it(`${what}: ${field === undefined ? "taken" : `refused at ${field}`}`, async () => {
      const headers = { "content-type": "application/json" };
      const payload = JSON.stringify(body);
      const answer = await http.ask({ method: "POST", url: "/v1/quotes", payload, headers, as: ANNA });
      expect(answer.statusCode, answer.body).to.equal(field === undefined ? 201 : 400);
      if (field !== undefined) expect(answer.body).to.include(field);
    });

  for (const [what, accounts, field] of [
    ["an account for each currency", [{ currency: "EUR", accountId: IDS.account }]],
    ["an account without its currency", [{ accountId: IDS.account }], "/accounts/0/currency"],
    ["a currency without an account", [{ currency: "EUR" }], "/accounts/0/accountId"],
    ["more than it may", [{ currency: "EUR", accountId: IDS.account, amount: "1.00" }], "/accounts/0/amount"],
  ] as const)
    it(`by a payment that names ${what}: ${field === undefined ? "taken" : `refused at ${field}`}`, async () => {
      const headers = { "content-type": "application/json", "idempotency-key": "k" };
      const payload = JSON.stringify({ quoteId: IDS.quote, fingerprint: "c".repeat(64), accounts });
      const answer = await http.ask({ method: "POST", url: "/v1/payments", payload, headers, as: ANNA });
      expect(answer.statusCode, answer.body).to.equal(field === undefined ? 201 : 400);
      if (field !== undefined) expect(answer.body).to.include(field);
    });
});
