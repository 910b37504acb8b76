import { expect } from "chai";
import type { Point } from "../../core/deps.ts";
import type { Order, Payment } from "../../schemas/types.generated.ts";
import { line } from "../support/plugins.ts";
import { until } from "../support/process.ts";
import { onEachEngine } from "./support/engines.ts";
import { inTurn } from "./support/in-turn.ts";
import { atRest, auditAll, auditNow } from "./support/rest.ts";
import { ended, fileOf, inbox, openShop, pay, processed, send, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

/** A way in which the node may die at a point. */
interface Case {
  readonly what: string;
  /** While the files are taken in, or while the payer pays. */
  readonly during: "files" | "payment";
  /** At which time of reaching the point since then; the first when absent. */
  readonly count?: number;
  /** Where it dies before that, so as to come there. */
  readonly first?: Point;
  /** The bank challenges the deduction, and the payer answers. */
  readonly challenged?: true;
  /** What becomes of the payer's first try; `expired`: nothing had been sent, the payer tries once more with another key. */
  readonly ends?: "expired";
}

interface Row extends Case {
  readonly at: Point;
}

const ofFiles = (what: string, count = 1): Case => ({ what, during: "files", count });
const ofPayment = (what: string): Case => ({ what, during: "payment" });

/** All points of the way that core names but those of payouts, refunds and take-backs, which have specs of their own, and of chargebacks and claims (in simulated time): a new one without a case does not compile. */
const CASES: Readonly<
  Record<Exclude<Point, `${"payout" | "refund" | "take-back" | "chargeback" | "claim"}.${string}`>, readonly Case[]>
> = {
  "file.blob-stored": [ofFiles("a file's bytes are stored, the file is not recorded")],
  "file.batch-stored": [
    ofFiles("the first records of a file are stored"),
    ofFiles("a file is half-way through its records", 2),
    ofFiles("all records of a file are stored, its end is not", 3),
  ],
  "payment.inserted": [{ ...ofPayment("a payment is recorded, its orders are not locked"), ends: "expired" }],
  // Of several currencies at once: crash-together.spec.ts.
  "payment.others-inserted": [],
  "payment.orders-locked": [{ ...ofPayment("orders are locked, the deduction is not durable"), ends: "expired" }],
  "payment.withdrawn": [
    { ...ofPayment("a payment has expired, its orders are locked"), first: "payment.orders-locked", ends: "expired" },
  ],
  "payment.attempt-durable": [ofPayment("the deduction is durable, nothing is sent")],
  "payment.confirmation-durable": [
    { ...ofPayment("the payer's answer to a challenge is durable, not sent"), challenged: true },
  ],
  "payment.sent": [ofPayment("the bank's answer is read, not written")],
  "payment.answer-written": [ofPayment("the bank's answer is written, nothing follows yet")],
  "payment.orders-paid": [ofPayment("orders are paid, settlement lines are missing")],
  "payment.lines-written": [ofPayment("settlement lines are there, the journal entry is missing")],
  "payment.journal-written": [ofPayment("the journal is written, platforms are not told")],
  "journal.block-written": [ofPayment("a block of the journal is written, its entries are not marked")],
  // Money that comes late is killed at these in simulated time, as are mandates and accounts.
  "payment.late-decided": [],
  "payment.late-refund-opened": [],
  // Mandates and accounts are killed at these in simulated time: test/simulation.
  // Days of the journal are killed at these in simulated time and in test/unit/ledger/days.spec.ts.
  "ledger-day.close-written": [],
  "ledger-day.totals-written": [],
  "mandate.reserved": [],
  "mandate.settled": [],
  "mandate.revoked": [],
  "account.removal-marked": [],
  "account.resealed": [],
  "journal.sealed": [ofPayment("the journal is sealed, its balances are not kept")],
  "journal.balance-kept": [ofPayment("one balance is kept, the others are not")],
  "audit.relayed": [ofFiles("the decision to take a file is in the log and still in its document")],
  "audit.block-written": [ofFiles("a block of the audit log is written, its entries are not marked")],
  "event.relayed": [
    ofFiles("a file's event is relayed and still in its document"),
    ofPayment("a payment's events are relayed and still in its document"),
  ],
  "webhook.sent": [ofFiles("a file's webhook is sent, not noted"), ofPayment("a payment's webhook is sent, not noted")],
};

const ROWS: readonly Row[] = (Object.entries(CASES) as [Point, readonly Case[]][]).flatMap(([at, cases]) =>
  cases.map((one) => ({ at, ...one })),
);
const OWN = 6;
const OTHERS = 1_100;

/** Files of both platforms, all of whose records count once. @returns the numbers of the payer's orders */
async function stockShop(world: World, prefix: string, { at }: Row): Promise<string[]> {
  const [alpha = "", beta = ""] = world.platforms;
  const others = at === "file.batch-stored" ? OTHERS : 0;
  const refused = line("refuse") + line(`${prefix}-fine`, "1.234");
  const text = fileOf(`${prefix}a`, OWN, others) + line(`${prefix}-free`, "0.00") + refused;
  const sent = await send(world, alpha, text);
  // Not recorded by the life before: this one takes it as new.
  if (at === "file.blob-stored") expect(sent.status).to.equal(202);
  const report = await processed(world, sent.body);
  const taken = OWN + others;
  expect(report).to.include({ records: taken + 3, created: taken, revised: 0, unchanged: 0, skipped: 1, rejected: 2 });
  const rejects = await world.list<{ record: number }>(`/v1/files/${report.id}/records`);
  expect(rejects.map(({ record }) => record)).to.deep.equal([taken + 1, taken + 2]);
  const stored = (await world.list<Order>(`/v1/orders?platform=${alpha}`)).map(({ orderNo }) => orderNo);
  const own = stored.filter((orderNo) => orderNo.startsWith(`${prefix}a-`));
  expect(own).to.have.length(taken);
  expect(new Set(own).size).to.equal(taken);
  expect(await stock(world, beta, fileOf(`${prefix}b`, OWN))).to.include({ records: OWN, created: OWN, rejected: 0 });
  return ["a", "b"].flatMap((shop) => Array.from({ length: OWN }, (_, i) => `${prefix}${shop}-${i}`));
}

async function payAll(world: World, key: string, orders: readonly string[]): Promise<Payment> {
  const { status, body } = await pay(world, key, { orders });
  expect(status, JSON.stringify(body)).to.be.oneOf([200, 201, 202]);
  expect(body.orders.map(({ orderId }) => orderId)).to.have.members(orders);
  return ended(world, body);
}

/** Files, a payment and webhooks by clients that do not give up, over the death of the node at a point. */
async function dieAt(world: World, row: Row, index: number): Promise<void> {
  const { at, during, ends = "succeeded" } = row;
  const dyings = row.first === undefined ? [row] : [{ at: row.first }, row];
  const { told } = world.receiver;
  const before = {
    told: told.length,
    deaths: world.node.deaths().length,
    lines: (await world.bank.ledger()).length,
    files: (await world.list("/v1/files")).length,
  };
  const prefix = `R${index}`;
  const open = async () => (await inbox(world)).filter(({ orderNo }) => orderNo.startsWith(prefix));
  if (during === "files") await world.node.die(...dyings);
  const numbers = await stockShop(world, prefix, row);
  const stocked = await open();
  expect(stocked.map(({ orderNo }) => orderNo)).to.have.members(numbers);
  const orders = stocked.map(({ id }) => id);
  // What is told of the files must not count for the payment.
  await atRest(world);

  if (during === "payment") await world.node.die(...dyings);
  if (row.challenged) await world.bank.script({ on: "debit", fault: "challenge" });
  const first = await payAll(world, `${prefix}-first`, orders);
  expect(first.state).to.equal(ends);
  // It has ended before its orders are open again.
  if (ends === "expired") await until("the orders to open", async () => (await open()).length === orders.length);
  if (ends === "expired") expect((await payAll(world, `${prefix}-second`, orders)).state).to.equal("succeeded");
  const { files } = await atRest(world);

  expect(world.node.deaths().slice(before.deaths)).to.deep.equal(dyings.map((dying) => dying.at));
  expect(files.length - before.files).to.equal(2);
  expect(await open()).to.have.length(0);
  expect((await world.bank.ledger()).length - before.lines, "debits").to.equal(1);
  // The key is good for the same answer for as long as its payment is there.
  expect((await pay(world, `${prefix}-first`, { orders })).body.id).to.equal(first.id);
  const ids = told.slice(before.told).map(({ webhookId }) => webhookId);
  if (at === "webhook.sent") expect(ids.length, "webhooks told again").to.be.greaterThan(new Set(ids).size);
}

/**
 * Each row is the death of one node, which then goes on with the next row: what it holds grows, and is audited after every death and at
 * the end. Files and payments have a node each, side by side.
 */
onEachEngine("A node that is killed and started again on the same data", (open) => {
  const runs = new Map<string, Promise<void>>();
  const parts = ["files", "payment"] as const;
  before(async function () {
    this.timeout(240_000);
    // Both before the first death: a start takes its time beside other work.
    const worlds = new Map<Row["during"], World>();
    for (const during of parts) {
      const world = await open({ buried: auditNow });
      await openShop(world);
      worlds.set(during, world);
    }
    for (const [during, world] of worlds) {
      const rows = ROWS.filter((row) => row.during === during);
      const works = rows.map((row, index) => () => dieAt(world, row, index));
      const all = inTurn([...works, () => atRest(world).then(() => auditAll(world))]);
      for (const [index, run] of all.entries()) runs.set(rows[index]?.what ?? during, run);
    }
  });

  for (const during of parts)
    describe(`in the midst of ${during}`, () => {
      for (const { at, what } of ROWS.filter((row) => row.during === during))
        it(`goes on when ${what} (${at})`, () => runs.get(what)).timeout(240_000);

      it("leaves books that agree after all of it", () => runs.get(during)).timeout(240_000);
    });
});
