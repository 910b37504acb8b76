import { expect } from "chai";
import type { MerchantAccount } from "../../core/actions.ts";
import type { Point } from "../../core/deps.ts";
import { RUNS, type StoredRun } from "../../core/payouts/model.ts";
import type { Store } from "../../core/store/contract.ts";
import type { Payout, PayoutPreview, SettlementLine } from "../../schemas/types.generated.ts";
import { auditPayouts } from "../support/audit-payouts.ts";
import { audit } from "../support/audit.ts";
import { until } from "../support/process.ts";
import type { BankLine } from "./support/bank.ts";
import { onEachEngine } from "./support/engines.ts";
import { inTurn } from "./support/in-turn.ts";
import { fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import { type Buried, PATIENCE_MS, type World } from "./support/world.ts";

/** A way in which the node may die while it pays merchants out. */
interface Case {
  readonly what: string;
  /** Where it dies before that, so as to come there. */
  readonly first?: Point;
  /** The bank says no to one of the two payouts: its lines go into another. */
  readonly declined?: true;
}

type PayoutPoint = Extract<Point, `payout.${string}`>;

/** All points of payouts that core names: a new one without a case does not compile. */
const CASES: Readonly<Record<PayoutPoint, Case>> = {
  "payout.inserted": { what: "a payout is planned, its lines are not claimed" },
  "payout.lines-claimed": { what: "lines are claimed, the instruction is not durable" },
  "payout.attempt-durable": { what: "the instruction is durable, nothing is sent" },
  "payout.sent": { what: "the bank's answer is read, not written" },
  "payout.answer-written": { what: "the bank's answer is written, nothing follows yet" },
  "payout.lines-paid": { what: "lines are paid out, the journal entry is missing" },
  "payout.journal-written": { what: "the journal is written, orders are not settled" },
  "payout.orders-settled": { what: "orders are settled, the payout is not done" },
  "payout.lines-released": { what: "the bank said no, lines are given back, the payout is not done", declined: true },
  "payout.run-page": { what: "payouts of the day have begun, the run has not noted them", first: "payout.inserted" },
};
const ROWS = Object.entries(CASES) as [PayoutPoint, Case][];

const ofKind = (lines: readonly BankLine[], kind: BankLine["kind"]) => lines.filter((line) => line.kind === kind);

async function auditStore(store: Store, { bank }: Pick<World, "bank">, atRest: boolean): Promise<void> {
  const ledger = await bank.ledger();
  await audit(store, ofKind(ledger, "debit"), { atRest });
  await auditPayouts(store, ofKind(ledger, "payout"), { atRest });
}

/** Checked while nobody has the data. The day's run is taken away, so that the next life has one to do. */
const buried = async (world: Buried): Promise<void> => {
  const store = await world.openStore();
  try {
    await auditStore(store, world, false);
    await (await store.collection<StoredRun>(RUNS)).deleteMany({});
  } finally {
    await store.close();
  }
};

/** An account at the bank for the merchant of each platform, added by one operator and verified by another. */
async function openMerchants(world: World): Promise<void> {
  for (const platform of world.platforms) {
    const token = await world.bank.openAccount({ value: "0.00", currency: "EUR" });
    const json = { platform, merchant: "corner", currency: "EUR", bank: "sandbox", token, label: "Shop" };
    const { body } = await world.insist<MerchantAccount>("/v1/merchant-accounts", { proof: world.operator, json });
    const verify = await world.insist(`/v1/merchant-accounts/${body.id}/verify`, { proof: world.reviewer, json: {} });
    expect(verify.status, JSON.stringify(verify.body)).to.equal(200);
  }
}

/** Begins what is payable, as an operator who does not give up. */
async function run(world: World): Promise<void> {
  const { operator: proof } = world;
  const { body } = await world.insist<PayoutPreview>("/v1/payouts/preview", { proof, json: {} });
  const { confirmation } = body;
  const { status } = await world.insist("/v1/payouts/run", { proof, json: { confirmation } });
  // Stale: what it showed was begun before its node died, or by the run of the day.
  expect(status).to.be.oneOf([202, 409]);
}

/** Everything paid by payers is paid out to the merchants, over the death of the node at a point. */
async function dieAt(world: World, at: PayoutPoint, { first, declined }: Case, index: number): Promise<void> {
  const dyings: { at: Point }[] = first === undefined ? [{ at }] : [{ at: first }, { at }];
  for (const platform of world.platforms) await stock(world, platform, fileOf(`P${index}`, 3));
  const orders = (await inbox(world)).map(({ id }) => id);
  expect((await pay(world, `P${index}`, { orders })).body.state).to.equal("succeeded");
  await until("the lines", async () => (await unpaid(world)).length === orders.length);
  if (declined) await world.bank.script({ on: "payout", fault: "declined" });
  const before = world.node.deaths().length;
  const bookedBefore = ofKind(await world.bank.ledger(), "payout").length;
  await world.node.die(...dyings);
  await until(
    "the merchants to be paid",
    async () => {
      await run(world);
      return (await unpaid(world)).length === 0 && world.node.deaths().length === before + dyings.length;
    },
    PATIENCE_MS,
  );
  await until("the payouts to be done", async () => (await live(world)).length === 0);
  expect(world.node.deaths().slice(before)).to.deep.equal(dyings.map((dying) => dying.at));
  expect(ofKind(await world.bank.ledger(), "payout").length - bookedBefore, "payouts").to.equal(2);
}

const unpaid = async (world: World): Promise<SettlementLine[]> =>
  (await world.list<SettlementLine>("/v1/settlement-lines")).filter(({ state }) => state !== "paid_out");
const live = async (world: World): Promise<Payout[]> =>
  (await world.list<Payout>("/v1/payouts")).filter(
    ({ state }) => !["succeeded", "failed", "cancelled"].includes(state),
  );

onEachEngine("A node that is killed while it pays merchants out", (open) => {
  let world: World;
  const runs = new Map<string, Promise<void>>();
  before(async function () {
    this.timeout(240_000);
    world = await open({ buried });
    await openShop(world);
    await openMerchants(world);
    const works = ROWS.map(
      ([at, one], index) =>
        () =>
          dieAt(world, at, one, index),
    );
    const atEnd = async (): Promise<void> => {
      // Every step after the last state is done once its sweeper has come by.
      await until("every order to be settled", async () => {
        const orders = await world.list<{ state: string }>(`/v1/orders?platform=${world.platforms[0]}`);
        return orders.every(({ state }) => state === "settled");
      });
      await world.node.stop();
      const store = await world.openStore();
      try {
        await auditStore(store, world, true);
      } finally {
        await store.close();
      }
    };
    for (const [index, result] of inTurn([...works, atEnd]).entries()) runs.set(ROWS[index]?.[0] ?? "end", result);
  });

  for (const [at, { what }] of ROWS)
    it(`pays each merchant once when ${what} (${at})`, () => runs.get(at)).timeout(240_000);

  it("leaves books that agree after all of it", () => runs.get("end")).timeout(240_000);
});
