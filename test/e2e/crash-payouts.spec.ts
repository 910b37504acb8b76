import { expect } from "chai";
import { RUNS, type StoredRun } from "../../core/payouts/model.ts";
import type { Payout } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { ofKind } from "./support/bank.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { openMerchants, payOut, unpaid } from "./support/merchants.ts";
import { atRest, auditNow } from "./support/rest.ts";
import { fileOf, inbox, pay, stock } from "./support/shop.ts";
import { type Buried, PATIENCE_MS, type World } from "./support/world.ts";

/** Checked while nobody has the data. The day's run is taken away, so that the next life has one to do. */
const buried = async (world: Buried): Promise<void> => {
  await auditNow(world);
  const store = await world.openStore();
  try {
    await (await store.collection<StoredRun>(RUNS)).deleteMany({});
  } finally {
    await store.close();
  }
};

const live = async (world: World): Promise<Payout[]> =>
  (await world.list<Payout>("/v1/payouts")).filter(
    ({ state }) => !["succeeded", "failed", "cancelled"].includes(state),
  );

/** Everything paid by payers is paid out to the merchants, once. */
crashes({
  while: "pays merchants out",
  kills: KILLS.payouts,
  world: { buried },
  prepare: openMerchants,
  async survive(world, { first, declined }, index, die) {
    for (const platform of world.platforms) await stock(world, platform, fileOf(`P${index}`, 3));
    const orders = (await inbox(world)).map(({ id }) => id);
    expect((await pay(world, `P${index}`, { orders })).body.state).to.equal("succeeded");
    await until("the lines", async () => (await unpaid(world)).length === orders.length);
    if (declined) await world.bank.script({ on: "payout", fault: "declined" });
    const deaths = world.node.deaths().length + (first === undefined ? 1 : 2);
    const booked = ofKind(await world.bank.ledger(), "payout").length;
    await die();
    await until(
      "the merchants to be paid",
      async () => {
        await payOut(world);
        return (await unpaid(world)).length === 0 && world.node.deaths().length === deaths;
      },
      PATIENCE_MS,
    );
    await until("the payouts to be done", async () => (await live(world)).length === 0);
    expect(ofKind(await world.bank.ledger(), "payout").length - booked, "payouts").to.equal(2);
    // Every step after the last state is done once its sweeper has come by.
    await until(
      "every order to be settled",
      async () => {
        const all = await world.list<{ state: string }>(`/v1/orders?platform=${world.platforms[0]}`);
        return all.every(({ state }) => state === "settled");
      },
      PATIENCE_MS,
    );
    await atRest(world);
  },
});
