/** Mergepay taken apart: gateway, core and plugins as processes of their own, over NATS and MongoDB. */
import { expect } from "chai";
import { basename } from "node:path";
import { readFile } from "node:fs/promises";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import type { Store } from "../../core/store/contract.ts";
import { openStore } from "../../core/store/open.ts";
import { type Receiver, startReceiver } from "../../gateway/cli/receiver.ts";
import type { Inbox } from "../../core/actions.ts";
import type { Order } from "../../schemas/types.generated.ts";
import { audit } from "../support/audit.ts";
import {
  type Access,
  ask,
  type BankProcess,
  databaseOfOwn,
  makeAccess,
  type RunningNode,
  type Settings,
  startBank,
  startMergepay,
  temporaryFolder,
} from "../support/cluster.ts";
import { mongoOrSkip, type MongoServer } from "../support/mongo.ts";
import { natsOrSkip, type TestNats } from "../support/nats.ts";
import { until } from "../support/process.ts";
import {
  allDemoFiles,
  buyersOf,
  deliver,
  generated,
  pay,
  payDemo,
  sendFile,
  settlementLines,
  type Shop,
} from "../support/shopping.ts";

const PAYER = "usr_nodes";
/** Short, so that what a killed core left is taken over within seconds: its lease is this and 6 s. */
const BANK_CALL_MS = 3_000;

describe("Mergepay as three nodes over NATS and MongoDB", function () {
  this.timeout(90_000);
  const running = new Set<RunningNode>();
  let nats: TestNats;
  let mongo: MongoServer;
  let store: Store;
  let bank: BankProcess;
  let access: Access;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let receiver: Receiver;
  let shared: Settings;
  let shop: Shop;
  let gateway: RunningNode;
  let core: RunningNode;
  let plugins: RunningNode;

  async function start(role: string, name = role): Promise<RunningNode> {
    const node = await startMergepay(name, { ...shared, MERGEPAY_ROLES: role, MERGEPAY_NODE: `${name}.1` });
    running.add(node);
    return node;
  }
  const ready = async () => (await ask<{ checks: Settings }>(gateway.url, "/readyz")).status === 200;

  before(async function () {
    this.timeout(600_000);
    [nats, mongo] = await Promise.all([natsOrSkip(this), mongoOrSkip(this)]);
    this.timeout(90_000);
    folder = await temporaryFolder();
    [access, bank, receiver] = await Promise.all([makeAccess(folder.dir), startBank(), startReceiver()]);
    const mongoUri = databaseOfOwn(mongo.uri, "nodes");
    shared = {
      ...bank.env,
      NATS_URL: nats.url,
      MONGODB_URI: mongoUri,
      MERGEPAY_CREDENTIALS: access.file,
      MERGEPAY_LIMIT_BANK_CALL_MS: `${BANK_CALL_MS}`,
    };
    store = await openStore({ mongoUri, dir: folder.dir });
    gateway = await start("gateway");
    shop = { url: gateway.url, access, bank };
  });

  after(async () => {
    await Promise.all([...running].map((node) => node.stop()));
    await receiver?.stop();
    await store?.close();
    await Promise.all([bank?.stop(), nats?.stop(), mongo?.stop(), folder?.remove()]);
  });

  /** Orders of one platform that are the payer's at once, as a new file brings them. */
  async function newOrders(seed: number, count = 3): Promise<string[]> {
    const files = await allDemoFiles();
    const [buyer] = buyersOf(files);
    const [file] = files;
    if (buyer === undefined || file === undefined) return expect.fail("no platform has a demonstration file");
    const pieces = await generated(buyer.platform, count, { seed, buyer: buyer.buyerId });
    const report = await deliver(
      shop,
      buyer.platform,
      `${seed}-${basename(file.path)}`,
      Buffer.from([...pieces].join("")),
    );
    const { body } = await ask<Inbox>(gateway.url, "/v1/inbox", await access.payer(PAYER));
    const own = (order: Order) => order.source?.fileId === report.id;
    return body.groups.flatMap(({ orders }) => orders.filter(own).map(({ id }) => id));
  }

  it("is not ready while core and plugins are away, and says what is missing", async () => {
    const { status, body } = await ask<{ checks: Settings }>(gateway.url, "/readyz");
    expect(status).to.equal(503);
    expect(body.checks).to.deep.equal({
      store: "ok",
      core: "OVERLOADED",
      bank: "BANK_UNAVAILABLE",
      plugins: "OVERLOADED",
    });
    expect((await ask(gateway.url, "/livez")).status).to.equal(200);
  });

  it("is ready once they are there", async () => {
    [core, plugins] = await Promise.all([start("core", "core-a"), start("plugins")]);
    await until("readiness", ready, 30_000);
  });

  it("pays just as a single process does: same totals, lines, webhooks, and one deduction each", async () => {
    const apart = await payDemo(shop, receiver, PAYER);
    const single = await alone();
    expect(apart).to.deep.equal(single);
    expect(apart.payment.state).to.equal("succeeded");
    expect(apart.ledger).to.deep.equal([{ amount: apart.payment.total }]);
  });

  /** The same, done by one process on an embedded store, with a bank of its own. */
  async function alone() {
    const [ownBank, ownReceiver] = await Promise.all([startBank(), startReceiver()]);
    const node = await startMergepay("alone", { ...ownBank.env, MERGEPAY_CREDENTIALS: access.file });
    try {
      return await payDemo({ url: node.url, access, bank: ownBank }, ownReceiver, PAYER);
    } finally {
      await node.stop();
      await ownReceiver.stop();
      await ownBank.stop();
    }
  }

  it("goes on with a second core when the first is killed between two payments", async () => {
    const orders = await newOrders(11);
    const second = await start("core", "core-b");
    await core.kill();
    const payer = await access.payer(PAYER);
    const { status, body } = await pay(shop, payer, "after-the-kill", { orders });
    expect([body.state, body.orders.length], JSON.stringify(body)).to.deep.equal(["succeeded", orders.length]);
    expect([200, 201]).to.include(status);
    expect(await settlementLines(shop, body)).to.have.length(orders.length);
    core = second;
  });

  it("ends payments whose core was killed in the middle, by asking the bank: one deduction each", async () => {
    const booked = await newOrders(21);
    const swallowed = await newOrders(22);
    const payer = await access.payer(PAYER);
    const before = await bank.ledger();
    await bank.misbehave("timeout_after_debit", "timeout_before_debit");
    const payments = await store.collection<StoredPayment>(PAYMENTS);
    const sent = (count: number) =>
      until("deductions on their way", async () => (await payments.countDocuments({ state: "submitting" })) === count);

    const first = pay(shop, payer, "killed-1", { orders: booked });
    await until("the bank's line", async () => (await bank.ledger()).length === before.length + 1);
    const second = pay(shop, payer, "killed-2", { orders: swallowed });
    await sent(2);
    await core.kill();
    core = await start("core", "core-c");

    const ended = await Promise.all([first, second]);
    const states = () => payments.find({ userId: PAYER, state: { $ne: "succeeded" } }).toArray();
    await until("both payments' end", async () => (await states()).length === 0, 60_000);
    const after = await Promise.all(
      ["killed-1", "killed-2"].map((key, i) => pay(shop, payer, key, { orders: [booked, swallowed][i] })),
    );
    expect(after.map(({ status, body }) => [status, body.state])).to.deep.equal([
      [200, "succeeded"],
      [200, "succeeded"],
    ]);
    expect(after.map(({ body }) => body.id)).to.deep.equal(ended.map(({ body }) => body.id));
    const told = after.map(({ body }) => body.deduction);
    expect(told.map((deduction) => deduction?.sends)).to.deep.equal([1, 2]);
    for (const deduction of told) expect(deduction?.inquiries).to.be.greaterThan(0);
    expect(await bank.ledger()).to.have.length(before.length + 2);
  });

  it("refuses files with 503 while the plugins node is away, and takes and reads them when it is back", async () => {
    const [file] = await allDemoFiles();
    if (file === undefined) return expect.fail("no platform has a demonstration file");
    const bytes = Buffer.concat([await readFile(file.path), Buffer.from("\n")]);
    await plugins.stop();
    const away = await sendFile(shop, file.platform, "away", bytes);
    expect([away.status, away.body.code]).to.deep.equal([503, "PLATFORM_UNAVAILABLE"]);
    expect(away.headers.get("retry-after")).to.match(/^[0-9]+$/);
    const { status, body } = await ask<{ checks: Settings }>(gateway.url, "/readyz");
    expect([status, body.checks["plugins"], body.checks["core"]]).to.deep.equal([503, "OVERLOADED", "ok"]);
    plugins = await start("plugins", "plugins-b");
    await until("readiness", ready, 30_000);
    const report = await deliver(shop, file.platform, "back", bytes);
    expect([report.created, report.unchanged]).to.deep.equal([0, file.orders.length]);
  });

  it("has all its books right in the end", async () => {
    const payments = await store.collection<StoredPayment>(PAYMENTS);
    await until("nothing left to do", async () => (await payments.countDocuments({ dueAt: { $ne: null } })) === 0);
    await audit(store, await bank.ledger(), { atRest: true });
    expect(await payments.countDocuments({})).to.equal(4);
  });
});
