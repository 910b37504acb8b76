import { expect } from "chai";
import type { SelectedOrder } from "../../../schemas/types.generated.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const FIRST = "pay_first";
const OTHER = "pay_other";

describe("orders that a payment holds", () => {
  let till: Till;
  let ids: string[];
  let lines: SelectedOrder[];
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(3);
    const { orders } = till.house.core.services;
    lines = (await orders.findOwn("ann", ids)).map(({ _id: orderId, revision, ...order }) => ({
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

  for (const [what, userId, revisions] of [
    ["somebody else's", "eve", 0],
    ["changed since they were priced", "ann", 1],
  ] as const)
    it(`are none that are ${what}: they stay as they are`, async () => {
      const { orders } = till.house.core.services;
      await orders.release(FIRST, ids);
      const priced = lines.map((line) => ({ ...line, revision: line.revision + revisions }));
      for (const lock of [orders.lock, orders.lockSome])
        expect((await lock(OTHER, userId, priced)).map(({ orderId }) => orderId)).to.have.members(ids);
      expect(await states()).to.deep.equal(["open", "open", "open"]);
    });
});
