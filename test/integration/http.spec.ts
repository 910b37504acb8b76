/** What only real sockets show of the HTTP edge: hang-ups, slow and endless bodies, header bombs, answers to refused uploads, memory. */
import { expect } from "chai";
import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { HttpTimes } from "../../gateway/http/deps.ts";
import { CARELESS } from "../unit/gateway/documents.ts";
import { edge, type Edge, type Handlers, operator, payer, signed } from "../unit/gateway/edge.ts";

const UPLOAD = "/v1/platforms/acme/files";
const MIB = 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly code: string | undefined;
}

describe("the HTTP edge on real sockets", () => {
  let http: Edge;
  let port = 0;
  const open = new Set<Socket>();

  async function start(
    options: {
      handlers?: Handlers;
      times?: Partial<HttpTimes>;
      fileBytes?: number;
      blobs?: Edge["deps"]["blobs"];
    } = {},
  ): Promise<void> {
    const { handlers = CARELESS, times = {}, fileBytes = 64 * 1024, blobs } = options;
    const more = { times: { checkMs: 20, ...times }, ...(blobs === undefined ? {} : { blobs }) };
    http = await edge({ ...handlers }, { limits: { fileBytes, jsonBodyBytes: 4096 }, more });
    await http.app.listen({ host: "127.0.0.1", port: 0 });
    ({ port } = http.app.server.address() as AddressInfo);
  }

  afterEach(async () => {
    for (const socket of open) socket.destroy();
    open.clear();
    await http.app.close();
  });

  /** Sends bytes as they are and gives all that comes back until the server closes. */
  async function raw(bytes: string, more: (socket: Socket) => void = () => undefined): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    open.add(socket);
    socket.write(bytes);
    more(socket);
    return text(socket);
  }
  const codeIn = (answer: string): string | undefined => /"code":"([A-Z_]+)"/.exec(answer)?.[1];

  async function send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Iterable<Uint8Array> = [],
  ): Promise<Answer> {
    const request = httpRequest({ port, host: "127.0.0.1", method, path, headers });
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    const [response] = await Promise.race([answered, sent(request, body)]);
    const answer = await text(response);
    return { status: response.statusCode ?? 0, headers: response.headers, code: codeIn(answer) };
  }

  /** Writes until the server stops reading; what it answered is what counts then. */
  function sent(request: ClientRequest, body: Iterable<Uint8Array>): Promise<never> {
    const never = Promise.withResolvers<never>();
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ECONNRESET") never.reject(error);
    });
    Readable.from(body).pipe(request);
    return never.promise;
  }

  function* pieces(count: number, bytes: number): Generator<Uint8Array> {
    const piece = Buffer.alloc(bytes, "x");
    for (let i = 0; i < count; i += 1) yield piece;
  }
  const discarded = async (): Promise<void> => until(() => http.store.seen.failed > 0 || http.store.seen.discarded > 0);

  it("takes a chunked file of exactly the limit, and answers 413 to one byte more and closes", async () => {
    await start();
    const exact = await send("POST", UPLOAD, operator(), pieces(64, 1024));
    expect([exact.status, exact.code]).to.deep.equal([202, undefined]);
    expect(http.store.kept.size).to.equal(1);
    const over = await send("POST", UPLOAD, operator(), [...pieces(64, 1024), Buffer.from("y")]);
    expect([over.status, over.code, over.headers.connection]).to.deep.equal([413, "FILE_TOO_LARGE", "close"]);
    expect(http.store.kept.size).to.equal(1);
    expect(http.store.seen.failed).to.equal(1);
  });

  it("answers a sender who is far over the limit and goes on writing", async () => {
    await start();
    const over = await send("POST", UPLOAD, operator(), pieces(512, 64 * 1024));
    expect([over.status, over.code, over.headers.connection]).to.deep.equal([413, "FILE_TOO_LARGE", "close"]);
  });

  it("refuses a file whose length says that it is too large before a byte of it", async () => {
    await start();
    const head = `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\nauthorization: ${operator().authorization}\r\ncontent-length: 65537\r\n\r\n`;
    const answer = await raw(head, (socket) => socket.end());
    expect(answer).to.match(/^HTTP\/1\.1 413 /);
    expect(http.store.seen.staged).to.equal(0);
  });

  it("keeps nothing of a file when the sender hangs up", async () => {
    await start();
    const socket = connect(port, "127.0.0.1");
    open.add(socket);
    const headers = { ...signed("acme", "a".repeat(100)), "content-length": "100" };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\n${lines.join("")}\r\n${"a".repeat(50)}`);
    await until(() => http.store.seen.staged === 1);
    socket.destroy();
    await discarded();
    expect(http.store.kept.size).to.equal(0);
    expect(http.call.called).to.equal(false);
  });

  it("takes a signed file that comes in pieces, and drops it when one byte differs", async () => {
    await start();
    const whole = Buffer.alloc(50_000, "z");
    const cut = [whole.subarray(0, 1), whole.subarray(1, 40_000), whole.subarray(40_000)];
    expect((await send("POST", UPLOAD, signed("acme", whole), cut)).status).to.equal(202);
    const forged = Buffer.from(whole);
    forged[49_999] = 1;
    const refused = await send("POST", `${UPLOAD}?merchant=tea`, signed("acme", whole), [forged]);
    expect([refused.status, refused.code]).to.deep.equal([401, "SIGNATURE_INVALID"]);
    expect(http.store.kept.size).to.equal(1);
    expect(http.store.seen.discarded).to.equal(1);
  });

  it("streams a file larger than its memory may grow", async () => {
    let most = 0;
    let bytes = 0;
    const blobs: Edge["deps"]["blobs"] = {
      ...(await edge()).store.blobs,
      async stage(incoming) {
        for await (const piece of incoming) {
          bytes += piece.length;
          most = Math.max(most, process.memoryUsage().arrayBuffers);
        }
        return {
          id: "staged-1",
          bytes,
          commit: () => Promise.resolve({ existed: false }),
          discard: () => Promise.resolve(),
        };
      },
    };
    await start({ fileBytes: 256 * MIB, blobs });
    const before = process.memoryUsage().arrayBuffers;
    const answer = await send("POST", UPLOAD, operator(), pieces(256, MIB));
    expect([answer.status, bytes]).to.deep.equal([202, 256 * MIB]);
    expect(most - before).to.be.below(128 * MIB);
  });

  it("gives up a JSON body that trickles, and a file that stands still", async () => {
    await start({ times: { jsonBodyMs: 300, bodyIdleMs: 200, lingerMs: 100 } });
    const bearer = (await payer("anna")).authorization;
    const head = `POST /v1/quotes HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    const trickled = await raw(head, (socket) => {
      const timer = setInterval(() => socket.write("1\r\n \r\n"), 20);
      socket.once("close", () => clearInterval(timer)).on("error", () => clearInterval(timer));
      socket.once("end", () => clearInterval(timer));
    });
    expect(trickled).to.match(/^HTTP\/1\.1 408 /);
    expect(codeIn(trickled)).to.equal("REQUEST_TIMEOUT");
    const upload = `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\nauthorization: ${operator().authorization}\r\ncontent-length: 100\r\n\r\nabc`;
    expect(codeIn(await raw(upload))).to.equal("REQUEST_TIMEOUT");
    expect(http.store.seen.failed).to.equal(1);
    expect(http.call.called).to.equal(false);
  });

  it("ends a file that trickles for longer than a request may last", async () => {
    await start({ times: { requestMs: 400, headersMs: 300 } });
    const upload = `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\nauthorization: ${operator().authorization}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const answer = await raw(upload, (socket) => {
      const timer = setInterval(() => socket.write("1\r\nx\r\n"), 20);
      socket.once("close", () => clearInterval(timer)).on("error", () => clearInterval(timer));
      socket.once("end", () => clearInterval(timer));
    });
    expect(codeIn(answer)).to.equal("REQUEST_TIMEOUT");
    await discarded();
    expect(http.store.kept.size).to.equal(0);
  });

  it("gives up headers that do not end", async () => {
    await start({ times: { headersMs: 200, requestMs: 400 } });
    const answer = await raw("GET /v1/files HTTP/1.1\r\nhost: x\r\nx-a: ");
    expect(answer).to.match(/^HTTP\/1\.1 408 /);
    expect(codeIn(answer)).to.equal("REQUEST_TIMEOUT");
  });

  const BROKEN: readonly [name: string, bytes: string, code: string][] = [
    ["no HTTP at all", "hello\r\n\r\n", "REQUEST_MALFORMED"],
    ["a method that does not exist", "BREW / HTTP/1.1\r\nhost: x\r\n\r\n", "REQUEST_MALFORMED"],
    ["headers of 32 KiB", `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${"a".repeat(32_768)}\r\n\r\n`, "HEADERS_TOO_LARGE"],
    [
      "101 headers",
      `GET /livez HTTP/1.1\r\nhost: x\r\n${"x-a: 1\r\n".repeat(99)}connection: close\r\n\r\n`,
      "HEADERS_TOO_LARGE",
    ],
    [
      "two lengths",
      `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab`,
      "REQUEST_MALFORMED",
    ],
    [
      "a length beside chunks",
      `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      "REQUEST_MALFORMED",
    ],
    [
      "a length that is no number",
      `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\na`,
      "REQUEST_MALFORMED",
    ],
    [
      "a broken chunk",
      `POST ${UPLOAD} HTTP/1.1\r\nhost: x\r\nauthorization: KEY\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      "REQUEST_MALFORMED",
    ],
    ["a space in the path", "GET /v1/files /x HTTP/1.1\r\nhost: x\r\n\r\n", "REQUEST_MALFORMED"],
    ["two hosts", "GET /livez HTTP/1.1\r\nhost: x\r\nhost: y\r\nconnection: close\r\n\r\n", "REQUEST_MALFORMED"],
    ["a path up to the root", `GET /v1/../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, "NOT_FOUND"],
    [
      "a whole URL as its target",
      `GET http://x/v1/files HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      "UNAUTHENTICATED",
    ],
    [
      "two authorizations",
      "GET /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: KEY\r\nauthorization: KEY\r\nconnection: close\r\n\r\n",
      "UNAUTHENTICATED",
    ],
  ];
  for (const [name, bytes, code] of BROKEN)
    it(`answers ${name} with ${code}`, async () => {
      await start();
      const answer = await raw(bytes.replaceAll("KEY", operator().authorization ?? ""));
      expect(codeIn(answer), answer).to.equal(code);
      expect(answer).to.match(/content-type: application\/problem\+json\r\n/i);
      expect(http.call.called).to.equal(false);
      expect(http.store.kept.size).to.equal(0);
    });

  const TWICE: readonly [name: string, code: string][] = [
    ["idempotency-key", "IDEMPOTENCY_KEY_INVALID"],
    ["content-type", "REQUEST_MALFORMED"],
    ["webhook-id", "SIGNATURE_INVALID"],
    ["webhook-signature", "SIGNATURE_INVALID"],
    ["mergepay-platform", "UNAUTHENTICATED"],
  ];
  for (const [name, code] of TWICE)
    it(`refuses ${name} given twice, even with the same value`, async () => {
      await start();
      const body = '{"orders":"all","currency":"CNY"}';
      const headers = {
        ...(await payer("anna")),
        host: "x",
        connection: "close",
        "content-type": "application/json",
        "content-length": body.length.toString(),
        "idempotency-key": "k",
      };
      const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
      const double = lines.some((line) => line.startsWith(name))
        ? lines.filter((line) => line.startsWith(name))
        : [`${name}: v\r\n`, `${name}: v\r\n`];
      const answer = await raw(`POST /v1/payments HTTP/1.1\r\n${lines.join("")}${double.join("")}\r\n${body}`);
      expect(codeIn(answer), answer).to.equal(code);
      expect(http.call.called).to.equal(false);
    });

  it("serves the next request of a connection after one was refused with its body read", async () => {
    await start();
    const bad = `GET /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n`;
    const answer = await raw(`${bad}GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 (404|200)/g)).to.deep.equal(["HTTP/1.1 404", "HTTP/1.1 200"]);
  });

  it("takes no more connections than it may", async () => {
    await start({ times: { connections: 2 } });
    const held = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
    for (const socket of held) {
      open.add(socket);
      await once(socket, "connect");
    }
    const third = await raw("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(third).to.be.oneOf(["", "ECONNRESET"]);
    held[0]?.destroy();
    await until(async () =>
      (await raw("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").catch(() => "")).includes(" 200 "),
    );
  });
});

/** Waits until a condition holds, with a deadline. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error("what was waited for did not come");
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
