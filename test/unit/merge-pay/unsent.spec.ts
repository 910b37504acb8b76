import { expect } from "chai";
import { audit } from "../../support/audit.ts";
import { openTill, type Till } from "../../support/till.ts";

const HOUR = 3_600_000;

describe("a payment whose deduction was certainly not sent", () => {
  let till: Till;
  beforeEach(async () => (till = await openTill()));
  afterEach(() => till.close());

  /** Two calls came of one: the answer that was heard is of the one that reached no bank. */
  async function payDoubled(): Promise<string> {
    await till.seed(2);
    till.bank.behave(() => "not-sent");
    const { id, state, error } = await till.pay("k1");
    expect([state, error?.code]).to.deep.equal(["failed", "BANK_UNAVAILABLE"]);
    return id;
  }

  it("is looked at once more: money that the other call took all the same is held for an operator", async () => {
    const id = await payDoubled();
    const { deduction } = await till.get(id);
    till.bank.behave(() => "succeed");
    await till.bank.outside["bank-adapter.debit"]?.({
      bank: "test",
      bankRequestId: deduction?.bankRequestId ?? "",
      accountToken: "token-of-ann",
      amount: deduction?.amount ?? { value: "", currency: "" },
      reference: "doubled",
    });
    await till.later(2 * HOUR);
    expect(await till.get(id)).to.include({ state: "failed", needsReview: true });
    const { items } = await till.house.core.services.ledger.entries({ paymentId: id });
    expect(items.map(({ kind }) => kind)).to.deep.equal(["late_money"]);
    await audit(till.store, [...till.bank.booked.values()], { atRest: true });
  });

  it("is done with when the bank knows nothing of it", async () => {
    const id = await payDoubled();
    for (let i = 0; i < 3; i += 1) await till.later(HOUR);
    expect((await till.get(id)).needsReview).to.equal(undefined);
    await audit(till.store, [], { atRest: true });
  });
});
