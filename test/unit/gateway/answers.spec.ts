import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { MergepayError } from "../../../core/errors/errors.ts";
import { houseSchemas } from "../../../core/schema/validate.ts";
import { asRequest, CALLS, routeOf } from "./calls.ts";
import { CARELESS, DOCS, IDS } from "./documents.ts";
import { ACME, ANNA, edge, type Edge, OPS } from "./edge.ts";

interface Documented {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
  readonly components: { schemas: Record<string, object> };
}

const json = { "content-type": "application/json" };

describe("answers", () => {
  let http: Edge;
  let document: Documented;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  before(async () => {
    http = await edge({ ...CARELESS });
    document = (await http.ask({ url: "/openapi.json" })).json<Documented>();
    ajv.addSchema({ $id: "api", components: document.components });
  });
  after(() => http.app.close());
  beforeEach(() => {
    http.call.resetHistory();
    http.store.kept.clear();
  });

  for (const call of CALLS)
    it(`${call.method} ${routeOf(call)} answers as it is documented`, async () => {
      const answer = await http.ask({ ...asRequest(call), as: call.who[0] ?? OPS });
      expect(answer.statusCode, answer.body).to.equal(call.status);
      expect(answer.headers["cache-control"]).to.equal("no-store");
      const path = routeOf(call)
        .replace(/\?.*$/, "")
        .replaceAll(/:([a-z]+)/gi, "{$1}");
      const schema =
        document.paths[path]?.[call.method.toLowerCase()]?.responses[call.status]?.content?.["application/json"]
          ?.schema;
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object;
      expect(ajv.validate(absolute, answer.json()), ajv.errorsText()).to.equal(true);
    });

  it("drop no field of what a service says, known to the schema or not", async () => {
    const order = { ...DOCS.order, items: [{ name: "Tea", quantity: "2" }], surprise: { deep: [1, "x"] } };
    const own = await edge({ "orders.get": () => order });
    expect((await own.ask({ url: `/v1/orders/${IDS.order}`, as: ANNA })).json()).to.deep.equal(order);
    await own.app.close();
  });

  it("202 with a Location for a new file, 200 for one that was there", async () => {
    const upload = {
      method: "POST",
      url: "/v1/platforms/acme/files?merchant=tea&name=a%20b.csv",
      payload: "a,b",
    } as const;
    const first = await http.ask({ ...upload, as: ACME });
    const [name, params] = http.call.lastCall.args as [string, { fileId: string }];
    expect(name).to.equal("files.receive");
    expect(params).to.include({ platform: "acme", merchant: "tea", name: "a b.csv", bytes: 3 });
    expect(first.statusCode).to.equal(202);
    expect(first.headers.location).to.equal(`/v1/files/${params.fileId}`);
    expect(first.json()).not.to.have.property("existed");
    expect([...http.store.kept.keys()]).to.deep.equal([params.fileId]);

    const again = await edge({ "files.receive": () => ({ ...DOCS.file, existed: true }) });
    const second = await again.ask({ ...upload, as: ACME });
    expect(second.statusCode).to.equal(200);
    expect(second.json()).to.deep.equal(DOCS.file);
    await again.app.close();
  });

  it("200 with the end of it for a file that was waited for, 202 when the wait was too short", async () => {
    const url = "/v1/platforms/acme/files?wait=2";
    const states = ["received", "processing", "processed"];
    let time = 0;
    const waited = await edge(
      {
        "files.receive": () => ({ ...DOCS.file, state: "received", existed: false }),
        "files.get": () => ({ ...DOCS.file, state: (states.shift() ?? "processing") as "processed" }),
      },
      { more: { now: () => (time += 300) } },
    );
    const ended = await waited.ask({ method: "POST", url, payload: "a,b", as: OPS });
    expect(ended.json()).to.include({ state: "processed" });
    expect(ended.statusCode).to.equal(200);
    const short = await waited.ask({ method: "POST", url, payload: "c,d", as: OPS });
    expect(short.statusCode).to.equal(202);
    for (const wait of ["0", "31", "1.5", "x"])
      expect(
        (await waited.ask({ method: "POST", url: `/v1/platforms/acme/files?wait=${wait}`, payload: "a", as: OPS }))
          .statusCode,
      ).to.equal(400);
    await waited.app.close();
  });

  const STATES: readonly [state: string, existed: boolean, status: number][] = [
    ["succeeded", false, 201],
    ["succeeded", true, 200],
    ["failed", false, 201],
    ["failed", true, 200],
    ["unknown", false, 202],
    ["unknown", true, 202],
    ["submitting", false, 202],
    ["locking", true, 202],
  ];
  for (const [state, existed, status] of STATES)
    it(`${status} for a payment that is ${state}${existed ? " and was there" : ""}`, async () => {
      const error = { code: "BANK_DECLINED", reason: "declined" };
      const payment = { ...DOCS.payment, state, ...(state === "failed" ? { error } : {}) };
      const own = await edge({ "merge-pay.payTogether": () => ({ ...payment, existed }) });
      const payload = JSON.stringify({ orders: "all", currency: "CNY" });
      const headers = { ...json, "idempotency-key": "k" };
      const answer = await own.ask({ method: "POST", url: "/v1/payments", payload, headers, as: ANNA });
      expect(answer.statusCode).to.equal(status);
      expect(answer.headers.location).to.equal(`/v1/payments/${IDS.payment}`);
      expect(answer.json()).to.deep.equal(payment);
      expect(own.call.lastCall.args[1]).to.deep.equal({
        userId: "anna",
        idempotencyKey: "k",
        request: { orders: "all", currency: "CNY" },
      });
      await own.app.close();
    });

  for (const [states, existed, status] of [
    [["succeeded", "failed"], false, 201],
    [["succeeded", "failed"], true, 200],
    [["succeeded", "unknown"], false, 202],
    [["requires_action", "rejected"], true, 202],
  ] as const)
    it(`${status} for payments in several currencies that are ${states.join(" and ")}${existed ? " and were there" : ""}`, async () => {
      const payments = states.map((state) => ({ ...DOCS.payment, state, together: [IDS.payment, "pay_other"] }));
      const own = await edge({ "merge-pay.payTogether": () => ({ payments, existed }) });
      const payload = JSON.stringify({ quoteId: IDS.quote, fingerprint: "c".repeat(64) });
      const headers = { ...json, "idempotency-key": "k" };
      const answer = await own.ask({ method: "POST", url: "/v1/payments", payload, headers, as: ANNA });
      expect(answer.statusCode).to.equal(status);
      expect(answer.headers).not.to.have.property("location");
      expect(answer.json()).to.deep.equal({ payments });
      await own.app.close();
    });

  it("409 with the list when orders could not be had", async () => {
    const orders = [{ orderId: IDS.order, reason: "is paid" }];
    const own = await edge({
      "merge-pay.payTogether": () => {
        throw new MergepayError("ORDERS_UNAVAILABLE", undefined, { orders });
      },
    });
    const payload = JSON.stringify({ orders: [IDS.order] });
    const headers = { ...json, "idempotency-key": "k" };
    const answer = await own.ask({ method: "POST", url: "/v1/payments", payload, headers, as: ANNA });
    expect(answer.statusCode).to.equal(409);
    expect(answer.headers["content-type"]).to.equal("application/problem+json");
    expect(answer.json()).to.include({ code: "ORDERS_UNAVAILABLE", status: 409 }).and.to.deep.include({ orders });
    await own.app.close();
  });

  it("tell how to get the next page, whatever the cursor is made of", async () => {
    const cursor = "buyer:acme/用户 1&x=y";
    const own = await edge({
      "files.list": () => ({ items: [], next: cursor }),
      "notify.events": () => ({ items: [] }),
    });
    const answer = await own.ask({ url: "/v1/files?limit=2&after=first", as: ACME });
    const link = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link))?.[1] ?? "";
    expect(link).to.match(/^\/v1\/files\?limit=2&after=/);
    await own.ask({ url: link, as: ACME });
    expect(own.call.lastCall.args[1]).to.deep.equal({ after: cursor, limit: 2, platform: "acme" });
    expect((await own.ask({ url: "/v1/events", as: ACME })).headers).not.to.have.property("link");
    await own.app.close();
  });

  it("say when to come back", async () => {
    const own = await edge({
      "files.list": () => {
        throw new MergepayError("OVERLOADED", undefined, { retryAfterSeconds: 7 });
      },
      "orders.list": () => {
        // What the bus makes of an error of another node.
        throw Object.assign(new Error("The store can't be reached."), {
          type: "STORE_UNAVAILABLE",
          code: 503,
          data: {},
        });
      },
    });
    const busy = await own.ask({ url: "/v1/files", as: ACME });
    expect([busy.statusCode, busy.headers["retry-after"]]).to.deep.equal([503, "7"]);
    const away = await own.ask({ url: "/v1/orders", as: ACME });
    expect([away.statusCode, away.headers["retry-after"]]).to.deep.equal([503, "5"]);
    await own.app.close();
  });

  it("say nothing of what went wrong inside, in the answer or the log", async () => {
    const own = await edge({
      "files.list": () => {
        throw new TypeError("canary-secret in the message");
      },
    });
    const answer = await own.ask({ url: "/v1/files?after=canary-cursor", as: ACME });
    expect(answer.statusCode).to.equal(500);
    expect(answer.json()).to.include({ code: "INTERNAL" });
    expect(answer.body + JSON.stringify(own.logged)).not.to.contain("canary");
    expect(own.logged.find(({ fault }) => fault !== undefined)?.fault).to.match(/^TypeError\n {4}at /);
    await own.app.close();
  });

  it("leave a log of allow-listed fields only", async () => {
    http.logged.length = 0;
    await http.ask({
      method: "POST",
      url: "/v1/accounts?x=canary-query",
      payload: { bank: "sandbox", token: "canary-token", label: "canary-label" },
      as: { kind: "payer", userId: "canary-user" },
    });
    await http.ask({ url: "/v1/canary-path", as: ACME });
    await http.ask({ url: "/v1/files/%canary", as: ACME });
    expect(http.logged.length).to.be.at.least(3);
    for (const fields of http.logged)
      expect(["requestId", "method", "route", "status", "ms", "code", "fault"]).to.include.members(Object.keys(fields));
    expect(JSON.stringify(http.logged)).not.to.contain("canary");
  });

  it("of the probes say whether the node lives and is ready", async () => {
    const own = await edge(
      {},
      { more: { ready: () => Promise.resolve({ ok: false, checks: { store: "STORE_UNAVAILABLE" } }) } },
    );
    expect((await own.ask({ url: "/livez" })).json()).to.deep.equal({ ok: true });
    expect((await http.ask({ url: "/readyz" })).statusCode).to.equal(200);
    const answer = await own.ask({ url: "/readyz" });
    expect(answer.statusCode).to.equal(503);
    expect(answer.json()).to.deep.equal({ ok: false, checks: { store: "STORE_UNAVAILABLE" } });
    await own.app.close();
  });

  it("use every document of the schemas folder that a caller may see", () => {
    const titles = [...houseSchemas().values()].map(({ title }) => String(title));
    expect(Object.keys(document.components.schemas)).to.include.members(titles);
  });
});
