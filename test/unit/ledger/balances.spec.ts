import { expect } from "chai";
import fc from "fast-check";
import { BALANCES, type StoredBalance } from "../../../core/ledger/balances.ts";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import { JOURNAL, type StoredEntry } from "../../../core/ledger/model.ts";
import { PAYMENTS } from "../../../core/merge-pay/model.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import { openTill, type Till } from "../../support/till.ts";

describe("Balances", () => {
  let till: Till;
  let orderIds: readonly string[] = [];
  beforeEach(async () => {
    till = await openTill();
    orderIds = await till.seed(8);
  });
  afterEach(() => till.drop());

  const settle = async (): Promise<void> => {
    while ((await till.house.core.services.ledger.run()) > 0);
  };
  const pay = (index: number) => till.pay(`k${index}`, { orders: orderIds.slice(index, index + 1) });
  const shown = async () => (await till.house.core.services.ledger.balances({})).items;
  async function faults(): Promise<string[]> {
    const found: string[] = [];
    const complain = (where: string, what: string) => void found.push(`${where}: ${what}`);
    await checkLedger({ store: till.store, keys: [], complain });
    return found;
  }
  /** The sums of all lines, added up by other code. */
  async function byHand(): Promise<Map<string, bigint>> {
    const sums = new Map<string, bigint>();
    for (const { lines } of await (await till.store.collection<StoredEntry>(JOURNAL)).find({}).toArray())
      for (const { account, amount } of lines) sums.set(account, (sums.get(account) ?? 0n) + minorOfMoney(amount));
    return sums;
  }

  it("are the sums of the journal's lines, which come to zero", async () => {
    for (const index of [0, 1, 2]) await pay(index);
    await settle();
    const balances = await shown();
    const sums = await byHand();
    expect(new Map(balances.map(({ account, balance }) => [account, minorOfMoney(balance)]))).to.deep.equal(sums);
    expect(balances.find(({ account }) => account === "bank:test")).to.deep.equal({
      account: "bank:test",
      balance: { value: "7.11", currency: "USD" },
      block: 1,
    });
    expect([...sums.values()].reduce((all, minor) => all + minor, 0n)).to.equal(0n);
    const { items } = await till.house.core.services.ledger.balances({ account: "bank:test" });
    expect(items.map(({ account }) => account)).to.deep.equal(["bank:test"]);
  });

  it("count each entry once, whatever number of nodes fold at once", async () => {
    const nodes = await Promise.all([till.build(), till.build(), till.build()]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 10, maxLength: 30 }), async (steps) => {
        const act = async (step: number): Promise<unknown> =>
          step < 8 ? pay(step).catch(() => undefined) : nodes[step - 8]?.core.services.ledger.run();
        await Promise.all(steps.map(act));
        await settle();
        const kept = new Map((await shown()).map(({ account, balance }) => [account, minorOfMoney(balance)]));
        expect(kept).to.deep.equal(await byHand());
        expect(await faults()).to.deep.equal([]);
      }),
      { numRuns: 8 },
    );
  }).timeout(20_000);

  it("count each entry once when a node dies between two of them", async () => {
    for (const index of [0, 1, 2]) await pay(index);
    for (const deadly of [1, 2, 3]) {
      let count = 0;
      const dying = await till.build((point) => {
        if (point === "journal.balance-kept" && (count += 1) === deadly) throw new Error("died");
      });
      await dying.core.services.ledger.run().catch(() => undefined);
    }
    await settle();
    expect(new Map((await shown()).map(({ account, balance }) => [account, minorOfMoney(balance)]))).to.deep.equal(
      await byHand(),
    );
  });

  it("are told by the doctor where they are not what the journal gives", async () => {
    await pay(0);
    await settle();
    const balances = await till.store.collection<StoredBalance>(BALANCES);
    await balances.updateOne({ _id: "bank:test USD" }, { $set: { minor: "138" } });
    expect(await faults()).to.deep.equal([
      "balance bank:test USD: is kept as 138 minor units; the journal gives 137 (1.37 USD)",
    ]);
    await balances.deleteOne({ _id: "bank:test USD" });
    expect(await faults()).to.deep.equal(["balance bank:test USD: is not kept, and the journal has lines of it"]);
    expect(await (await till.store.collection(PAYMENTS)).countDocuments({})).to.equal(1);
  });
});
