import { connect } from "node:net";
import { expect } from "chai";
import type { Payment } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { ended, everything, fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

const CLIENTS = 100;

/** Sends a whole request and breaks the connection without having read a byte of the answer. */
function sendAndLeave(url: string, bearer: string, key: string, json: unknown): Promise<void> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify(json);
  const head = [
    "POST /v1/payments HTTP/1.1",
    `Host: ${hostname}`,
    `Authorization: Bearer ${bearer}`,
    `Idempotency-Key: ${key}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join("\r\n");
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number.parseInt(port, 10) }, () => {
      socket.write(`${head}\r\n\r\n${body}`, () => {
        socket.destroy();
        resolve();
      });
    });
    socket.once("error", reject);
  });
}

describe("Payers who press the button too often, or leave too early", () => {
  let world: World;
  before(async function () {
    this.timeout(30_000);
    world = await openWorld();
    await openShop(world);
  });
  after(() => world?.remove());

  const post = (key: string, json: unknown) => world.ask<Payment>("/v1/payments", { proof: world.payer, json, key });
  const stockAll = async (prefix: string, orders: number): Promise<string[]> => {
    for (const platform of world.platforms) await stock(world, platform, fileOf(prefix, orders));
    return (await inbox(world)).map(({ id }) => id);
  };
  const linesOf = async ({ deduction }: Payment) =>
    (await world.bank.ledger()).filter(({ bankRequestId }) => bankRequestId === deduction?.bankRequestId);

  it(`${CLIENTS} requests at once with one key are one payment and one debit`, async () => {
    await stockAll("S", 5);
    const answers = await Promise.all(Array.from({ length: CLIENTS }, () => post("same", everything())));
    const paid = answers.filter(({ status }) => status < 300);
    const others = answers.filter(({ status }) => status >= 300);
    expect(new Set(others.map(({ status, problem }) => `${status} ${problem.code}`))).to.satisfy((codes: Set<string>) =>
      [...codes].every((code) => code === "409 IDEMPOTENCY_IN_FLIGHT"),
    );
    expect(paid.filter(({ status }) => status === 201)).to.have.length(1);
    expect(new Set(paid.map(({ body }) => body.id)).size).to.equal(1);
    const { body } = await pay(world, "same");
    expect(body.id).to.equal(paid[0]?.body.id);
    expect(body.state).to.equal("succeeded");
    expect(await linesOf(body)).to.have.length(1);
    expect(await world.bank.ledger()).to.have.length(1);
  }).timeout(20_000);

  it(`${CLIENTS} payments at once over the same orders: each order has one owner, and losers learn which they lost`, async () => {
    const orders = await stockAll("O", 20);
    const before = (await world.bank.ledger()).length;
    const selections = Array.from({ length: CLIENTS }, (_, i) =>
      [i, i * 7 + 3, i * 11 + 5].map((step) => orders[step % orders.length] ?? ""),
    ).map((ids) => [...new Set(ids)]);
    const answers = await Promise.all(selections.map((ids, i) => post(`own-${i}`, { orders: ids })));
    const owned: string[] = [];
    for (const [index, { status, body, problem }] of answers.entries()) {
      const selection = selections[index] ?? [];
      if (status === 201) {
        expect(body.state).to.equal("succeeded");
        owned.push(...selection);
        continue;
      }
      expect(`${status} ${problem.code}`).to.equal("409 ORDERS_UNAVAILABLE");
      const losses = problem.orders ?? [];
      expect(losses).to.not.have.length(0);
      expect(selection).to.include.members(losses.map(({ orderId }) => orderId));
    }
    const won = answers.filter(({ status }) => status === 201).length;
    expect(won).to.be.greaterThan(0);
    expect(new Set(owned).size, "orders with one owner").to.equal(owned.length);
    expect((await world.bank.ledger()).length - before).to.equal(won);
    // Nobody's loss keeps an order from being paid later.
    const left = orders.filter((id) => !owned.includes(id));
    expect((await inbox(world)).map(({ id }) => id)).to.have.members(left);
    if (left.length > 0) expect((await pay(world, "rest", { orders: left })).body.state).to.equal("succeeded");
  }).timeout(20_000);

  it("a client that hangs up while the bank is asked has a payment, and it ends", async () => {
    const orders = await stockAll("H", 2);
    const before = (await world.bank.ledger()).length;
    await world.bank.script({ on: "debit", fault: "timeout_after_debit" });
    const client = new AbortController();
    const given = { proof: world.payer, json: { orders }, key: "hang-up", signal: client.signal };
    const broken = world.ask<Payment>("/v1/payments", given).then(
      () => false,
      () => true,
    );
    await until("the debit", async () => (await world.bank.ledger()).length > before);
    client.abort();
    expect(await broken).to.equal(true);
    const { body } = await pay(world, "hang-up", { orders });
    expect((await ended(world, body)).state).to.equal("succeeded");
    expect(await linesOf(body)).to.have.length(1);
  }).timeout(20_000);

  it("a client that leaves as soon as it has sent its request, and comes back, has one payment", async () => {
    const orders = await stockAll("L", 2);
    const bearer = "bearer" in world.payer ? world.payer.bearer : "";
    await sendAndLeave(await world.node.url(), bearer, "leave", { orders });
    // Whether the first request got through or not: the same key, the same payment.
    const { body } = await pay(world, "leave", { orders });
    expect((await ended(world, body)).state).to.equal("succeeded");
    const payments = await world.list<Payment>("/v1/payments", world.payer);
    const own = payments.filter((payment) => payment.orders.some(({ orderId }) => orders.includes(orderId)));
    expect(own.map(({ id }) => id)).to.deep.equal([body.id]);
    const again = await pay(world, "leave", { orders });
    expect(again.status).to.equal(200);
    expect(again.body.id).to.equal(body.id);
    expect(await linesOf(again.body)).to.have.length(1);
  }).timeout(20_000);

  it("leave books that agree", async () => {
    await atRest(world);
    await auditAll(world);
  }).timeout(30_000);
});
