import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Generate } from "../../core/plugin/sample-data.ts";
import { GENERATOR } from "../../core/plugin/samples.ts";
import type { Order, Quote } from "../../schemas/types.generated.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { ended, linkBuyer, openShop, pay, processed, send } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

const pluginsDir = join(import.meta.dirname, "../../plugins");
const generatorOf = (platform: string): string => join(pluginsDir, platform, "samples", GENERATOR);
const platforms = readdirSync(pluginsDir).filter((id) => existsSync(generatorOf(id)));

/** Orders of a file, one of which is refused. */
const RECORDS = 240;
const BAD = 7;

async function fileOf(platform: string): Promise<string> {
  const { generate } = (await import(generatorOf(platform))) as { generate: Generate };
  return [...generate(RECORDS, { seed: 11, bad: [BAD] })].join("");
}

describe("Real platforms over two deaths of the node: in the midst of their files, and of their payment", () => {
  let world: World;
  before(async function () {
    this.timeout(90_000);
    world = await openWorld({ pluginsDir });
  });
  after(() => world?.remove());

  it("every record counts once, all is paid at once, and each platform is told of its own orders only", async () => {
    await openShop(world, { value: "90000000.00", currency: "USD" });
    await world.node.die({ at: "file.batch-stored", count: 2 });
    let inDollars = 0;
    const sent = await Promise.all(platforms.map(async (id) => (await send(world, id, await fileOf(id))).body));
    for (const file of sent) {
      const report = await processed(world, file);
      expect(report, file.platform).to.include({ records: RECORDS, created: RECORDS - 1, rejected: 1 });
      const orders = await world.list<Order>(`/v1/orders?platform=${file.platform}`);
      expect(orders).to.have.length(RECORDS - 1);
      inDollars += orders.filter(({ amount }) => amount.currency === "USD").length;
      const buyers = new Set(orders.flatMap(({ buyerId }) => buyerId ?? []));
      for (const buyer of buyers) await linkBuyer(world, file.platform, buyer);
    }
    const selection = { orders: "all", currency: "USD" };
    const quote = await world.insist<Quote>("/v1/quotes", { proof: world.payer, json: selection });
    const { id: quoteId, fingerprint, orders } = quote.body;
    expect(inDollars, "orders of several platforms").to.be.above(RECORDS);
    expect(orders).to.have.length(inDollars);
    await world.node.die({ at: "payment.lines-written" });
    const { body } = await pay(world, "all", { quoteId, fingerprint });
    const payment = await ended(world, body);
    expect(payment.state).to.equal("succeeded");
    expect(payment.total).to.deep.equal(quote.body.total);
    await atRest(world);
    expect(world.node.deaths()).to.deep.equal(["file.batch-stored", "payment.lines-written"]);
    expect(await world.bank.ledger()).to.have.length(1);
    for (const platform of platforms) expect(ordersTold(platform)).to.deep.equal(ownOrders(platform, payment.orders));
    await auditAll(world);
  }).timeout(60_000);

  /** The order numbers that a platform was told to be paid, each event once. */
  function ordersTold(platform: string): string[] {
    const events = new Map(
      world.receiver.told
        .filter((one) => one.platform === platform && one.event.type === "orders.paid")
        .map(({ webhookId, event }) => [webhookId, event]),
    );
    return [...events.values()]
      .flatMap(({ data }) => (data as { orders: readonly { orderNo: string }[] }).orders)
      .map(({ orderNo }) => orderNo)
      .toSorted();
  }

  const ownOrders = (platform: string, all: readonly { platform: string; orderNo: string }[]): string[] =>
    all
      .filter((order) => order.platform === platform)
      .map(({ orderNo }) => orderNo)
      .toSorted();
});
