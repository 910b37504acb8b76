import { expect } from "chai";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const SECOND_MS = 1_000;

describe("a store that is held because it was put back from a backup", () => {
  let till: Till;
  let paymentId: string;
  beforeEach(async () => {
    till = await openTill();
    await till.payTo({ platform: "alpha", merchant: "shop", currency: "USD", token: "shop-1" });
    await till.seed(2, ["alpha"]);
    paymentId = (await till.pay("k1")).id;
    till.clock.advance(SECOND_MS);
  });
  afterEach(() => till.close());

  const services = () => till.house.core.services;
  const lines = (): StatementLine[] =>
    [...till.bank.booked.values()].map(({ bankRequestId, amount }) => ({
      bankReference: `ref-${bankRequestId}`,
      bankRequestId,
      amount,
      direction: "credit" as const,
      bookedAt: new Date(till.clock.now()).toISOString(),
    }));
  /** A statement from a time before the payment to some time after now. */
  const span = (fromMs = -60 * SECOND_MS, toMs = 60 * SECOND_MS) => {
    const at = (ms: number) => new Date(till.clock.now() + ms).toISOString();
    return { from: at(fromMs), to: at(toMs) };
  };
  const reconcile = (more: readonly StatementLine[] = [], fromMs?: number, toMs?: number) =>
    services().reconciliation.reconcile({ bank: "test", ...span(fromMs, toMs), lines: [...lines(), ...more] });
  const stranger = (bankRequestId: string): StatementLine => {
    const [first] = lines();
    return first === undefined ? expect.fail("nothing is booked") : { ...first, bankRequestId, bankReference: "x" };
  };
  const refund = () =>
    services().refunds.open({
      request: { paymentId, amount: "all" },
      reason: "cold tea",
      by: "operator:ops",
      idempotencyKey: "r1",
    });
  const payOut = async () => {
    const { confirmation } = await services().payouts.preview({});
    return services().payouts.run({ confirmation, by: "ops" });
  };

  const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a payment", () => till.pay("k2")],
    [
      "payments in several currencies",
      () =>
        services().mergePay.payTogether({
          userId: "ann",
          idempotencyKey: "k2",
          request: { orders: "all", currency: "USD" },
        }),
    ],
    ["a refund", refund],
    ["a run of payouts", payOut],
  ];
  for (const [what, act] of ways)
    it(`refuses ${what}, and takes it when it is free again`, async () => {
      await till.seedMore(1, "more");
      const { from, since } = await services().restored.hold();
      expect(from < since, "from the last booking to now").to.equal(true);
      expect((await refusal(act())).type).to.equal("STORE_RESTORED");
      expect([till.bank.booked.size, till.bank.refunded.size, till.bank.paidOut.size]).to.deep.equal([1, 0, 0]);
      await reconcile();
      expect((await refusal(act())).type, "reconciled, and nobody's word yet").to.equal("STORE_RESTORED");
      expect(await services().restored.end("Ada: nothing was lacking")).to.equal(0);
      await act();
    });

  it("lets none of the jobs that move money run", async () => {
    await services().restored.hold();
    for (const name of ["payouts of the day", "payouts", "refunds", "merge-pay", "mandate-charges", "take-backs"]) {
      const job = till.house.core.jobs.find((one) => one.name === name);
      expect(await job?.run(), name).to.equal(0);
    }
    expect((await services().payouts.list({})).items).to.have.length(0);
    await reconcile();
    await services().restored.end("Ada");
    await till.house.core.jobs.find(({ name }) => name === "payouts of the day")?.run();
    expect((await services().payouts.list({})).items).to.have.length(1);
  });

  const partial: readonly (readonly [string, number, number])[] = [
    ["begins after the last booking", -SECOND_MS + 1, 60 * SECOND_MS],
    ["ends before it was put back", -60 * SECOND_MS, -1],
  ];
  for (const [what, fromMs, toMs] of partial)
    it(`is not freed by a statement that ${what}`, async () => {
      await services().restored.hold();
      const at = (ms: number) => new Date(till.clock.now() + ms).toISOString();
      await services().reconciliation.reconcile({ bank: "test", from: at(fromMs), to: at(toMs), lines: [] });
      expect((await refusal(services().restored.end("Ada"))).message).to.include("First hold the statement of test");
      await reconcile();
      await services().restored.end("Ada");
    });

  /** What the bank itself says, and not an operator. */
  const asked = async (more: readonly StatementLine[]) => {
    const items = [...lines(), ...more];
    const node = await till.build(undefined, till.store, {
      "bank-adapter.statement": () => Promise.resolve({ items }),
    });
    await node.core.services.reconciliation.reconcile({ bank: "test", ...span() });
  };

  it("is held by the bank's statement with an instruction of ours that it does not know, once for each", async () => {
    await asked([stranger("ded_elsewhere")]);
    expect(await services().restored.held(), "not of our making").to.equal(false);
    const lost = stranger(till.house.deps.newId("ded"));
    await asked([lost]);
    expect(await services().restored.held()).to.equal(true);
    await asked([lost]);
    till.clock.advance(SECOND_MS);
    await services().restored.end("Ada: given back at the bank");
    await asked([lost]);
    expect(await services().restored.held(), "answered for").to.equal(false);
    till.clock.advance(SECOND_MS);
    await asked([lost, stranger(till.house.deps.newId("rfd"))]);
    expect(await services().restored.held(), "another one").to.equal(true);
  });

  it("is not held by what an operator gives as a statement", async () => {
    await reconcile([stranger(till.house.deps.newId("ded"))]);
    expect(await services().restored.held()).to.equal(false);
    await asked([]);
    expect(await services().restored.held(), "not on the bank's own").to.equal(false);
  });

  it("is in the audit log, with the words that ended it; what is not held can't be freed", async () => {
    expect((await refusal(services().restored.end("Ada"))).type).to.equal("STATE_REFUSED");
    await services().restored.hold();
    await reconcile();
    await services().restored.end("Ada: by the bank's statement");
    while ((await services().audit.run()) > 0);
    const { items } = await services().audit.entries({ subject: "restored" });
    expect(items.map(({ what }) => what)).to.deep.equal(["store.held", "store.released"]);
    expect(items[1]?.after).to.deep.equal({ ending: "Ada: by the bank's statement" });
  });
});
