import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Webhook } from "standardwebhooks";
import { MergepayError } from "../../../core/errors/errors.ts";
import { DELIVERIES, EVENTS, type StoredDelivery, type StoredEvent } from "../../../core/notify/model.ts";
import type { Post, PostResult } from "../../../core/notify/webhooks.ts";
import { postWebhook } from "../../../core/notify/webhooks.ts";
import type { Store } from "../../../core/store/contract.ts";
import {
  buildHouse,
  clockAt,
  type Clock,
  type House,
  seedAccount,
  seedOrders,
  temporaryStore,
} from "../../support/house.ts";
import { until } from "../../support/process.ts";
import { testBank } from "../../support/test-bank.ts";

describe("webhooks", () => {
  let house: House;
  let store: Store;
  let clock: Clock;
  let remove: () => Promise<void>;
  let answer: (url: string) => PostResult;
  let posts: { url: string; headers: Readonly<Record<string, string>>; body: string }[];

  beforeEach(async () => {
    clock = clockAt(Date.now());
    posts = [];
    answer = () => ({ status: 204 });
    const post: Post = (url, headers, body) => {
      posts.push({ url, headers, body });
      return Promise.resolve(answer(url));
    };
    const made = await temporaryStore();
    ({ store, remove } = made);
    house = await buildHouse({ store, clock, post, outside: testBank(clock.now).outside });
    await seedAccount(house, "ann");
  });
  afterEach(() => remove());

  const notify = () => house.core.services.notify;
  const endpoint = (platform = "alpha", url = "https://shop.example.com/hook") =>
    notify().createEndpoint({ platform, url });
  async function payOnce(key: string): Promise<void> {
    await seedOrders(house, "ann", [
      { platform: "alpha", orderNo: `${key}-a` },
      { platform: "beta", orderNo: `${key}-b` },
    ]);
    await house.core.services.mergePay.pay({
      userId: "ann",
      idempotencyKey: key,
      request: { orders: "all", currency: "USD" },
    });
    await notify().relay();
  }
  const deliver = async (afterMs = 0) => {
    clock.advance(afterMs);
    await notify().deliverDue();
    await notify().quiet();
  };

  it("are signed so that the official library accepts them, and each platform gets only its own", async () => {
    const { secret } = await endpoint("alpha", "https://alpha.example.com/");
    await endpoint("beta", "https://beta.example.com/");
    await payOnce("k1");
    await deliver();
    expect(posts.map(({ url }) => url).toSorted()).to.deep.equal([
      "https://alpha.example.com/",
      "https://beta.example.com/",
    ]);
    const alpha = posts.find(({ url }) => url.includes("alpha"));
    const event = new Webhook(secret).verify(alpha?.body ?? "", { ...alpha?.headers }) as {
      type: string;
      platform: string;
    };
    expect(event).to.include({ type: "orders.paid", platform: "alpha" });
    expect(alpha?.body).to.not.contain("beta");
    expect(() => new Webhook(secret).verify(`${alpha?.body} `, { ...alpha?.headers })).to.throw();
  });

  it("are tried again with back-off until they are taken, under the same id", async () => {
    await endpoint();
    await payOnce("k1");
    answer = () => ({ status: 503 });
    await deliver();
    await deliver(4_000);
    expect(posts).to.have.length(1);
    await deliver(1_000);
    expect(posts).to.have.length(2);
    answer = () => ({ error: "ECONNREFUSED" });
    await deliver(30_000);
    answer = () => ({ status: 200 });
    await deliver(120_000);
    expect(posts).to.have.length(4);
    expect(new Set(posts.map(({ headers }) => headers["webhook-id"])).size).to.equal(1);
    const { items } = await notify().deliveries({ platform: "alpha" });
    expect(items[0]).to.include({ state: "delivered", tries: 4, lastStatus: 200 });
    await deliver(10 * 24 * 3_600_000);
    expect(posts).to.have.length(4);
  });

  it("are dead after 16 tries over three days, and at once on 410", async () => {
    await endpoint();
    await payOnce("k1");
    answer = () => ({ status: 500 });
    const first = clock.now();
    for (let i = 0; i < 16; i += 1) await deliver(i === 0 ? 0 : 20 * 3_600_000);
    await deliver(100 * 3_600_000);
    expect(posts).to.have.length(16);
    expect((await notify().deliveries({}))["items"][0]).to.include({ state: "dead", tries: 16, lastStatus: 500 });
    const waits = house.deps.limits.webhookRetryMs.reduce((sum, wait) => sum + wait, 0);
    expect(waits).to.be.greaterThan(3 * 24 * 3_600_000);
    expect(clock.now()).to.be.greaterThan(first);
    answer = () => ({ status: 410 });
    await payOnce("k2");
    await deliver();
    expect((await notify().deliveries({})).items.map(({ state }) => state)).to.deep.equal(["dead", "dead"]);
  });

  it("about one aggregate come in their order: the second waits for the first", async () => {
    const { id: endpointId } = await endpoint();
    const events = await store.collection<StoredEvent>(EVENTS);
    const deliveries = await store.collection<StoredDelivery>(DELIVERIES);
    const dueAt = new Date(clock.now()).toISOString();
    for (const sequence of [2, 1]) {
      const _id = `evt_${sequence}`;
      const fact = { platform: "alpha", aggregate: "pay_1", sequence };
      await events.insertOne({ _id, ...fact, type: "orders.paid", at: dueAt, data: {}, position: `${sequence}` });
      const due = { ...fact, eventId: _id, endpointId, state: "pending", tries: 0, version: 1, dueAt } as const;
      await deliveries.insertOne({ _id: `${_id}.${endpointId}`, ...due });
    }
    const sent = () => posts.map(({ headers }) => headers["webhook-id"]);
    answer = () => ({ status: 500 });
    await deliver();
    expect(sent()).to.deep.equal(["evt_1"]);
    answer = () => ({ status: 200 });
    await deliver(6_000);
    await deliver(6_000);
    expect(sent()).to.deep.equal(["evt_1", "evt_1", "evt_2"]);
  });

  it("of a slow endpoint do not hold up another", async () => {
    const slow = await endpoint("alpha", "https://slow.example.com/");
    await endpoint("beta", "https://quick.example.com/");
    const answered = Promise.withResolvers<PostResult>();
    answer = (url) => (url.includes("slow") ? (answered.promise as unknown as PostResult) : { status: 200 });
    await payOnce("k1");
    await notify().deliverDue();
    await payOnce("k2");
    await until("both of the quick one", async () => {
      await notify().deliverDue();
      return posts.filter(({ url }) => url.includes("quick")).length === 2;
    });
    const { items } = await notify().deliveries({});
    const waiting = items.filter(({ endpointId }) => endpointId === slow.id);
    expect(waiting.map(({ state }) => state)).to.deep.equal(["pending", "pending"]);
    expect(posts.filter(({ url }) => url.includes("slow"))).to.have.length(1);
    answered.resolve({ status: 200 });
    await deliver();
  });

  it("are in a platform's own format when its plugin makes one, and wait for it when it can't", async () => {
    let away: "PLATFORM_UNAVAILABLE" | undefined = "PLATFORM_UNAVAILABLE";
    const registered = { title: "x", version: "1-0", currencies: ["USD"], fees: {}, settlementAccount: "s" };
    house = await buildHouse({
      store,
      clock,
      post: (url, headers, body) => {
        posts.push({ url, headers, body });
        return Promise.resolve({ status: 204 });
      },
      outside: {
        ...testBank(clock.now).outside,
        "bank-adapter.platforms": () =>
          Promise.resolve({
            items: [
              { ...registered, platform: "alpha", replies: true },
              { ...registered, platform: "beta" },
            ],
          }),
        "platform.reply": ({ event }, platform) =>
          away === undefined
            ? Promise.resolve({ contentType: "text/plain", body: `${platform} ${event.type} ${event.sequence}` })
            : Promise.reject(new MergepayError(away)),
      },
    });
    const { secret } = await endpoint("alpha", "https://alpha.example.com/");
    await endpoint("beta", "https://beta.example.com/");
    await payOnce("k1");
    await deliver();
    expect(posts.map(({ url }) => url)).to.deep.equal(["https://beta.example.com/"]);
    const [waiting] = (await notify().deliveries({ platform: "alpha" })).items;
    expect(waiting).to.include({ state: "pending", tries: 1, lastError: "PLATFORM_UNAVAILABLE" });
    away = undefined;
    await deliver(6_000);
    const told = posts.find(({ url }) => url === "https://alpha.example.com/");
    expect([told?.headers["content-type"], told?.body]).to.deep.equal(["text/plain", "alpha orders.paid 1"]);
    // The library checks the signature first, and then wants JSON.
    expect(new Webhook(secret).verify.bind(new Webhook(secret), told?.body ?? "", told?.headers ?? {})).to.throw(
      SyntaxError,
    );
  });

  it("of one dead endpoint do not hold up another", async () => {
    await endpoint("alpha", "https://down.example.com/");
    await endpoint("beta", "https://up.example.com/");
    await payOnce("k1");
    answer = (url) => (url.includes("down") ? { error: "ETIMEDOUT" } : { status: 200 });
    await deliver();
    const { items } = await notify().deliveries({});
    expect(items.map(({ platform, state }) => `${platform} ${state}`).toSorted()).to.deep.equal([
      "alpha pending",
      "beta delivered",
    ]);
  });

  for (const url of ["ftp://example.com/", "not a url", "https://user:pass@example.com/", "file:///etc/passwd", ""])
    it(`${JSON.stringify(url)} is no endpoint`, async () => {
      const code = await endpoint("alpha", url).then(
        () => "taken",
        (error: { type: string }) => error.type,
      );
      expect(code).to.equal("BODY_INVALID");
    });

  for (const status of [301, 302, 303, 307, 308])
    it(`do not follow redirects: ${status} is what was answered, and nobody else is told`, async () => {
      const paths: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        paths.push(request.url);
        response.writeHead(request.url === "/" ? status : 204, { location: "/elsewhere" }).end();
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const result = await postWebhook(`http://127.0.0.1:${port}/`, {}, "{}", 5_000);
      server.closeAllConnections();
      server.close();
      expect([result, paths]).to.deep.equal([{ status }, ["/"]]);
    });

  it("say what went wrong", async () => {
    const refused = await postWebhook("http://127.0.0.1:1/", {}, "{}", 1_000);
    expect(refused).to.have.property("error");
  });
});
