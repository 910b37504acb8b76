import { expect } from "chai";
import { MergepayError } from "../../../core/errors/errors.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { storeThrough } from "../../simulation/engine/calls.ts";
import { openTill, type Till } from "../../support/till.ts";

/** The writes of the relay, in their order. */
const WRITES = ["events.insertOne", "deliveries.insertMany", "payments.updateOne"] as const;

describe("the relay", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
    await till.house.core.services.notify.createEndpoint({ platform: "alpha", url: "https://alpha.example/hook" });
    await till.seed(2, ["alpha", "beta"]);
  });
  afterEach(() => till.close());

  const relay = () => till.house.core.services.notify.relay();
  const feed = async () => (await till.house.core.services.notify.events({})).items.map(({ id }) => id);
  const kept = async () => {
    const payments = await till.store.collection<StoredPayment>(PAYMENTS);
    return (await payments.find({}).toArray()).flatMap(({ events }) => events.map(({ id }) => id));
  };

  for (const label of WRITES)
    for (const done of [false, true])
      it(`tells every event once when the store is away at ${label}, ${done ? "which was done" : "which was not done"}`, async () => {
        await till.pay("k");
        const told = await kept();
        expect(told.length).to.be.greaterThan(2);
        let left = 1;
        const store = storeThrough(till.store, async (_kind, name, work) => {
          if (name !== label || left === 0) return (await work()) as never;
          left -= 1;
          if (done) await work();
          throw new MergepayError("STORE_UNAVAILABLE");
        });
        const broken = await till.build(undefined, store);
        const error: unknown = await broken.core.services.notify.relay().catch((thrown: unknown) => thrown);
        expect(error).to.include({ type: "STORE_UNAVAILABLE" });
        // What is in neither place now is lost.
        expect([...(await feed()), ...(await kept())]).to.include.members(told);
        while ((await relay()) > 0);
        expect(await kept()).to.deep.equal([]);
        expect((await feed()).toSorted()).to.deep.equal(told.toSorted());
      });
});
