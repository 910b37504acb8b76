/** The sandbox driver against servers that are no bank at all: what it may believe, and that it sends once. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { expect } from "chai";
import type { BankDriver, BankOutcome } from "../../core/plugin/bank-contract.ts";
import plugin from "../../plugins/bank-adapter/banks/sandbox/driver.ts";
import { ANSWER_BYTES } from "../../plugins/bank-adapter/banks/sandbox/http.ts";

const KEY = "canary-key-0123456789";
const TOKEN = "sbx_canaryTokenCanaryToken";
const AMOUNT = { value: "12.30", currency: "CNY" };
const INSTRUCTION = { bankRequestId: "ded_1", accountToken: TOKEN, amount: AMOUNT, reference: "2 orders" };
const SUCCESS = {
  bankRequestId: "ded_1",
  state: "succeeded",
  bankReference: "SB-0000000001",
  amount: AMOUNT,
  bookedAt: "2025-01-02T03:04:05.678Z",
};
const FAILURE = { bankRequestId: "ded_1", state: "failed", code: "BANK_DECLINED", reason: `No money on ${TOKEN}` };

const servers: Server[] = [];

async function driverOf(server: Server): Promise<BankDriver> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return plugin.open({ dataDir: "/nonexistent", settings: { URL: `http://127.0.0.1:${port}/some/path`, KEY } });
}

const answering = (status: number, type: string, body: string | Buffer): RequestListener => {
  return (request, response) => {
    request.resume().once("end", () => {
      response.writeHead(status, { "content-type": type });
      response.end(body);
    });
  };
};

const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const debit = (driver: BankDriver): Promise<BankOutcome> => driver.debit(INSTRUCTION, { signal: signal() });
const inquire = (driver: BankDriver): Promise<BankOutcome> => driver.inquire("ded_1", { signal: signal() });

function clean(value: unknown): void {
  for (const secret of [KEY, TOKEN]) expect(JSON.stringify(value)).not.to.include(secret);
}

describe("the sandbox driver on the wire", () => {
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) (server as ReturnType<typeof createServer>).closeAllConnections();
      await closed;
    }
  });

  it("sends the instruction whole, with its key and until when it is valid", async () => {
    let seen: unknown;
    const driver = await driverOf(
      createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.once("end", () => {
          const { authorization, connection } = request.headers;
          const until = Date.parse(String(request.headers["x-valid-until"]));
          seen = { url: request.url, authorization, connection, body: JSON.parse(body) as unknown, valid: until > 0 };
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(SUCCESS));
        });
      }),
    );
    expect(await debit(driver)).to.include({ state: "succeeded" });
    expect(seen).to.deep.equal({
      url: "/some/path/debits",
      authorization: `Bearer ${KEY}`,
      connection: "close",
      body: INSTRUCTION,
      valid: true,
    });
  });

  const json = "application/json";
  const ok = JSON.stringify(SUCCESS);
  const but = (over: object): string => JSON.stringify({ ...SUCCESS, ...over });
  const answers: readonly [string, number, string, string | Buffer, Partial<Record<"state" | "code", string>>][] = [
    ["a success", 200, json, ok, { state: "succeeded" }],
    ["a success with a charset", 200, "application/json; charset=utf-8", ok, { state: "succeeded" }],
    ["a failure", 200, json, JSON.stringify(FAILURE), { state: "failed", code: "BANK_DECLINED" }],
    [
      "a success of another id",
      200,
      json,
      but({ bankRequestId: "ded_2" }),
      { state: "unknown", code: "BANK_ANSWER_DIFFERS" },
    ],
    ["a success as text", 200, "text/plain", ok, { state: "unknown" }],
    ["a success with status 201", 201, json, ok, { state: "unknown" }],
    ["a success with status 500", 500, json, ok, { state: "unknown" }],
    ["a failure with status 500", 500, json, JSON.stringify(FAILURE), { state: "unknown" }],
    ["a redirect", 307, json, ok, { state: "unknown" }],
    ["401", 401, json, '{"error":{"code":"UNAUTHENTICATED","reason":"no"}}', { state: "unknown" }],
    ["429", 429, json, '{"error":{"code":"TOO_MANY","reason":"wait"}}', { state: "unknown" }],
    ["409 of something else in between", 409, "text/plain", "conflict", { state: "unknown" }],
    [
      "not found, which a debit can't be",
      404,
      json,
      '{"bankRequestId":"ded_1","state":"not_found"}',
      { state: "unknown" },
    ],
    ["one property too many", 200, json, but({ note: "x" }), { state: "unknown" }],
    ["one property too few", 200, json, but({ bookedAt: undefined }), { state: "unknown" }],
    ["a number as the amount", 200, json, but({ amount: { value: 12.3, currency: "CNY" } }), { state: "unknown" }],
    ["an amount with an exponent", 200, json, but({ amount: { value: "1e3", currency: "CNY" } }), { state: "unknown" }],
    ["a state that nobody knows", 200, json, but({ state: "SUCCEEDED" }), { state: "unknown" }],
    [
      "a failure with a code that nobody knows",
      200,
      json,
      JSON.stringify({ ...FAILURE, code: "OOPS" }),
      { state: "unknown" },
    ],
    ["an empty answer", 200, json, "", { state: "unknown" }],
    ["null", 200, json, "null", { state: "unknown" }],
    ["a list", 200, json, `[${ok}]`, { state: "unknown" }],
    ["two answers", 200, json, ok + ok, { state: "unknown" }],
    ["bytes that are not UTF-8", 200, json, Buffer.from([0x22, 0xff, 0x22]), { state: "unknown" }],
    ["64 KiB", 200, json, ok.padEnd(ANSWER_BYTES), { state: "succeeded" }],
    ["64 KiB and a byte", 200, json, ok.padEnd(ANSWER_BYTES + 1), { state: "unknown" }],
  ];
  for (const [what, status, type, body, outcome] of answers)
    it(`${what}: ${outcome.state} ${outcome.code ?? ""}`, async () => {
      const result = await debit(await driverOf(createServer(answering(status, type, body))));
      expect(result).to.include(outcome);
      clean(result);
    });

  const inquiries: readonly [string, number, string, Partial<Record<"state" | "code", string>>][] = [
    ["not found in the bank's form", 404, '{"bankRequestId":"ded_1","state":"not_found"}', { state: "not_found" }],
    [
      "not found of another id",
      404,
      '{"bankRequestId":"ded_2","state":"not_found"}',
      { state: "unknown", code: "BANK_ANSWER_DIFFERS" },
    ],
    ["404 of something in between", 404, '{"error":"no such page"}', { state: "unknown" }],
    ["not found with status 200", 200, '{"bankRequestId":"ded_1","state":"not_found"}', { state: "unknown" }],
    ["502", 502, "", { state: "unknown" }],
  ];
  for (const [what, status, body, outcome] of inquiries)
    it(`an inquiry answered with ${what}: ${outcome.state}`, async () => {
      expect(await inquire(await driverOf(createServer(answering(status, json, body))))).to.include(outcome);
    });

  it("a connection that closes when the instruction arrives: unknown, and it is sent once only", async () => {
    let connections = 0;
    let requests = 0;
    const driver = await driverOf(
      createTcpServer((socket) => {
        connections += 1;
        socket.once("data", (bytes) => {
          requests += bytes.toString().split("POST ").length - 1;
          socket.destroy();
        });
      }),
    );
    const result = await debit(driver);
    expect(result).to.include({ state: "unknown" });
    expect({ connections, requests }).to.deep.equal({ connections: 1, requests: 1 });
  });

  it("a connection that closes at once: unknown, since it did stand", async () => {
    const driver = await driverOf(createTcpServer((socket) => socket.destroy()));
    expect(await debit(driver)).to.include({ state: "unknown" });
  });

  it("two instructions use two connections: none is kept alive", async () => {
    let connections = 0;
    const server = createServer(answering(200, json, ok));
    server.on("connection", () => (connections += 1));
    const driver = await driverOf(server);
    await debit(driver);
    await debit(driver);
    expect(connections).to.equal(2);
  });

  it("an endless answer is cut off and unknown", async () => {
    const driver = await driverOf(
      createServer((request, response) => {
        request.resume();
        response.writeHead(200, { "content-type": json });
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(8192)));
        };
        response.on("drain", more);
        more();
      }),
    );
    expect(await debit(driver)).to.include({ state: "unknown" });
  });

  it("an answer that comes one byte at a time ends at the total deadline, and is unknown", async () => {
    const driver = await driverOf(
      createTcpServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.once("data", () => {
          const bytes = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: ${json}\r\n\r\n${ok}`);
          let at = 0;
          // A silence would be noticed by itself: something comes all the time.
          const timer = setInterval(() => socket.write(bytes.subarray(at, (at += 1))), 20);
          socket.once("close", () => clearInterval(timer));
        });
      }),
    );
    const began = performance.now();
    const result = await driver.debit(INSTRUCTION, { signal: AbortSignal.timeout(300) });
    expect(result).to.include({ state: "unknown" });
    expect(performance.now() - began).to.be.within(250, 2_000);
  });

  const garbage: readonly [string, string][] = [
    ["no HTTP", "hello\r\n\r\n"],
    ["a header without end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}`],
    [
      "a shorter body than announced",
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n${ok}`,
    ],
    [
      "a chunk without end",
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n${ok}`,
    ],
    [
      "two lengths",
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}`,
    ],
  ];
  for (const [what, bytes] of garbage)
    it(`${what}: unknown`, async () => {
      const driver = await driverOf(
        createTcpServer((socket) => {
          socket.on("error", () => socket.destroy());
          socket.once("data", () => socket.end(bytes));
        }),
      );
      const result = await debit(driver);
      expect(result).to.include({ state: "unknown" });
      clean(result);
    });
});
