import { expect } from "chai";
import { ACCOUNTS } from "../../../core/accounts/model.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { MANDATES, type StoredMandate } from "../../../core/mandates/model.ts";
import type { CollectionSpec, Doc, Store, StoreCollection } from "../../../core/store/contract.ts";
import { terms } from "../../support/mandates.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

/** The store, with something done before each call of one kind to a collection. */
const before = (
  store: Store,
  spec: CollectionSpec,
  method: "find" | "updateOne",
  act: () => Promise<unknown> | undefined,
): Store => ({
  ...store,
  async collection<T extends Doc>(its: CollectionSpec) {
    const collection = await store.collection<T>(its);
    if (its.name !== spec.name) return collection;
    const updateOne: StoreCollection<T>["updateOne"] = async (...args) => {
      await act();
      return collection.updateOne(...args);
    };
    const find: StoreCollection<T>["find"] = (...args) => {
      const cursor = collection.find(...args);
      const toArray = async () => {
        await act();
        return collection.find(...args).toArray();
      };
      return { ...cursor, sort: () => ({ ...cursor, limit: () => ({ ...cursor, toArray }) }) };
    };
    return { ...collection, ...(method === "find" ? { find } : { updateOne }) };
  },
});

describe("a mandate that is written by several at once", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
    await till.seed(2);
  });
  afterEach(() => till.close());

  const stored = async () => (await till.store.collection<StoredMandate>(MANDATES)).find({}).toArray();
  const request = { userId: "ann", idempotencyKey: "m", request: terms("10.00", "20.00") };

  for (const [what, act, state, again] of [
    ["gone", () => till.store.collection(ACCOUNTS).then((all) => all.deleteMany({})), "revoked", "revoked"],
    ["not to be read", () => Promise.reject(new MergepayError("STORE_UNAVAILABLE")), "active", "active"],
  ] as const)
    it(`whose account is ${what} just after it was made is ${state}, and stays on record`, async () => {
      let looks = 0;
      const node = await till.build(
        undefined,
        before(till.store, ACCOUNTS, "find", () => ((looks += 1) === 2 ? act() : undefined)),
      );
      const { mandates } = node.core.services;
      const refused = (await refusal(mandates.create(request))).type;
      expect(refused).to.equal(state === "revoked" ? "ACCOUNT_MISSING" : "STORE_UNAVAILABLE");
      expect((await stored()).map((mandate) => mandate.state)).to.deep.equal([state]);
      expect(await mandates.create(request)).to.include({ existed: true, state: again });
    });

  it("has its uses settled by a sweep that is overtaken", async () => {
    const { mandates } = till.house.core.services;
    const { id } = await mandates.create(request);
    till.bank.behave(() => "silence");
    const paid = await mandates.charge({ mandateId: id, idempotencyKey: "c", orders: "all", operatorId: "ops" });
    for (let i = 0; i < 3; i += 1) await till.later(600_000);
    expect((await till.get(paid.id)).state).to.equal("failed");
    const states = async () => (await stored())[0]?.uses.map(({ state }) => state);
    expect(await states()).to.deep.equal(["open"]);
    let writes = 0;
    const all = await till.store.collection<StoredMandate>(MANDATES);
    const overtaking = () => ((writes += 1) === 1 ? all.updateOne({ _id: id }, { $inc: { version: 1 } }) : undefined);
    const node = await till.build(undefined, before(till.store, MANDATES, "updateOne", overtaking));
    await node.core.services.mandates.sweep();
    expect(writes).to.equal(2);
    expect(await states()).to.deep.equal(["counted"]);
  });
});
