import { expect } from "chai";
import { CARELESS, IDS } from "./documents.ts";
import { ACME, ANNA, edge, type Edge, OPS, signed } from "./edge.ts";

interface Told {
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  readonly detail: string;
}

const json = { "content-type": "application/json" };
const paying = { ...json, "idempotency-key": "k" };
const quote = "/v1/quotes";
const pay = "/v1/payments";
const cancel = `/v1/payments/${IDS.payment}/cancel`;
const confirm = `/v1/payments/${IDS.payment}/confirm`;
const many = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `ord_${i.toString().padStart(26, "0")}`);

/** Bodies of quotes: what is sent, what is answered, and which field is named. */
const BODIES: readonly [name: string, url: string, body: string, code: string, field?: string][] = [
  ["orders by id", quote, JSON.stringify({ orders: many(2) }), "ok"],
  ["all orders", quote, JSON.stringify({ orders: "all", currency: "CNY" }), "ok"],
  ["a byte order mark before it", quote, `\ufeff${JSON.stringify({ orders: many(1) })}`, "ok"],
  ["an unknown property", quote, JSON.stringify({ orders: many(1), extra: 1 }), "BODY_INVALID", "/extra"],
  ["an unknown property with a slash", quote, JSON.stringify({ orders: many(1), "a/b": 1 }), "BODY_INVALID", "/a~1b"],
  ["all orders, no currency", quote, '{"orders":"all"}', "ok"],
  ["all orders, small currency", quote, '{"orders":"all","currency":"cny"}', "BODY_INVALID", "/currency"],
  [
    "orders by id and a currency",
    quote,
    JSON.stringify({ orders: many(1), currency: "USD" }),
    "BODY_INVALID",
    "/currency",
  ],
  ["another word than all, and a currency", quote, '{"orders":"most","currency":"USD"}', "BODY_INVALID", "/orders"],
  ["another word than all", quote, '{"orders":"most"}', "BODY_INVALID", "/orders"],
  ["an id that is none", quote, JSON.stringify({ orders: [IDS.order, "ord_1"] }), "BODY_INVALID", "/orders/1"],
  ["the same order twice", quote, JSON.stringify({ orders: [IDS.order, IDS.order] }), "BODY_INVALID", "/orders"],
  ["a number for an id", quote, '{"orders":[5]}', "BODY_INVALID", "/orders/0"],
  ["a number for text", "/v1/accounts", '{"bank":"sandbox","token":"t","label":5}', "BODY_INVALID", "/label"],
  ["a boolean for text", "/v1/accounts", '{"bank":"sandbox","token":"t","label":true}', "BODY_INVALID", "/label"],
  ["null for text", "/v1/accounts", '{"bank":"sandbox","token":"t","label":null}', "BODY_INVALID", "/label"],
  [
    "a line break in a label",
    "/v1/accounts",
    '{"bank":"sandbox","token":"t","label":"a\\nb"}',
    "BODY_INVALID",
    "/label",
  ],
  [
    "a label of 128 characters",
    "/v1/accounts",
    JSON.stringify({ bank: "sandbox", token: "t", label: "字".repeat(128) }),
    "ok",
  ],
  [
    "a label of 129 characters",
    "/v1/accounts",
    JSON.stringify({ bank: "sandbox", token: "t", label: "字".repeat(129) }),
    "BODY_INVALID",
    "/label",
  ],
  [
    "another payer's id",
    "/v1/accounts",
    '{"bank":"sandbox","token":"t","label":"l","userId":"boris"}',
    "BODY_INVALID",
    "/userId",
  ],
  ["nothing in an object", quote, "{}", "BODY_INVALID", "/orders"],
  ["a list", quote, "[]", "BODY_INVALID", ""],
  ["null", quote, "null", "BODY_INVALID", ""],
  ["no bytes", quote, "", "JSON_INVALID"],
  ["half a document", quote, '{"orders":', "JSON_INVALID"],
  ["two documents", quote, '{"orders":"all"}{}', "JSON_INVALID"],
  ["a name twice", quote, '{"orders":"all","orders":[],"currency":"CNY"}', "JSON_INVALID"],
  ["__proto__", quote, '{"orders":"all","currency":"CNY","__proto__":{"x":1}}', "JSON_INVALID"],
  ["constructor.prototype", quote, '{"orders":"all","currency":"CNY","constructor":{"prototype":{}}}', "JSON_INVALID"],
  ["33 levels", quote, `{"orders":${"[".repeat(32)}${"]".repeat(32)}}`, "JSON_INVALID"],
  ["32 levels", quote, `{"orders":${"[".repeat(31)}${"]".repeat(31)}}`, "BODY_INVALID", "/orders/0"],
  ["a comment", quote, '{"orders":"all"/**/}', "JSON_INVALID"],
  ["half a surrogate pair", quote, '{"orders":"\\ud800"}', "JSON_INVALID"],
  ["a number too large", quote, '{"orders":1e400}', "JSON_INVALID"],
  ["a quote", pay, JSON.stringify({ quoteId: IDS.quote, fingerprint: "c".repeat(64) }), "ok"],
  [
    "a quote and an account",
    pay,
    JSON.stringify({ quoteId: IDS.quote, fingerprint: "c".repeat(64), accountId: IDS.account }),
    "ok",
  ],
  ["a quote without its fingerprint", pay, JSON.stringify({ quoteId: IDS.quote }), "BODY_INVALID", "/fingerprint"],
  ["a fingerprint alone", pay, JSON.stringify({ fingerprint: "c".repeat(64) }), "BODY_INVALID", "/quoteId"],
  [
    "a quote and orders",
    pay,
    JSON.stringify({ quoteId: IDS.quote, fingerprint: "c".repeat(64), orders: many(1) }),
    "BODY_INVALID",
    "/orders",
  ],
  ["an answer to a challenge", confirm, '{"challengeId":"c","answer":"1"}', "ok"],
  ["an answer of 512 characters", confirm, JSON.stringify({ challengeId: "c", answer: "1".repeat(512) }), "ok"],
  ["one more", confirm, JSON.stringify({ challengeId: "c", answer: "1".repeat(513) }), "BODY_INVALID", "/answer"],
  ["a number for an answer", confirm, '{"challengeId":"c","answer":1}', "BODY_INVALID", "/answer"],
  ["an answer to nothing", confirm, '{"answer":"1"}', "BODY_INVALID", "/challengeId"],
  ["best effort", pay, JSON.stringify({ orders: many(2), atomicity: "best_effort", atLeast: 1 }), "ok"],
  ["another effort", pay, JSON.stringify({ orders: many(2), atomicity: "half" }), "BODY_INVALID", "/atomicity"],
  ["at least nothing", pay, JSON.stringify({ orders: many(2), atLeast: 0 }), "BODY_INVALID", "/atLeast"],
  ["at least 1001", pay, JSON.stringify({ orders: many(2), atLeast: 1001 }), "BODY_INVALID", "/atLeast"],
  ["at least some, as text", pay, JSON.stringify({ orders: many(2), atLeast: "1" }), "BODY_INVALID", "/atLeast"],
  ["an amount", pay, JSON.stringify({ orders: many(1), amount: "1.00" }), "BODY_INVALID", "/amount"],
];

const QUERIES: readonly [query: string, code: string, field?: string][] = [
  ["", "ok"],
  ["?", "ok"],
  ["?limit=1", "ok"],
  ["?limit=200", "ok"],
  ["?limit=201", "QUERY_INVALID", "limit"],
  ["?limit=0", "QUERY_INVALID", "limit"],
  ["?limit=01", "QUERY_INVALID", "limit"],
  ["?limit=-1", "QUERY_INVALID", "limit"],
  ["?limit=+1", "QUERY_INVALID", "limit"],
  ["?limit=1e1", "QUERY_INVALID", "limit"],
  ["?limit=0x10", "QUERY_INVALID", "limit"],
  ["?limit=1.0", "QUERY_INVALID", "limit"],
  ["?limit=%EF%BC%91", "QUERY_INVALID", "limit"],
  ["?limit=", "QUERY_INVALID", "limit"],
  ["?limit", "QUERY_INVALID"],
  ["?limit=1&limit=2", "QUERY_INVALID", "limit"],
  ["?limit[]=1", "QUERY_INVALID", "limit[]"],
  ["?Limit=1", "QUERY_INVALID", "Limit"],
  ["?unknown=1", "QUERY_INVALID", "unknown"],
  ["?__proto__=1", "QUERY_INVALID", "__proto__"],
  ["?constructor=1", "QUERY_INVALID", "constructor"],
  ["?after=", "QUERY_INVALID", "after"],
  ["?after=%00", "QUERY_INVALID", "after"],
  ["?after=%FF", "QUERY_INVALID"],
  ["?after=%", "QUERY_INVALID"],
  [`?after=${"a".repeat(1024)}`, "ok"],
  [`?after=${"a".repeat(1025)}`, "QUERY_INVALID", "after"],
  ["?userId=boris", "NOT_FOUND"],
];

const KEYS: readonly [name: string, key: string | undefined, code: string][] = [
  ["none", undefined, "IDEMPOTENCY_KEY_INVALID"],
  ["empty", "", "IDEMPOTENCY_KEY_INVALID"],
  ["1 character", "k", "ok"],
  ["255 characters", "k".repeat(255), "ok"],
  ["256 characters", "k".repeat(256), "IDEMPOTENCY_KEY_INVALID"],
  ["printable ASCII with a space", "a ~!b", "ok"],
  ["a letter that is not ASCII", "clé", "IDEMPOTENCY_KEY_INVALID"],
  ["a tab", "a\tb", "IDEMPOTENCY_KEY_INVALID"],
];

const PATHS = [
  "/v1/files/..%2F..%2Fetc%2Fpasswd",
  "/v1/files/../../etc/passwd",
  "/v1/files/%2e%2e",
  "/v1/files/%",
  "/v1/files/%00",
  `/v1/files/${IDS.file.toUpperCase()}`,
  `/v1/files/${IDS.file}0`,
  `/v1/files/${IDS.file}%0a`,
  `/v1/files/${"a".repeat(300)}`,
  "/v1/files/__proto__",
  "/v1/files/",
  "/v1//files",
  "//v1/files",
  "/V1/files",
  "/v1/files;x=1",
  "/v1/files%2Fx",
  "/v1/orders/constructor",
  "/v1/constructor",
  "/",
];

describe("bad requests", () => {
  let http: Edge;
  before(async () => {
    http = await edge({ ...CARELESS }, { limits: { jsonBodyBytes: 2000, fileBytes: 1000 } });
  });
  after(() => http.app.close());
  beforeEach(() => {
    http.call.resetHistory();
    Object.assign(http.store.seen, { staged: 0, discarded: 0, failed: 0 });
    http.store.kept.clear();
  });

  const told = async (options: Parameters<Edge["ask"]>[0]): Promise<Told> => {
    const answer = await http.ask(options);
    if (answer.statusCode < 300) return { status: answer.statusCode, code: "ok", detail: "" };
    expect(answer.headers["content-type"], answer.body).to.equal("application/problem+json");
    expect(answer.headers["cache-control"], answer.body).to.equal("no-store");
    return answer.json<Told>();
  };

  for (const [name, url, payload, code, field] of BODIES)
    it(`a body with ${name}: ${code} ${field ?? ""}`, async () => {
      const answer = await told({ method: "POST", url, payload, headers: paying, as: ANNA });
      expect(answer.code, answer.detail).to.equal(code);
      if (field !== undefined) expect(answer.field).to.equal(field);
      expect(http.call.called).to.equal(code === "ok");
    });

  for (const [query, code, field] of QUERIES)
    it(`the query ${query.slice(0, 30)}: ${code}`, async () => {
      const answer = await told({ url: `/v1/payments${query}`, as: ANNA });
      expect(answer.code, answer.detail).to.equal(code);
      if (field !== undefined) expect(answer.field).to.equal(field);
    });

  for (const [name, key, code] of KEYS)
    it(`an Idempotency-Key of ${name}: ${code}`, async () => {
      const payload = JSON.stringify({ orders: many(1) });
      const headers = { ...json, ...(key === undefined ? {} : { "idempotency-key": key }) };
      const answer = await told({ method: "POST", url: pay, payload, headers, as: ANNA });
      expect(answer.code, answer.detail).to.equal(code);
      expect(http.call.called).to.equal(code === "ok");
    });

  for (const url of PATHS)
    it(`the path ${url.slice(0, 40)}: not found`, async () => {
      const answer = await told({ url, as: OPS });
      expect([answer.status, answer.code]).to.deep.equal([404, "NOT_FOUND"]);
      expect(http.call.called).to.equal(false);
    });

  for (const [payload, code] of [
    ["[1]", "BODY_INVALID"],
    ["null", "BODY_INVALID"],
    ["{}", "ok"],
  ] as const)
    it(`${payload} to a call that takes no body: ${code}`, async () => {
      const answer = await told({ method: "POST", url: cancel, payload, headers: json, as: ANNA });
      expect(answer.code, answer.detail).to.equal(code);
      expect(http.call.called).to.equal(code === "ok");
    });

  it("a token that would be quoted by the fault is not", async () => {
    const payload = JSON.stringify({ bank: "sandbox", token: "canary token", label: "l" });
    const answer = await told({ method: "POST", url: "/v1/accounts", payload, headers: json, as: ANNA });
    expect(answer.field).to.equal("/token");
    expect(JSON.stringify(answer)).not.to.contain("canary");
  });

  it("a wrong method is told which are right", async () => {
    for (const [method, url, allow] of [
      ["PUT", "/v1/payments", "GET, HEAD, POST"],
      ["DELETE", `/v1/files/${IDS.file}`, "GET, HEAD"],
      ["GET", "/v1/quotes", "POST"],
      ["PATCH", "/v1/platforms/acme/files", "POST"],
      ["POST", "/livez", "GET, HEAD"],
      ["OPTIONS", "/v1/inbox", "GET, HEAD"],
    ] as const) {
      const answer = await http.app.inject({ method, url, payload: "x" });
      expect([url, answer.statusCode, answer.headers.allow]).to.deep.equal([url, 405, allow]);
      expect(answer.json<Told>().code).to.equal("METHOD_NOT_ALLOWED");
    }
  });

  it("a field that goes with another form of the body is told with all forms that there are", async () => {
    for (const [url, body, detail] of [
      [
        quote,
        { orders: many(1), currency: "USD" },
        '/currency does not go with the rest of the body: send `orders`: "all" with or without a `currency`, or `orders` as a list of ids without `currency`.',
      ],
      [
        "/v1/links",
        { platform: "acme", userId: "anna", buyerId: "b", merchant: "m", orderNo: "1" },
        "/buyerId does not go with the rest of the body: send the `buyerId`, or `merchant` with `orderNo`.",
      ],
    ] as const) {
      const request = { method: "POST", url, payload: JSON.stringify(body), headers: json } as const;
      expect((await told({ ...request, as: url === quote ? ANNA : OPS })).detail).to.equal(detail);
    }
  });

  it("a JSON body of exactly the limit is read, of one byte more is not", async () => {
    const body = JSON.stringify({ orders: many(1) });
    for (const [bytes, code] of [
      [2000, "ok"],
      [2001, "BODY_TOO_LARGE"],
    ] as const) {
      const payload = body.padEnd(bytes, " ");
      expect((await told({ method: "POST", url: quote, payload, headers: json, as: ANNA })).code).to.equal(code);
    }
  });

  it("other content types are refused, with what is sent and without", async () => {
    const payload = JSON.stringify({ orders: many(1) });
    for (const type of [
      "text/plain",
      "application/xml",
      "application/json; charset=latin1",
      "application/problem+json",
      "x",
      "",
    ]) {
      const answer = await told({ method: "POST", url: quote, payload, headers: { "content-type": type }, as: ANNA });
      expect([type, answer.code]).to.deep.equal([type, "MEDIA_TYPE_UNSUPPORTED"]);
    }
    const untyped = { method: "POST", url: quote, payload: Buffer.from(payload), as: ANNA } as const;
    expect((await told(untyped)).code).to.equal("MEDIA_TYPE_UNSUPPORTED");
    for (const type of ["application/json; charset=UTF-8", 'application/json;charset="utf-8"', "Application/JSON"])
      expect(
        (await told({ method: "POST", url: quote, payload, headers: { "content-type": type }, as: ANNA })).code,
      ).to.equal("ok");
  });

  it("a body that is not UTF-8 is refused", async () => {
    const payload = Buffer.concat([Buffer.from('{"orders":["'), Buffer.from([0xff]), Buffer.from('"]}')]);
    expect((await told({ method: "POST", url: quote, payload, headers: json, as: ANNA })).code).to.equal(
      "JSON_INVALID",
    );
  });

  it("a compressed body is refused before it is read", async () => {
    for (const url of [quote, "/v1/platforms/acme/files"])
      for (const coding of ["gzip", "br", "identity, gzip", "GZIP"]) {
        const headers = { ...json, "content-encoding": coding };
        expect((await told({ method: "POST", url, payload: "{}", headers, as: OPS })).code).to.equal(
          "MEDIA_TYPE_UNSUPPORTED",
        );
      }
    expect(http.store.seen.staged).to.equal(0);
    const plain = { method: "POST", url: "/v1/platforms/acme/files", payload: "x", as: OPS } as const;
    expect((await told({ ...plain, headers: { "content-encoding": "identity" } })).code).to.equal("ok");
  });

  it("a file of exactly the limit is kept, of one byte more is not", async () => {
    for (const [bytes, code] of [
      [1000, "ok"],
      [1001, "FILE_TOO_LARGE"],
    ] as const) {
      http.store.kept.clear();
      const payload = "x".repeat(bytes);
      const upload = { method: "POST", url: "/v1/platforms/acme/files", payload, as: ACME } as const;
      expect((await told({ ...upload, headers: { "content-length": bytes.toString() } })).code).to.equal(code);
      expect(http.store.kept.size).to.equal(code === "ok" ? 1 : 0);
    }
  });

  it("an empty file, a forged one, and one for no merchant leave nothing behind", async () => {
    const url = "/v1/platforms/acme/files";
    expect((await told({ method: "POST", url, payload: "", as: ACME })).code).to.equal("FILE_EMPTY");
    expect((await told({ method: "POST", url, as: OPS })).code).to.equal("FILE_EMPTY");
    const forged = await told({ method: "POST", url, payload: "a,c", headers: signed("acme", "a,b") });
    expect(forged.code).to.equal("SIGNATURE_INVALID");
    expect(http.store.seen.discarded).to.equal(3);
    for (const query of [
      "?merchant=",
      "?merchant=a%2Fb",
      "?merchant=a%0Ab",
      "?name=a%00b",
      `?merchant=${"m".repeat(129)}`,
    ])
      expect((await told({ method: "POST", url: url + query, payload: "a", as: ACME })).code).to.equal("QUERY_INVALID");
    expect((await told({ method: "POST", url: "/v1/platforms/Acme/files", payload: "a", as: OPS })).code).to.equal(
      "NOT_FOUND",
    );
    expect(http.store.kept.size).to.equal(0);
    expect(http.call.called).to.equal(false);
  });

  it("a file of a platform whose plugin is not running yet is asked for again later, of one without a plugin not", async () => {
    const own = await edge({ ...CARELESS, "plugins.has": ({ platform }) => ({ here: platform === "loading" }) });
    const send = (platform: string) =>
      own.ask({ method: "POST", url: `/v1/platforms/${platform}/files`, payload: "a,b", as: OPS });
    const [later, never] = [await send("loading"), await send("nobody")];
    expect([later.statusCode, later.json<Told>().code]).to.deep.equal([503, "PLATFORM_UNAVAILABLE"]);
    expect(later.headers["retry-after"]).to.equal("5");
    expect([never.statusCode, never.json<Told>().code]).to.deep.equal([404, "PLATFORM_UNKNOWN"]);
    expect([own.store.kept.size, own.store.seen.discarded]).to.deep.equal([0, 2]);
    await own.app.close();
  });

  it("a file may be of any type, or of none", async () => {
    for (const type of ["text/csv", "application/xml", "application/json", "application/vnd.ms-excel", undefined]) {
      const payload = Buffer.from("a,b");
      const headers = { ...signed("acme", "a,b"), ...(type === undefined ? {} : { "content-type": type }) };
      expect((await told({ method: "POST", url: "/v1/platforms/acme/files", payload, headers })).code).to.equal("ok");
    }
  });

  it("a body signed by a platform is taken as it was signed only", async () => {
    const url = "/v1/endpoints";
    const body = JSON.stringify({ url: "https://acme.example.com/h" });
    const headers = { ...json, "mergepay-platform": "acme", ...signed("acme", body) };
    expect((await told({ method: "POST", url, payload: body, headers })).code).to.equal("ok");
    http.call.resetHistory();
    expect((await told({ method: "POST", url, payload: `${body} `, headers })).code).to.equal("SIGNATURE_INVALID");
    expect((await told({ method: "POST", url, payload: "not json", headers })).code).to.equal("SIGNATURE_INVALID");
    const { "content-type": _type, ...untyped } = headers;
    expect((await told({ method: "POST", url, headers: untyped })).code).to.equal("SIGNATURE_INVALID");
    expect(http.call.called).to.equal(false);
  });
});
