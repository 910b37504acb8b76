/** The HTTP edge as a Moleculer service: it starts with the broker, and drains before it stops. */
import { expect } from "chai";
import { ServiceBroker } from "moleculer";
import { once } from "node:events";
import { request as httpRequest, Agent, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { httpService } from "../../gateway/http/http.service.ts";
import type { HttpDeps } from "../../gateway/http/deps.ts";
import { DOCS, IDS } from "../unit/gateway/documents.ts";
import { edge, type Handlers, payer } from "../unit/gateway/edge.ts";

const newBroker = (): ServiceBroker => new ServiceBroker({ logger: false });

async function started(
  handlers: Handlers,
  more: Partial<HttpDeps> = {},
): Promise<{ broker: ServiceBroker; port: number }> {
  const { deps } = await edge(handlers);
  const broker = newBroker();
  let port = 0;
  const listening = (address: AddressInfo): void => {
    ({ port } = address);
  };
  broker.createService(httpService({ ...deps, ...more, listen: { host: "127.0.0.1", port: 0, listening } }));
  await broker.start();
  return { broker, port };
}

async function get(
  port: number,
  path: string,
  headers: Record<string, string>,
  agent?: Agent,
): Promise<IncomingMessage & { body: string }> {
  const request = httpRequest({ port, host: "127.0.0.1", path, headers, ...(agent === undefined ? {} : { agent }) });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return Object.assign(response, { body: await text(response) });
}

describe("the http service", () => {
  it("listens once the broker has started, and no longer after it stopped", async () => {
    const { broker, port } = await started({});
    const fresh = { connection: "close" };
    expect((await get(port, "/livez", fresh)).statusCode).to.equal(200);
    await broker.stop();
    const refused = await get(port, "/livez", fresh).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).to.equal("ECONNREFUSED");
  });

  it("fails the start of its broker when the port is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const broker = newBroker();
    const { deps } = await edge();
    broker.createService(httpService({ ...deps, listen: { host: "127.0.0.1", port } }));
    const outcome = await broker.start().then(
      () => "started",
      (error: unknown) => JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause),
    );
    expect(outcome).to.contain("EADDRINUSE");
    await broker.stop();
    holder.close();
  });

  it("answers what is in flight before it stops, closes idle connections, and takes nothing new", async () => {
    const asked = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const { broker, port } = await started({
      "merge-pay.get": async () => {
        asked.resolve(undefined);
        await release.promise;
        return DOCS.payment;
      },
    });
    const agent = new Agent({ keepAlive: true });
    expect((await get(port, "/livez", {}, agent)).statusCode).to.equal(200);
    const headers = await payer("anna");
    const slow = get(port, `/v1/payments/${IDS.payment}`, headers, agent);
    await asked.promise;
    const stopped = broker.stop();
    let refused: unknown;
    while (refused !== "ECONNREFUSED")
      refused = await get(port, "/livez", { connection: "close" }).catch((error: NodeJS.ErrnoException) => error.code);
    release.resolve(undefined);
    const answer = await slow;
    expect([answer.statusCode, answer.headers.connection]).to.deep.equal([200, "close"]);
    expect(JSON.parse(answer.body)).to.deep.equal(DOCS.payment);
    await stopped;
    agent.destroy();
  });

  it("cuts off what does not end in time", async () => {
    const asked = Promise.withResolvers<undefined>();
    const { broker, port } = await started(
      {
        "merge-pay.get": () => {
          asked.resolve(undefined);
          return new Promise(() => undefined);
        },
      },
      { times: { drainMs: 100 } },
    );
    const endless = get(port, `/v1/payments/${IDS.payment}`, await payer("anna")).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    await asked.promise;
    await broker.stop();
    expect(await endless).to.equal("ECONNRESET");
  });
});
