import { expect } from "chai";
import { type Origin, originNow } from "../../../core/audit/origin.ts";
import { ACME, ANNA, CARELESS, edge, type Edge, type Handlers, IDS, OPS } from "./edge.ts";

describe("On whose behalf services are asked", () => {
  let http: Edge;
  let seen: (Origin | undefined)[] = [];
  before(async () => {
    const watched = ["files.receive", "merge-pay.payTogether", "links.remove", "notify.createEndpoint"] as const;
    const handlers = Object.fromEntries(
      watched.map((name) => [
        name,
        async (params: never) => {
          await Promise.resolve();
          seen.push(originNow());
          return (CARELESS[name] as (given: never) => unknown)(params);
        },
      ]),
    ) as Handlers;
    http = await edge({ ...CARELESS, ...handlers });
  });
  after(() => http.app.close());
  beforeEach(() => {
    seen = [];
  });

  const json = { "content-type": "application/json" };
  const pay = JSON.stringify({ orders: "all", currency: "CNY" });
  const file = {
    method: "POST",
    url: "/v1/platforms/acme/files",
    payload: "a,b\n1,2\n",
    headers: { "content-type": "text/csv" },
  } as const;
  const hook = JSON.stringify({ url: "https://acme.example.com/h" });
  for (const [who, as, request, by] of [
    ["a platform that signs a file", ACME, file, { kind: "platform", id: "acme" }],
    ["an operator who sends a file", OPS, file, { kind: "operator", id: "all" }],
    [
      "a platform that signs JSON",
      ACME,
      { method: "POST", url: "/v1/endpoints", payload: hook, headers: json },
      { kind: "platform", id: "acme" },
    ],
    [
      "a payer",
      ANNA,
      { method: "POST", url: "/v1/payments", payload: pay, headers: { ...json, "idempotency-key": "k" } },
      { kind: "payer", id: "anna" },
    ],
    ["an operator", OPS, { method: "DELETE", url: `/v1/links/${IDS.link}` }, { kind: "operator", id: "all" }],
  ] as const)
    it(`is ${who}, with address and request id`, async () => {
      const answer = await http.ask({ ...request, as });
      expect(answer.statusCode, answer.body).to.be.lessThan(300);
      const requestId = answer.headers["mergepay-request-id"];
      expect(seen).to.deep.equal([{ by, via: "http", ip: "127.0.0.1", requestId }]);
    });

  it("is nobody's outside of a request", () => {
    expect(originNow()).to.equal(undefined);
  });
});
