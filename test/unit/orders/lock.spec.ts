import { expect } from "chai";
import { openTill, refusal, type Till } from "../../support/till.ts";

const FIRST = "pay_first";
const OTHER = "pay_other";

describe("orders that a payment holds", () => {
  let till: Till;
  let ids: string[];
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(3);
    const { orders } = till.house.core.services;
    const lines = (await orders.findOwn("ann", ids)).map(({ _id: orderId, revision, ...order }) => ({
      ...order,
      orderId,
      revision,
    }));
    expect(await orders.lock(FIRST, "ann", lines)).to.deep.equal([]);
  });
  afterEach(() => till.drop());

  const states = () => till.statesOf(ids);

  it("are not paid by another one, which is told so", async () => {
    const { orders } = till.house.core.services;
    expect((await refusal(orders.markPaid(OTHER, ids))).type).to.equal("INTERNAL");
    expect(await states()).to.deep.equal(["locked", "locked", "locked"]);
    await orders.markPaid(FIRST, ids);
    await orders.markPaid(FIRST, ids);
    expect(await states()).to.deep.equal(["paid", "paid", "paid"]);
    expect((await refusal(orders.markPaid(OTHER, ids))).type).to.equal("INTERNAL");
  });

  it("are not opened by another one", async () => {
    const { orders } = till.house.core.services;
    await orders.release(OTHER, ids);
    expect(await states()).to.deep.equal(["locked", "locked", "locked"]);
    await orders.release(FIRST, ids);
    expect(await states()).to.deep.equal(["open", "open", "open"]);
  });
});
