import { expect } from "chai";
import { openTill, refusal, type Till } from "../../support/till.ts";

describe("an order is seen", () => {
  let till: Till;
  let alphas = "";
  let betas = "";
  beforeEach(async () => {
    till = await openTill();
    [alphas = "", betas = ""] = await till.seed(2, ["alpha", "beta"]);
  });
  afterEach(() => till.close());

  const get = (given: { orderId: string; userId?: string; platform?: string }) =>
    till.house.core.services.orders.get(given);

  it("by its own platform, which is not told whose it is", async () => {
    const order = await get({ orderId: alphas, platform: "alpha" });
    expect(order).to.include({ id: alphas, platform: "alpha" });
    expect(order).to.not.have.property("userId");
    const { items } = await till.house.core.services.orders.list({ platform: "alpha" });
    expect(items).to.deep.equal([order]);
  });

  it("by its own payer, who is", async () => {
    expect(await get({ orderId: betas, userId: "ann" })).to.include({ id: betas, userId: "ann" });
  });

  for (const [whom, given] of [
    ["another platform", { platform: "beta" }],
    ["another payer", { userId: "ben" }],
    ["a platform and a payer that do not both have it", { platform: "alpha", userId: "ben" }],
  ] as const)
    it(`by ${whom} as little as one that is not there`, async () => {
      const [foreign, none] = await Promise.all([
        refusal(get({ orderId: alphas, ...given })),
        refusal(get({ orderId: "ord_00000000000000000000000000", ...given })),
      ]);
      expect([foreign.type, foreign.message]).to.deep.equal(["NOT_FOUND", none.message]);
    });
});
