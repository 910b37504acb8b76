import { expect } from "chai";
import type { Limits } from "../../core/limits.ts";
import type { Payment } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import type { ScriptedFault } from "./support/bank.ts";
import type { Answer } from "./support/client.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { ended, everything, fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

/** Gives the payer orders of each platform. @returns their ids */
async function stockAll(world: World, prefix: string): Promise<string[]> {
  for (const platform of world.platforms) await stock(world, platform, fileOf(prefix, 2));
  const orders = await inbox(world);
  return orders.filter(({ orderNo }) => orderNo.startsWith(`${prefix}-`)).map(({ id }) => id);
}

const booked = (world: World) => async () => (await world.bank.ledger()).length > 0;
const submitting = (world: World, userPayments: string) => async () =>
  (await world.list<Payment>(userPayments, world.payer)).some(({ state }) => state === "submitting");

describe("A node that is gone before it has the bank's answer", () => {
  let world: World;
  const begin = async (limits: Partial<Limits>) => {
    world = await openWorld({ limits });
    await openShop(world);
    await stockAll(world, "K");
  };
  afterEach(() => world?.remove());

  const kills: readonly {
    readonly what: string;
    readonly fault: string;
    readonly when: (world: World) => () => Promise<boolean>;
  }[] = [
    { what: "the bank has debited", fault: "timeout_after_debit", when: booked },
    {
      what: "the bank never got the debit",
      fault: "timeout_before_debit",
      when: (given) => submitting(given, "/v1/payments"),
    },
  ];
  for (const { what, fault, when } of kills)
    it(`killed while it waits, ${what}: its next life asks the bank, one debit in all`, async () => {
      // A bank call that outlives the node.
      await begin({ bankCallMs: 20_000 });
      await world.bank.script({ on: "debit", fault });
      const answering = pay(world, "kill");
      await until("the deduction to be sent", when(world));
      await world.node.kill();
      const { body } = await answering;
      const payment = await ended(world, body);
      expect(payment.state).to.equal("succeeded");
      expect(payment.orders).to.have.length(4);
      expect(world.node.deaths()).to.deep.equal(["killed"]);
      expect(await world.bank.ledger()).to.have.length(1);
      await atRest(world);
      await auditAll(world);
    }).timeout(30_000);

  it("told to stop: the client in flight still gets its answer, and the next life ends the payment", async () => {
    // A bank call that ends before a stop loses its patience.
    await begin({ bankCallMs: 1_000 });
    await world.bank.script({ on: "debit", fault: "timeout_after_debit" });
    const answering = world.ask<Payment>("/v1/payments", { proof: world.payer, json: everything(), key: "stop" });
    await until("the deduction to be sent", booked(world));
    const [output, { status, body }] = await Promise.all([world.node.stop(), answering]);
    expect(output).to.match(/^stopped$/m);
    expect(status).to.equal(202);
    expect(body.state).to.equal("unknown");
    await world.node.start();
    expect((await ended(world, body)).state).to.equal("succeeded");
    expect((await pay(world, "stop")).body.id).to.equal(body.id);
    await atRest(world);
    await auditAll(world);
  }).timeout(30_000);
});

interface Trouble {
  readonly what: string;
  readonly script: readonly ScriptedFault[];
  /** The payment as its payer is answered first, and as it ends. */
  readonly first: "unknown" | "failed";
  readonly ends: "succeeded" | "failed";
  readonly sends: number;
}

const lost = (fault: string, what: string, sends: number): Trouble => ({
  what,
  script: [{ on: "debit", fault }],
  first: "unknown",
  ends: "succeeded",
  sends,
});
const TROUBLES: readonly Trouble[] = [
  lost("timeout_after_debit", "gives no answer, having debited", 1),
  {
    ...lost("timeout_after_debit", "gives no answer, and says twice that it knows nothing of what it debited", 1),
    script: [
      { on: "debit", fault: "timeout_after_debit" },
      { on: "inquiry", fault: "not_found", times: 2 },
    ],
  },
  lost("error_after", "answers 500 and has debited", 1),
  lost("half_answer", "gives half of an answer", 1),
  lost("html", "answers 200 with a page of HTML", 1),
  { what: "declines", script: [{ on: "debit", fault: "declined" }], first: "failed", ends: "failed", sends: 1 },
  lost("timeout_before_debit", "swallows the instruction: the same one is sent again when it can't come any more", 2),
  lost("reset_before", "resets the connection before it debits", 2),
  lost("error_before", "answers 503 and has not debited", 2),
];

describe("A bank in trouble", () => {
  let world: World;
  /** The payment, and the try to pay its orders with another key while it was under way. */
  const tries: { first: Answer<Payment>; second: Answer<Payment> | undefined; orders: readonly string[] }[] = [];
  before(async function () {
    this.timeout(40_000);
    world = await openWorld();
    await openShop(world);
    for (const [index, { script, first: state }] of TROUBLES.entries()) {
      const orders = await stockAll(world, `T${index}`);
      await world.bank.script(...script);
      const first = await pay(world, `try-${index}`, { orders });
      const second = state === "unknown" ? await pay(world, `more-${index}`, { orders }) : undefined;
      // What the bank is asked for this payment must not use up what is scripted for the next one.
      await ended(world, first.body);
      tries.push({ first, second, orders });
    }
  });
  after(() => world?.remove());

  for (const [index, { what, first: state, ends, sends }] of TROUBLES.entries())
    it(`that ${what}: ${ends}`, async () => {
      const { first, second, orders } = tries[index] ?? expect.fail("It was not tried.");
      expect(first.body.state, JSON.stringify(first.body)).to.equal(state);
      expect(first.status).to.equal(state === "unknown" ? 202 : 201);
      if (second !== undefined) {
        expect(second.status).to.equal(409);
        expect(second.problem.code).to.equal("ORDERS_UNAVAILABLE");
      }
      const payment = await ended(world, first.body);
      expect(payment.state).to.equal(ends);
      expect(payment.deduction?.sends).to.equal(sends);
      const lines = (await world.bank.ledger()).filter(
        ({ bankRequestId }) => bankRequestId === payment.deduction?.bankRequestId,
      );
      expect(lines.map(({ amount }) => amount)).to.deep.equal(ends === "succeeded" ? [payment.total] : []);
      const open = (await inbox(world)).filter(({ id }) => orders.includes(id));
      expect(open).to.have.length(ends === "succeeded" ? 0 : orders.length);
    }).timeout(20_000);

  it("leaves books that agree to the last minor unit", async () => {
    await atRest(world);
    await auditAll(world);
  }).timeout(30_000);
});
