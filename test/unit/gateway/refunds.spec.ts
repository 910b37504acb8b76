import { expect } from "chai";
import { CARELESS, IDS } from "./documents.ts";
import { ACME, ANNA, edge, type Edge, operator, OPS } from "./edge.ts";

const json = { "content-type": "application/json", "idempotency-key": "k" };
const cny = (value: unknown, more: object = {}) => ({ value, currency: "CNY", ...more });
const other = `ord_${"1".repeat(26)}`;

/** Beside `paymentId`: what is sent, what is answered, and which field is named. */
const BODIES: readonly [name: string, body: object, code: string, field?: string][] = [
  ["all of the payment", { amount: "all" }, "ok"],
  ["an amount of the payment", { amount: cny("1.00") }, "ok"],
  ["a platform", { amount: "all", platform: "acme" }, "ok"],
  ["a merchant", { amount: "all", platform: "acme", merchant: "tea" }, "ok"],
  ["orders", { amount: "all", orders: [IDS.order, other] }, "ok"],
  ["an item", { amount: cny("1.00"), orders: [IDS.order], item: 999 }, "ok"],
  ["no amount", {}, "BODY_INVALID", "/amount"],
  ["another word than all", { amount: "everything" }, "BODY_INVALID", "/amount"],
  ["a number", { amount: 1 }, "BODY_INVALID", "/amount"],
  ["null", { amount: null }, "BODY_INVALID", "/amount"],
  ["a number in an amount", { amount: cny(1) }, "BODY_INVALID", "/amount/value"],
  ["an amount with an exponent", { amount: cny("1e3") }, "BODY_INVALID", "/amount/value"],
  ["an unknown property of an amount", { amount: cny("1.00", { cents: 1 }) }, "BODY_INVALID", "/amount/cents"],
  ["a merchant without platform", { amount: "all", merchant: "tea" }, "BODY_INVALID", "/platform"],
  ["orders and a platform", { amount: "all", orders: [IDS.order], platform: "acme" }, "BODY_INVALID", "/platform"],
  ["no orders", { amount: "all", orders: [] }, "BODY_INVALID", "/orders"],
  ["an order twice", { amount: "all", orders: [IDS.order, IDS.order] }, "BODY_INVALID", "/orders"],
  ["an id that is none", { amount: "all", orders: ["ord_1"] }, "BODY_INVALID", "/orders/0"],
  ["an item of no order", { amount: cny("1.00"), item: 0 }, "BODY_INVALID", "/orders"],
  ["an item of two orders", { amount: cny("1.00"), orders: [IDS.order, other], item: 0 }, "BODY_INVALID", "/orders"],
  ["all of an item", { amount: "all", orders: [IDS.order], item: 0 }, "BODY_INVALID", "/amount"],
  ["an item below the first", { amount: cny("1.00"), orders: [IDS.order], item: -1 }, "BODY_INVALID", "/item"],
  ["an item beyond the last", { amount: cny("1.00"), orders: [IDS.order], item: 1000 }, "BODY_INVALID", "/item"],
  ["half an item", { amount: cny("1.00"), orders: [IDS.order], item: 0.5 }, "BODY_INVALID", "/item"],
  ["an unknown property", { amount: "all", note: "x" }, "BODY_INVALID", "/note"],
  ["another payment's form of id", { amount: "all", paymentId: "pay_1" }, "BODY_INVALID", "/paymentId"],
];

describe("requests of refunds", () => {
  let http: Edge;
  before(async () => {
    http = await edge(CARELESS);
  });
  after(() => http.app.close());

  const post = (url: string, body: object, headers: Record<string, string> = json) =>
    http.ask({ as: OPS, method: "POST", url, headers, payload: JSON.stringify(body) });
  const bound = { reason: "cold tea", fingerprint: "d".repeat(64) };

  for (const [name, body, code, field] of BODIES)
    it(`of ${name}: ${code}${field === undefined ? "" : ` at ${field}`}, in the preview and in the refund`, async () => {
      for (const [url, more, done] of [
        ["/v1/refunds/preview", {}, 200],
        ["/v1/refunds", bound, 201],
      ] as const) {
        const answer = await post(url, { paymentId: IDS.payment, ...body, ...more });
        const problem = answer.json<{ code?: string; field?: string }>();
        if (code === "ok") expect(answer.statusCode, answer.body).to.equal(done);
        else expect([answer.statusCode, problem.code, problem.field]).to.deep.equal([400, code, field]);
      }
    });

  it("a refund needs its preview's fingerprint, a reason and a key", async () => {
    const whole = { paymentId: IDS.payment, amount: "all", ...bound };
    for (const name of ["fingerprint", "reason"]) {
      const answer = await post("/v1/refunds", { ...whole, [name]: undefined });
      expect(answer.json<{ field: string }>().field).to.equal(`/${name}`);
    }
    for (const [length, status] of [
      [512, 201],
      [513, 400],
    ] as const)
      expect(await post("/v1/refunds", { ...whole, reason: "x".repeat(length) })).to.include({ statusCode: status });
    const keyless = await post("/v1/refunds", whole, { "content-type": "application/json" });
    expect(keyless.json<{ code: string }>().code).to.equal("IDEMPOTENCY_KEY_INVALID");
  });

  it("the requester and the approver are who holds the key", async () => {
    await post("/v1/refunds", { paymentId: IDS.payment, amount: "all", ...bound });
    expect(http.call.lastCall.args[1]).to.include({ by: "operator:all", idempotencyKey: "k" });
    await http.ask({ as: OPS, method: "POST", url: `/v1/refunds/${IDS.refund}/approve` });
    expect(http.call.lastCall.args[1]).to.deep.equal({ refundId: IDS.refund, by: "operator:all" });
  });

  it("only operators with the scope may give money back", async () => {
    const payload = JSON.stringify({ paymentId: IDS.payment, amount: "all", ...bound });
    const request = { method: "POST", url: "/v1/refunds", payload } as const;
    for (const as of [ACME, ANNA])
      expect(await http.ask({ ...request, as, headers: json })).to.include({ statusCode: 403 });
    const reader = await http.ask({ ...request, headers: { ...json, ...operator("reader") } });
    expect(reader.json<{ code: string }>().code).to.equal("FORBIDDEN");
  });
});
