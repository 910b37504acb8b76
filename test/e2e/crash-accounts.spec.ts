import { expect } from "chai";
import type { Account } from "../../core/actions.ts";
import { ACCOUNTS, type StoredAccount } from "../../core/accounts/model.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { changeCredentials, newAccountKey } from "./support/credentials.ts";
import { onEachEngine } from "./support/engines.ts";
import { ended, fileOf, openShop, pay, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

const NUMBERS = 12;

onEachEngine("A node that is killed while it looks after accounts", (open) => {
  let world: World;
  before(async function () {
    this.timeout(240_000);
    world = await open();
    await openShop(world);
  });

  const list = async () =>
    (await world.insist<{ items: Account[] }>("/v1/accounts", { proof: world.payer })).body.items;

  it("removes an account in the end whose removal was only marked", async () => {
    const json = { bank: "sandbox", number: "GB82WEST12345698765432", label: "Old" };
    const { body } = await world.insist<Account>("/v1/accounts", { proof: world.payer, json });
    expect((await list()).map(({ id }) => id)).to.include(body.id);
    await world.node.die({ at: "account.removal-marked" });
    const removal = { proof: world.payer, method: "DELETE" } as const;
    const removed = await world.insist(`/v1/accounts/${body.id}`, removal);
    expect(removed.status).to.equal(200);
    expect(world.node.deaths()).to.deep.equal(["account.removal-marked"]);
    expect((await list()).map(({ id }) => id)).to.not.include(body.id);
    expect((await world.insist(`/v1/accounts/${body.id}`, removal)).status).to.equal(404);
  }).timeout(240_000);

  it("brings all accounts under the newest key, killed at every third, and pays from them", async () => {
    for (let i = 0; i < NUMBERS; i += 1) {
      const json = { bank: "sandbox", token: `token-${i}`, label: `Account ${i}` };
      await world.insist<Account>("/v1/accounts", { proof: world.payer, json });
    }
    const deaths = world.node.deaths().length;
    await world.node.die(...Array.from({ length: 4 }, () => ({ at: "account.resealed", count: 3 }) as const));
    await changeCredentials(world, (now) => ({ ...now, accountKeys: [newAccountKey("two"), ...now.accountKeys] }));
    await stock(world, world.platforms[0] ?? "", fileOf("R", 2));
    // The file is looked at once a second: until then all are under the newest key that the node knows.
    for (let done = false; !done;) {
      const rotation = { proof: world.operator, method: "POST" } as const;
      const { body } = await world.insist<{ keyId: string; left: number }>("/v1/account-keys/rotate", rotation);
      done = body.keyId === "two" && body.left === 0;
    }
    expect(world.node.deaths().slice(deaths)).to.deep.equal(Array.from({ length: 4 }, () => "account.resealed"));
    await changeCredentials(world, (now) => ({ ...now, accountKeys: now.accountKeys.slice(0, 1) }));
    expect((await ended(world, (await pay(world, "after")).body)).state).to.equal("succeeded");
    await atRest(world);
    await auditAll(world);
    const store = await world.openStore();
    const stored = await (await store.collection<StoredAccount>(ACCOUNTS)).find({}).toArray();
    await store.close();
    expect(stored.map(({ keyId }) => keyId)).to.deep.equal(Array.from({ length: NUMBERS + 1 }, () => "two"));
  }).timeout(240_000);
});
