/** What callers see while the network to MongoDB or NATS is cut, and that all is well after. */
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import type { Page } from "../../core/actions.ts";
import { FILES, type StoredFile } from "../../core/files/model.ts";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { type Store } from "../../core/store/contract.ts";
import { openStore } from "../../core/store/open.ts";
import type { DemoFile } from "../../gateway/sandbox.ts";
import type { Order, Payment } from "../../schemas/types.generated.ts";
import { audit } from "../support/audit.ts";
import {
  type Access,
  type Answer,
  ask,
  type BankProcess,
  databaseOfOwn,
  makeAccess,
  portOf,
  type RunningNode,
  type Settings,
  startBank,
  startMergepay,
  temporaryFolder,
  throughProxy,
} from "../support/cluster.ts";
import { mongoOrSkip, type MongoServer } from "../support/mongo.ts";
import { natsOrSkip, type TestNats } from "../support/nats.ts";
import { until } from "../support/process.ts";
import { type FaultProxy, startProxy } from "../support/proxy.ts";
import {
  allDemoFiles,
  allPages,
  buyersOf,
  deliver,
  link,
  openAccount,
  pay,
  sendFile,
  type Shop,
} from "../support/shopping.ts";

const PAYER = "usr_away";

describe("While the network is cut", function () {
  this.timeout(60_000);
  const running: RunningNode[] = [];
  let nats: TestNats;
  let mongo: MongoServer;
  let toMongo: FaultProxy;
  let toNats: FaultProxy;
  /** Its own way to the server, around the proxy. */
  let store: Store;
  let bank: BankProcess;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let access: Access;
  let shop: Shop;
  let payer: Settings;
  let files: DemoFile[];

  before(async function () {
    this.timeout(600_000);
    [nats, mongo] = await Promise.all([natsOrSkip(this), mongoOrSkip(this)]);
    this.timeout(60_000);
    folder = await temporaryFolder();
    [access, bank, files] = await Promise.all([makeAccess(folder.dir), startBank(), allDemoFiles()]);
    [toMongo, toNats] = await Promise.all([startProxy(portOf(mongo.uri)), startProxy(portOf(nats.url))]);
    const mongoUri = databaseOfOwn(mongo.uri, "away");
    store = await openStore({ mongoUri, dir: folder.dir });
    const shared = {
      ...bank.env,
      NATS_URL: `nats://127.0.0.1:${toNats.port}`,
      MONGODB_URI: throughProxy(mongoUri, toMongo.port),
      MERGEPAY_CREDENTIALS: access.file,
      // What is not answered during an outage is given up soon.
      MERGEPAY_LIMIT_BANK_CALL_MS: "3000",
      MERGEPAY_LOG: "silent",
    };
    running.push(
      ...(await Promise.all(
        ["gateway", "core", "plugins"].map((role) => startMergepay(role, { ...shared, MERGEPAY_ROLES: role })),
      )),
    );
    shop = { url: running[0]?.url ?? "", access, bank };
    payer = await access.payer(PAYER);
    await until("readiness", async () => (await readyz()).status === 200, 30_000);
    const [first] = files;
    if (first === undefined) return expect.fail("no platform has a demonstration file");
    await deliver(shop, first.platform, "first", await readFile(first.path));
    await openAccount(shop, PAYER, "1000.00");
    await link(shop, PAYER, buyersOf(files));
  });

  after(async () => {
    toMongo?.set({ kind: "pass" });
    toNats?.set({ kind: "pass" });
    await Promise.all(running.map((node) => node.stop()));
    await store?.close();
    await Promise.all([bank?.stop(), toMongo?.close(), toNats?.close()]);
    await Promise.all([nats?.stop(), mongo?.stop(), folder?.remove()]);
  });

  const readyz = () => ask<{ checks: Settings }>(shop.url, "/readyz");
  const openOrders = async () =>
    (await ask<{ groups: { orders: Order[] }[] }>(shop.url, "/v1/inbox", payer)).body.groups.flatMap(({ orders }) =>
      orders.map(({ id }) => id),
    );
  const payOnce = (key: string, body: object): Promise<Answer<Payment>> =>
    ask<Payment>(shop.url, "/v1/payments", { ...payer, "idempotency-key": key }, body);

  it("to MongoDB: payments and files get 503, nothing is half accepted, and the same requests work after", async () => {
    const [, file] = files;
    const orders = (await openOrders()).slice(0, 2);
    if (file === undefined || orders.length < 2) return expect.fail("too little to try it with");
    const bytes = await readFile(file.path);

    toMongo.set({ kind: "cut" });
    const answers = [
      await payOnce("while-away", { orders }),
      await sendFile(shop, file.platform, "while-away", bytes),
      await ask(shop.url, "/v1/inbox", payer),
    ];
    for (const { status, headers, body } of answers) {
      expect([status, body.code], JSON.stringify(body)).to.deep.equal([503, "STORE_UNAVAILABLE"]);
      expect(headers.get("content-type")).to.equal("application/problem+json");
      expect(headers.get("retry-after")).to.match(/^[1-9][0-9]*$/);
    }
    const { status, body } = await readyz();
    expect([status, body.checks["store"]]).to.deep.equal([503, "STORE_UNAVAILABLE"]);
    expect((await ask(shop.url, "/livez")).status).to.equal(200);

    toMongo.set({ kind: "pass" });
    await until("readiness", async () => (await readyz()).status === 200, 30_000);
    expect(await (await store.collection<StoredPayment>(PAYMENTS)).countDocuments({})).to.equal(0);
    expect(await (await store.collection<StoredFile>(FILES)).countDocuments({})).to.equal(1);
    expect(await bank.ledger()).to.have.length(0);
    const paid = await payOnce("while-away", { orders });
    expect([paid.status, paid.body.state]).to.deep.equal([201, "succeeded"]);
    const report = await deliver(shop, file.platform, "after", bytes);
    expect(report.created).to.equal(file.orders.length);
  });

  it("to MongoDB in the middle of a payment: it is soon paid once or ends without money, and then can be paid anew", async function () {
    // Each of the four may have to wait for the lease of its sender and then for the bank's finality window, 30 s together at most.
    this.timeout(4 * 40_000);
    const booked = await bank.ledger();
    // The connections break after so many bytes to or from the server, wherever in the payment that is.
    for (const [afterBytes, direction] of [
      [2_000, "toServer"],
      [9_000, "toServer"],
      [400, "toClient"],
      [2_500, "toClient"],
    ] as const) {
      const [order] = await openOrders();
      let last: Payment | undefined;
      for (let tries = 1; last?.state !== "succeeded"; tries += 1) {
        if (tries === 1) toMongo.set({ kind: "drop", afterBytes, direction });
        const key = `middle-${direction}-${afterBytes}-${tries}`;
        const { status, body } = await pay(shop, payer, key, { orders: [order] });
        toMongo.set({ kind: "pass" });
        expect(status, JSON.stringify(body)).to.be.within(200, 202);
        last = await until(
          `the end of ${key}`,
          async () => {
            const { body: now } = await ask<Payment>(shop.url, `/v1/payments/${body.id}`, payer);
            return ["succeeded", "expired"].includes(now.state) && now;
          },
          30_000,
        );
      }
      expect(last.orders.map(({ orderId }) => orderId)).to.deep.equal([order]);
    }
    expect(toMongo.drops()).to.be.greaterThan(0);
    expect(await bank.ledger()).to.have.length(booked.length + 4);
  });

  it("to NATS: not ready, 503 for payments, and what was asked is done once when the network is back", async () => {
    const [first, second] = await openOrders();
    toNats.set({ kind: "cut" });
    // Nobody has noticed yet: this one waits on the bus, and is asked again and again under its key.
    const patient = pay(shop, payer, "patient", { orders: [first] });
    await until("the loss to be seen", async () => (await readyz()).status === 503, 20_000);
    const { body } = await readyz();
    expect(body.checks["store"]).to.equal("ok");
    expect(body.checks["core"]).to.not.equal("ok");
    expect(body.checks["plugins"]).to.not.equal("ok");
    const { status, body: refused } = await payOnce("refused", { orders: [second] });
    expect([status, refused.code]).to.deep.equal([503, "OVERLOADED"]);

    toNats.set({ kind: "pass" });
    await until("readiness", async () => (await readyz()).status === 200, 40_000);
    const paid = [await patient, await pay(shop, payer, "refused", { orders: [second] })];
    expect(paid.map(({ body: { state } }) => state)).to.deep.equal(["succeeded", "succeeded"]);
  });

  it("and the books are right in the end", async () => {
    const payments = await store.collection<StoredPayment>(PAYMENTS);
    // A payment that expired is looked at once more, later, for locks that came late: it is at rest all the same.
    const left = { dueAt: { $ne: null }, state: { $ne: "expired" as const } };
    await until("nothing left to do", async () => (await payments.countDocuments(left)) === 0);
    await audit(store, await bank.ledger(), { atRest: true });
    const shown = await allPages<Payment>(shop.url, "/v1/payments?limit=2", payer);
    expect(shown.filter(({ state }) => state === "succeeded")).to.have.length(7);
    const { body } = await ask<Page<unknown>>(shop.url, "/v1/files", access.operator);
    expect(body.items).to.have.length(2);
  });
});
